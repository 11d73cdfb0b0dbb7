#include "web/library/results/mp4.h"

#include <errno.h>

/* A file written whole has about five; a fragmented one of hours has thousands, but that is not
 * what a transcoder delivers. */
#define BOXES_MAX 256

typedef struct Box {
    char type[5];
    uint64_t size; /* with its header */
} Box;

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool read_header(int fd, uint64_t offset, unsigned char bytes[16], size_t *length,
                        Error *error)
{
    ssize_t got;
    do
        got = pread(fd, bytes, 16, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(error, errno, "The delivered file could not be read back");
    *length = (size_t)got;
    return true;
}

/* A size of 1 means a longer one behind the type, 0 the rest of the file. */
static bool parse_box(const unsigned char *bytes, size_t length, uint64_t rest, Box *box)
{
    size_t header = 8;
    if (length < header)
        return false;
    box->size = big_endian(bytes, 4);
    memcpy(box->type, bytes + 4, 4);
    if (box->size == 1) {
        header = 16;
        if (length < header)
            return false;
        box->size = big_endian(bytes + 8, 8);
    } else if (box->size == 0) {
        box->size = rest;
    }
    return box->size >= header && box->size <= rest;
}

bool mp4_check(int fd, uint64_t size, Error *error)
{
    bool moov = false, mdat = false;
    uint64_t offset = 0;
    for (size_t count = 0; offset < size; count++) {
        unsigned char bytes[16];
        size_t length = 0;
        Box box = {0};
        if (!read_header(fd, offset, bytes, &length, error))
            return false;
        if (count == BOXES_MAX || !parse_box(bytes, length, size - offset, &box))
            return error_set(error, ERROR_MEDIA, "The MP4 file is damaged or cut off at byte %llu.",
                             (unsigned long long)offset);
        if (count == 0 && !streq(box.type, "ftyp"))
            return error_set(error, ERROR_MEDIA, "The file does not begin as an MP4 file does.");
        moov = moov || streq(box.type, "moov");
        mdat = mdat || streq(box.type, "mdat");
        offset += box.size;
    }
    if (!moov || !mdat)
        return error_set(error, ERROR_MEDIA, "The MP4 file has no %s.",
                         moov ? "sound or picture" : "index");
    return true;
}
