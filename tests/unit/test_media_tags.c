#include "common/media/media_tags.h"
#include "tests/unit/unit.h"

#include <libavformat/avformat.h>

#define NOW 1763704800 /* 2025-11-21 06:00 UTC */

static void times_of_cameras_become_utc(void **state)
{
    static const struct {
        const char *text, *wanted, *sentence;
    } rows[] = {
        {"2014-04-13T15:28:36.000000Z", "2014-04-13T15:28:36Z", "as containers tell"},
        {"2014-04-13T15:28:36+0200", "2014-04-13T13:28:36Z", "an iPhone tells its zone"},
        {"2014-01-01T00:30:00+01:00", "2013-12-31T23:30:00Z", "across a new year"},
        {"2014-04-13T15:28:36-09:30", "2014-04-14T00:58:36Z", "west of Greenwich"},
        {"2014-04-13 15:28:36", "2014-04-13T15:28:36Z", "without a zone it is UTC"},
        {"2014:04:13 15:28", "2014-04-13T15:28:00Z", "as EXIF writes, to the minute"},
        {"2014-04-13", "2014-04-13T00:00:00Z", "a date alone"},
        {"2024-02-29", "2024-02-29T00:00:00Z", "a leap day"},
        {"2023-02-29", "", "which 2023 does not have"},
        {"2025-11-22T05:00:00Z", "2025-11-22T05:00:00Z", "a clock that is fast by hours"},
        {"2025-11-22T07:00:00Z", "", "the day after tomorrow was not yet"},
        {"1904-01-01T00:00:00Z", "", "a clock that was never set, by Apple"},
        {"1970-01-01T00:00:00Z", "", "a clock that was never set, by Unix"},
        {"1970-01-01T09:00:00+09:00", "", "and somewhere else"},
        {"1999", "", "a year is no moment"},
        {"2014-13-01", "", "there are twelve months"},
        {"2014-00-10", "", "and none before"},
        {"2014-04-13T25:00:00Z", "", "there are 24 hours"},
        {"2014-04-13T15:28:61Z", "", "and sixty seconds"},
        {"2014-04-13T15:28:36Z; rm -rf", "", "nothing may follow"},
        {"2014-04-13T15:28:36+99:00", "", "no zone is that far"},
        {"-014-04-13", "", "no year is negative"},
        {"", "", "nothing"},
        {"yesterday", "", "words"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char found[TRANSFER_CAPTURED_AT_MAX + 1] = "untouched";
        bool taken = media_tags_time(rows[i].text, NOW, found);
        if (!streq(found, rows[i].wanted) || taken != (rows[i].wanted[0] != '\0'))
            fail_msg("%s: %s", rows[i].sentence, found);
    }
}

static void titles_are_one_clean_line(void **state)
{
    static const struct {
        const char *text, *wanted, *sentence;
    } rows[] = {
        {"Anna's birthday", "Anna's birthday", "a plain title stays"},
        {"  blanks  ", "blanks", "blanks at the ends go"},
        {"one\r\ntwo\tthree", "one  two three", "one line"},
        {"\x1b[31mred\x7f", "[31mred", "no terminal is spoken to"},
        {"a\xc2\x9b"
         "b",
         "ab", "in no other way either"},
        {"\xe2\x80\xaegnp.exe", "gnp.exe", "nor turned round"},
        {"caf\xc3\xa9 \xf0\x9f\x8e\x82", "caf\xc3\xa9 \xf0\x9f\x8e\x82", "other letters stay"},
        {"bad \xff byte", "bad \xef\xbf\xbd byte", "what is no UTF-8 is marked"},
        {"\n\t", "", "nothing is left"},
    };
    char found[TRANSFER_TITLE_MAX + 1], longest[3 * TRANSFER_TITLE_MAX];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        media_tags_title(rows[i].text, found);
        if (!streq(found, rows[i].wanted))
            fail_msg("%s: %s", rows[i].sentence, found);
    }
    longest[0] = 'x';
    for (size_t i = 1; i + 2 < sizeof longest; i += 2)
        memcpy(longest + i, "\xc3\xa9", 3);
    media_tags_title(longest, found);
    unit_check(strlen(found) == TRANSFER_TITLE_MAX - 1, "a long one is cut between two letters");
}

static void note(AVDictionary **notes, const char *name, const char *text)
{
    assert_true(!text || av_dict_set(notes, name, text, 0) >= 0);
}

static void a_track_gives_the_file_no_name(void **state)
{
    static const struct {
        const char *container;
        const char *file, *track, *handler; /* NULL: says nothing */
        const char *wanted, *sentence;
    } rows[] = {
        {"mov", "The crack", NULL, NULL, "The crack", "the file's own title"},
        {"mov", "The crack", "Video", "VideoHandler", "The crack", "beside a track's name"},
        {"mov", NULL, "Video", "Core Media Video", "", "the name of an MP4's track"},
        {"matroska", NULL, "Surround 5.1", NULL, "", "the name of a Matroska's track"},
        {"avi", NULL, "Sound of the camera", NULL, "", "the name of an AVI's stream"},
        {"mov", "", "Video", NULL, "", "an empty title is none"},
        {"ogg", NULL, "A song", NULL, "A song", "an Ogg file's title is in its stream's comment"},
        {"mov", NULL, NULL, NULL, "", "nobody says anything"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaTags found;
        AVFormatContext *format = avformat_alloc_context();
        AVStream *silent = avformat_new_stream(format, NULL);
        AVStream *track = avformat_new_stream(format, NULL);
        assert_true(silent && track);
        format->iformat = av_find_input_format(rows[i].container);
        assert_non_null(format->iformat);
        note(&format->metadata, "title", rows[i].file);
        note(&track->metadata, "title", rows[i].track);
        note(&track->metadata, "handler_name", rows[i].handler);
        note(&track->metadata, "creation_time", "2014-04-13T15:28:36.000000Z");
        media_tags_read(format, NOW, &found);
        unit_check(streq(found.title, rows[i].wanted), rows[i].sentence);
        unit_check(streq(found.captured_at, "2014-04-13T15:28:36Z"), "a track may tell the time");
        avformat_free_context(format);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_cameras_become_utc),
        cmocka_unit_test(titles_are_one_clean_line),
        cmocka_unit_test(a_track_gives_the_file_no_name),
    };
    return cmocka_run_group_tests_name("media tags", tests, NULL, NULL);
}
