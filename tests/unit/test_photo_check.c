/* A photo is walked to the end of its image: what is whole passes, what is cut off anywhere before
 * says so, and what follows the image is nobody's business. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "common/base/file.h"
#include "web/decoder/child/photo_check.h"
#include "web/library/files/media_type.h"
#include "web/storage/stored_file.h"

#define BYTES(text) text, sizeof text - 1

static bool check(const void *bytes, size_t length, const char *type, Error *error)
{
    _cleanup_close_ int fd = memfd_create("photo", MFD_CLOEXEC);
    assert_true(pwrite(fd, bytes, length, 0) == (ssize_t)length);
    return photo_check(fd, type, error);
}

#define JPEG_HEAD "\xFF\xD8\xFF\xE0\0\x04zz\xFF\xC0\0\x03q\xFF\xDA\0\x02"
#define PNG_HEAD  "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\0\0\0\0\x3A\x7E\x9B\x55"
#define PNG_DATA  "\0\0\0\nIDATx\x9C\x63\x60\0\0\0\2\0\1\x48\xAF\xA4\x71"
#define PNG_END   "\0\0\0\0IEND\xAE\x42\x60\x82"
#define GIF_HEAD  "GIF89a\1\0\1\0\x80\0\0abcdef!\xF9\4\0\0\0\0\0"
#define GIF_DATA  ",\0\0\0\0\1\0\1\0\0\2\2\x4C\1\0"
#define HEIF                                                                                       \
    "\0\0\0\x10"                                                                                   \
    "ftypheic\0\0\0\0\0\0\0\x0Cmeta\0\0\0\0\0\0\0\x0C"                                             \
    "mdatdata"
/* It counts more items than it holds; those behind it would be good ones. */
#define LONG_ILOC                                                                                  \
    "\0\0\0\x10"                                                                                   \
    "ftypheic\0\0\0\0\0\0\0\x1Cmeta\0\0\0\0\0\0\0\x10iloc\0\0\0\0\0\0\0\3"                         \
    "\0\0\0\x0Cmdatdata\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
/* Its one item ends a byte behind it. */
#define SHORT_ILOC                                                                                 \
    "\0\0\0\x10"                                                                                   \
    "ftypheic\0\0\0\0\0\0\0\x21meta\0\0\0\0\0\0\0\x15iloc\0\0\0\0\0\0\0\1\0\1\0\0\0"               \
    "\0\0\0\x0Cmdatdata"

/* An item of four bytes at the offset, and a box of media without an end. */
#define OPEN_HEIF(offset)                                                                          \
    "\0\0\0\x10"                                                                                   \
    "ftypavif\0\0\0\0\0\0\0\x2Ameta\0\0\0\0"                                                       \
    "\0\0\0\x1Eiloc\0\0\0\0\x44\0\0\1\0\1\0\0\0\1\0\0\0" offset "\0\0\0\4\0\0\0\0mdat"
#define TIFF_HEAD "II*\0\10\0\0\0\2\0\x11\1\4\0\1\0\0\0\x26\0\0\0\x17\1\3\0\1\0\0\0\4\0\0\0\0\0\0\0"

