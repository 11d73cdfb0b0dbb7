/* The text files of a result: what is taken, and what of it reaches the volume. */
#include "tests/unit/unit.h"

#include "common/base/json.h"
#include "web/library/results/storyboard.h"
#include "web/library/results/waveform.h"

#define HEAD "WEBVTT\n\n"
#define CUE  "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\n"
#define NEXT "\n00:00:02.000 --> 00:00:04.000\nstoryboard.jpg#xywh=160,0,160,90\n"
#define OURS "\n00:00:00.000 --> 00:00:02.000\nsheet.jpg#xywh=0,0,160,90\n"

static const struct {
    const char *text;
    const char *expected; /* NULL: refused */
    const char *sentence;
} storyboards[] = {
    {HEAD CUE, "WEBVTT\n" OURS, "one tile"},
    {HEAD CUE NEXT,
     "WEBVTT\n" OURS "\n00:00:02.000 --> 00:00:04.000\nsheet.jpg#xywh=160,0,160,90\n", "two tiles"},
    {"WEBVTT\r\n\r\n00:00.000 --> 00:02.000\r\nstoryboard.jpg#xywh=0,0,160,90", "WEBVTT\n" OURS,
     "CRLF, no hours, no end of the last line"},
    {"WEBVTT\n\n\n" CUE "\n\n", "WEBVTT\n" OURS, "more empty lines"},
    {HEAD "99:59:59.999 --> 100:00:00.000\nstoryboard.jpg#xywh=7,8,9,10\n",
     "WEBVTT\n\n99:59:59.999 --> 100:00:00.000\nsheet.jpg#xywh=7,8,9,10\n", "a long film"},
    {"", NULL, "nothing"},
    {"WEBVTT", NULL, "a header alone"},
    {HEAD, NULL, "no tile"},
    {"\xEF\xBB\xBF" HEAD CUE, NULL, "a byte order mark"},
    {"WEBVTT - hello\n\n" CUE, NULL, "words behind the header"},
    {"WEBVTT\nX-TIMESTAMP-MAP=0\n\n" CUE, NULL, "a field of the header"},
    {"webvtt\n\n" CUE, NULL, "another header"},
    {"WEBVTT\n" CUE, NULL, "no empty line behind the header"},
    {HEAD "STYLE\n::cue{background:url(//evil)}\n\n" CUE, NULL, "a style sheet"},
    {HEAD "NOTE hello\n\n" CUE, NULL, "a note"},
    {HEAD "REGION\nid:x\n\n" CUE, NULL, "a region"},
    {HEAD "1\n" CUE, NULL, "a cue with a name"},
    {HEAD "00:00:00.000 --> 00:00:02.000 line:0\nstoryboard.jpg#xywh=0,0,160,90\n", NULL,
     "a cue's settings"},
    {HEAD "00:00:00.000-->00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL, "no blanks"},
    {HEAD "0:00:00.000 --> 0:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL, "one digit"},
    {HEAD "00:00:60.000 --> 00:01:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL, "second 60"},
    {HEAD "00:60:00.000 --> 01:01:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL, "minute 60"},
    {HEAD "00:00:00.00 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL, "hundredths"},
    {HEAD "99999:00:00.000 --> 99999:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL,
     "eleven years"},
    {HEAD "999999:00:00.000 --> 999999:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL,
     "six digits of hours"},
    {HEAD "00:00:02.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL, "no time"},
    {HEAD "00:00:02.000 --> 00:00:01.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL, "backwards"},
    {HEAD CUE "\n00:00:01.999 --> 00:00:04.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL,
     "two tiles at one time"},
    {HEAD CUE "00:00:02.000 --> 00:00:04.000\nstoryboard.jpg#xywh=0,0,160,90\n", NULL,
     "no empty line between tiles"},
    {HEAD "00:00:00.000 --> 00:00:02.000\n\nstoryboard.jpg#xywh=0,0,160,90\n", NULL,
     "an empty line within"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nother.jpg#xywh=0,0,160,90\n", NULL, "another picture"},
    {HEAD "00:00:00.000 --> 00:00:02.000\n//evil.example/storyboard.jpg#xywh=0,0,1,1\n", NULL,
     "another host's picture"},
    {HEAD "00:00:00.000 --> 00:00:02.000\n../storyboard.jpg#xywh=0,0,160,90\n", NULL,
     "another folder's picture"},
    {HEAD "00:00:00.000 --> 00:00:02.000\n<script>alert(1)</script>\n", NULL, "a script"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg\n", NULL, "no tile of it"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=percent:0,0,50,50\n", NULL, "parts"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160\n", NULL, "three numbers"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90,1\n", NULL, "five"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=-1,0,160,90\n", NULL, "negative"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,0,90\n", NULL, "no width"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,0\n", NULL, "no height"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=65500,0,160,90\n", NULL,
     "beyond any JPEG's side"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,123456,160,90\n", NULL,
     "six digits"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90 \n", NULL,
     "a blank behind the tile"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\nmore\n", NULL,
     "a second line"},
    {HEAD "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90\r\r\n", NULL, "a bare CR"},
};

static void rewrites_storyboards(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(storyboards); i++) {
        Error error = {0};
        _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
        assert_true(buffer_append_text(&text, storyboards[i].text));
        bool good = storyboard_rewrite(&text, "sheet.jpg", &out, &error);
        unit_check(good == (storyboards[i].expected != NULL), storyboards[i].sentence);
        unit_check(good ? streq(out.data, storyboards[i].expected) : error.code == ERROR_INVALID,
                   storyboards[i].sentence);
    }
}

/* A person's file name may hold what means something in an address. */
static void writes_the_sheets_name_as_an_address(void **state)
{
    Error error = {0};
    _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
    (void)state;
    assert_true(buffer_append_text(&text, HEAD CUE));
    assert_true(storyboard_rewrite(&text, "a:b #1?-->\xC3\xA9.jpg", &out, &error));
    assert_non_null(strstr(out.data, "\na%3Ab%20%231%3F--%3E%C3%A9.jpg#xywh=0,0,160,90\n"));
}

static void names_the_line_at_fault(void **state)
{
    static const struct {
        const char *text;
        size_t line;
    } rows[] = {
        {"WEBVTT x", 1},   {"WEBVTT\nx", 2},         {HEAD "x", 3},
        {HEAD CUE "x", 5}, {HEAD CUE NEXT "\nx", 9},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char wanted[20];
        Error error = {0};
        _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
        assert_true(buffer_append_text(&text, rows[i].text));
        assert_false(storyboard_rewrite(&text, "sheet.jpg", &out, &error));
        snprintf(wanted, sizeof wanted, "Line %zu ", rows[i].line);
        unit_check(strstr(error.detail, wanted), rows[i].text);
    }
}

/* Even with the longest name the file stays within its limit. */
static void bounds_the_number_of_tiles(void **state)
{
    char name[MEDIA_PATH_MAX];
    (void)state;
    memset(name, '#', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int count = STORYBOARD_CUES_MAX; count <= STORYBOARD_CUES_MAX + 1; count++) {
        Error error = {0};
        _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
        assert_true(buffer_append_text(&text, "WEBVTT\n"));
        for (int i = 0; i < count; i++)
            assert_true(buffer_append_format(
                &text, "\n00:%02d:%02d.000 --> 00:%02d:%02d.500\nstoryboard.jpg#xywh=0,0,160,90\n",
                i / 60, i % 60, i / 60, i % 60));
        assert_int_equal(storyboard_rewrite(&text, name, &out, &error),
                         count == STORYBOARD_CUES_MAX);
    }
}

#define WAVE(version, channels, rate, scale, bits, length, data)                                   \
    "{\"version\":" version ",\"channels\":" channels ",\"sample_rate\":" rate                     \
    ",\"samples_per_pixel\":" scale ",\"bits\":" bits ",\"length\":" length ",\"data\":" data "}"

static const struct {
    const char *text;
    bool good;
    const char *sentence;
} waveforms[] = {
    {WAVE("2", "1", "8000", "80", "8", "2", "[-128,127,0,0]"), true, "two pairs"},
    {WAVE("1", "1", "8000", "80", "8", "1", "[0,1]"), false, "version 1"},
    {WAVE("\"2\"", "1", "8000", "80", "8", "1", "[0,1]"), false, "a version in quotes"},
    {WAVE("2", "2", "8000", "80", "8", "1", "[0,1,0,1]"), false, "two channels"},
    {WAVE("2", "1", "0", "80", "8", "1", "[0,1]"), false, "no sample rate"},
    {WAVE("2", "1", "1000000", "80", "8", "1", "[0,1]"), false, "an absurd sample rate"},
    {WAVE("2", "1", "8000", "0", "8", "1", "[0,1]"), false, "no samples per pixel"},
    {WAVE("2", "1", "8000", "-1", "8", "1", "[0,1]"), false, "negative samples per pixel"},
    {WAVE("2", "1", "8000", "80", "16", "1", "[0,1]"), false, "sixteen bits"},
    {WAVE("2", "1", "8000", "80", "8", "0", "[]"), false, "no pair"},
    {WAVE("2", "1", "8000", "80", "8", "1.0", "[0,1]"), false, "a length with a fraction"},
    {WAVE("2", "1", "8000", "80", "8", "2", "[0,1]"), false, "fewer than its length"},
    {WAVE("2", "1", "8000", "80", "8", "1", "[0,1,2]"), false, "more than its length"},
    {WAVE("2", "1", "8000", "80", "8", "9223372036854775807", "[0,1]"), false, "an absurd length"},
    {WAVE("2", "1", "8000", "80", "8", "1", "{\"0\":0}"), false, "data that are no list"},
    {WAVE("2", "1", "8000", "80", "8", "1", "[-129,1]"), false, "below eight bits"},
    {WAVE("2", "1", "8000", "80", "8", "1", "[0,128]"), false, "above eight bits"},
    {WAVE("2", "1", "8000", "80", "8", "1", "[1,0]"), false, "the larger first"},
    {WAVE("2", "1", "8000", "80", "8", "1", "[0,0.5]"), false, "a fraction"},
    {WAVE("2", "1", "8000", "80", "8", "1", "[0,null]"), false, "nothing as a peak"},
    {"{\"version\":2}", false, "a version alone"},
    {"[]", false, "a list"},
    {"", false, "nothing"},
    {"{\"version\":2", false, "half of it"},
};

static void checks_waveforms(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(waveforms); i++) {
        Error error = {0};
        _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
        assert_true(buffer_append_text(&text, waveforms[i].text));
        bool good = waveform_rewrite(&text, &out, &error);
        unit_check(good == waveforms[i].good, waveforms[i].sentence);
        unit_check(good ? streq(out.data, waveforms[i].text) : error.code == ERROR_INVALID,
                   waveforms[i].sentence);
    }
}

static void leaves_behind_what_is_no_part_of_a_waveform(void **state)
{
    Error error = {0};
    _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
    (void)state;
    assert_true(buffer_append_text(&text, "{\"gps\":\"52.5,13.4\", \"length\":1, \"bits\":8,"
                                          "\"samples_per_pixel\":80, \"sample_rate\":8000,"
                                          "\"data\":[ -1, 1 ], \"channels\":1, \"version\":2}"));
    assert_true(waveform_rewrite(&text, &out, &error));
    assert_string_equal(out.data, WAVE("2", "1", "8000", "80", "8", "1", "[-1,1]"));
}

static void bounds_the_number_of_peaks(void **state)
{
    (void)state;
    for (int count = WAVEFORM_PAIRS_MAX; count <= WAVEFORM_PAIRS_MAX + 1; count++) {
        Error error = {0};
        _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
        assert_true(buffer_append_format(&text,
                                         "{\"version\":2,\"channels\":1,\"sample_rate\":8000,"
                                         "\"samples_per_pixel\":80,\"bits\":8,\"length\":%d,"
                                         "\"data\":[-128,127",
                                         count));
        for (int i = 1; i < count; i++)
            assert_true(buffer_append_text(&text, ",-128,127"));
        assert_true(buffer_append_text(&text, "]}"));
        assert_int_equal(waveform_rewrite(&text, &out, &error), count == WAVEFORM_PAIRS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewrites_storyboards),
        cmocka_unit_test(writes_the_sheets_name_as_an_address),
        cmocka_unit_test(names_the_line_at_fault),
        cmocka_unit_test(bounds_the_number_of_tiles),
        cmocka_unit_test(checks_waveforms),
        cmocka_unit_test(leaves_behind_what_is_no_part_of_a_waveform),
        cmocka_unit_test(bounds_the_number_of_peaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
