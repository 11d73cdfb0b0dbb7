/*
 * The transcoder's side of the contract, with the story itself as transcoder: claim, original,
 * progress, release, fail and delivery, and everything that can be wrong about them.
 */
#include "common/base/clock.h"
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

#define NOBODY "00000000-0000-4000-8000-000000000000"

/* web with one uploaded video; its job is not claimed yet. */
static Upload begin(Story *story)
{
    story_web_start(story);
    return upload_file(story, made_media(MADE_VIDEO), "original.mp4");
}

static TransferJob claim(Story *story)
{
    TransferJob job;
    story_expect(story, play_claim(story, 0, &job), "there should be a job to claim");
    return job;
}

static Delivery delivery_of(const TransferJob *job)
{
    return (Delivery){.job = job,
                      .files.of[TRANSFER_VIDEO] = made_media(MADE_READY),
                      .files.of[TRANSFER_POSTER] = made_media(MADE_POSTER)};
}

static void expect_delivered(Story *story, const Delivery *delivery, const char *what)
{
    _cleanup_answer_ Answer answer = play_deliver(story, delivery);
    expect_answer(story, &answer, 200, NULL, what);
    const json_t *document = answer_json(story, &answer);
    story_expect(story,
                 json_is_true(json_object_get(document, "success")) &&
                     json_is_object(json_object_get(document, "media")),
                 "%s: success and media: %s", what, answer.body);
}

static void expect_state(Story *story, const char *word)
{
    story_expect(story, job_state_is(story, (void *)word), "the job should be %s", word);
}

/* --- claim --- */

static void test_a_claim_without_work_waits_and_ends(void **state)
{
    Story *story = *state;
    TransferJob job;
    story_web_start(story);
    story_expect(story, !play_claim(story, 0, &job), "nothing to claim");
    int64_t started = clock_monotonic_ms();
    story_expect(story, !play_claim(story, 1, &job), "still nothing to claim");
    int64_t waited = clock_monotonic_ms() - started;
    story_expect(story, waited >= 900, "a claim should wait as long as asked, not %lld ms",
                 (long long)waited);
}

typedef struct Waiter {
    pthread_t thread;
    Story *story;
    Answer answer;
    int64_t answered_ms; /* 0: it waits */
} Waiter;

#define WAITERS 4
static Waiter waiters[WAITERS];
static pthread_mutex_t waiters_lock = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_job(void *context)
{
    Waiter *waiter = context;
    Answer answer =
        ask(waiter->story,
            &(Ask){.path = TRANSFER_PATH_CLAIM,
                   .as_transcoder = true,
                   .may_fail = true,
                   .json = json_pack("{s:s, s:i}", "worker", "waiter", "wait_seconds", 25)});
    pthread_mutex_lock(&waiters_lock);
    waiter->answer = answer;
    waiter->answered_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&waiters_lock);
    return NULL;
}

/* When the latest answer came, once so many waiters have one. */
typedef struct Answered {
    int count;
    int64_t latest_ms;
} Answered;

static bool waiters_answered(Story *story, void *context)
{
    Answered *answered = context;
    int count = 0;
    (void)story;
    pthread_mutex_lock(&waiters_lock);
    for (size_t i = 0; i < WAITERS; i++) {
        count += waiters[i].answered_ms != 0;
        answered->latest_ms = MAX_OF(answered->latest_ms, waiters[i].answered_ms);
    }
    pthread_mutex_unlock(&waiters_lock);
    return count == answered->count;
}

/* One job wakes one waiter. The last of them has waited through all the uploads before. */
static void test_a_new_job_wakes_a_waiter(void **state)
{
    Story *story = *state;
    story_web_start(story);
    int64_t started = clock_monotonic_ms(), accepted = 0;
    for (size_t i = 0; i < WAITERS; i++) {
        waiters[i] = (Waiter){.story = story};
        REQUIRE(pthread_create(&waiters[i].thread, NULL, wait_for_job, &waiters[i]) == 0);
    }
    Answered answered = {0};
    for (answered.count = 1; answered.count <= WAITERS; answered.count++) {
        upload_file(story, made_media(MADE_VIDEO), "original.mp4");
        accepted = clock_monotonic_ms();
        story_until(story, waiters_answered, &answered, "one more waiter to be woken");
    }
    for (size_t i = 0; i < WAITERS; i++) {
        pthread_join(waiters[i].thread, NULL);
        expect_answer(story, &waiters[i].answer, 200, NULL, "a claim that waited");
        answer_release(&waiters[i].answer);
    }
    story_expect(story, answered.latest_ms - started < 20000,
                 "a claim was ended by its time-out, not by the job");
    print_message("the last waiter had its job %lld ms after the upload was accepted\n",
                  (long long)(answered.latest_ms - accepted));
}

