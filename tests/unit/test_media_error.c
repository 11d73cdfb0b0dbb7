/* What people read of a file that cannot be used: never the library's words. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/log.h>

#include "common/media/aac.h"
#include "common/media/media_compat.h"
#include "common/media/media_error.h"

#define COMPLAINT "Audio object type 42 is not supported"

static void people_read_our_words_and_the_log_the_librarys(void **state)
{
    static const struct {
        int number;
        ErrorCode code;
        const char *wanted, *sentence;
    } rows[] = {
        {AVERROR_INVALIDDATA, ERROR_MEDIA, "It failed: the data is damaged or incomplete.",
         "damage"},
        {AVERROR_EOF, ERROR_MEDIA, "It failed: the file ends too early.", "an end"},
        {AVERROR(ENOSYS), ERROR_MEDIA, "It failed: it is of a kind that is not known here.",
         "what the library lacks"},
        {AVERROR_PATCHWELCOME, ERROR_MEDIA, "It failed: it is of a kind that is not known here.",
         "what it would like to have"},
        {AVERROR(ENOMEM), ERROR_MEDIA, "It failed: it takes more memory than there is.", "memory"},
        {AVERROR(EINVAL), ERROR_MEDIA, "It failed.", "a number that tells nothing of the file"},
        {AVERROR_BUG, ERROR_MEDIA, "It failed.", "nor does this"},
        {AVERROR(ENOSPC), ERROR_NO_SPACE, "It failed (" COMPLAINT ").", "a full disk"},
        {AVERROR(EIO), ERROR_IO, "It failed (" COMPLAINT ").", "a broken disk"},
    };
    (void)state;
    media_error_init();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        av_log(NULL, AV_LOG_ERROR, COMPLAINT "\n");
        assert_false(media_error_set(&error, rows[i].number, "It %s", "failed"));
        unit_check(error.code == rows[i].code && streq(error.detail, rows[i].wanted),
                   rows[i].sentence);
    }
    unit_check(media_error_is_about("object type 42"), "the last complaint is known");
    media_error_forget();
    unit_check(!media_error_is_about("object type"), "until it is forgotten");
}

static void a_strange_kind_of_aac_has_a_name(void **state)
{
    static const struct {
        uint8_t config[2];
        size_t size;
        int type;
        const char *name, *sentence;
    } rows[] = {
        {{0x12, 0x08}, 2, 2, NULL, "AAC-LC"},
        {{0x2B, 0x11}, 2, 5, NULL, "HE-AAC"},
        {{0xF9, 0x48}, 2, 42, "xHE-AAC", "the type behind an escape"},
        {{0x32, 0x08}, 2, 6, "AAC Scalable", "one of MPEG-4's many"},
        {{0xF8, 0x80}, 2, 36, NULL, "lossless, which has a decoder of its own"},
        {{0x12, 0x00}, 1, 0, NULL, "too short"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int type = aac_object_type(rows[i].config, rows[i].size);
        const char *name = aac_strange_name(type), *wanted = rows[i].name;
        if (type == 42 && media_compat_decodes_usac())
            wanted = NULL;
        unit_check(type == rows[i].type, rows[i].sentence);
        unit_check(wanted ? name && streq(name, wanted) : !name, rows[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_our_words_and_the_log_the_librarys),
        cmocka_unit_test(a_strange_kind_of_aac_has_a_name),
    };
    return cmocka_run_group_tests_name("media errors", tests, NULL, NULL);
}
