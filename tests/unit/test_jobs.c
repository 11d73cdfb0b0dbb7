/* The life of a job: who may say what in which state, and that every job ends. */
#include "tests/unit/archive.h"

#include <pthread.h>

#include "common/base/log.h"

#define START   1000000 /* wall clock of the tests, ms */
#define LEASE   60000   /* ms, as the archive is set up */
#define WORDS   "The sentence."
#define FOREIGN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* A job in some state, and the token of its last claim. */
typedef struct Case {
    Archive *archive;
    ArchiveVideo video;
    TransferJob job; /* ids and token, also while nobody claimed */
    int64_t now;
} Case;

static void expire(Case *self)
{
    int64_t next;
    self->now += LEASE;
    assert_true(jobs_expire(&self->archive->jobs, self->now, &next, NULL));
    assert_true(next == INT64_MAX);
}

static JobSpeaker speaker_of(const Case *self, const char *token)
{
    return (JobSpeaker){self->job.job_id, token, self->now};
}

static bool deliver(StoreConnection *connection, void *argument, Error *error)
{
    const JobHolder *holder = argument;
    Digest video = {0};
    bool changed = false;
    if (!store_job_deliver(connection, holder, &video, &changed, error))
        return false;
    return changed || jobs_explain(connection, holder->job_id, error);
}

static bool say_deliver(Case *self, const char *token, Error *error)
{
    JobSpeaker speaker = speaker_of(self, token);
    JobHolder holder = jobs_holder(&speaker);
    return store_write(self->archive->store, deliver, &holder, error);
}

static bool say_progress(Case *self, const char *token, Error *error)
{
    JobSpeaker speaker = speaker_of(self, token);
    return jobs_progress(&self->archive->jobs, &speaker, "encode", 40, error);
}

static bool say_release(Case *self, const char *token, Error *error)
{
    JobSpeaker speaker = speaker_of(self, token);
    return jobs_release(&self->archive->jobs, &speaker, WORDS, error);
}

static bool say_retry(Case *self, const char *token, Error *error)
{
    JobSpeaker speaker = speaker_of(self, token);
    return jobs_fail(&self->archive->jobs, &speaker, WORDS, true, error);
}

static bool say_fail(Case *self, const char *token, Error *error)
{
    JobSpeaker speaker = speaker_of(self, token);
    return jobs_fail(&self->archive->jobs, &speaker, WORDS, false, error);
}

static bool say_fetch(Case *self, const char *token, Error *error)
{
    JobSpeaker speaker = speaker_of(self, token);
    char media_id[UUID_SIZE];
    return jobs_check_holder(&self->archive->jobs, &speaker, media_id, error);
}

static bool say_cancel(Case *self, const char *token, Error *error)
{
    (void)token;
    return jobs_cancel(&self->archive->jobs, self->video.media_id, self->now, error);
}

/* --- how the states are reached --- */

static void reach_leased(Case *self)
{
    self->job = archive_claim(self->archive, self->now);
}

static void reach_expired(Case *self)
{
    reach_leased(self);
    expire(self);
}

static void reach_silent(Case *self)
{
    for (int i = 0; i < 3; i++)
        reach_expired(self);
}

static void reach_released(Case *self)
{
    reach_leased(self);
    assert_true(say_release(self, self->job.lease_token, NULL));
}

static void reach_done(Case *self)
{
    reach_leased(self);
    assert_true(say_deliver(self, self->job.lease_token, NULL));
}

static void reach_failed(Case *self)
{
    reach_leased(self);
    assert_true(say_fail(self, self->job.lease_token, NULL));
}

static void reach_cancelled(Case *self)
{
    reach_leased(self);
    assert_true(say_cancel(self, "", NULL));
}

typedef void Reach(Case *self);
typedef bool Say(Case *self, const char *token, Error *error);

