/* A job's life through all its steps, and what interrupts it. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "tests/unit/unit.h"
#include "tests/unit/worker_rig.h"

static bool encode_no_media(const EncoderJob *job, TransferResult *result, Error *error)
{
    (void)job;
    (void)result;
    return error_set(error, ERROR_MEDIA, "The file holds no picture.");
}

static bool encode_full_disk(const EncoderJob *job, TransferResult *result, Error *error)
{
    char block[4096] = {0};
    (void)result;
    for (uint64_t at = 0;; at += sizeof block)
        if (!file_write_all(job->fds[TRANSFER_VIDEO], block, sizeof block, at, error))
            return false;
}

/* The disk is full when the result is to be recorded. */
static bool encode_to_the_brim(const EncoderJob *job, TransferResult *result, Error *error)
{
    Error full = {0};
    encode_full_disk(job, result, &full);
    *result = fixture_result(RIG_VIDEO);
    return full.code == ERROR_NO_SPACE || error_set(error, ERROR_INTERNAL, "The disk is not full.");
}

static bool encode_crash(const EncoderJob *job, TransferResult *result, Error *error)
{
    (void)job;
    (void)result;
    return error_set(error, ERROR_INTERNAL, "The encoder ended without a word.");
}

static char vanishing_path[64];

static bool encode_while_folder_vanishes(const EncoderJob *job, TransferResult *result,
                                         Error *error)
{
    if (*vanishing_path) {
        fixture_folder_remove(vanishing_path);
        *vanishing_path = '\0';
    }
    return rig_encode_well(job, result, error);
}

/* --- the way a job should go ------------------------------------------------------------------ */

static void test_happy_path(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim), RIG_NO_MORE,   RIG_ORIGINAL,
                                      RIG_LEASE_HOLDS,         RIG_CONFIRMED, RIG_END};
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /claim", 2);
    rig_await_done(rig, "POST /upload/", 1);
    assert_int_equal(scripted_server_count(rig->server, "POST /upload/"), 1);
    const char *body = scripted_server_request(rig->server, "POST /upload/", 0)->body;
    assert_non_null(strstr(body, "\r\n\r\n" RIG_VIDEO "\r\n"));
    assert_non_null(strstr(body, "\r\n\r\nposter\r\n"));
    assert_non_null(strstr(body, rig->job.lease_token));
    assert_int_equal(rig_folders(rig), 0);
    assert_int_equal(rig_encodes(), 1);
}

/* Every outage that a restart of web causes, at every request; the encode is made once. */
static void test_web_goes_away_at_every_request(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {
        RIG_CLOSED("POST /claim"),
        {.route = "POST /claim", .status = 503},
        RIG_CLAIMED(rig->claim),
        RIG_NO_MORE,
        RIG_CLOSED("GET /original"),
        {.route = "GET /original",
         .status = 200,
         .headers = FIXTURE_ETAG,
         .body = fixture_content(),
         .length = FIXTURE_SIZE,
         .cut_at = 1000},
        {.route = "GET /original", .status = 502},
        {.route = "GET /original",
         .status = 206,
         .headers = FIXTURE_ETAG "Content-Range: bytes 1000-307199/307200\r\n",
         .body = fixture_content() + 1000,
         .length = FIXTURE_SIZE - 1000},
        RIG_CLOSED("POST /progress"),
        RIG_LEASE_HOLDS,
        RIG_CLOSED("POST /upload/"),
        {.route = "POST /upload/", .status = 503},
        {.route = "POST /upload/", .status = 404, .headers = "Content-Type: text/html\r\n"},
        {.route = "POST /upload/", .status = 410},
        {.route = "POST /upload/", .status = 200, .body = "<html>soon</html>"},
        RIG_CONFIRMED,
        RIG_END};
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /claim", 4);
    rig_await_done(rig, "POST /upload/", 6);
    assert_int_equal(scripted_server_count(rig->server, "POST /upload/"), 6);
    assert_int_equal(rig_folders(rig), 0);
    assert_int_equal(rig_encodes(), 1);
}