static void test_two_claims_never_get_one_job(void **state)
{
    Story *story = *state;
    TransferJob second;
    begin(story);
    TransferJob first = claim(story);
    story_expect(story, !play_claim(story, 0, &second), "the job is leased already");
    story_expect(story, first.attempt == 1, "the first attempt");
}

static void test_what_a_claim_may_not_say(void **state)
{
    Story *story = *state;
    static const char *const bodies[] = {"{}", "{\"worker\": 5, \"wait_seconds\": 1}",
                                         "{\"worker\": \"w\", \"wait_seconds\": \"long\"}",
                                         "{\"worker\": \"w\", \"wait_seconds\": -1}"};
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        _cleanup_answer_ Answer answer =
            ask(story, &(Ask){.path = TRANSFER_PATH_CLAIM,
                              .as_transcoder = true,
                              .headers = {"Content-Type: application/json"},
                              .body = bodies[i],
                              .length = strlen(bodies[i])});
        expect_answer(story, &answer, 422, NULL, bodies[i]);
    }
}

/* --- original --- */

static Answer ask_original(Story *story, const TransferJob *job, const char *range)
{
    char lease[200];
    snprintf(lease, sizeof lease, TRANSFER_HEADER_LEASE ": %s", job->lease_token);
    return ask(story,
               &(Ask){.path = job->original.url, .as_transcoder = true, .headers = {lease, range}});
}

static void test_the_original_comes_whole_and_in_parts(void **state)
{
    Story *story = *state;
    size_t length;
    char digest[DIGEST_FIELD_SIZE];
    begin(story);
    TransferJob job = claim(story);
    _cleanup_free_ char *content = story_read_file(made_media(MADE_VIDEO), &length);
    _cleanup_answer_ Answer whole = ask_original(story, &job, NULL);
    expect_answer(story, &whole, 200, NULL, "the original");
    assert_int_equal(whole.length, length);
    assert_int_equal(job.original.size, length);
    assert_memory_equal(whole.body, content, length);
    digest_format(DIGEST_BLAKE2B, &job.original.digest, digest);
    story_expect(story, answer_header(&whole, "ETag"), "the original has an ETag");
    const char *given = answer_header(&whole, "Repr-Digest");
    story_expect(story, given && *given, "the original has a Repr-Digest");
    _cleanup_answer_ Answer part = ask_original(story, &job, "Range: bytes=1000-");
    expect_answer(story, &part, 206, NULL, "the rest of the original");
    assert_int_equal(part.length, length - 1000);
    assert_memory_equal(part.body, content + 1000, length - 1000);
}

static void test_the_original_needs_the_lease(void **state)
{
    Story *story = *state;
    begin(story);
    TransferJob job = claim(story), stranger = job;
    id_token(stranger.lease_token);
    _cleanup_answer_ Answer foreign = ask_original(story, &stranger, NULL);
    expect_answer(story, &foreign, 410, "lease_lost", "the original with a foreign lease");
    _cleanup_answer_ Answer without =
        ask(story, &(Ask){.path = job.original.url, .as_transcoder = true});
    story_expect(story, without.status == 400 || without.status == 422 || without.status == 410,
                 "the original without a lease: %d", without.status);
    _cleanup_answer_ Answer nobody = ask(story, &(Ask){.path = job.original.url});
    expect_answer(story, &nobody, 401, NULL, "the original without the token");
}

/* --- progress, release, fail --- */

static void test_progress_is_shown_and_renews(void **state)
{
    Story *story = *state;
    Upload upload = begin(story);
    TransferJob job = claim(story);
    int64_t before = inspect_number(story, "SELECT lease_expires_at FROM job");
    _cleanup_answer_ Answer answer = play_progress(story, &job, TRANSFER_STAGE_ENCODE, 40);
    story_expect(story, answer.status == 200 || answer.status == 204, "progress: %d %s",
                 answer.status, answer.body);
    story_expect(story, inspect_number(story, "SELECT lease_expires_at FROM job") >= before,
                 "progress renews the lease");
    _cleanup_answer_ Answer shown = upload_state(story, &upload);
    assert_string_equal(answer_text(story, &shown, "status"), "processing");
    double percent =
        json_number_value(json_object_get(answer_json(story, &shown), "progress_percentage"));
    story_expect(story, percent >= 40 && percent <= 100, "40 %% should be shown: %s", shown.body);
}

