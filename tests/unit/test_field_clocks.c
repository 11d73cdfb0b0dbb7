/*
 * Clocks as they are in the field: recordings joined end to end, set back, turned over, far from
 * zero, or told wrong by the file's head. All that was recorded is shown and heard in its order,
 * picture and sound together; what is lost all the same is told.
 */
#include <fcntl.h>
#include <math.h>

#include "tests/unit/encoding.h"
#include "tests/unit/moments.h"

#define LOUD  (-30) /* decibels: the tones of ffmpeg's sine are of -21 */
#define QUIET (-40)

/* White and a low tone, or black and a high one, two seconds long. */
#define FIRST  "-f lavfi -i color=white:s=320x180:r=25:d=2 -f lavfi -i sine=f=440:r=48000:d=2 "
#define SECOND "-f lavfi -i color=black:s=320x180:r=25:d=2 -f lavfi -i sine=f=2500:r=48000:d=2 "
#define MPEG2  "-c:v mpeg2video -c:a mp2 "
#define X264   "-c:v libx264 -preset ultrafast -pix_fmt yuv420p "

static Made make(const char *source, const char *sentence)
{
    Made made = {.limit = encoding_allow_copying};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", sentence, made.error.detail);
    return made;
}

static const char *result_of(const Made *made)
{
    static char path[ENCODING_PATH];
    TransferFile which =
        made->result.files[TRANSFER_VIDEO].present ? TRANSFER_VIDEO : TRANSFER_AUDIO;
    snprintf(path, sizeof path, "%s/%s", encoded_folder(), transfer_file_kinds[which].name);
    return path;
}

/* Two files of one kind, byte by byte behind each other. */
static const char *joined(const char *kind, const char *first, const char *second)
{
    static char path[ENCODING_PATH];
    char one[ENCODING_PATH], name[40];
    snprintf(name, sizeof name, "one.%s", kind);
    assert_true(base_copy(one, sizeof one, encoding_source(name, first)));
    snprintf(name, sizeof name, "two.%s", kind);
    const char *two = encoding_source(name, second);
    snprintf(path, sizeof path, "%s/joined.%s", encoded_folder(), kind);
    free(encoded_run("cat '%s' '%s' > '%s'", one, two, path));
    return path;
}

static void check_length(const Made *made, double seconds, const char *sentence)
{
    double told = encoded_number(result_of(made), "a:0", "format=duration");
    if (fabs(made->result.duration - seconds) > 0.15 || fabs(told - seconds) > 0.15)
        fail_msg("%s: %f seconds, told as %f", sentence, told, made->result.duration);
}

/* Each half is where it belongs, seen and heard. */
static void check_halves(const Made *made, const char *sentence)
{
    const char *path = result_of(made);
    double low[] = {moment_tone((Moment){path, 1}, 440), moment_tone((Moment){path, 3}, 440)};
    double high[] = {moment_tone((Moment){path, 1}, 2500), moment_tone((Moment){path, 3}, 2500)};
    if (low[0] < LOUD || high[0] > QUIET || low[1] > QUIET || high[1] < LOUD)
        fail_msg("%s: the tones are of %f and %f dB, then of %f and %f", sentence, low[0], high[0],
                 low[1], high[1]);
    if (!made->result.files[TRANSFER_VIDEO].present)
        return;
    unit_check(moment_brightness((Moment){path, 1}, 160, 90) > 200, sentence);
    unit_check(moment_brightness((Moment){path, 3}, 160, 90) < 50, sentence);
}

