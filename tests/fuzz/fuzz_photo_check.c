/* The structure of photos: the walk ends, refuses with a sentence, and depends on nothing but the
 * bytes. The first line names the type, the rest is the file. What is whole holds an image, and
 * stays whole with something behind it, but for the kinds that end where the file does. */
#include "tests/fuzz/fuzz.h"
#include "web/decoder/child/photo_check.h"

static bool check(const void *bytes, size_t size, const char *type, Error *error)
{
    _cleanup_close_ int fd = fuzz_file(bytes, size);
    return photo_check(fd, type, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        const char *type;
        size_t least;    /* bytes of the smallest file there can be */
        bool ends_early; /* more may follow */
    } types[] = {
        {"image/jpeg", 12, true},  {"image/png", 44, true},   {"image/gif", 25, true},
        {"image/webp", 20, true},  {"image/avif", 16, false}, {"image/heic", 16, false},
        {"image/heif", 16, false}, {"image/tiff", 14, true},
    };
    FuzzInput input = {(const char *)data, size};
    _cleanup_free_ char *type = fuzz_line(&input);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        Error error = {0};
        if (!streq(types[i].type, type))
            continue;
        size_t length;
        _cleanup_free_ char *bytes = fuzz_bytes(&input, &length);
        bool good = check(bytes, length, type, &error);
        REQUIRE(good || (error.code == ERROR_MEDIA && *error.detail));
        REQUIRE(!good || length >= types[i].least);
        if (good && types[i].ends_early) {
            _cleanup_free_ char *longer = base_calloc(1, length + 100);
            memcpy(longer, bytes, length);
            REQUIRE(check(longer, length + 100, type, NULL));
        }
    }
    return 0;
}