static const struct {
    const char *type, *bytes;
    size_t length;
    const char *fault; /* a word of the sentence; NULL: it is whole */
    const char *sentence;
} rows[] = {
    {"image/jpeg", BYTES(JPEG_HEAD "s\xFF\0\xFF\xD0s\xFF\xD9"), NULL, "JPEG"},
    {"image/jpeg", BYTES(JPEG_HEAD "s\xFF\xD9 and a film"), NULL, "something behind it"},
    {"image/jpeg", BYTES(JPEG_HEAD "s\xFF\xC4\0\3t\xFF\xDA\0\2s\xFF\xFF\xD9"), NULL, "scans"},
    {"image/jpeg", BYTES("\xFF\xD8\xFF and rubbish"), "cut off", "the first bytes of one"},
    {"image/jpeg", BYTES("\xFF\xD8\xFF\xD9"), "damaged", "no image in it"},
    {"image/jpeg", BYTES("\xFF\xD8\xFF\xC0\0\1"), "damaged", "a segment that is no length"},
    {"image/jpeg", BYTES(JPEG_HEAD "s\xFF\0\xFF\xD0s\xFF"), "cut off", "half a marker"},
    {"image/png", BYTES(PNG_HEAD PNG_DATA PNG_END), NULL, "PNG"},
    {"image/png", BYTES(PNG_HEAD PNG_DATA PNG_END "more"), NULL, "something behind it"},
    {"image/png", BYTES(PNG_HEAD "\0\0\0\1tEXtx1234" PNG_DATA PNG_END), NULL, "a text's CRC"},
    {"image/png", BYTES(PNG_HEAD "\0\0\0\1IDATx1234" PNG_END), "damaged", "a picture's CRC"},
    {"image/png", BYTES(PNG_HEAD PNG_END), "damaged", "no picture"},
    {"image/png", BYTES(PNG_HEAD PNG_DATA), "cut off", "no end"},
    {"image/gif", BYTES(GIF_HEAD GIF_DATA ";"), NULL, "GIF"},
    {"image/gif", BYTES(GIF_HEAD GIF_DATA GIF_DATA ";\0\0"), NULL, "two pictures"},
    {"image/gif", BYTES(GIF_HEAD ";"), "damaged", "no picture"},
    {"image/gif", BYTES(GIF_HEAD GIF_DATA), "cut off", "no trailer"},
    {"image/gif", BYTES(GIF_HEAD GIF_DATA "x"), "damaged", "no such block"},
    {"image/webp", BYTES("RIFF\x10\0\0\0WEBPVP8 \3\0\0\0abc\0"), NULL, "WebP"},
    {"image/webp", BYTES("RIFF\x0F\0\0\0WEBPVP8L\3\0\0\0abc"), NULL, "no padding at the end"},
    {"image/webp", BYTES("RIFF\x10\0\0\0WEBPVP8 \3\0\0\0abc"), "cut off", "a byte is missing"},
    {"image/webp", BYTES("RIFF\x10\0\0\0WEBPVP8 \5\0\0\0abc\0"), "damaged", "beyond the RIFF"},
    {"image/webp", BYTES("RIFF\x10\0\0\0WEBPEXIF\3\0\0\0abc\0"), "damaged", "no picture"},
    {"image/heic", BYTES(HEIF), NULL, "HEIF"},
    {"image/avif", BYTES(HEIF "\0\0\0\x09mpvdx\1\2"), NULL, "a phone's film and more behind it"},
    {"image/avif", BYTES(OPEN_HEIF("\x42") "data"), NULL, "data to the end of the file"},
    {"image/avif", BYTES(OPEN_HEIF("\x43") "data"), "cut off", "an item beyond the end"},
    {"image/avif", BYTES(OPEN_HEIF("\x42") "dat"), "cut off", "likewise"},
    {"image/heic", BYTES(LONG_ILOC), "", "items beyond their box"},
    {"image/heic", BYTES(SHORT_ILOC), "cut off", "an item beyond its box"},
    {"image/heif", BYTES(HEIF "\0\0\0\x09mpvd"), "cut off", "a film that is cut off"},
    {"image/heic",
     BYTES("\0\0\0\x10"
           "ftypheic\0\0\0\0\0\0\0\x0Cmeta\0\0\0\0"),
     "cut off", "data"},
    {"image/heic",
     BYTES("\0\0\0\x10"
           "ftypheic\0\0\0\0\0\0\0\2meta"),
     "damaged", "no such box"},
    {"image/tiff", BYTES(TIFF_HEAD "data"), NULL, "TIFF"},
    {"image/tiff", BYTES(TIFF_HEAD "dat"), "cut off", "a strip beyond the end"},
    {"image/tiff", BYTES("MM\0*\0\0\0\x09"), "cut off", "a directory beyond the end"},
    {"image/tiff", BYTES("MM\0*\0\0\0\10\0\0\0\0\0\0"), "damaged", "no picture"},
    {"image/tiff", BYTES("MM\0*\0\0\0\10\0\0\0\0\0\10"), "damaged", "directories in a circle"},
};

