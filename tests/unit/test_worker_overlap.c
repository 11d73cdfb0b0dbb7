/* Transfers beside encodes. The encodes here go on until the test ends them, so that what happens
 * meanwhile is certain. */
#include "common/base/clock.h"
#include "tests/unit/unit.h"
#include "tests/unit/worker_rig.h"

#define HOUR_MS 3600000

static struct {
    atomic_int started, running, most, allowed; /* encodes: allowed to end */
} held;

static bool encode_until_told(const EncoderJob *job, TransferResult *result, Error *error)
{
    int number = atomic_fetch_add(&held.started, 1) + 1, percent = 0;
    int running = atomic_fetch_add(&held.running, 1) + 1;
    bool going = true;
    if (running > atomic_load(&held.most))
        atomic_store(&held.most, running);
    while (going && atomic_load(&held.allowed) < number) {
        clock_sleep_ms(6);
        going = job->progress(job->context, 1 + percent++ % 99);
    }
    atomic_fetch_sub(&held.running, 1);
    return going ? rig_encode_well(job, result, error)
                 : error_set(error, ERROR_CANCELLED, "The encode was called off.");
}

static void await_started(int count)
{
    int64_t end = clock_monotonic_ms() + 20000;
    while (atomic_load(&held.started) < count && clock_monotonic_ms() < end)
        clock_sleep_ms(1);
    assert_int_equal(atomic_load(&held.started), count);
}

#define JOBS 3
typedef struct Line {
    TransferJob jobs[JOBS];
    char *claims[JOBS];
} Line;

/* Jobs to be claimed one after the other; claims ahead are allowed whenever an encode goes on. */
static Line make_line(Rig *rig)
{
    Line line;
    for (size_t i = 0; i < JOBS; i++) {
        line.jobs[i] = fixture_job();
        line.claims[i] = fixture_claim(&line.jobs[i]);
    }
    rig->options.timing.ahead_ms = HOUR_MS;
    rig->options.timing.ahead_pause_ms = 1;
    atomic_store(&held.started, 0);
    atomic_store(&held.most, 0);
    atomic_store(&held.allowed, 0);
    return line;
}

static void release_line(Line *line)
{
    for (size_t i = 0; i < JOBS; i++)
        free(line->claims[i]);
}
#define _cleanup_line_ _cleanup_(release_line)

#define ORIGINALS RIG_ORIGINAL, RIG_ORIGINAL, RIG_ORIGINAL
#define CLAIMED(line)                                                                              \
    RIG_CLAIMED((line).claims[0]), RIG_CLAIMED((line).claims[1]), RIG_CLAIMED((line).claims[2])
#define HELD_DELIVERY                                                                              \
    {                                                                                              \
        .route = "POST /upload/", .status = 200, .body = "{\"success\":true}", .hold = true        \
    }

static void test_transfers_go_on_beside_an_encode(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    const ScriptedAnswer answers[] = {CLAIMED(line), RIG_NO_MORE,   ORIGINALS,     RIG_LEASE_HOLDS,
                                      HELD_DELIVERY, RIG_CONFIRMED, RIG_CONFIRMED, RIG_END};
    rig_start(rig, answers, encode_until_told);
    scripted_server_await(rig->server, "GET /original", 2);
    unit_check(atomic_load(&held.started) == 1 && atomic_load(&held.running) == 1,
               "the second is fetched while the first is encoded");
    atomic_store(&held.allowed, 1);
    await_started(2);
    scripted_server_await(rig->server, "POST /upload/", 1);
    scripted_server_await(rig->server, "GET /original", 3);
    unit_check(atomic_load(&held.started) == 2, "and the third while the second is");
    atomic_store(&held.allowed, 2);
    await_started(3);
    scripted_server_await(rig->server, "POST /upload/", 2);
    unit_check(atomic_load(&held.running) == 1, "the second is delivered beside the third");
    atomic_store(&held.allowed, 3);
    scripted_server_open(rig->server);
    rig_await_done(rig, "POST /upload/", 3);
    assert_int_equal(atomic_load(&held.most), 1);
}

static void test_as_many_encodes_as_said(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    const ScriptedAnswer answers[] = {CLAIMED(line), RIG_NO_MORE,   ORIGINALS,     RIG_LEASE_HOLDS,
                                      RIG_CONFIRMED, RIG_CONFIRMED, RIG_CONFIRMED, RIG_END};
    rig->options.jobs = 2;
    rig_start(rig, answers, encode_until_told);
    await_started(2);
    scripted_server_await(rig->server, "GET /original", 3);
    unit_check(atomic_load(&held.running) == 2, "two at once");
    atomic_store(&held.allowed, 3);
    rig_await_done(rig, "POST /upload/", 3);
    assert_int_equal(atomic_load(&held.most), 2);
}

/* Web takes no delivery: of three threads two are at it, the third encodes. */
static void test_deliveries_that_hang_stop_no_encode(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    const ScriptedAnswer answers[] = {CLAIMED(line), RIG_NO_MORE,   ORIGINALS,     RIG_LEASE_HOLDS,
                                      HELD_DELIVERY, HELD_DELIVERY, HELD_DELIVERY, RIG_END};
    rig_start(rig, answers, encode_until_told);
    atomic_store(&held.allowed, 2);
    scripted_server_await(rig->server, "POST /upload/", 2);
    await_started(3);
    atomic_store(&held.allowed, 3);
    scripted_server_open(rig->server);
    rig_await_done(rig, "POST /upload/", 3);
}