static const struct {
    Reach *reach;
    Say *say;
    ErrorCode result;
    JobState state;
    int attempts;
    const char *outcome; /* of the last attempt, "" while it lasts */
    const char *sentence;
} rows[] = {
    {reach_leased, say_fetch, ERROR_NONE, JOB_LEASED, 1, "", "the holder fetches"},
    {reach_leased, say_progress, ERROR_NONE, JOB_LEASED, 1, "", "the holder renews"},
    {reach_leased, say_release, ERROR_NONE, JOB_QUEUED, 0, "released",
     "a release costs no attempt"},
    {reach_leased, say_retry, ERROR_NONE, JOB_QUEUED, 1, "failed",
     "a failed attempt is tried again"},
    {reach_leased, say_fail, ERROR_NONE, JOB_FAILED, 1, "failed",
     "what cannot be retried has failed"},
    {reach_leased, say_deliver, ERROR_NONE, JOB_DONE, 1, "delivered", "the holder delivers"},
    {reach_leased, say_cancel, ERROR_NONE, JOB_CANCELLED, 1, "cancelled",
     "a deleted item cancels its job"},
    {reach_expired, say_fetch, ERROR_NONE, JOB_QUEUED, 1, "expired", "a late holder fetches on"},
    {reach_expired, say_progress, ERROR_NONE, JOB_LEASED, 1, "",
     "a late holder takes its lease up"},
    {reach_expired, say_release, ERROR_LEASE_LOST, JOB_QUEUED, 1, "expired",
     "nothing left to release"},
    {reach_expired, say_retry, ERROR_LEASE_LOST, JOB_QUEUED, 1, "expired",
     "the attempt has ended already"},
    {reach_expired, say_deliver, ERROR_NONE, JOB_DONE, 1, "delivered", "a late result counts"},
    {reach_expired, say_cancel, ERROR_NONE, JOB_CANCELLED, 1, "expired",
     "a waiting job is cancelled"},
    {reach_silent, say_fetch, ERROR_LEASE_LOST, JOB_FAILED, 3, "expired",
     "a failed job gives nothing out"},
    {reach_silent, say_progress, ERROR_LEASE_LOST, JOB_FAILED, 3, "expired",
     "a failed job is not renewed"},
    {reach_silent, say_deliver, ERROR_NONE, JOB_DONE, 3, "delivered",
     "a result after silence counts"},
    {reach_released, say_progress, ERROR_LEASE_LOST, JOB_QUEUED, 0, "released",
     "who released has no say"},
    {reach_released, say_fetch, ERROR_LEASE_LOST, JOB_QUEUED, 0, "released",
     "who released fetches nothing"},
    {reach_released, say_deliver, ERROR_LEASE_LOST, JOB_QUEUED, 0, "released",
     "who released delivers not"},
    {reach_done, say_progress, ERROR_LEASE_LOST, JOB_DONE, 1, "delivered", "done is done"},
    {reach_done, say_fail, ERROR_LEASE_LOST, JOB_DONE, 1, "delivered", "done cannot fail"},
    {reach_done, say_fetch, ERROR_LEASE_LOST, JOB_DONE, 1, "delivered", "done gives nothing out"},
    {reach_done, say_deliver, ERROR_LEASE_LOST, JOB_DONE, 1, "delivered", "done only once"},
    {reach_done, say_cancel, ERROR_NONE, JOB_CANCELLED, 1, "delivered",
     "a done job's item is deleted"},
    {reach_failed, say_progress, ERROR_LEASE_LOST, JOB_FAILED, 1, "failed",
     "failed is not renewed"},
    {reach_failed, say_deliver, ERROR_LEASE_LOST, JOB_FAILED, 1, "failed",
     "who failed delivers not"},
    {reach_cancelled, say_progress, ERROR_GONE, JOB_CANCELLED, 1, "cancelled",
     "told that the item is gone"},
    {reach_cancelled, say_fetch, ERROR_GONE, JOB_CANCELLED, 1, "cancelled",
     "no original of a deleted item"},
    {reach_cancelled, say_deliver, ERROR_GONE, JOB_CANCELLED, 1, "cancelled",
     "no result for a deleted item"},
    {reach_cancelled, say_fail, ERROR_GONE, JOB_CANCELLED, 1, "cancelled",
     "a cancelled job cannot fail"},
};

