/*
 * After faults that people reported of other programs, which tests/corpus/README.md names: each
 * input is made here, and comes out as those people would have had it.
 */
#include <math.h>

#include "tests/unit/encoding.h"
#include "tests/unit/moments.h"

#define FILM "-f lavfi -i testsrc=s=320x180:r=25:d=4 "
#define TONE "-f lavfi -i sine=f=440:d=4 "
#define X264 "-c:v libx264 -preset ultrafast -pix_fmt yuv420p "
#define X265 "-c:v libx265 -preset ultrafast -x265-params log-level=error -tag:v hvc1 "

typedef struct Report {
    const char *name, *arguments, *operation;
    int pictures;
    double seconds;
    bool audio;
    const char *sentence;
} Report;

static Made check_report(const char *source, const Report *report)
{
    Made made = {.limit = encoding_allow_copying};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", report->sentence, made.error.detail);
    double pictures = encoded_number(made.video, "v:0", "stream=nb_frames");
    double seconds = encoded_number(made.video, "v:0", "format=duration");
    if (pictures != report->pictures || fabs(seconds - report->seconds) > 0.05)
        fail_msg("%s: %.0f pictures in %f seconds", report->sentence, pictures, seconds);
    if (!streq(made.result.operation, report->operation))
        fail_msg("%s: %s", report->sentence, made.result.operation);
    unit_check(made.result.has_audio == report->audio, report->sentence);
    unit_check(encoding_is_whole(&made.result), report->sentence);
    unit_check(encoded_times_grow(made.video, "v:0"), report->sentence);
    return made;
}

static void what_others_got_wrong_comes_out_right(void **state)
{
    static const Report reports[] = {
        {"silent.mp4", FILM X264, "remux", 100, 4, false, "a film without any sound"},
        {"motion.mp4",
         "-f lavfi -i testsrc=s=320x240:r=30:d=0.5 -f lavfi -i sine=d=0.5 " X265
         "-pix_fmt yuv420p -c:a aac",
         "encode video", 15, 0.511, true, "a motion photo of half a second"},
        {"photo.mov", FILM TONE X265 "-pix_fmt yuv420p -c:a pcm_s16le -timecode 01:00:00:00",
         "encode", 100, 4, true, "a live photo with a track of data"},
        {"late.mkv",
         "-itsoffset 40 " FILM "-f lavfi -i sine=f=440:d=44 -fps_mode passthrough " X264 "-c:a aac",
         "encode video", 100, 44.025, true, "a picture that comes 40 seconds after the sound"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
        check_report(encoding_source(reports[i].name, reports[i].arguments), &reports[i]);
}

static void a_chapter_that_goes_on_behind_the_end_does_not_hold_the_film(void **state)
{
    static const Report report = {NULL, NULL, "remux", 100, 4.04, true, "a chapter of a minute"};
    char chapters[ENCODING_PATH], arguments[ENCODING_PATH * 2];
    (void)state;
    snprintf(chapters, sizeof chapters, "%s/chapters", encoded_folder());
    free(encoded_run("printf ';FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1\\nSTART=2\\nEND=60\\n' > "
                     "'%s'",
                     chapters));
    snprintf(arguments, sizeof arguments,
             FILM TONE "-f ffmetadata -i '%s' -map_metadata 2 " X264 "-c:a aac", chapters);
    check_report(encoding_source("chapter.mkv", arguments), &report);
}

/* The second part has no head, and counts from zero again. */
static void a_studio_that_connects_again_loses_nothing(void **state)
{
    static const Report report = {NULL, NULL, "encode", 200, 8.1, true, "two streams in one FLV"};
    char again[ENCODING_PATH];
    (void)state;
    const char *source = encoding_source("studio.flv", FILM TONE "-c:v flv -c:a libmp3lame");
    snprintf(again, sizeof again, "%s/again.flv", encoded_folder());
    free(encoded_run("(cat '%s'; tail -c +14 '%s') > '%s'", source, source, again));
    Made made = check_report(again, &report);
    unit_check(moment_tone((Moment){made.video, 7}, 440) > -35, "the second part is heard");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_got_wrong_comes_out_right),
        cmocka_unit_test(a_chapter_that_goes_on_behind_the_end_does_not_hold_the_film),
        cmocka_unit_test(a_studio_that_connects_again_loses_nothing),
    };
    return encoding_run("field reports", tests, ARRAY_SIZE(tests), argc, argv);
}
