/* The waveform of a recording as the whole encoder makes it, whether the sound is copied or not. */
#include "tests/unit/encoding.h"

#include <fcntl.h>
#include <math.h>

#include "common/base/json.h"

/* Ten seconds: loud, silent from 4 to 6, half as loud from 8 on. */
#define STEPS(rate)                                                                                \
    "-f lavfi -i \"aevalsrc='sin(2*PI*300*t)*(lt(t,4)+between(t,6,8)+0.5*gt(t,8))':s=" rate        \
    ":d=10\" "

static json_t *read_waveform(void)
{
    Error error = {0};
    _cleanup_free_ char *text =
        encoded_run("cat '%s/%s'", encoded_folder(), transfer_file_kinds[TRANSFER_WAVEFORM].name);
    json_t *value = json_parse_object(text, strlen(text), &error);
    if (!value)
        fail_msg("%s", error.detail);
    return value;
}

static int64_t number(const json_t *value, const char *field)
{
    int64_t out = -1;
    assert_true(json_get_integer(value, field, &out, NULL));
    return out;
}

static int peak(const json_t *value, size_t index)
{
    return (int)json_integer_value(json_array_get(json_object_get(value, "data"), index));
}

static double expected_at(double seconds)
{
    if (seconds < 4 || (seconds > 6 && seconds < 8))
        return 1;
    return seconds < 6 ? 0 : 0.5;
}

/* Encoders smear a step, so its neighbourhood is not looked at. */
static bool near_a_step(double seconds)
{
    const double steps[] = {0, 4, 6, 8, 10};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        if (fabs(seconds - steps[i]) < 0.15)
            return true;
    return false;
}

static void check_steps(const json_t *value, double loudness, const char *sentence)
{
    size_t length = (size_t)number(value, "length");
    double each = (double)number(value, "samples_per_pixel") / (double)number(value, "sample_rate");
    unit_check(length >= 400 && length <= 800, sentence);
    unit_check(fabs((double)length * each - 10) < 0.2, sentence);
    for (size_t i = 0; i < length; i++) {
        double seconds = ((double)i + 0.5) * each;
        double expected = expected_at(seconds) * loudness * 128;
        if (near_a_step(seconds))
            continue;
        if (fabs(peak(value, 2 * i + 1) - expected) > 16 ||
            fabs(peak(value, 2 * i) + expected) > 16)
            fail_msg("%s: at %.2f s from %d to %d, not %.0f", sentence, seconds, peak(value, 2 * i),
                     peak(value, 2 * i + 1), expected);
    }
}

static void a_recording_has_a_waveform(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *operation;
        double loudness;
        const char *sentence;
    } rows[] = {
        {"memo.wav", STEPS("44100") "-c:a pcm_s16le", "encode", 1, "a plain recording"},
        {"memo.mp3", STEPS("44100") "-c:a libmp3lame", "encode", 1, "MP3"},
        {"memo.flac", STEPS("96000") "-c:a flac", "encode", 1, "more samples than are kept"},
        {"phone.wav", STEPS("8000") "-c:a pcm_alaw", "encode", 1, "a telephone's"},
        {"left.wav", STEPS("48000") "-af \"pan=stereo|c0=c0|c1=0*c0\" -c:a pcm_s16le", "encode",
         0.5, "one side of two"},
        {"memo.m4a", STEPS("44100") "-c:a aac", "remux", 1, "sound that is copied"},
        {"both.wav", STEPS("48000") "-af \"pan=stereo|c0=c0|c1=c0\" -c:a pcm_s16le", "encode", 1,
         "both sides alike"},
        {"stereo.m4a", STEPS("48000") "-af \"pan=stereo|c0=c0|c1=c0\" -c:a aac", "remux", 1,
         "copied stereo"},
        {"six.flac", STEPS("48000") "-af \"pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0\" -c:a flac",
         "encode", 1, "all sides alike"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.limit = encoding_allow_copying};
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        unit_check(encoding_try(source, 1080, &made), made.error.detail);
        unit_check(streq(made.result.operation, rows[i].operation), rows[i].sentence);
        unit_check(made.result.files[TRANSFER_WAVEFORM].present, rows[i].sentence);
        unit_check(!made.result.files[TRANSFER_POSTER].present &&
                       !made.result.files[TRANSFER_STORYBOARD].present && !made.result.thumbhash[0],
                   "nothing else goes with it");
        _cleanup_json_ json_t *value = read_waveform();
        check_steps(value, rows[i].loudness, rows[i].sentence);
    }
}

static void a_gap_is_silence_in_the_waveform_too(void **state)
{
    (void)state;
    Made made = encoding_make(
        encoding_source("gap.mka", "-f lavfi -i \"aevalsrc='sin(2*PI*300*t)*(lt(t,8)+0.5*gt(t,8))':"
                                   "s=44100:d=10\" -af \"aselect='not(between(t,4,6))'\" "
                                   "-c:a pcm_s16le"));
    unit_check(made.result.files[TRANSFER_WAVEFORM].present, "there is a waveform");
    _cleanup_json_ json_t *value = read_waveform();
    check_steps(value, 1, "a gap");
}

static void a_video_has_none(void **state)
{
    (void)state;
    Made made = encoding_make(
        encoding_source("film.mp4", "-f lavfi -i testsrc=d=2 " STEPS("44100") "-t 2 -c:a aac"));
    unit_check(made.result.has_audio && !made.result.files[TRANSFER_WAVEFORM].present,
               "a video's sound is not drawn");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_has_a_waveform),
        cmocka_unit_test(a_gap_is_silence_in_the_waveform_too),
        cmocka_unit_test(a_video_has_none),
    };
    return encoding_run("listener", tests, ARRAY_SIZE(tests), argc, argv);
}