static void follows_the_table(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Case self = {.archive = *state, .now = START};
        Error error = {0};
        self.video = archive_add_video(self.archive, self.now);
        rows[i].reach(&self);
        self.now++;
        bool good = rows[i].say(&self, self.job.lease_token, &error);
        unit_check(error.code == rows[i].result, rows[i].sentence);
        unit_check(good == (rows[i].result == ERROR_NONE), rows[i].sentence);
        JobRow job = archive_job(self.archive, self.job.job_id);
        unit_check(job.state == rows[i].state, rows[i].sentence);
        unit_check(job.attempts == rows[i].attempts, rows[i].sentence);
        ArchiveEnd attempt = archive_attempt(self.archive, self.job.job_id);
        unit_check(streq(attempt.outcome, rows[i].outcome), rows[i].sentence);
        assert_true(say_cancel(&self, "", NULL));
    }
}

/* In every state, somebody else's token gets the same answer as none, and changes nothing. */
static void listens_to_nobody_else(void **state)
{
    static Reach *const reaches[] = {reach_leased, reach_expired, reach_silent,   reach_released,
                                     reach_done,   reach_failed,  reach_cancelled};
    static Say *const says[] = {say_fetch, say_progress, say_release,
                                say_retry, say_fail,     say_deliver};
    for (size_t i = 0; i < ARRAY_SIZE(reaches); i++) {
        Case self = {.archive = *state, .now = START};
        self.video = archive_add_video(self.archive, self.now);
        reaches[i](&self);
        JobRow before = archive_job(self.archive, self.job.job_id);
        for (size_t k = 0; k < ARRAY_SIZE(says); k++) {
            Error error = {0};
            assert_false(says[k](&self, FOREIGN, &error));
            assert_int_equal(error_http_status(error.code), 410);
            assert_false(says[k](&self, "", &error));
        }
        JobRow after = archive_job(self.archive, self.job.job_id);
        assert_memory_equal(&before, &after, sizeof before);
        assert_true(say_cancel(&self, "", NULL));
    }
}

static void does_not_know_jobs_of_a_lost_future(void **state)
{
    static Say *const says[] = {say_fetch, say_progress, say_release,
                                say_retry, say_fail,     say_deliver};
    Case self = {.archive = *state, .now = START};
    id_uuid(self.job.job_id);
    for (size_t k = 0; k < ARRAY_SIZE(says); k++) {
        Error error = {0};
        assert_false(says[k](&self, FOREIGN, &error));
        assert_int_equal(error.code, ERROR_NOT_FOUND);
    }
}

static void voids_the_token_of_an_earlier_claim(void **state)
{
    Case self = {.archive = *state, .now = START};
    Error error = {0};
    self.video = archive_add_video(self.archive, self.now);
    reach_expired(&self);
    TransferJob second = archive_claim(self.archive, self.now);
    assert_string_equal(second.job_id, self.job.job_id);
    assert_string_not_equal(second.lease_token, self.job.lease_token);
    assert_int_equal(second.attempt, 2);
    assert_false(say_deliver(&self, self.job.lease_token, &error));
    assert_int_equal(error.code, ERROR_LEASE_LOST);
    assert_true(say_deliver(&self, second.lease_token, &error));
}