static void test_release_gives_back_without_cost(void **state)
{
    Story *story = *state;
    begin(story);
    for (int i = 0; i < 5; i++) { /* more often than there are attempts */
        TransferJob job = claim(story);
        _cleanup_answer_ Answer answer = play_release(story, &job);
        story_expect(story, answer.status == 200 || answer.status == 204, "release: %d %s",
                     answer.status, answer.body);
        _cleanup_answer_ Answer late = play_progress(story, &job, TRANSFER_STAGE_ENCODE, 1);
        expect_answer(story, &late, 410, "lease_lost", "progress after the release");
    }
    expect_state(story, "queued");
}

static void test_retryable_failures_end_with_the_attempts(void **state)
{
    Story *story = *state;
    Upload upload = begin(story);
    for (int i = 0; i < 3; i++) {
        TransferJob job = claim(story);
        assert_int_equal(job.attempt, i + 1);
        _cleanup_answer_ Answer answer = play_fail(story, &job, "The scratch disk broke.", true);
        story_expect(story, answer.status == 200 || answer.status == 204, "fail: %d %s",
                     answer.status, answer.body);
    }
    TransferJob none;
    story_expect(story, !play_claim(story, 0, &none), "no attempt is left");
    upload_await(story, &upload, "failed");
    inspect_expect_tidy(story);
}

static void test_a_final_failure_is_told(void **state)
{
    Story *story = *state;
    Upload upload = begin(story);
    TransferJob job = claim(story);
    _cleanup_answer_ Answer answer =
        play_fail(story, &job, "The video has no picture in it.", false);
    story_expect(story, answer.status == 200 || answer.status == 204, "fail: %d", answer.status);
    upload_await(story, &upload, "failed");
    _cleanup_answer_ Answer shown = upload_state(story, &upload);
    assert_string_equal(answer_text(story, &shown, "error"), "The video has no picture in it.");
}

static void test_jobs_nobody_knows(void **state)
{
    Story *story = *state;
    TransferJob job = {.job_id = NOBODY};
    id_token(job.lease_token);
    story_web_start(story);
    _cleanup_answer_ Answer progress = play_progress(story, &job, TRANSFER_STAGE_ENCODE, 1);
    expect_answer(story, &progress, 404, NULL, "progress of an unknown job");
    _cleanup_answer_ Answer release = play_release(story, &job);
    expect_answer(story, &release, 404, NULL, "release of an unknown job");
    _cleanup_answer_ Answer fail = play_fail(story, &job, "It failed.", true);
    expect_answer(story, &fail, 404, NULL, "failure of an unknown job");
}

/* --- leases --- */

static void test_a_lease_that_ran_out(void **state)
{
    Story *story = *state;
    TransferJob second;
    story_set(story, "JOB_LEASE_SECONDS", "1");
    Upload upload = begin(story);
    TransferJob first = claim(story);
    story_expect(story, play_claim(story, 25, &second), "the job comes back when its lease ends");
    assert_string_equal(second.job_id, first.job_id);
    assert_int_equal(second.attempt, 2);
    _cleanup_answer_ Answer stale = play_progress(story, &first, TRANSFER_STAGE_ENCODE, 50);
    expect_answer(story, &stale, 410, "lease_lost", "progress with a stale lease");
    Delivery late = delivery_of(&first);
    _cleanup_answer_ Answer refused = play_deliver(story, &late);
    story_expect(story, refused.status == 410 || refused.status == 409,
                 "a delivery with a stale lease: %d %s", refused.status, refused.body);
    Delivery right = delivery_of(&second);
    expect_delivered(story, &right, "the present holder");
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2);
}

static void test_leases_outlive_a_restart_of_web(void **state)
{
    Story *story = *state;
    Upload upload = begin(story);
    TransferJob job = claim(story);
    story_kill(&story->web);
    story_web_start(story);
    Delivery delivery = delivery_of(&job);
    expect_delivered(story, &delivery, "a delivery after web's restart");
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
}

