/*
 * web is away when a result is to be delivered, for longer than the lease: the result is delivered
 * when web is back, without a second encode. The quick check stays away for three leases, the long
 * one for two minutes.
 */
#include "common/base/clock.h"
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"
#include "tests/story/proxy.h"

#define LEASE_SECONDS   2
#define DELIVERY        "POST /api/transcoding/upload/"
#define ORIGINAL_SUFFIX "/original"

typedef struct Tries {
    int before;
} Tries;

static bool tried_again(Story *story, void *context)
{
    const Tries *tries = context;
    return proxy_count(story->proxy, DELIVERY) > tries->before;
}

/* Sees the transcoder try in vain until the time is over. */
static void stay_away(Story *story)
{
    int64_t away_ms = story_long() ? 120000 : 3 * LEASE_SECONDS * 1000;
    int64_t until = clock_monotonic_ms() + away_ms;
    while (clock_monotonic_ms() < until) {
        Tries tries = {.before = proxy_count(story->proxy, DELIVERY)};
        story_until(story, tried_again, &tries, "the transcoder to try its delivery again");
    }
}

/* Everything up to the moment when the result is on its way and web is gone. */
static Upload lose_web_at_delivery(Story *story)
{
    static const ProxyRule held = {.match = DELIVERY, .action = PROXY_HOLD_REQUEST, .times = 1};
    story_set(story, "JOB_LEASE_SECONDS", "%d", LEASE_SECONDS);
    proxy_rule(proxy_start(story), &held);
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    proxy_await_held(story);
    story_kill(&story->web);
    proxy_go_on(story->proxy);
    return upload;
}

static void expect_delivered_once(Story *story, const Upload *upload)
{
    upload_await(story, upload, "completed");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2);
    story_expect(story, proxy_count(story->proxy, ORIGINAL_SUFFIX) == 1,
                 "the original was fetched %d times: a second encode",
                 proxy_count(story->proxy, ORIGINAL_SUFFIX));
    story_until(story, inspect_scratch_empty, NULL, "the transcoder to empty its scratch folder");
}

static void test_delivered_when_web_is_back(void **state)
{
    Story *story = *state;
    Upload upload = lose_web_at_delivery(story);
    stay_away(story);
    story_web_start(story);
    expect_delivered_once(story, &upload);
}

static void test_delivered_though_the_transcoder_restarted_meanwhile(void **state)
{
    Story *story = *state;
    Upload upload = lose_web_at_delivery(story);
    Tries tries = {.before = proxy_count(story->proxy, DELIVERY)};
    story_until(story, tried_again, &tries, "the transcoder to try its delivery again");
    story_kill(&story->transcoder);
    story_transcoder_start(story);
    tries.before = proxy_count(story->proxy, DELIVERY);
    story_until(story, tried_again, &tries, "the restarted transcoder to try its delivery");
    story_web_start(story);
    expect_delivered_once(story, &upload);
}

static void test_delivered_though_its_answer_was_lost(void **state)
{
    Story *story = *state;
    static const ProxyRule lost = {.match = DELIVERY, .action = PROXY_CUT_ANSWER, .times = 2};
    proxy_rule(proxy_start(story), &lost);
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    expect_delivered_once(story, &upload);
    story_expect(story, proxy_applied(story->proxy) == 2, "two answers should have been lost");
    assert_int_equal(
        inspect_number(story, "SELECT count(*) FROM delivery WHERE outcome = 'accepted'"), 1);
}

static void test_delivered_though_the_way_there_breaks(void **state)
{
    Story *story = *state;
    static const ProxyRule broken = {
        .match = DELIVERY, .action = PROXY_CUT_REQUEST, .bytes = 20000, .times = 2};
    proxy_rule(proxy_start(story), &broken);
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    expect_delivered_once(story, &upload);
    story_expect(story, proxy_applied(story->proxy) == 2, "two deliveries should have been cut");
}

static void test_fetched_though_the_way_breaks(void **state)
{
    Story *story = *state;
    static const ProxyRule broken = {
        .match = ORIGINAL_SUFFIX, .action = PROXY_CUT_ANSWER, .bytes = 30000, .times = 2};
    proxy_rule(proxy_start(story), &broken);
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_SLOW_VIDEO), "film.mp4");
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
    story_expect(story, proxy_applied(story->proxy) == 2, "two fetches should have been cut");
    story_expect(story, inspect_number(story, "SELECT count(*) FROM attempt") == 1,
                 "a fetch that resumes costs no attempt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_delivered_when_web_is_back),
        STORY_TEST(test_delivered_though_the_transcoder_restarted_meanwhile),
        STORY_TEST(test_delivered_though_its_answer_was_lost),
        STORY_TEST(test_delivered_though_the_way_there_breaks),
        STORY_TEST(test_fetched_though_the_way_breaks),
    };
    return STORY_RUN(tests);
}