/* The next try would come in a minute; the lease's thread sees web first and wakes it. */
static void test_returning_web_wakes_the_delivery(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {
        RIG_CLAIMED(rig->claim),
        RIG_NO_MORE,
        RIG_ORIGINAL,
        RIG_CLOSED("POST /progress"),
        {.route = "POST /progress", .status = 200, .body = "{}", .hold = true, .repeat = true},
        RIG_CLOSED("POST /upload/"),
        RIG_CONFIRMED,
        RIG_END};
    rig->options.timing.transfer =
        (RetryPolicy){.first_ms = 60000, .maximum_ms = 60000, .outlast_ms = 900000, .tries_min = 3};
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /progress", 2);
    scripted_server_await(rig->server, "POST /upload/", 1);
    scripted_server_open(rig->server);
    scripted_server_await(rig->server, "POST /upload/", 2);
}

static void test_several_at_once(void **state)
{
    Rig *rig = *state;
    TransferJob second = fixture_job();
    _cleanup_free_ char *claim = fixture_claim(&second);
    const ScriptedAnswer answers[] = {
        RIG_CLAIMED(rig->claim), RIG_CLAIMED(claim), RIG_NO_MORE,   RIG_ORIGINAL, RIG_ORIGINAL,
        RIG_LEASE_HOLDS,         RIG_CONFIRMED,      RIG_CONFIRMED, RIG_END};
    rig->options.jobs = 3;
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /claim", 5);
    rig_await_done(rig, "POST /upload/", 2);
    assert_int_equal(scripted_server_count(rig->server, "POST /upload/"), 2);
    assert_int_equal(rig_folders(rig), 0);
}

/* --- what the lease says ---------------------------------------------------------------------- */

static void test_lost_lease_stops_the_encode(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {
        RIG_CLAIMED(rig->claim),
        RIG_NO_MORE,
        RIG_ORIGINAL,
        {.route = "POST /progress", .status = 410, .headers = RIG_PROBLEM, .repeat = true},
        RIG_END};
    rig_start(rig, answers, rig_encode_for_ever);
    scripted_server_await(rig->server, "POST /claim", 2);
    assert_int_equal(scripted_server_count(rig->server, "POST /progress"), 1);
    assert_int_equal(rig_folders(rig), 0);
}

static void test_lost_lease_stops_the_fetch(void **state)
{
    Rig *rig = *state;
    rig->job.lease_seconds = 1;
    _cleanup_free_ char *claim = fixture_claim(&rig->job);
    const ScriptedAnswer answers[] = {
        RIG_CLAIMED(claim),
        RIG_NO_MORE,
        {.route = "GET /original", .hold = true},
        {.route = "POST /progress", .status = 404, .headers = RIG_PROBLEM, .repeat = true},
        RIG_END};
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /claim", 2);
    assert_int_equal(scripted_server_count(rig->server, "GET /original"), 1);
    assert_int_equal(rig_folders(rig), 0);
}

/* --- faults ----------------------------------------------------------------------------------- */

typedef struct FaultRow {
    RigEncode encode;
    const char *retryable, *words; /* in the report */
    const char *sentence;
} FaultRow;

static void test_encoder_faults(void **state)
{
    static const FaultRow rows[] = {
        {encode_no_media, "\"retryable\":false", "The file holds no picture.",
         "a bad video fails for good"},
        {encode_crash, "\"retryable\":true", "The encoder ended without a word.",
         "a fault of the encoder may pass"},
    };
    Rig *rig = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const ScriptedAnswer answers[] = {
            RIG_CLAIMED(rig->claim),  RIG_NO_MORE,    RIG_ORIGINAL, RIG_LEASE_HOLDS,
            RIG_CLOSED("POST /fail"), RIG_FAIL_TAKEN, RIG_END};
        rig_start(rig, answers, rows[i].encode);
        scripted_server_await(rig->server, "POST /claim", 2);
        rig_await_done(rig, "POST /fail", 2);
        const char *body = scripted_server_request(rig->server, "POST /fail", 1)->body;
        unit_check(strstr(body, rows[i].retryable) && strstr(body, rows[i].words),
                   rows[i].sentence);
        unit_check(rig_folders(rig) == 0, rows[i].sentence);
        rig_halt(rig);
    }
}

