/*
 * SIGTERM at inconvenient moments: what is under way finishes or is cut within SHUTDOWN_SECONDS,
 * nothing acknowledged is lost, and the exit status is 0.
 */
#include <signal.h>

#include "common/base/clock.h"
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"
#include "tests/story/proxy.h"

#define SLACK_MS 5000 /* sanitizers and a busy machine */

static void expect_end(Story *story, pid_t *pid, int64_t within_ms, const char *what)
{
    StoryEnd end = story_end(pid, 0, within_ms + SLACK_MS);
    story_expect(story, end.ended && !end.signalled && end.status == 0,
                 "%s: should end with status 0 within %lld ms: %s, status %d after %lld ms", what,
                 (long long)within_ms, end.ended ? "ended" : "it did not", end.status,
                 (long long)end.after_ms);
    print_message("%s: ended after %lld ms\n", what, (long long)end.after_ms);
}

/* Asked from now on: no new connections, or an honest 503. */
static bool web_takes_no_more(Story *story, void *context)
{
    (void)context;
    _cleanup_answer_ Answer answer =
        ask(story, &(Ask){.path = "/readyz", .may_fail = true, .timeout_ms = 1000});
    return answer.status != 200;
}

static void start_upload(Story *story, AskThread *under_way, Gate *gate)
{
    ask_start(under_way, story,
              &(Ask){.path = "/api/uploads",
                     .form = {{.name = "file",
                               .file = made_media(MADE_VIDEO),
                               .file_name = "film.mp4",
                               .padding = 8 << 20,
                               .gate = gate,
                               .gate_at = 4 << 20}}});
    gate_await(gate, 1);
}

static void test_an_upload_that_goes_on_is_finished(void **state)
{
    Story *story = *state;
    static Gate gate = GATE_CLOSED;
    static AskThread under_way;
    story_web_start(story);
    start_upload(story, &under_way, &gate);
    kill(story->web, SIGTERM);
    story_until(story, web_takes_no_more, NULL, "web to take no more requests");
    gate_open(&gate);
    _cleanup_answer_ Answer answer = ask_finish(&under_way);
    expect_answer(story, &answer, 201, NULL, "the upload that was under way");
    expect_end(story, &story->web, 10000, "web with an upload that finishes");
    story_web_start(story);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
}

static void test_an_upload_that_stays_is_cut(void **state)
{
    Story *story = *state;
    static Gate gate = GATE_CLOSED;
    static AskThread under_way;
    story_set(story, "SHUTDOWN_SECONDS", "1");
    story_web_start(story);
    start_upload(story, &under_way, &gate);
    kill(story->web, SIGTERM);
    expect_end(story, &story->web, 1000, "web with an upload that stays");
    gate_open(&gate);
    _cleanup_answer_ Answer answer = ask_finish(&under_way);
    story_expect(story, answer.status != 201, "an upload that was cut is not acknowledged");
    story_web_start(story);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 0);
}

static void test_claims_that_wait_are_sent_home(void **state)
{
    Story *story = *state;
    AskThread waiting[4];
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
        ask_start(&waiting[i], story,
                  &(Ask){.path = TRANSFER_PATH_CLAIM,
                         .as_transcoder = true,
                         .json = json_pack("{s:s, s:i}", "worker", "waiter", "wait_seconds", 25)});
    /* Web has seen the others before: it takes connections in their order. */
    TransferJob none;
    story_expect(story, !play_claim(story, 1, &none), "there is no job");
    kill(story->web, SIGTERM);
    expect_end(story, &story->web, 3000, "web with claims that wait");
    for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
        _cleanup_answer_ Answer answer = ask_finish(&waiting[i]);
        story_expect(story, answer.status == 204 || answer.status == 503 || answer.status == 0,
                     "a waiting claim got %d", answer.status);
    }
}

static void test_silent_connections_hold_nobody_up(void **state)
{
    Story *story = *state;
    int silent[8];
    static const char half[] = "GET /livez HTTP/1.1\r\nHost: w";
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
        silent[i] = ask_connect(story->port);
        if (i % 2)
            story_expect(story, write(silent[i], half, strlen(half)) > 0, "half a request");
    }
    kill(story->web, SIGTERM);
    expect_end(story, &story->web, 10000, "web with silent connections");
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
        close(silent[i]);
}

static void test_the_transcoder_gives_its_job_back(void **state)
{
    Story *story = *state;
    static const ProxyRule encoding = {
        .match = "encode\"", .action = PROXY_HOLD_ANSWER, .times = 1};
    proxy_rule(proxy_start(story), &encoding);
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_SLOW_VIDEO), "film.mp4");
    proxy_await_held(story);
    kill(story->transcoder, SIGTERM);
    proxy_go_on(story->proxy);
    expect_end(story, &story->transcoder, 10000, "the transcoder in the middle of a job");
    story_expect(story, job_state_is(story, (void *)"queued"), "the job should be queued again");
    assert_int_equal(inspect_number(story, "SELECT attempts FROM job"), 0);
    story_expect(story, inspect_scratch_empty(story, NULL), "its scratch folder should be empty");
    story_transcoder_start(story);
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
}

static void test_an_idle_pair_ends_at_once(void **state)
{
    Story *story = *state;
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    upload_await(story, &upload, "completed");
    story_until(story, inspect_scratch_empty, NULL, "the transcoder to be done with its job");
    kill(story->transcoder, SIGTERM);
    expect_end(story, &story->transcoder, 2000, "an idle transcoder");
    kill(story->web, SIGTERM);
    expect_end(story, &story->web, 2000, "an idle web");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_an_upload_that_goes_on_is_finished),
        STORY_TEST(test_an_upload_that_stays_is_cut),
        STORY_TEST(test_claims_that_wait_are_sent_home),
        STORY_TEST(test_silent_connections_hold_nobody_up),
        STORY_TEST(test_the_transcoder_gives_its_job_back),
        STORY_TEST(test_an_idle_pair_ends_at_once),
    };
    return STORY_RUN(tests);
}