static void ends_every_job_whose_transcoder_is_silent(void **state)
{
    Case self = {.archive = *state, .now = START};
    self.video = archive_add_video(self.archive, self.now);
    for (int attempt = 1; attempt <= 3; attempt++) {
        reach_expired(&self);
        assert_string_equal(archive_attempt(self.archive, self.job.job_id).outcome, "expired");
        assert_int_equal(archive_attempt(self.archive, self.job.job_id).number, attempt);
    }
    JobRow job = archive_job(self.archive, self.job.job_id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_non_null(strstr(job.error, "stopped answering"));
}

static void ends_every_job_whose_attempts_fail(void **state)
{
    Case self = {.archive = *state, .now = START};
    self.video = archive_add_video(self.archive, self.now);
    for (int attempt = 1; attempt <= 3; attempt++) {
        reach_leased(&self);
        assert_true(say_retry(&self, self.job.lease_token, NULL));
    }
    JobRow job = archive_job(self.archive, self.job.job_id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_string_equal(job.error, WORDS);
    ArchiveEnd attempt = archive_attempt(self.archive, self.job.job_id);
    assert_string_equal(attempt.outcome, "failed");
    assert_string_equal(attempt.detail, WORDS);
}

static void may_be_released_for_ever(void **state)
{
    Case self = {.archive = *state, .now = START};
    self.video = archive_add_video(self.archive, self.now);
    for (int i = 0; i < 60; i++)
        reach_released(&self);
    assert_int_equal(archive_job(self.archive, self.job.job_id).attempts, 0);
    assert_true(archive_query(self.archive, "SELECT count(*) FROM attempt") <= 50);
}

static void keeps_a_lease_that_is_renewed(void **state)
{
    Case self = {.archive = *state, .now = START};
    int64_t next;
    self.video = archive_add_video(self.archive, self.now);
    reach_leased(&self);
    for (int i = 0; i < 5; i++) {
        self.now += LEASE - 1;
        assert_true(jobs_expire(&self.archive->jobs, self.now, &next, NULL));
        assert_int_equal(next, self.now + 1);
        assert_true(say_progress(&self, self.job.lease_token, NULL));
    }
    JobRow job = archive_job(self.archive, self.job.job_id);
    assert_int_equal(job.state, JOB_LEASED);
    assert_string_equal(job.stage, "encode");
    assert_true(job.percent > 41.9 && job.percent < 42.1);
}

/* One attempt, as it is told and as it is shown: the figure never falls. */
static void shows_one_growing_percentage(void **state)
{
    static const struct {
        const char *stage;
        double told, shown;
        const char *sentence;
    } told[] = {
        {"fetch", -5, 0, "less than nothing"},
        {"fetch", 0.0 / 0.0, 0, "not a number"},
        {"fetch", 50, 5, "half of the original fetched"},
        {"fetch", 100, 10, "all of it fetched"},
        {"encode", 0, 10, "the encoding begins"},
        {"encode", 50, 50, "half encoded"},
        {"fetch", 100, 50, "an earlier stage again"},
        {"encode", 10, 50, "encoding once more after a fault"},
        {"sleep", 99, 50, "a stage that is not known"},
        {"encode", 100, 90, "all encoded"},
        {"deliver", 0, 90, "the delivery begins"},
        {"deliver", 50, 95, "half delivered"},
        {"deliver", 20, 95, "delivering once more"},
        {"deliver", 1e300, 100, "more than everything"},
    };
    Case self = {.archive = *state, .now = START};
    self.video = archive_add_video(self.archive, self.now);
    reach_leased(&self);
    JobSpeaker speaker = speaker_of(&self, self.job.lease_token);
    for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
        assert_true(
            jobs_progress(&self.archive->jobs, &speaker, told[i].stage, told[i].told, NULL));
        double percent = archive_job(self.archive, self.job.job_id).percent;
        unit_check(percent > told[i].shown - 0.001 && percent < told[i].shown + 0.001,
                   told[i].sentence);
    }
    assert_true(say_retry(&self, self.job.lease_token, NULL));
    reach_leased(&self);
    assert_true(archive_job(self.archive, self.job.job_id).percent < 0.001);
}

/* Nobody could renew while web was away: a delivery afterwards still finds its lease. */
static void gives_every_lease_its_length_anew_at_start(void **state)
{
    Case self = {.archive = *state, .now = START};
    int64_t next;
    self.video = archive_add_video(self.archive, self.now);
    reach_leased(&self);
    archive_reopen(self.archive);
    self.now += 10 * LEASE;
    assert_true(jobs_recover(&self.archive->jobs, self.now, NULL));
    assert_true(jobs_expire(&self.archive->jobs, self.now + LEASE - 1, &next, NULL));
    assert_int_equal(next, self.now + LEASE);
    assert_true(say_deliver(&self, self.job.lease_token, NULL));
}

/* The clock was wrong by a year when the lease was given, and is right now. */
static void ends_no_lease_later_than_a_fresh_one_would(void **state)
{
    static const int64_t year = INT64_C(31536000000);
    Case self = {.archive = *state, .now = START + year};
    int64_t next;
    self.video = archive_add_video(self.archive, START);
    reach_leased(&self);
    assert_true(jobs_expire(&self.archive->jobs, START, &next, NULL));
    assert_int_equal(next, START + LEASE);
    assert_true(say_progress(&self, self.job.lease_token, NULL));
    archive_reopen(self.archive);
    assert_true(jobs_recover(&self.archive->jobs, START, NULL));
    assert_int_equal(archive_job(self.archive, self.job.job_id).lease_expires_at, START + LEASE);
    assert_true(jobs_expire(&self.archive->jobs, START + LEASE, &next, NULL));
    assert_int_equal(archive_job(self.archive, self.job.job_id).state, JOB_QUEUED);
}

static void takes_turns(void **state)
{
    Archive *archive = *state;
    Case first = {.archive = archive, .now = START};
    archive_add_video(archive, START);
    archive_add_video(archive, START + 1);
    reach_leased(&first);
    first.now = START + 2;
    assert_true(say_retry(&first, first.job.lease_token, NULL));
    TransferJob next = archive_claim(archive, START + 3);
    assert_string_not_equal(next.job_id, first.job.job_id);
}

static const MediaFound long_video = {MEDIA_VIDEO, 3840, 2160, 7200, 60};

static int64_t rank_of(Archive *archive, const Case *self)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT rank FROM job WHERE id = '%s'", self->job.job_id);
    return archive_query(archive, sql);
}