/* Web stays away: the report is given up, the lease runs out by itself. There are three threads, so
 * the fourth claim shows it. */
static void test_report_is_given_up(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim),
                                      RIG_CLAIMED(rig->claim),
                                      RIG_CLAIMED(rig->claim),
                                      RIG_NO_MORE,
                                      RIG_ORIGINAL,
                                      RIG_ORIGINAL,
                                      RIG_ORIGINAL,
                                      RIG_LEASE_HOLDS,
                                      {.route = "POST /fail", .status = 503, .repeat = true},
                                      RIG_END};
    rig_start(rig, answers, encode_no_media);
    scripted_server_await(rig->server, "POST /claim", 4);
    assert_true(scripted_server_count(rig->server, "POST /fail") >= 3);
    assert_int_equal(rig_folders(rig), 0);
}

/* A full disk, made by a limit on the size of files. */
static void with_file_limit(Rig *rig, rlim_t limit, RigEncode encode)
{
    struct rlimit before, lowered;
    const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim), RIG_NO_MORE,    RIG_ORIGINAL,
                                      RIG_LEASE_HOLDS,         RIG_FAIL_TAKEN, RIG_END};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    lowered = before;
    lowered.rlim_cur = limit;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &lowered), 0);
    rig_start(rig, answers, encode);
    scripted_server_await(rig->server, "POST /claim", 2);
    rig_await_done(rig, "POST /fail", 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(scripted_server_count(rig->server, "POST /fail"), 1);
    assert_int_equal(rig_folders(rig), 0);
}

static void test_disk_full_in_fetch(void **state)
{
    with_file_limit(*state, FIXTURE_SIZE - 1, rig_encode_well);
    assert_int_equal(rig_encodes(), 0);
}

static void test_disk_full_in_encode(void **state)
{
    with_file_limit(*state, FIXTURE_SIZE, encode_full_disk);
}

static void test_disk_full_at_once(void **state)
{
    with_file_limit(*state, 0, rig_encode_well);
}

static void test_disk_really_full(void **state)
{
    static const RigEncode encoders[] = {encode_full_disk, encode_to_the_brim};
    Rig *rig = *state;
    bool mounted = rig_small_disk(rig);
    for (size_t i = 0; i < ARRAY_SIZE(encoders) && mounted; i++) {
        const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim), RIG_NO_MORE,    RIG_ORIGINAL,
                                          RIG_LEASE_HOLDS,         RIG_FAIL_TAKEN, RIG_END};
        rig_start(rig, answers, encoders[i]);
        scripted_server_await(rig->server, "POST /claim", 2);
        rig_await_done(rig, "POST /fail", 1);
        assert_int_equal(scripted_server_count(rig->server, "POST /fail"), 1);
        assert_int_equal(rig_folders(rig), 0);
        rig_halt(rig);
    }
    if (mounted)
        rig_large_disk(rig);
    else
        skip();
}

static void test_job_too_big_for_the_disk(void **state)
{
    Rig *rig = *state;
    rig->job.original.size = INT64_MAX / 4;
    _cleanup_free_ char *claim = fixture_claim(&rig->job);
    const ScriptedAnswer answers[] = {RIG_CLAIMED(claim), RIG_NO_MORE, RIG_FAIL_TAKEN, RIG_END};
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /claim", 2);
    rig_await_done(rig, "POST /fail", 1);
    assert_non_null(strstr(scripted_server_request(rig->server, "POST /fail", 0)->body,
                           "has no room for this"));
}

/* How often a text stands in what was logged to the descriptor. */
static size_t count_in(int fd, const char *text)
{
    char log[65536];
    ssize_t got = pread(fd, log, sizeof log - 1, 0);
    size_t count = 0;
    log[MAX_OF(got, 0)] = '\0';
    for (const char *found = log; (found = strstr(found, text)); found++)
        count++;
    return count;
}

static void await_in(int fd, const char *text)
{
    int64_t end = clock_monotonic_ms() + 20000;
    while (count_in(fd, text) == 0 && clock_monotonic_ms() < end)
        clock_sleep_ms(1);
}

