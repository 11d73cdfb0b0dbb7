/* A file's notes: a time is one that web takes, and a title is one line that cleaning leaves as it
 * is. The first line is the time, the second the title. */
#include "common/base/utf8.h"
#include "common/media/media_tags.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    char time[TRANSFER_CAPTURED_AT_MAX + 1], time_again[TRANSFER_CAPTURED_AT_MAX + 1];
    char title[TRANSFER_TITLE_MAX + 1], title_again[TRANSFER_TITLE_MAX + 1];
    _cleanup_free_ char *when = fuzz_line(&input), *name = fuzz_rest(&input);
    if (media_tags_time(when, NOW, time)) {
        REQUIRE(strlen(time) == strlen("2026-01-31T12:00:00Z"));
        REQUIRE(media_tags_time(time, NOW, time_again) && streq(time, time_again));
    } else {
        REQUIRE(time[0] == '\0');
    }
    media_tags_title(name, title);
    REQUIRE(utf8_valid(title, strlen(title)) && !strpbrk(title, "\r\n\t\x1B\x7F"));
    REQUIRE(title[0] != ' ' && (!*title || title[strlen(title) - 1] != ' '));
    media_tags_title(title, title_again);
    REQUIRE(streq(title, title_again));
    return 0;
}