static void recordings_joined_end_to_end_are_all_there(void **state)
{
    static const struct {
        const char *kind, *first, *second, *sentence;
    } rows[] = {
        {"ts", FIRST MPEG2, SECOND MPEG2, "a transport stream whose clock is set back"},
        {"ts", FIRST MPEG2 "-output_ts_offset 300", SECOND MPEG2, "one set back by minutes"},
        {"ts", FIRST MPEG2, SECOND MPEG2 "-output_ts_offset 300", "one set forward"},
        {"mpg", FIRST MPEG2, SECOND MPEG2, "a programme stream"},
        {"ts", FIRST X264 "-c:a aac -ac 2", SECOND X264 "-c:a aac -ac 1 -ar 44100",
         "sound that changes its rate and its channels"},
        {"ogg", "-f lavfi -i sine=f=440:r=48000:d=2 -c:a libopus",
         "-f lavfi -i sine=f=2500:r=48000:d=2 -c:a libopus -ac 2", "chained Opus"},
        {"ogg", "-f lavfi -i sine=f=440:d=2 -c:a libvorbis -ac 2",
         "-f lavfi -i sine=f=2500:d=2 -c:a libvorbis -ac 2", "chained Vorbis"},
        {"mp3", "-f lavfi -i sine=f=440:d=2 -c:a libmp3lame",
         "-f lavfi -i sine=f=2500:d=2 -c:a libmp3lame -ac 2 -ar 48000", "two MP3 files"},
        {"aac", "-f lavfi -i sine=f=440:d=2 -c:a aac",
         "-f lavfi -i sine=f=2500:d=2 -c:a aac -ac 2 -ar 48000", "two AAC files"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = joined(rows[i].kind, rows[i].first, rows[i].second);
        Made made = make(source, rows[i].sentence);
        check_length(&made, 4, rows[i].sentence);
        check_halves(&made, rows[i].sentence);
        bool film = made.result.files[TRANSFER_VIDEO].present;
        unit_check(!film || encoding_is_whole(&made.result), rows[i].sentence);
    }
}

/* The second half begins before the first one has ended: only one of them can be heard. */
static void sounds_at_one_time_are_told_as_a_loss(void **state)
{
    static const struct {
        const char *first, *second, *sentence;
    } rows[] = {
        {"-f lavfi -i sine=f=440:r=48000:d=2 -c:a mp2",
         "-f lavfi -i sine=f=2500:r=48000:d=2 -c:a mp2 -output_ts_offset 1.75", "sound alone"},
        {FIRST MPEG2, SECOND MPEG2 "-output_ts_offset 1.75", "pictures and sound"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = make(joined("ts", rows[i].first, rows[i].second), rows[i].sentence);
        check_length(&made, 3.75, rows[i].sentence);
        unit_check(!encoding_is_whole(&made.result), rows[i].sentence);
    }
}

/* The result is made for the first sound. */
static void sound_that_becomes_more_is_told_as_a_loss(void **state)
{
    static const struct {
        const char *first, *second, *sentence;
    } rows[] = {
        {FIRST X264 "-c:a aac -ac 1", SECOND X264 "-c:a aac -ac 2", "one channel, then two"},
        {FIRST MPEG2 "-ar 16000", SECOND MPEG2, "a call, then a concert"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = make(joined("ts", rows[i].first, rows[i].second), rows[i].sentence);
        check_length(&made, 4, rows[i].sentence);
        check_halves(&made, rows[i].sentence);
        unit_check(!encoding_is_whole(&made.result), rows[i].sentence);
    }
}

/* As writers make them whose clock stands still. */
static void pictures_at_one_time_are_told_as_a_loss(void **state)
{
    (void)state;
    Made made = make(encoding_source("still.mkv", FIRST MPEG2 "-an -bsf:v setts=ts=0"),
                     "pictures all at one time");
    unit_check(made.result.losses == LOSSES(LOSS_DAMAGED), "only one of them is shown");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recordings_joined_end_to_end_are_all_there),
        cmocka_unit_test(pictures_at_one_time_are_told_as_a_loss),
        cmocka_unit_test(sounds_at_one_time_are_told_as_a_loss),
        cmocka_unit_test(sound_that_becomes_more_is_told_as_a_loss),
    };
    return encoding_run("field clocks", tests, ARRAY_SIZE(tests), argc, argv);
}
