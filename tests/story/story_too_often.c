/*
 * Who comes too often: uploads and wrong tokens from one address are counted, whoever else is
 * behind the proxy goes on, the right token always does, and the log tells of it in one line.
 */
#include "common/base/clock.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

#define GUESS "Authorization: Bearer a-wrong-token-that-is-long-enough-to-be-one"

/* The status of one upload for the client that the proxy names. */
static int upload_for(Story *story, const char *forwarded, Answer *out)
{
    *out = ask(story, &(Ask){.path = "/api/uploads",
                             .headers = {forwarded},
                             .form = {{.name = "file",
                                       .file = made_media(MADE_PHOTO),
                                       .file_name = "photo.png"}}});
    return out->status;
}

static void expect_patience(Story *story, Answer *answer, const char *what)
{
    expect_answer(story, answer, 429, "too_many_requests", what);
    const char *wait = answer_header(answer, "Retry-After");
    long seconds = wait ? strtol(wait, NULL, 10) : 0;
    story_expect(story, seconds >= 1 && seconds <= 60, "%s: Retry-After is %s", what,
                 wait ? wait : "missing");
}

static int lines_with(Story *story, const char *text)
{
    char path[300];
    story_path(story, "web.log", path, sizeof path);
    _cleanup_free_ char *log = story_read_file(path, NULL);
    int count = 0;
    for (const char *at = log; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void test_uploads_from_one_address_are_counted(void **state)
{
    Story *story = *state;
    story_set(story, "UPLOADS_PER_MINUTE", "1");
    story_set(story, "TRUSTED_PROXIES", "127.0.0.1, ::1");
    story_web_start(story);
    for (int i = 0; i < 4; i++) {
        _cleanup_answer_ Answer answer = {0};
        story_expect(story, upload_for(story, "X-Forwarded-For: 192.0.2.1", &answer) == 201,
                     "upload %d of the four that may come at once is %d", i + 1, answer.status);
    }
    for (int i = 0; i < 3; i++) {
        _cleanup_answer_ Answer answer = {0};
        upload_for(story, "X-Forwarded-For: 192.0.2.1", &answer);
        expect_patience(story, &answer, "an upload too many");
    }
    _cleanup_answer_ Answer neighbour = {0};
    story_expect(story, upload_for(story, "X-Forwarded-For: 192.0.2.2", &neighbour) == 201,
                 "a neighbour behind the proxy is refused too");
    story_expect(story, lines_with(story, "Uploads come too often") == 1,
                 "the log tells of it in %d lines", lines_with(story, "Uploads come too often"));
}

static void test_guesses_of_the_token_are_counted(void **state)
{
    Story *story = *state;
    int refused = 0, put_off = 0;
    story_web_start(story);
    for (int i = 0; i < 200; i++) {
        _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = "/metrics", .headers = {GUESS}});
        refused += answer.status == 403;
        if (answer.status != 403) {
            expect_patience(story, &answer, "a guess too many");
            put_off++;
        }
    }
    story_expect(story, put_off > 150, "of 200 guesses %d were looked at, %d put off", refused,
                 put_off);
    _cleanup_answer_ Answer right = ask(story, &(Ask){.path = "/metrics", .as_transcoder = true});
    expect_answer(story, &right, 200, NULL, "the right token from the same address");
    story_expect(story, lines_with(story, "Wrong tokens come too often") == 1,
                 "the log tells of it in %d lines",
                 lines_with(story, "Wrong tokens come too often"));
}

/* Two that stand still are all that one address may have; others may have theirs, and who has
 * ended makes room. */
static void test_uploads_under_way_from_one_address_are_counted(void **state)
{
    static Gate gates[2];
    static AskThread under_way[2];
    Story *story = *state;
    story_set(story, "UPLOADS_AT_ONCE", "2");
    story_set(story, "TRUSTED_PROXIES", "127.0.0.1, ::1");
    story_web_start(story);
    for (int i = 0; i < 2; i++) {
        gates[i] = GATE_CLOSED;
        ask_start(&under_way[i], story,
                  &(Ask){.path = "/api/uploads",
                         .headers = {"X-Forwarded-For: 192.0.2.1"},
                         .form = {{.name = "file",
                                   .file = made_media(MADE_VIDEO),
                                   .file_name = "slow.mp4",
                                   .padding = 8 << 20,
                                   .gate = &gates[i],
                                   .gate_at = 3 << 20}}});
        gate_await(&gates[i], 1);
    }
    _cleanup_answer_ Answer third = {0}, neighbour = {0};
    upload_for(story, "X-Forwarded-For: 192.0.2.1", &third);
    expect_patience(story, &third, "a third one at once");
    story_expect(story, upload_for(story, "X-Forwarded-For: 192.0.2.2", &neighbour) == 201,
                 "a neighbour behind the proxy is refused too");
    gate_cut(&gates[0]);
    gate_cut(&gates[1]);
    for (int i = 0; i < 2; i++) {
        _cleanup_answer_ Answer cut = ask_finish(&under_way[i]);
        assert_int_equal(cut.status, 0);
    }
    int64_t deadline_ms = clock_monotonic_ms() + 30000;
    for (int status = 0; status != 201;) {
        _cleanup_answer_ Answer answer = {0};
        status = upload_for(story, "X-Forwarded-For: 192.0.2.1", &answer);
        story_expect(story, clock_monotonic_ms() < deadline_ms,
                     "after both have ended an upload is still %d", status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_uploads_from_one_address_are_counted),
        STORY_TEST(test_uploads_under_way_from_one_address_are_counted),
        STORY_TEST(test_guesses_of_the_token_are_counted),
    };
    return STORY_RUN(tests);
}
