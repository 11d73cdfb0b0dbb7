/* The boxes of an MP4 file: a whole file has an index and its media, stays whole with an empty box
 * behind it, and is none with half a header behind it. */
#include "tests/fuzz/fuzz.h"
#include "web/library/results/mp4.h"

#define BOXES_SURELY_FEW 2000 /* bytes: fewer than 256 boxes of at least 8 */

static bool check_with(const void *bytes, size_t size, const char *behind, size_t length)
{
    int fd = fuzz_file(bytes, size);
    REQUIRE(pwrite(fd, behind, length, (off_t)size) == (ssize_t)length);
    _cleanup_stored_file_ StoredFile *file = stored_file_adopt(fd, "fuzz", NULL);
    return mp4_check(file, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char empty_box[] = {0, 0, 0, 8, 'f', 'r', 'e', 'e'};
    static const char endless_box[] = {0, 0, 0, 0, 'f', 'r', 'e', 'e'};
    _cleanup_stored_file_ StoredFile *file = stored_file_adopt(fuzz_file(data, size), "fuzz", NULL);
    Error error = {0};
    if (!mp4_check(file, &error)) {
        REQUIRE(error.code == ERROR_MEDIA && *error.detail);
        REQUIRE(!check_with(data, size, "", 0));
        return 0;
    }
    REQUIRE(size >= 24 && memcmp(data + 4, "ftyp", 4) == 0);
    REQUIRE(memmem(data, size, "moov", 4) && memmem(data, size, "mdat", 4));
    if (size < BOXES_SURELY_FEW) {
        REQUIRE(check_with(data, size, empty_box, sizeof empty_box));
        REQUIRE(check_with(data, size, endless_box, sizeof endless_box));
    }
    return 0;
}
