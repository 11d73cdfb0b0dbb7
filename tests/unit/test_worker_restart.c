/* Stopping in the middle of a job, and taking up what an earlier run left behind. */
#include "tests/unit/unit.h"
#include "tests/unit/worker_rig.h"

static void test_stop_gives_an_encode_back(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim), RIG_ORIGINAL, RIG_LEASE_HOLDS,
                                      RIG_RELEASE_TAKEN, RIG_END};
    rig_start(rig, answers, rig_encode_for_ever);
    scripted_server_await(rig->server, "POST /progress", 3);
    workers_stop(rig->workers);
    rig_await_end(rig);
    assert_int_equal(scripted_server_count(rig->server, "POST /release"), 1);
    assert_int_equal(rig_folders(rig), 0);
}

static void test_stop_gives_a_fetch_back(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim),
                                      {.route = "GET /original", .hold = true},
                                      RIG_LEASE_HOLDS,
                                      RIG_RELEASE_TAKEN,
                                      RIG_END};
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "GET /original", 1);
    workers_stop(rig->workers);
    rig_await_end(rig);
    assert_int_equal(scripted_server_count(rig->server, "POST /release"), 1);
    assert_int_equal(rig_folders(rig), 0);
}

static void test_stop_ends_a_waiting_claim(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {RIG_NO_MORE, RIG_END};
    rig->options.jobs = 2;
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /claim", 2);
    workers_stop(rig->workers);
    rig_await_end(rig);
}

static void test_stop_lets_a_delivery_end(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {
        RIG_CLAIMED(rig->claim),
        RIG_NO_MORE,
        RIG_ORIGINAL,
        RIG_LEASE_HOLDS,
        {.route = "POST /upload/", .status = 200, .body = "{\"success\":true}", .hold = true},
        RIG_END};
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /upload/", 1);
    workers_stop(rig->workers);
    scripted_server_open(rig->server);
    rig_await_end(rig);
    assert_int_equal(rig_folders(rig), 0);
}

/* Cut in the middle of the delivery; the next start delivers the same bytes with the same lease. */
static void test_restart_delivers_kept_results(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer first[] = {RIG_CLAIMED(rig->claim),
                                    RIG_NO_MORE,
                                    RIG_ORIGINAL,
                                    RIG_LEASE_HOLDS,
                                    {.route = "POST /upload/", .hold = true},
                                    RIG_END};
    const ScriptedAnswer second[] = {RIG_NO_MORE, RIG_LEASE_HOLDS, RIG_CONFIRMED, RIG_END};
    Error error = {0};
    rig_start(rig, first, rig_encode_well);
    scripted_server_await(rig->server, "POST /upload/", 1);
    rig_halt(rig);
    assert_int_equal(rig_folders(rig), 1);
    scratch_close(&rig->scratch);
    assert_true(scratch_open(rig->path, &rig->scratch, &error));
    rig_start(rig, second, rig_encode_well);
    rig_await_done(rig, "POST /upload/", 1);
    const char *body = scripted_server_request(rig->server, "POST /upload/", 0)->body;
    assert_non_null(strstr(body, rig->job.lease_token));
    assert_non_null(strstr(body, "\r\n\r\n" RIG_VIDEO "\r\n"));
    assert_int_equal(rig_encodes(), 1);
    assert_int_equal(rig_folders(rig), 0);
}

/* Often enough it may be the job that ends the program. */
static void test_restart_gives_an_interrupted_job_back(void **state)
{
    Rig *rig = *state;
    for (int i = 1; i <= 6; i++) {
        const ScriptedAnswer answers[] = {RIG_NO_MORE, RIG_RELEASE_TAKEN, RIG_FAIL_TAKEN, RIG_END};
        const char *route = i <= 5 ? "POST /release" : "POST /fail";
        rig_leave_behind(rig, &rig->job, false);
        rig_start(rig, answers, rig_encode_well);
        rig_await_done(rig, route, 1);
        assert_int_equal(scripted_server_count(rig->server, route), 1);
        const char *body = scripted_server_request(rig->server, route, 0)->body;
        assert_non_null(strstr(body, "The transcoder was interrupted."));
        assert_true(i <= 5 || strstr(body, "\"retryable\":true"));
        assert_int_equal(rig_folders(rig), 0);
        rig_halt(rig);
    }
}

/* The count is of jobs under way: one that is done, or is not ours any more, leaves none behind. */
static void test_interruptions_end_with_their_job(void **state)
{
    static const ScriptedAnswer ends[] = {
        RIG_CONFIRMED, {.route = "POST /upload/", .status = 404, .headers = RIG_PROBLEM}};
    Rig *rig = *state;
    char counter[200];
    snprintf(counter, sizeof counter, "%s/%s.interrupted", rig->path, rig->job.job_id);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        const ScriptedAnswer first[] = {RIG_NO_MORE, RIG_RELEASE_TAKEN, RIG_END};
        const ScriptedAnswer second[] = {RIG_NO_MORE, RIG_LEASE_HOLDS, ends[i], RIG_END};
        rig_leave_behind(rig, &rig->job, false);
        rig_start(rig, first, rig_encode_well);
        rig_await_done(rig, "POST /release", 1);
        rig_halt(rig);
        assert_int_equal(access(counter, F_OK), 0);
        rig_leave_behind(rig, &rig->job, true);
        rig_start(rig, second, rig_encode_well);
        rig_await_done(rig, "POST /upload/", 1);
        rig_halt(rig);
        assert_int_equal(access(counter, F_OK), -1);
    }
}

/* After a restore of web the job may be one that web never knew. */
static void test_restart_drops_what_web_disowns(void **state)
{
    static const int statuses[] = {404, 410, 409};
    Rig *rig = *state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        const ScriptedAnswer answers[] = {
            RIG_NO_MORE,
            RIG_LEASE_HOLDS,
            {.route = "POST /upload/", .status = statuses[i], .headers = RIG_PROBLEM},
            RIG_END};
        rig_leave_behind(rig, &rig->job, true);
        rig_start(rig, answers, rig_encode_well);
        rig_await_done(rig, "POST /upload/", 1);
        assert_int_equal(rig_folders(rig), 0);
        rig_halt(rig);
    }
}

/* A result that web does not take now is tried again and again, and jobs are claimed between. */
static void test_kept_result_waits_beside_claims(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {{.route = "POST /claim", .status = 204, .repeat = true},
                                      RIG_CLOSED("POST /upload/"),
                                      {.route = "POST /upload/", .status = 507},
                                      {.route = "POST /upload/", .status = 429},
                                      RIG_CONFIRMED,
                                      RIG_LEASE_HOLDS,
                                      RIG_END};
    rig_leave_behind(rig, &rig->job, true);
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /upload/", 4);
    size_t claims = scripted_server_count(rig->server, "POST /claim");
    rig_await_done(rig, "POST /claim", claims + 2);
    assert_int_equal(rig_folders(rig), 0);
    assert_int_equal(rig_encodes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_stop_gives_an_encode_back),
        RIG_TEST(test_stop_gives_a_fetch_back),
        RIG_TEST(test_stop_ends_a_waiting_claim),
        RIG_TEST(test_stop_lets_a_delivery_end),
        RIG_TEST(test_restart_delivers_kept_results),
        RIG_TEST(test_restart_gives_an_interrupted_job_back),
        RIG_TEST(test_interruptions_end_with_their_job),
        RIG_TEST(test_restart_drops_what_web_disowns),
        RIG_TEST(test_kept_result_waits_beside_claims),
    };
    return cmocka_run_group_tests(tests, fixture_group_set_up, fixture_group_tear_down);
}
