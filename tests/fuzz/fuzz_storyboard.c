/* A storyboard's WebVTT: what was written anew holds nothing but numbers and our own address, is
 * read again, and comes out the same. */
#include "common/transfer/transfer.h"
#include "tests/fuzz/fuzz.h"
#include "web/library/results/storyboard.h"

/* As long as the file may be that a delivery brings, written in the longest way. */
#define OUT_MAX (4 * TRANSFER_TEXT_MAX)

static void rewrite_again(const Buffer *text)
{
    const char *sprite = transfer_file_kinds[TRANSFER_STORYBOARD].name;
    _cleanup_buffer_ Buffer again = BUFFER(OUT_MAX);
    REQUIRE(storyboard_rewrite(text, sprite, &again, NULL));
    REQUIRE(again.length == text->length && memcmp(again.data, text->data, text->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *sprite = transfer_file_kinds[TRANSFER_STORYBOARD].name;
    _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(OUT_MAX);
    _cleanup_buffer_ Buffer foreign = BUFFER(OUT_MAX);
    Error error = {0};
    if (!buffer_append(&text, data, size))
        return 0;
    if (!storyboard_rewrite(&text, sprite, &out, &error)) {
        REQUIRE(error.code == ERROR_INVALID && *error.detail);
        return 0;
    }
    REQUIRE(strspn(out.data, "WEBVTT\n0123456789:.,-> =#xywhstoryboard.jpg") == out.length);
    rewrite_again(&out);
    REQUIRE(storyboard_rewrite(&text, "a b\n#<\xC3\xA9.jpg", &foreign, NULL));
    REQUIRE(!strpbrk(foreign.data, "<\xC3") && strstr(foreign.data, "a%20b%0A%23%3C%C3%A9.jpg#"));
    return 0;
}