/* Kept results are delivered even now. */
static void test_low_space_claims_nothing(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {RIG_LEASE_HOLDS, RIG_CONFIRMED, RIG_CONFIRMED, RIG_CONFIRMED,
                                      RIG_END};
    _cleanup_close_ int log = memfd_create("log", MFD_CLOEXEC);
    _cleanup_close_ int before = dup(STDOUT_FILENO);
    for (int i = 0; i < 3; i++) {
        TransferJob kept = fixture_job();
        rig_leave_behind(rig, &kept, true);
    }
    rig->options.min_free_space = INT64_MAX;
    fflush(stdout);
    dup2(log, STDOUT_FILENO);
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /upload/", 3);
    await_in(log, "no job is claimed");
    workers_free(&rig->workers);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    assert_int_equal(scripted_server_count(rig->server, "POST /claim"), 0);
    assert_int_equal(count_in(log, "no job is claimed"), 1);
}

static void test_folder_vanishes(void **state)
{
    Rig *rig = *state;
    TransferJob second = fixture_job();
    _cleanup_free_ char *claim = fixture_claim(&second);
    const ScriptedAnswer answers[] = {
        RIG_CLAIMED(rig->claim), RIG_CLAIMED(claim), RIG_NO_MORE,   RIG_ORIGINAL, RIG_ORIGINAL,
        RIG_LEASE_HOLDS,         RIG_RELEASE_TAKEN,  RIG_CONFIRMED, RIG_END};
    base_copy(vanishing_path, sizeof vanishing_path, rig->path);
    rig_start(rig, answers, encode_while_folder_vanishes);
    scripted_server_await(rig->server, "POST /claim", 3);
    rig_await_done(rig, "POST /upload/", 1);
    assert_non_null(
        strstr(scripted_server_request(rig->server, "POST /release", 0)->body, "taken away"));
    assert_int_equal(scripted_server_count(rig->server, "POST /upload/"), 1);
    assert_int_equal(rig_folders(rig), 0);
}

/* --- deliveries that web does not take -------------------------------------------------------- */

#define PROBLEM_OF(code, field)                                                                    \
    "{\"detail\":\"It is wrong.\",\"code\":\"" code "\",\"errors\":[{\"field\":\"" field           \
    "\",\"detail\":\"It is wrong.\"}]}"

static void test_delivery_refused(void **state)
{
    static const struct {
        int status;
        const char *problem;
        size_t tries, fails;
        bool again; /* the attempt may be repeated */
        const char *sentence;
    } rows[] = {
        {410, "{}", 1, 0, false, "a lease lost to another is dropped"},
        {404, "{}", 1, 0, false, "so is a job that web does not know"},
        {409, "{}", 1, 0, false, "and one that somebody else finished"},
        {422, "{}", 2, 1, true,
         "a result that web finds wrong, its poster or not, ends the attempt"},
        {422, PROBLEM_OF("invalid", "video_file"), 1, 1, true,
         "a video that did not arrive as it was sent is made again"},
        {422, PROBLEM_OF("media", "video_file"), 1, 1, false,
         "a video that does not play is delivered once, and made once"},
        {422, PROBLEM_OF("media", "metadata"), 1, 1, false, "so is one that is too short"},
        {422, PROBLEM_OF("invalid", "poster_file"), 2, 1, true, "a poster is left out"},
    };
    Rig *rig = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim),
                                          RIG_NO_MORE,
                                          RIG_ORIGINAL,
                                          RIG_LEASE_HOLDS,
                                          {.route = "POST /upload/",
                                           .status = rows[i].status,
                                           .headers = RIG_PROBLEM,
                                           .body = rows[i].problem,
                                           .repeat = true},
                                          RIG_FAIL_TAKEN,
                                          RIG_END};
        rig_start(rig, answers, rig_encode_well);
        scripted_server_await(rig->server, "POST /claim", 2);
        rig_await_done(rig, rows[i].fails ? "POST /fail" : "POST /upload/", 1);
        unit_check(scripted_server_count(rig->server, "POST /upload/") == rows[i].tries,
                   rows[i].sentence);
        unit_check(scripted_server_count(rig->server, "POST /fail") == rows[i].fails,
                   rows[i].sentence);
        unit_check(rig_folders(rig) == 0, rows[i].sentence);
        const char *told = rows[i].again ? "\"retryable\":true" : "\"retryable\":false";
        unit_check(!rows[i].fails ||
                       strstr(scripted_server_request(rig->server, "POST /fail", 0)->body, told),
                   rows[i].sentence);
        rig_halt(rig);
    }
}