static void keeps_its_place_but_for_a_fault_of_its_own(void **state)
{
    Archive *archive = *state;
    Case self = {.archive = archive, .now = START};
    self.video = archive_upload_video(archive, START);
    archive_queue(archive, &long_video, START);
    self.now = START + 5000;
    reach_released(&self);
    assert_int_equal(rank_of(archive, &self), START + JOB_EXPECTED_MS_MAX);
    reach_leased(&self);
    assert_true(say_retry(&self, self.job.lease_token, NULL));
    assert_int_equal(rank_of(archive, &self), START + 5000 + JOB_EXPECTED_MS_MAX);
    reach_expired(&self);
    assert_int_equal(rank_of(archive, &self), START + 5000 + LEASE + JOB_EXPECTED_MS_MAX);
}

static void describes_the_job(void **state)
{
    Case self = {.archive = *state, .now = START};
    char url[200];
    self.video = archive_add_video(self.archive, self.now);
    reach_leased(&self);
    snprintf(url, sizeof url, TRANSFER_PATH_ORIGINAL, self.job.job_id);
    assert_string_equal(self.job.media_id, self.video.media_id);
    assert_string_equal(self.job.original.url, url);
    assert_string_equal(self.job.original.name, "clip.mov");
    assert_string_equal(self.job.original.content_type, "video/mp4");
    assert_int_equal(self.job.original.size, 5000);
    assert_int_equal(self.job.lease_seconds, 60);
}

/* --- many at once --- */

typedef struct Racer {
    Archive *archive;
    TransferJob job;
    bool claimed;
} Racer;

static void *race(void *argument)
{
    Racer *racer = argument;
    IGNORE_RESULT(
        jobs_claim(&racer->archive->jobs, "racer", START, &racer->job, &racer->claimed, NULL));
    return NULL;
}

static void has_one_winner(void **state)
{
    Racer racers[16];
    pthread_t threads[16];
    int winners = 0;
    archive_add_video(*state, START);
    for (size_t i = 0; i < ARRAY_SIZE(racers); i++) {
        racers[i] = (Racer){.archive = *state};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(racers); i++) {
        pthread_join(threads[i], NULL);
        winners += racers[i].claimed;
    }
    assert_int_equal(winners, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(follows_the_table),
        TEST(listens_to_nobody_else),
        TEST(does_not_know_jobs_of_a_lost_future),
        TEST(voids_the_token_of_an_earlier_claim),
        TEST(ends_every_job_whose_transcoder_is_silent),
        TEST(ends_every_job_whose_attempts_fail),
        TEST(may_be_released_for_ever),
        TEST(keeps_a_lease_that_is_renewed),
        TEST(shows_one_growing_percentage),
        TEST(gives_every_lease_its_length_anew_at_start),
        TEST(ends_no_lease_later_than_a_fresh_one_would),
        TEST(takes_turns),
        TEST(keeps_its_place_but_for_a_fault_of_its_own),
        TEST(describes_the_job),
        TEST(has_one_winner),
    };
    log_init("test_jobs", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