/* --- delivery --- */

static void test_a_delivery_makes_the_video_playable(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE], path[300];
    Upload upload = begin(story);
    TransferJob job = claim(story);
    Delivery delivery = delivery_of(&job);
    expect_delivered(story, &delivery, "the first delivery");
    expect_state(story, "done");
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2);
    size_t wanted_length, length;
    upload_url(story, &upload, "media_url", url);
    fetch_to_file(story, url, "delivered.mp4", path, sizeof path);
    _cleanup_free_ char *wanted = story_read_file(made_media(MADE_READY), &wanted_length);
    _cleanup_free_ char *found = story_read_file(path, &length);
    assert_int_equal(length, wanted_length);
    assert_memory_equal(found, wanted, length);
}

static void test_a_delivery_without_a_poster(void **state)
{
    Story *story = *state;
    Upload upload = begin(story);
    TransferJob job = claim(story);
    Delivery delivery = delivery_of(&job);
    delivery.files.of[TRANSFER_POSTER] = NULL;
    expect_delivered(story, &delivery, "a delivery without a poster");
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
}

static void test_the_same_delivery_twice(void **state)
{
    Story *story = *state;
    begin(story);
    TransferJob job = claim(story);
    Delivery delivery = delivery_of(&job);
    _cleanup_answer_ Answer first = play_deliver(story, &delivery);
    expect_answer(story, &first, 200, NULL, "the first time");
    for (int i = 0; i < 2; i++) {
        _cleanup_answer_ Answer again = play_deliver(story, &delivery);
        expect_answer(story, &again, 200, NULL, "the same again");
        story_expect(story,
                     json_equal(json_object_get(answer_json(story, &first), "media"),
                                json_object_get(answer_json(story, &again), "media")),
                     "the same delivery gets the same answer: %s and %s", first.body, again.body);
    }
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2);
}

static void test_a_delivery_that_is_cut_and_comes_again(void **state)
{
    Story *story = *state;
    begin(story);
    TransferJob job = claim(story);
    Delivery delivery = delivery_of(&job);
    static Gate gate = GATE_CLOSED;
    static AskThread under_way;
    const PlayedFiles video_alone = {.of[TRANSFER_VIDEO] = delivery.files.of[TRANSFER_VIDEO]};
    _cleanup_free_ char *metadata = play_metadata(story, &video_alone);
    /* The whole video is there, but the end of the form is not: cut. */
    ask_start(&under_way, story,
              &(Ask){.path = TRANSFER_PATH_UPLOAD,
                     .as_transcoder = true,
                     .form = {{.name = TRANSFER_FIELD_MEDIA, .value = job.media_id},
                              {.name = TRANSFER_FIELD_JOB, .value = job.job_id},
                              {.name = TRANSFER_FIELD_LEASE, .value = job.lease_token},
                              {.name = TRANSFER_FIELD_METADATA, .value = metadata},
                              {.name = transfer_file_kinds[TRANSFER_VIDEO].field,
                               .file = delivery.files.of[TRANSFER_VIDEO],
                               .file_name = "video.mp4",
                               .type = "video/mp4",
                               .padding = 64,
                               .gate = &gate,
                               .gate_at = 2000}}});
    gate_await(&gate, 1);
    gate_cut(&gate);
    _cleanup_answer_ Answer cut = ask_finish(&under_way);
    assert_int_equal(cut.status, 0);
    expect_state(story, "leased");
    expect_delivered(story, &delivery, "the delivery after one that was cut");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2);
}

typedef struct Rival {
    pthread_t thread;
    Story *story;
    Delivery delivery;
    Answer answer;
} Rival;

static void *deliver_rival(void *context)
{
    Rival *rival = context;
    rival->answer = play_deliver(rival->story, &rival->delivery);
    return NULL;
}