/* What is wrong with one video is no reason to leave others waiting: the pause after a fault of
 * this machine would be an hour here. */
static void test_a_refused_result_holds_no_claims(void **state)
{
    Rig *rig = *state;
    const ScriptedAnswer answers[] = {RIG_CLAIMED(rig->claim),
                                      {.route = "POST /claim", .status = 204, .repeat = true},
                                      RIG_ORIGINAL,
                                      RIG_LEASE_HOLDS,
                                      {.route = "POST /upload/",
                                       .status = 422,
                                       .headers = RIG_PROBLEM,
                                       .body = PROBLEM_OF("media", "video_file")},
                                      RIG_FAIL_TAKEN,
                                      RIG_END};
    rig->options.timing.transfer.first_ms = rig->options.timing.transfer.maximum_ms = 3600000;
    rig_start(rig, answers, rig_encode_well);
    scripted_server_await(rig->server, "POST /fail", 1);
    size_t claims = scripted_server_count(rig->server, "POST /claim");
    scripted_server_await(rig->server, "POST /claim", claims + 5);
    workers_stop(rig->workers);
    rig_await_end(rig);
    rig_halt(rig);
}

static bool has_part(const ScriptedRequest *request, const char *name)
{
    return memmem(request->body, MIN_OF(request->body_length, sizeof request->body), name,
                  strlen(name));
}

/* A poster or a storyboard that web refuses does not cost anybody the video. */
static void test_refused_adornments(void **state)
{
    static const int statuses[] = {422, 413};
    Rig *rig = *state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        const ScriptedAnswer answers[] = {
            RIG_CLAIMED(rig->claim),
            RIG_NO_MORE,
            RIG_ORIGINAL,
            RIG_LEASE_HOLDS,
            {.route = "POST /upload/", .status = statuses[i], .headers = RIG_PROBLEM},
            RIG_CONFIRMED,
            RIG_END};
        rig_start(rig, answers, rig_encode_well);
        rig_await_done(rig, "POST /upload/", 2);
        const ScriptedRequest *first = scripted_server_request(rig->server, "POST /upload/", 0);
        const ScriptedRequest *second = scripted_server_request(rig->server, "POST /upload/", 1);
        assert_true(has_part(first, "poster_file") && has_part(first, "poster_digest"));
        assert_true(has_part(second, "video_file") && has_part(second, RIG_VIDEO));
        assert_false(has_part(second, "poster_file") || has_part(second, "poster_digest"));
        assert_int_equal(scripted_server_count(rig->server, "POST /fail"), 0);
        rig_halt(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_happy_path),
        RIG_TEST(test_web_goes_away_at_every_request),
        RIG_TEST(test_returning_web_wakes_the_delivery),
        RIG_TEST(test_several_at_once),
        RIG_TEST(test_lost_lease_stops_the_encode),
        RIG_TEST(test_lost_lease_stops_the_fetch),
        RIG_TEST(test_encoder_faults),
        RIG_TEST(test_report_is_given_up),
        RIG_TEST(test_disk_full_in_fetch),
        RIG_TEST(test_disk_full_in_encode),
        RIG_TEST(test_disk_full_at_once),
        RIG_TEST(test_disk_really_full),
        RIG_TEST(test_job_too_big_for_the_disk),
        RIG_TEST(test_low_space_claims_nothing),
        RIG_TEST(test_folder_vanishes),
        RIG_TEST(test_a_refused_result_holds_no_claims),
        RIG_TEST(test_delivery_refused),
        RIG_TEST(test_refused_adornments),
    };
    return cmocka_run_group_tests(tests, fixture_group_set_up, fixture_group_tear_down);
}
