/*
 * web and the transcoder are killed with SIGKILL at each step of a job's life. The job always ends
 * done, with exactly one result, and no file is left over.
 *
 * A proxy between the two holds the request that marks a step; there the victim is killed and
 * started again.
 */
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"
#include "tests/story/proxy.h"

typedef enum Victim { WEB, TRANSCODER } Victim;

typedef struct Step {
    const char *name;
    Victim victim;
    ProxyRule held;
    MadeMedia media;
} Step;

#define HELD(request, what, after)                                                                 \
    {                                                                                              \
        .match = (request), .action = (what), .bytes = (after), .times = 1                         \
    }
#define CLAIMING   HELD("/jobs/claim", PROXY_HOLD_ANSWER, 0)
#define CLAIMED    HELD("/original", PROXY_HOLD_REQUEST, 0)
#define FETCHING   HELD("/original", PROXY_HOLD_ANSWER, 20000)
#define ENCODING   HELD("encode\"", PROXY_HOLD_REQUEST, 0)
#define RENEWED    HELD("encode\"", PROXY_HOLD_ANSWER, 0)
#define ENCODED    HELD("/transcoding/upload/", PROXY_HOLD_REQUEST, 0)
#define DELIVERING HELD("/transcoding/upload/", PROXY_HOLD_REQUEST, 20000)
#define DELIVERED  HELD("/transcoding/upload/", PROXY_HOLD_ANSWER, 0)

static const Step steps[] = {
    {"web is killed when it has leased the job, before the transcoder knows", WEB, CLAIMING,
     MADE_VIDEO},
    {"web is killed when the job is claimed", WEB, CLAIMED, MADE_VIDEO},
    {"web is killed while the original is fetched", WEB, FETCHING, MADE_VIDEO},
    {"web is killed while the video is encoded", WEB, ENCODING, MADE_SLOW_VIDEO},
    {"web is killed when it has renewed the lease", WEB, RENEWED, MADE_SLOW_VIDEO},
    {"web is killed when the video is encoded", WEB, ENCODED, MADE_VIDEO},
    {"web is killed while the result is delivered", WEB, DELIVERING, MADE_VIDEO},
    {"web is killed when the result is accepted, before the transcoder knows", WEB, DELIVERED,
     MADE_VIDEO},
    {"the transcoder is killed when web has leased the job, before it knows", TRANSCODER, CLAIMING,
     MADE_VIDEO},
    {"the transcoder is killed when the job is claimed", TRANSCODER, CLAIMED, MADE_VIDEO},
    {"the transcoder is killed while the original is fetched", TRANSCODER, FETCHING, MADE_VIDEO},
    {"the transcoder is killed while the video is encoded", TRANSCODER, ENCODING, MADE_SLOW_VIDEO},
    {"the transcoder is killed when the video is encoded", TRANSCODER, ENCODED, MADE_VIDEO},
    {"the transcoder is killed while the result is delivered", TRANSCODER, DELIVERING, MADE_VIDEO},
    {"the transcoder is killed when the result is accepted, before it knows", TRANSCODER, DELIVERED,
     MADE_VIDEO},
};

static const Step *step; /* of the test that runs */

static int setup_step(void **state)
{
    step = *state;
    return story_setup(state);
}

static void expect_one_result(Story *story)
{
    inspect_expect_tidy(story);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM job WHERE state = 'done'"), 1);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM file WHERE role = 'video'"), 1);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM file WHERE role = 'poster'"), 1);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM file WHERE role = 'original'"), 0);
    assert_int_equal(
        inspect_number(story, "SELECT count(*) FROM attempt WHERE outcome = 'delivered'"), 1);
    story_until(story, inspect_scratch_empty, NULL, "the transcoder to empty its scratch folder");
}

static void test_killed_at_a_step(void **state)
{
    Story *story = *state;
    story_set(story, "JOB_LEASE_SECONDS", "2");
    Proxy *proxy = proxy_start(story);
    story_web_start(story);
    Upload upload = {0};
    bool at_claim = streq(step->held.match, "/jobs/claim");
    if (at_claim) /* so that the claim's answer is a job at once */
        upload = upload_file(story, made_media(step->media), "film.mp4");
    proxy_rule(proxy, &step->held);
    story_transcoder_start(story);
    if (!at_claim)
        upload = upload_file(story, made_media(step->media), "film.mp4");
    proxy_await_held(story);
    story_kill(step->victim == WEB ? &story->web : &story->transcoder);
    proxy_go_on(proxy);
    if (step->victim == WEB)
        story_web_start(story);
    else
        story_transcoder_start(story);
    upload_await(story, &upload, "completed");
    expect_one_result(story);
}

/* --- before there is a job --- */

static void test_web_killed_while_an_upload_arrives(void **state)
{
    Story *story = *state;
    static Gate gate = GATE_CLOSED;
    static AskThread under_way;
    story_web_start(story);
    ask_start(&under_way, story,
              &(Ask){.path = "/api/uploads",
                     .form = {{.name = "file",
                               .file = made_media(MADE_VIDEO),
                               .file_name = "film.mp4",
                               .padding = 8 << 20,
                               .gate = &gate,
                               .gate_at = 4 << 20}}});
    gate_await(&gate, 1);
    story_kill(&story->web);
    gate_open(&gate);
    _cleanup_answer_ Answer answer = ask_finish(&under_way);
    assert_int_equal(answer.status, 0);
    story_web_start(story);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 0);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM media"), 0);
}

static void test_web_killed_right_after_it_acknowledged(void **state)
{
    Story *story = *state;
    Upload uploads[5];
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(uploads); i++) {
        uploads[i] = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
        story_kill(&story->web);
        story_web_start(story);
    }
    story_transcoder_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(uploads); i++)
        upload_await(story, &uploads[i], "completed");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2 * ARRAY_SIZE(uploads));
}

static void test_both_killed_while_the_result_is_delivered(void **state)
{
    Story *story = *state;
    static const ProxyRule delivering = DELIVERING;
    story_set(story, "JOB_LEASE_SECONDS", "2");
    Proxy *proxy = proxy_start(story);
    proxy_rule(proxy, &delivering);
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    proxy_await_held(story);
    story_kill(&story->web);
    story_kill(&story->transcoder);
    proxy_go_on(proxy);
    story_web_start(story);
    story_transcoder_start(story);
    upload_await(story, &upload, "completed");
    expect_one_result(story);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_SIZE(steps) + 3] = {
        STORY_TEST(test_web_killed_while_an_upload_arrives),
        STORY_TEST(test_web_killed_right_after_it_acknowledged),
        STORY_TEST(test_both_killed_while_the_result_is_delivered),
    };
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        tests[3 + i] = (struct CMUnitTest){.name = steps[i].name,
                                           .test_func = test_killed_at_a_step,
                                           .setup_func = setup_step,
                                           .teardown_func = story_teardown,
                                           .initial_state = (void *)&steps[i]};
    return STORY_RUN(tests);
}
