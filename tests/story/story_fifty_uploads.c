/*
 * Fifty uploads at once, all stopped in the middle together and then finished: web's own memory
 * (RssAnon) does not grow with them. 8 MB each in the quick check, 200 MB in the long one.
 */
#include "common/base/clock.h"
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

#define UPLOADS         50
#define MEMORY_LIMIT_KB (64 * 1024)
#define SAMPLE_MS       20

static int64_t resident_kb(pid_t pid)
{
    char path[64], line[200];
    int64_t kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    _cleanup_fclose_ FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kilobytes = strtoll(line + 8, NULL, 10);
    return kilobytes;
}

static bool all_done(Story *story, void *context)
{
    int64_t *peak = context, now = resident_kb(story->web);
    *peak = MAX_OF(*peak, now);
    return inspect_number(story, "SELECT count(*) FROM upload") == UPLOADS;
}

static void test_fifty_uploads_at_once(void **state)
{
    Story *story = *state;
    static AskThread uploads[UPLOADS];
    static Gate gate = GATE_CLOSED;
    uint64_t size = (story_long() ? 200 : 8) * MIB;
    char build[4096];
    story_set(story, "MAX_VIDEO_SIZE", "1G");
    story_web_start(story);
    int64_t before = resident_kb(story->web), started = clock_monotonic_ms();
    for (size_t i = 0; i < UPLOADS; i++)
        ask_start(&uploads[i], story,
                  &(Ask){.path = "/api/uploads",
                         .timeout_ms = 300000,
                         .form = {{.name = "file",
                                   .file = made_media(MADE_VIDEO),
                                   .file_name = "film.mp4",
                                   .padding = size,
                                   .gate = &gate,
                                   .gate_at = size / 2}}});
    gate_await(&gate, UPLOADS);
    int64_t peak = resident_kb(story->web);
    gate_open(&gate);
    story_until(story, all_done, &peak, "all uploads to be accepted");
    for (size_t i = 0; i < UPLOADS; i++) {
        _cleanup_answer_ Answer answer = ask_finish(&uploads[i]);
        expect_answer(story, &answer, 201, NULL, "one of fifty uploads");
    }
    print_message("%d uploads of %llu MiB in %lld ms: RssAnon %lld KiB before, %lld KiB at most\n",
                  UPLOADS, (unsigned long long)(size / MIB),
                  (long long)(clock_monotonic_ms() - started), (long long)before, (long long)peak);
    story_build_path("", build, sizeof build);
    if (!strstr(build, "san/")) /* a sanitizer's own memory is no figure */
        assert_in_range(peak, 1, MEMORY_LIMIT_KB);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), UPLOADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY_TEST(test_fifty_uploads_at_once)};
    return STORY_RUN(tests);
}