static void test_two_different_deliveries_have_one_winner(void **state)
{
    Story *story = *state;
    Rival rivals[2];
    Upload upload = begin(story);
    TransferJob job = claim(story);
    int won = 0;
    for (size_t i = 0; i < 2; i++)
        rivals[i] = (Rival){.story = story, .delivery = delivery_of(&job)};
    rivals[1].delivery.files.of[TRANSFER_VIDEO] = made_media(MADE_ROTATED);
    for (size_t i = 0; i < 2; i++)
        REQUIRE(pthread_create(&rivals[i].thread, NULL, deliver_rival, &rivals[i]) == 0);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(rivals[i].thread, NULL);
        won += rivals[i].answer.status == 200;
        story_expect(story,
                     rivals[i].answer.status == 200 || rivals[i].answer.status == 409 ||
                         rivals[i].answer.status == 410,
                     "a rival's answer: %d %s", rivals[i].answer.status, rivals[i].answer.body);
        answer_release(&rivals[i].answer);
    }
    assert_int_equal(won, 1);
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2);
}

static void test_deliveries_that_are_wrong(void **state)
{
    Story *story = *state;
    char foreign[TOKEN_SIZE];
    begin(story);
    TransferJob job = claim(story);
    id_token(foreign);
    const char *video = made_media(MADE_READY), *poster = made_media(MADE_POSTER);
    const PlayedFiles others = {
        .of = {[TRANSFER_VIDEO] = made_media(MADE_VIDEO), [TRANSFER_POSTER] = poster}};
    const PlayedFiles video_alone = {.of[TRANSFER_VIDEO] = video};
    _cleanup_free_ char *other_metadata = play_metadata(story, &others);
    const struct {
        Delivery delivery;
        int status, or_status;
        const char *field; /* named in the answer's text; NULL: none */
        const char *sentence;
    } rows[] = {
        {{.files.of[TRANSFER_VIDEO] = video, .without_token = true},
         401,
         0,
         NULL,
         "without the token"},
        {{.files.of[TRANSFER_VIDEO] = video, .leave_out = TRANSFER_FIELD_MEDIA},
         422,
         400,
         TRANSFER_FIELD_MEDIA,
         "without the item's id"},
        {{.files.of[TRANSFER_VIDEO] = video, .leave_out = TRANSFER_FIELD_JOB},
         422,
         400,
         TRANSFER_FIELD_JOB,
         "without the job's id"},
        {{.files.of[TRANSFER_VIDEO] = video, .leave_out = TRANSFER_FIELD_LEASE},
         422,
         400,
         TRANSFER_FIELD_LEASE,
         "without the lease"},
        {{.files.of[TRANSFER_VIDEO] = video, .leave_out = TRANSFER_FIELD_METADATA},
         422,
         400,
         TRANSFER_FIELD_METADATA,
         "without metadata"},
        {{.files.of[TRANSFER_VIDEO] = video,
          .leave_out = transfer_file_kinds[TRANSFER_VIDEO].field},
         422,
         400,
         transfer_file_kinds[TRANSFER_VIDEO].field,
         "without the video"},
        {{.files.of[TRANSFER_VIDEO] = video, .job_id = NOBODY}, 404, 0, NULL, "for an unknown job"},
        {{.files.of[TRANSFER_VIDEO] = video, .job_id = "not an id"},
         404,
         422,
         NULL,
         "for a job id that is none"},
        {{.files.of[TRANSFER_VIDEO] = video, .media_id = NOBODY},
         404,
         422,
         NULL,
         "for another item"},
        {{.files.of[TRANSFER_VIDEO] = video, .lease_token = foreign},
         410,
         409,
         NULL,
         "with a foreign lease"},
        {{.files.of[TRANSFER_VIDEO] = video, .metadata = "{"},
         422,
         400,
         TRANSFER_FIELD_METADATA,
         "with half a metadata"},
        {{.files.of[TRANSFER_VIDEO] = video, .metadata = "{}"},
         422,
         0,
         TRANSFER_FIELD_METADATA,
         "with empty metadata"},
        {{.files.of[TRANSFER_VIDEO] = video, .metadata = other_metadata},
         422,
         0,
         transfer_file_kinds[TRANSFER_VIDEO].field,
         "with the digest of another video"},
        {{.files.of[TRANSFER_VIDEO] = poster},
         422,
         415,
         transfer_file_kinds[TRANSFER_VIDEO].field,
         "with a picture as video"},
        {{.files.of[TRANSFER_VIDEO] = video, .type[TRANSFER_VIDEO] = "text/html"},
         422,
         0,
         transfer_file_kinds[TRANSFER_VIDEO].field,
         "with a video announced as a page"},
        {{.files.of[TRANSFER_VIDEO] = video, .files.of[TRANSFER_POSTER] = video},
         422,
         415,
         transfer_file_kinds[TRANSFER_POSTER].field,
         "with a video as poster"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Delivery delivery = rows[i].delivery;
        delivery.job = &job;
        _cleanup_free_ char *made = NULL;
        if (!delivery.metadata && delivery.files.of[TRANSFER_VIDEO] == poster)
            delivery.metadata = made = play_metadata(story, &video_alone);
        _cleanup_answer_ Answer answer = play_deliver(story, &delivery);
        int status = answer.status == rows[i].or_status ? answer.status : rows[i].status;
        expect_answer(story, &answer, status, NULL, rows[i].sentence);
        story_expect(story, !rows[i].field || strstr(answer.body, rows[i].field),
                     "%s: the answer should name %s: %s", rows[i].sentence, rows[i].field,
                     answer.body);
        expect_state(story, "leased");
    }
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
    Delivery right = delivery_of(&job);
    expect_delivered(story, &right, "the right delivery after all the wrong ones");
}

/* A volume restored from a backup does not know the job: the result must find no other record. */
static void test_results_from_a_lost_future_are_dropped(void **state)
{
    Story *story = *state;
    char kept[300];
    const char *const copy[] = {"cp", "-a", story->media_root, kept, NULL};
    const char *const restore[] = {"cp", "-a", kept, story->media_root, NULL};
    const char *const erase[] = {"rm", "-rf", story->media_root, NULL};
    story_path(story, "backup", kept, sizeof kept);
    story_web_start(story);
    story_stop(&story->web, "web");
    assert_int_equal(story_command(copy, NULL), 0);
    story_web_start(story);
    upload_file(story, made_media(MADE_VIDEO), "lost.mp4");
    TransferJob lost = claim(story);
    story_stop(&story->web, "web");
    assert_int_equal(story_command(erase, NULL), 0);
    assert_int_equal(story_command(restore, NULL), 0);
    story_web_start(story);
    upload_file(story, made_media(MADE_VIDEO), "present.mp4");
    Delivery delivery = delivery_of(&lost);
    _cleanup_answer_ Answer answer = play_deliver(story, &delivery);
    expect_answer(story, &answer, 404, NULL, "a result for a job of the lost future");
    _cleanup_answer_ Answer progress = play_progress(story, &lost, TRANSFER_STAGE_ENCODE, 10);
    expect_answer(story, &progress, 404, NULL, "progress of a job of the lost future");
    expect_state(story, "queued");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
}

static void test_both_tokens_count_while_they_are_rotated(void **state)
{
    Story *story = *state;
    TransferJob job;
    char old[TOKEN_SIZE];
    id_token(old);
    story_set(story, "TRANSCODING_UPLOAD_TOKEN_PREVIOUS", "%s", old);
    story_web_start(story);
    story_expect(story, !play_claim(story, 0, &job), "the present token counts");
    base_copy(story->token, sizeof story->token, old);
    story_expect(story, !play_claim(story, 0, &job), "the previous token counts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_a_claim_without_work_waits_and_ends),
        STORY_TEST(test_a_new_job_wakes_a_waiter),
        STORY_TEST(test_two_claims_never_get_one_job),
        STORY_TEST(test_what_a_claim_may_not_say),
        STORY_TEST(test_the_original_comes_whole_and_in_parts),
        STORY_TEST(test_the_original_needs_the_lease),
        STORY_TEST(test_progress_is_shown_and_renews),
        STORY_TEST(test_release_gives_back_without_cost),
        STORY_TEST(test_retryable_failures_end_with_the_attempts),
        STORY_TEST(test_a_final_failure_is_told),
        STORY_TEST(test_jobs_nobody_knows),
        STORY_TEST(test_a_lease_that_ran_out),
        STORY_TEST(test_leases_outlive_a_restart_of_web),
        STORY_TEST(test_a_delivery_makes_the_video_playable),
        STORY_TEST(test_a_delivery_without_a_poster),
        STORY_TEST(test_the_same_delivery_twice),
        STORY_TEST(test_a_delivery_that_is_cut_and_comes_again),
        STORY_TEST(test_two_different_deliveries_have_one_winner),
        STORY_TEST(test_deliveries_that_are_wrong),
        STORY_TEST(test_results_from_a_lost_future_are_dropped),
        STORY_TEST(test_both_tokens_count_while_they_are_rotated),
    };
    return STORY_RUN(tests);
}