static void whole_ones_pass_and_others_say_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        bool good = check(rows[i].bytes, rows[i].length, rows[i].type, &error);
        if (good != !rows[i].fault || (!good && !strstr(error.detail, rows[i].fault)))
            fail_msg("%s, %s: \"%s\"", rows[i].type, rows[i].sentence, error.detail);
        assert_true(good || error.code == ERROR_MEDIA);
    }
}

/* Whatever byte it ends at; "something behind it" is not of the image. */
static void each_beginning_of_one_is_refused(void **state)
{
    static const struct {
        const char *type, *bytes;
        size_t length;
    } photos[] = {
        {"image/jpeg", BYTES(JPEG_HEAD "s\xFF\0\xFF\xD0s\xFF\xD9")},
        {"image/png", BYTES(PNG_HEAD PNG_DATA PNG_END)},
        {"image/gif", BYTES(GIF_HEAD GIF_DATA ";")},
        {"image/webp", BYTES("RIFF\x10\0\0\0WEBPVP8 \3\0\0\0abc\0")},
        {"image/heic", BYTES(HEIF)},
        {"image/tiff", BYTES(TIFF_HEAD "data")},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(photos); i++)
        for (size_t length = 0; length < photos[i].length; length++) {
            Error error = {0};
            if (check(photos[i].bytes, length, photos[i].type, &error) ||
                !strstr(error.detail, "cut off"))
                fail_msg("%s, %zu bytes: %s", photos[i].type, length, error.detail);
        }
}

/* --- the corpus --- */

static bool check_file(const char *path, uint64_t length, Error *error)
{
    unsigned char head[MEDIA_TYPE_HEAD];
    size_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    _cleanup_stored_file_ StoredFile *whole = stored_file_adopt(fd, path, error);
    assert_non_null(whole);
    assert_true(stored_file_read(whole, 0, head, sizeof head, &got, error));
    const MediaType *type = media_type_detect(head, got, error);
    if (!type || type->kind != MEDIA_PHOTO)
        fail_msg("%s is no photo", path);
    length = MIN_OF(length, stored_file_size(whole));
    _cleanup_free_ char *bytes = base_calloc(1, length);
    assert_true(stored_file_read(whole, 0, bytes, length, &got, error) && got == length);
    return check(bytes, length, type->content_type, error);
}

static void photos_of_phones_and_cameras_pass(void **state)
{
    const char *corpus = getenv("REELKEEP_CORPUS");
    char folder[300], path[600];
    (void)state;
    snprintf(folder, sizeof folder, "%s/image", corpus ? corpus : "");
    DIR *images = corpus ? opendir(folder) : NULL;
    if (!images)
        skip();
    int count = 0;
    for (const struct dirent *image; (image = readdir(images));) {
        Error error = {0};
        if (*image->d_name == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, image->d_name);
        if (!check_file(path, UINT64_MAX, &error))
            fail_msg("%s: %s", image->d_name, error.detail);
        if (check_file(path, 4000, &error) || !strstr(error.detail, "cut off"))
            fail_msg("the beginning of %s: %s", image->d_name, error.detail);
        count++;
    }
    closedir(images);
    assert_true(count > 0);
}

static void hostile_ones_are_told_by_their_structure(void **state)
{
    static const struct {
        const char *name;
        bool whole;
    } files[] = {
        {"truncated.jpg", false},      {"corrupted_camera.jpg", true},   {"heic_200mp.heic", true},
        {"png_65536x65536.png", true}, {"polyglot_jpeg_html.jpg", true},
    };
    const char *corpus = getenv("REELKEEP_CORPUS");
    (void)state;
    for (size_t i = 0; corpus && i < ARRAY_SIZE(files); i++) {
        char path[600];
        Error error = {0};
        snprintf(path, sizeof path, "%s/hostile/%s", corpus, files[i].name);
        if (check_file(path, UINT64_MAX, &error) != files[i].whole)
            fail_msg("%s: %s", files[i].name, error.detail);
    }
    if (!corpus)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_ones_pass_and_others_say_what_is_wrong),
        cmocka_unit_test(each_beginning_of_one_is_refused),
        cmocka_unit_test(photos_of_phones_and_cameras_pass),
        cmocka_unit_test(hostile_ones_are_told_by_their_structure),
    };
    return cmocka_run_group_tests_name("photo_check", tests, NULL, NULL);
}