static void test_no_claim_ahead_while_the_end_is_far(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    const ScriptedAnswer answers[] = {CLAIMED(line), ORIGINALS, RIG_LEASE_HOLDS, RIG_RELEASE_TAKEN,
                                      RIG_END};
    rig->options.timing.ahead_ms = 0;
    rig_start(rig, answers, encode_until_told);
    scripted_server_await(rig->server, "POST /progress", 30);
    workers_stop(rig->workers);
    rig_await_end(rig);
    assert_int_equal(scripted_server_count(rig->server, "POST /claim"), 1);
}

/* What comes while others wait at web is theirs. */
static void test_a_claim_ahead_does_not_wait(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    const ScriptedAnswer answers[] = {RIG_CLAIMED(line.claims[0]),
                                      {.route = "POST /claim", .status = 204},
                                      {.route = "POST /claim", .status = 204},
                                      RIG_NO_MORE,
                                      RIG_ORIGINAL,
                                      RIG_LEASE_HOLDS,
                                      RIG_RELEASE_TAKEN,
                                      RIG_END};
    rig_start(rig, answers, encode_until_told);
    scripted_server_await(rig->server, "POST /claim", 4);
    workers_stop(rig->workers);
    rig_await_end(rig);
    for (size_t i = 0; i < 4; i++) {
        const char *body = scripted_server_request(rig->server, "POST /claim", i)->body;
        unit_check((strstr(body, "\"wait_seconds\":0") != NULL) == (i > 0),
                   "only the claim for a free slot waits");
    }
}

static void test_stop_gives_a_job_ahead_back(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    const ScriptedAnswer answers[] = {CLAIMED(line),   RIG_NO_MORE,       ORIGINALS,
                                      RIG_LEASE_HOLDS, RIG_RELEASE_TAKEN, RIG_RELEASE_TAKEN,
                                      RIG_END};
    rig_start(rig, answers, encode_until_told);
    scripted_server_await(rig->server, "GET /original", 2);
    workers_stop(rig->workers);
    rig_await_end(rig);
    assert_int_equal(scripted_server_count(rig->server, "POST /release"), 2);
    assert_int_equal(atomic_load(&held.started), 1);
    assert_int_equal(rig_folders(rig), 0);
}

/* Its place ahead is taken by the next. */
static void test_a_job_ahead_that_is_lost_is_dropped(void **state)
{
    Rig *rig = *state;
    char lost[80], third[80];
    _cleanup_line_ Line line = make_line(rig);
    snprintf(lost, sizeof lost, "POST /%s/progress", line.jobs[1].job_id);
    snprintf(third, sizeof third, "GET /%s/original", line.jobs[2].job_id);
    const ScriptedAnswer answers[] = {
        CLAIMED(line),   RIG_NO_MORE,
        ORIGINALS,       {.route = lost, .status = 410, .headers = RIG_PROBLEM, .repeat = true},
        RIG_LEASE_HOLDS, RIG_CONFIRMED,
        RIG_CONFIRMED,   RIG_END};
    rig_start(rig, answers, encode_until_told);
    scripted_server_await(rig->server, third, 1);
    assert_int_equal(rig_folders(rig), 2);
    atomic_store(&held.allowed, 2);
    rig_await_done(rig, "POST /upload/", 2);
    assert_int_equal(atomic_load(&held.started), 2);
}

/* Too big only beside the other: no attempt of it is used up. */
static void test_a_job_ahead_that_does_not_fit_is_given_back(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    line.jobs[1].original.size = INT64_MAX / 4;
    _cleanup_free_ char *large = fixture_claim(&line.jobs[1]);
    const ScriptedAnswer answers[] = {
        RIG_CLAIMED(line.claims[0]), RIG_CLAIMED(large), RIG_NO_MORE, RIG_ORIGINAL, RIG_LEASE_HOLDS,
        RIG_RELEASE_TAKEN,           RIG_CONFIRMED,      RIG_END};
    rig_start(rig, answers, encode_until_told);
    scripted_server_await(rig->server, "POST /release", 1);
    assert_non_null(strstr(scripted_server_request(rig->server, "POST /release", 0)->body,
                           "has no room for this"));
    atomic_store(&held.allowed, 1);
    rig_await_done(rig, "POST /upload/", 1);
}

/* The first job's reservation leaves less than MIN_FREE_SPACE. */
static void test_no_claim_ahead_when_space_is_low(void **state)
{
    Rig *rig = *state;
    _cleanup_line_ Line line = make_line(rig);
    const ScriptedAnswer answers[] = {CLAIMED(line), RIG_NO_MORE,   ORIGINALS,     RIG_LEASE_HOLDS,
                                      RIG_CONFIRMED, RIG_CONFIRMED, RIG_CONFIRMED, RIG_END};
    if (!rig_small_disk(rig))
        skip();
    rig->options.min_free_space = 3 * MIB / 2;
    rig_start(rig, answers, encode_until_told);
    scripted_server_await(rig->server, "POST /progress", 30);
    unit_check(scripted_server_count(rig->server, "POST /claim") == 1, "no space, no claim ahead");
    atomic_store(&held.allowed, 3);
    rig_await_done(rig, "POST /upload/", 3);
    rig_halt(rig);
    rig_large_disk(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_transfers_go_on_beside_an_encode),
        RIG_TEST(test_as_many_encodes_as_said),
        RIG_TEST(test_deliveries_that_hang_stop_no_encode),
        RIG_TEST(test_no_claim_ahead_while_the_end_is_far),
        RIG_TEST(test_a_claim_ahead_does_not_wait),
        RIG_TEST(test_stop_gives_a_job_ahead_back),
        RIG_TEST(test_a_job_ahead_that_is_lost_is_dropped),
        RIG_TEST(test_a_job_ahead_that_does_not_fit_is_given_back),
        RIG_TEST(test_no_claim_ahead_when_space_is_low),
    };
    return cmocka_run_group_tests(tests, fixture_group_set_up, fixture_group_tear_down);
}
