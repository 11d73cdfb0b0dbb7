/* Which job is next: none before it was looked at, short work first, and none starves. */
#include "tests/unit/archive.h"

#include "common/base/log.h"
#include "web/library/intake/upload.h"

#define START 1000000 /* wall clock of the tests, ms */
#define WORDS "The sentence."

static void knows_about_how_long_it_will_take(void **state)
{
    static const struct {
        MediaFound found;
        bool unknown;
        int64_t size, from, to; /* ms */
        const char *sentence;
    } expected[] = {
        {{MEDIA_VIDEO, 1920, 1080, 60, 30}, false, 0, 60000, 60000, "the reference: as it plays"},
        {{MEDIA_VIDEO, 1080, 1920, 60, 60}, false, 0, 120000, 120000, "twice the pictures"},
        {{MEDIA_VIDEO, 640, 360, 60, 30}, false, 0, 6000, 7000, "a small picture"},
        {{MEDIA_VIDEO, 3840, 2160, 60, 30}, false, 0, 240000, 240000, "a large one"},
        {{MEDIA_VIDEO, 1920, 1080, 60, 0}, false, 0, 60000, 60000, "a rate that is unknown"},
        {{MEDIA_VIDEO, 1920, 1080, 0, 30}, false, 250000, 1000, 1100, "a duration that is unknown"},
        {{MEDIA_VIDEO, 1920, 1080, 60, 30}, false, 100000000, 70000, 70000, "the transfer counts"},
        {{MEDIA_AUDIO, 0, 0, 60, 0}, false, 0, 1200, 1200, "sound alone is quick"},
        {{MEDIA_VIDEO, 7680, 4320, 1e7, 1e9},
         false,
         INT64_MAX,
         3600000,
         3600000,
         "an hour at most"},
        {{0}, true, 5000, 0, 100, "nothing is known of a small file"},
        {{0}, true, INT64_C(4) << 30, 3600000, 3600000, "nothing is known of a large file"},
        {{0}, true, 0, 0, 0, "nothing at all"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        int64_t ms =
            jobs_expected_ms(expected[i].unknown ? NULL : &expected[i].found, expected[i].size);
        unit_check(ms >= expected[i].from && ms <= expected[i].to, expected[i].sentence);
    }
}

static const MediaFound long_video = {MEDIA_VIDEO, 3840, 2160, 7200, 60};
static const MediaFound short_video = {MEDIA_VIDEO, 640, 360, 10, 30};

static ArchiveVideo add(Archive *archive, const MediaFound *found, int64_t now)
{
    ArchiveVideo video = archive_upload_video(archive, now);
    archive_queue(archive, found, now);
    return video;
}

static void puts_short_work_first(void **state)
{
    Archive *archive = *state;
    ArchiveVideo film = add(archive, &long_video, START);
    ArchiveVideo clip = add(archive, &short_video, START + 60000);
    assert_string_equal(archive_claim(archive, START + 60001).media_id, clip.media_id);
    assert_string_equal(archive_claim(archive, START + 60002).media_id, film.media_id);
}

static int64_t position(Archive *archive, const ArchiveVideo *video)
{
    UploadView view;
    assert_true(upload_view(&archive->library, video->upload_id, &view, NULL));
    return view.queue_position;
}

static void says_who_is_next(void **state)
{
    Archive *archive = *state;
    ArchiveVideo film = add(archive, &long_video, START);
    ArchiveVideo clip = add(archive, &short_video, START + 60000);
    ArchiveVideo other = add(archive, &short_video, START + 60000);
    ArchiveVideo unseen = archive_upload_video(archive, START);
    assert_int_equal(position(archive, &clip) + position(archive, &other), 1 + 2);
    assert_int_equal(position(archive, &film), 3);
    assert_int_equal(position(archive, &unseen), 0);
    TransferJob first = archive_claim(archive, START + 60001);
    const ArchiveVideo *left = streq(first.media_id, clip.media_id) ? &other : &clip;
    assert_int_equal(position(archive, left == &clip ? &other : &clip), 0);
    assert_int_equal(position(archive, left), 1);
    assert_int_equal(position(archive, &film), 2);
    archive_run(archive,
                "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
                "INSERT INTO job (id, media_id, state, attempts, percent, queued_at, rank, "
                "created_at, updated_at) SELECT 'j' || i, 'm' || i, 'queued', 0, 0, 0, 0, 0, 0 "
                "FROM n");
    assert_int_equal(position(archive, left), QUEUE_POSITION_MAX);
    assert_int_equal(position(archive, &film), 0);
}

/* A transcoder that is always busy, and a new short video every ten seconds. */
static void lets_no_long_work_starve(void **state)
{
    Archive *archive = *state;
    ArchiveVideo film = add(archive, &long_video, START);
    int64_t now = START, wait = 0;
    add(archive, &short_video, now);
    for (bool claimed = false; !claimed && wait < 3 * JOB_EXPECTED_MS_MAX; wait = now - START) {
        now += 10000;
        add(archive, &short_video, now);
        TransferJob job = archive_claim(archive, now);
        claimed = streq(job.media_id, film.media_id);
    }
    assert_true(wait > JOB_EXPECTED_MS_MAX / 2);
    assert_true(wait <= JOB_EXPECTED_MS_MAX + 20000);
}

/* A job of a clock that was wrong by a year would wait until then, behind whatever comes. */
static void a_clock_set_back_starves_nothing(void **state)
{
    Archive *archive = *state;
    int64_t year = INT64_C(31536000000), next;
    ArchiveVideo old = add(archive, &short_video, START + year);
    ArchiveVideo film = add(archive, &long_video, START);
    assert_true(jobs_expire(&archive->jobs, START + 1000, &next, NULL));
    assert_string_equal(archive_claim(archive, START + 1001).media_id, old.media_id);
    assert_string_equal(archive_claim(archive, START + 1002).media_id, film.media_id);
}

/* --- before the queue --- */

static void gives_no_job_out_before_its_original_was_looked_at(void **state)
{
    Archive *archive = *state;
    ArchiveVideo video = archive_upload_video(archive, START);
    TransferJob job;
    bool claimed = true;
    assert_true(jobs_claim(&archive->jobs, "unit", START, &job, &claimed, NULL));
    assert_false(claimed);
    archive_queue(archive, &short_video, START);
    assert_string_equal(archive_claim(archive, START).media_id, video.media_id);
    assert_int_equal(archive_query(archive, "SELECT width * 1000 + height FROM media"), 640360);
}

static void changes_nothing_that_is_not_being_validated(void **state)
{
    Archive *archive = *state;
    JobValidating job;
    bool found = false;
    ArchiveVideo video = archive_upload_video(archive, START);
    assert_true(jobs_validating_next(&archive->jobs, "", &job, &found, NULL));
    assert_true(found);
    assert_true(jobs_validating_next(&archive->jobs, job.job_id, &job, &found, NULL));
    assert_false(found);
    assert_true(jobs_cancel(&archive->jobs, video.media_id, START, NULL));
    assert_true(jobs_validated(&archive->jobs, &job, &short_video, START, NULL));
    assert_true(jobs_rejected(&archive->jobs, &job, WORDS, START, NULL));
    assert_int_equal(archive_job(archive, job.job_id).state, JOB_CANCELLED);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM media WHERE width IS NULL"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_about_how_long_it_will_take),
        TEST(puts_short_work_first),
        TEST(says_who_is_next),
        TEST(lets_no_long_work_starve),
        TEST(a_clock_set_back_starves_nothing),
        TEST(gives_no_job_out_before_its_original_was_looked_at),
        TEST(changes_nothing_that_is_not_being_validated),
    };
    log_init("test_queue", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
