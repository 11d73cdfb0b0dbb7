#include "web/library/results/mp4.h"

/* A file written whole has about five; a fragmented one of hours has thousands, but that is not
 * what a transcoder delivers. */
#define BOXES_MAX 256

typedef struct Box {
    char type[5];
    uint64_t size; /* with its header */
} Box;

static uint64_t mp4_integer(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* A size of 1 means a longer one behind the type, 0 the rest of the file. */
static bool mp4_parse_box(const unsigned char *bytes, size_t length, uint64_t rest, Box *box)
{
    size_t header = 8;
    if (length < header)
        return false;
    box->size = mp4_integer(bytes, 4);
    memcpy(box->type, bytes + 4, 4);
    if (box->size == 1) {
        header = 16;
        if (length < header)
            return false;
        box->size = mp4_integer(bytes + 8, 8);
    } else if (box->size == 0) {
        box->size = rest;
    }
    return box->size >= header && box->size <= rest;
}

bool mp4_check(const StoredFile *file, Error *error)
{
    uint64_t size = stored_file_size(file);
    bool moov = false, mdat = false;
    uint64_t offset = 0;
    for (size_t count = 0; offset < size; count++) {
        unsigned char bytes[16];
        size_t length = 0;
        Box box = {0};
        if (!stored_file_read(file, offset, bytes, sizeof bytes, &length, error))
            return false;
        if (count == BOXES_MAX || !mp4_parse_box(bytes, length, size - offset, &box))
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
