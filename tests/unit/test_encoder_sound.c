#include <math.h>

#include "tests/unit/encoding.h"

#define SINE(rate) "-f lavfi -i \"sine=frequency=440:sample_rate=" #rate ":d=3\" "

static Made record(const char *source)
{
    Made made = {.limit = encoding_allow_copying};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", source, made.error.detail);
    return made;
}

static const char *audio_path(void)
{
    static char path[ENCODING_PATH];
    snprintf(path, sizeof path, "%s/%s", encoded_folder(),
             transfer_file_kinds[TRANSFER_AUDIO].name);
    return path;
}

/* Loudness of a tone's middle second behind a filter, in decibels below full scale. */
static double loudness_behind(const char *path, const char *filter)
{
    _cleanup_free_ char *text = encoded_run(
        "ffmpeg -v info -ss 1 -t 1 -i '%s' -map 0:a:0 -af '%s,volumedetect' -f null - 2>&1", path,
        filter);
    const char *found = strstr(text, "mean_volume: ");
    assert_non_null(found);
    return strtod(found + strlen("mean_volume: "), NULL);
}

static double loudness(const char *path)
{
    return loudness_behind(path, "anull");
}

static void check_recording(const Made *made, int rate, double duration, const char *sentence)
{
    const TransferResult *result = &made->result;
    const char *path = audio_path();
    encoding_entry(path, "a:0", "stream=codec_name", "aac");
    encoding_entry(path, "a:0", "stream=profile", "LC");
    encoding_entry(path, "a:0", "format=nb_streams", "1");
    encoding_entry(path, "a:0", "format_tags=major_brand", "M4A ");
    unit_check(encoded_number(path, "a:0", "stream=sample_rate") == rate, sentence);
    unit_check(encoded_number(path, "a:0", "stream=channels") <= 2, sentence);
    if (fabs(result->duration - duration) > 0.1 ||
        fabs(encoded_number(path, "a:0", "format=duration") - duration) > 0.1)
        fail_msg("%s: %f seconds told", sentence, result->duration);
    unit_check(encoded_starts_fast(path), "the index stands in front");
    unit_check(encoded_times_grow(path, "a:0"), sentence);
    unit_check(!encoded_holds(path, "Secret") && !encoded_holds(path, "Lavf"), sentence);
    unit_check(result->files[TRANSFER_AUDIO].present && !result->files[TRANSFER_VIDEO].present,
               sentence);
    unit_check(result->files[TRANSFER_WAVEFORM].present, "there is a waveform");
    unit_check(!result->files[TRANSFER_POSTER].present, "and no poster");
    unit_check(result->width == 0 && result->height == 0 && result->has_audio, sentence);
    unit_check((result->losses & ~LOSSES(LOSS_CHANNELS)) == 0, sentence);
}

static void every_kind_of_recording_becomes_an_m4a(void **state)
{
    static const struct {
        const char *name, *arguments;
        int rate;
        const char *operation, *sentence;
    } rows[] = {
        {"voice.wav", SINE(44100) "-metadata title=Secret", 44100, "encode", "WAV"},
        {"studio.wav", SINE(96000) "-c:a pcm_s24le", 48000, "encode", "WAV of a studio"},
        {"phone.wav", SINE(8000) "-c:a pcm_mulaw", 8000, "encode", "WAV of a telephone"},
        {"song.mp3", SINE(44100) "-metadata title=Secret", 44100, "encode", "MP3"},
        {"voice.opus", SINE(48000) "-c:a libopus", 48000, "encode", "Opus"},
        {"voice.ogg", SINE(44100) "-c:a libvorbis", 44100, "encode", "Vorbis"},
        {"song.flac", SINE(44100) "-ac 2", 44100, "encode", "FLAC"},
        {"memo.m4a", SINE(22050) "-c:a alac", 22050, "encode", "ALAC"},
        {"voice.aac", SINE(44100) "-c:a aac", 44100, "encode", "bare AAC"},
        {"song.m4a", SINE(44100) "-c:a aac -metadata title=Secret", 44100, "remux", "AAC in M4A"},
        {"call.m4a", SINE(8000) "-c:a aac", 8000, "remux", "a telephone's AAC"},
        {"song.mka", SINE(44100) "-c:a aac", 44100, "remux", "AAC in Matroska"},
        {"cover.m4a",
         SINE(44100) "-f lavfi -i color=red:s=64x64:d=0.04 -map 0 -map 1 -c:v png "
                     "-frames:v 1 -disposition:v attached_pic -c:a aac",
         44100, "remux", "cover art is no video"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        Made made = record(source);
        if (!streq(made.result.operation, rows[i].operation))
            fail_msg("%s: %s", rows[i].sentence, made.result.operation);
        check_recording(&made, rows[i].rate, 3, rows[i].sentence);
        unit_check(fabs(loudness(audio_path()) - loudness(source)) < 1, rows[i].sentence);
    }
}

static void recordings_of_the_corpus_come_out_right(void **state)
{
    static const struct {
        const char *name;
        int rate;
        double duration;
        const char *sentence;
    } rows[] = {
        {"audio/voicemail_nb.amr", 8000, 4.36, "a voicemail"},
        {"audio/vbr_xing.mp3", 48000, 2.81, "MP3 of a varying bit rate"},
        {"audio/voice_8khz_aac.m4a", 8000, 3.07, "a telephone's AAC"},
        {"audio/iphone_voicememo_alac.m4a", 22050, 11.29, "a recorder's ALAC"},
        {"field/06_60ch_resolve.wav", 8000, 1.0, "an editor's sixty channels"},
    };
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("audio", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_true(encoding_corpus(rows[i].name, path));
        Made made = record(path);
        check_recording(&made, rows[i].rate, rows[i].duration, rows[i].sentence);
    }
    assert_true(encoding_corpus("audio/garbage_prefix.mp3", path));
    Made made = record(path);
    encoding_entry(audio_path(), "a:0", "stream=sample_rate", "44100");
    unit_check(made.result.duration < 2, "garbage before the music is not taken for speech");
}

/* The first sound is named the default, and nothing of it can be decoded. */
static void the_next_sound_is_taken_when_the_first_cannot_be_decoded(void **state)
{
    static const struct {
        const char *name, *sounds;
        bool heard, whole;
        const char *sentence;
    } rows[] = {
        {"second.mkv",
         "-map 0 -map 1 -map 1 -c:a:0 flac -c:a:1 aac -ac:a:0 2 -bsf:a:0 noise=amount=1", true,
         false, "the second sound is heard"},
        {"none.mkv", "-map 0 -map 1 -c:a flac -bsf:a noise=amount=1", false, false,
         "without another, the video is made all the same"},
    };
    char arguments[ENCODING_PATH];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        snprintf(arguments, sizeof arguments,
                 "-f lavfi -i testsrc=s=160x120:d=3 " SINE(44100) "-c:v mpeg4 %s", rows[i].sounds);
        Made made = record(encoding_source(rows[i].name, arguments));
        encoding_check(&made, 160, 120);
        unit_check(made.result.has_audio == rows[i].heard, rows[i].sentence);
        unit_check(encoding_is_whole(&made.result) == rows[i].whole, rows[i].sentence);
        if (rows[i].heard)
            unit_check(loudness(made.video) > -30, rows[i].sentence);
    }
    encoding_refused(encoding_source("noise.flac", SINE(44100) "-bsf:a noise=amount=1"),
                     "incomplete or damaged");
}

/* Mixed without care these channels add up to more than twice what a player can play. */
static void surround_is_mixed_within_full_scale(void **state)
{
    (void)state;
    const char *source = encoding_source(
        "loud.wav", SINE(48000) "-af \"volume=16dB,pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0\"");
    Made made = record(source);
    unit_check(made.result.losses == LOSSES(LOSS_CHANNELS), "two of six channels are told");
    double loud = loudness(audio_path());
    if (fabs(loud - loudness(source)) > 0.5)
        fail_msg("full scale becomes a mean of %f dB", loud);
}

#define TONE             "0.125*sin(2765*t)" /* of -21.1 dB */
#define SPEAKERS(values) "-f lavfi -i \"aevalsrc=" values ":s=48000:d=3\" "
#define SPHERE           "-c:a libopus -mapping_family 2"

static void channels_without_a_rule_are_mixed_to_stereo(void **state)
{
    static const struct {
        const char *name, *arguments;
        double left, right; /* decibels; -91: silent */
        const char *sentence;
    } rows[] = {
        {"ten.wav", SINE(48000) "-af \"pan=10C|c3=c0\"", -31.1, -31.1,
         "one of ten microphones is heard"},
        {"loud.wav", SINE(48000) "-af \"volume=18dB,pan=10C|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0\"",
         -3, -3, "loud ones do not exceed full scale"},
        {"back.wav", SPEAKERS("0|0|" TONE ":c=FL+FR+BL"), -22.3, -91, "what is left stays left"},
        {"right.wav", SPEAKERS("0|0|" TONE ":c=FL+FR+SR"), -91, -22.3, "what is right, right"},
        {"sphere.mka", SPEAKERS(TONE "|" TONE "|0|0:c=ambisonic 1") SPHERE, -21.1, -91,
         "a sphere's left is heard left"},
        {"ahead.mka", SPEAKERS(TONE "|0|0|" TONE ":c=ambisonic 1") SPHERE, -27.1, -27.1,
         "what is in front of a sphere is heard on both sides"},
        {"spoken.mka", SPEAKERS("0|0|0|0|0|" TONE ":c=ambisonic 1+stereo") SPHERE, -91, -27.1,
         "and so is what does not turn with the head, where it is"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = record(encoding_source(rows[i].name, rows[i].arguments));
        check_recording(&made, 48000, 3, rows[i].sentence);
        double left = loudness_behind(audio_path(), "pan=mono|c0=c0");
        double right = loudness_behind(audio_path(), "pan=mono|c0=c1");
        if (fabs(left - rows[i].left) > 1 && (rows[i].left > -60 || left > -60))
            fail_msg("%s: %f dB on the left", rows[i].sentence, left);
        if (fabs(right - rows[i].right) > 1 && (rows[i].right > -60 || right > -60))
            fail_msg("%s: %f dB on the right", rows[i].sentence, right);
    }
    encoding_refused(encoding_source("many.wav", "-f s16le -ar 8000 -ac 65 -t 1 -i /dev/zero"),
                     "The sound has 65 channels; up to 64 can be mixed.");
}

static void sound_that_cannot_be_made_does_not_cost_the_picture(void **state)
{
    static const struct {
        const char *name, *sound;
        const char *damage; /* for sed; NULL: none */
        const char *reason, *sentence;
    } rows[] = {
        {"numbers.mkv", "-f lavfi -i aevalsrc=0/0:d=3 -c:a pcm_f32le", NULL,
         "The sound holds values that cannot be encoded.", "values that are no numbers"},
        {"many.mkv", "-f s16le -ar 8000 -ac 65 -t 3 -i /dev/zero -c:a pcm_s16le", NULL,
         "The sound has 65 channels; up to 64 can be mixed.", "too many channels"},
        {"strange.mkv", SINE(44100) "-c:a tta", NULL, "cannot be decoded here (True Audio)",
         "a format that nobody reads"},
        {"nine.avi", SINE(44100) "-ac 2 -c:a adpcm_ms",
         "s/\\x02\\x00\\x02\\x00\\x44\\xac/\\x02\\x00\\x09\\x00\\x44\\xac/",
         "its sound could not be decoded.", "a decoder that does not begin"},
    };
    char arguments[ENCODING_PATH];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (int seen = 0; seen < 2; seen++) {
            snprintf(arguments, sizeof arguments, "%s %s",
                     seen ? "-f lavfi -i testsrc=s=160x120:d=3" : "", rows[i].sound);
            const char *source = encoding_source(rows[i].name, arguments);
            if (rows[i].damage)
                free(encoded_run("LC_ALL=C sed -i '%s' '%s'", rows[i].damage, source));
            if (!seen) {
                encoding_refused(source, rows[i].reason);
                continue;
            }
            Made made = record(source);
            encoding_check(&made, 160, 120);
            unit_check(!made.result.has_audio && !encoding_is_whole(&made.result),
                       rows[i].sentence);
        }
    }
}

#define TONES                                                                                      \
    SINE(44100)                                                                                    \
    "-f lavfi -i sine=frequency=3000:sample_rate=44100:d=3 -f lavfi -i testsrc=s=160x120:d=3 "
#define FILMED TONES "-map 2 -map 0 -map 1 -disposition:a default -c:v mpeg4 "

/* The loudness of the low tone or the high one in a channel. */
static double loudness_of(const char *path, bool low, int channel)
{
    char filter[128];
    const char *pass = low ? "lowpass=1000,lowpass=1000" : "highpass=2000,highpass=2000";
    snprintf(filter, sizeof filter, "pan=mono|c0=c%d,%s", channel, pass);
    return loudness_behind(path, filter);
}

static void check_sides(const char *path, const char *sentence)
{
    encoding_entry(path, "a:0", "stream=channels", "2");
    for (int low = 0; low < 2; low++) {
        double left = loudness_of(path, low, 0), right = loudness_of(path, low, 1);
        double here = low ? left : right, there = low ? right : left;
        if (fabs(here + 21.1) > 2 || there > -45)
            fail_msg("%s: %f dB on the left, %f on the right", sentence, left, right);
    }
}

static void two_microphones_become_left_and_right(void **state)
{
    static const struct {
        const char *name, *arguments;
        double duration;
        const char *sentence;
    } rows[] = {
        {"camera.mov", FILMED "-c:a pcm_s16be", 3, "a camera's two microphones"},
        {"camera.mp4", FILMED "-c:a aac", 3, "two microphones in AAC"},
        {"early.mov", FILMED "-c:a pcm_s16be -filter:a:1 atrim=end=2.3", 3, "one ends early"},
        {"late.mkv", FILMED "-c:a pcm_s16le -filter:a:1 asetpts=PTS+0.8/TB", 3.8,
         "one begins late"},
        {"memo.mka", TONES "-map 0 -map 1 -disposition:a default -c:a flac", 3,
         "a recorder's two microphones"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = record(encoding_source(rows[i].name, rows[i].arguments));
        bool film = made.result.files[TRANSFER_VIDEO].present;
        const char *path = film ? made.video : audio_path();
        check_sides(path, rows[i].sentence);
        unit_check(made.result.has_audio && encoding_is_whole(&made.result), rows[i].sentence);
        unit_check(encoded_times_grow(path, "a:0"), rows[i].sentence);
        unit_check(film || made.result.files[TRANSFER_WAVEFORM].present, "there is a waveform");
        double duration = encoded_number(path, "a:0", "stream=duration");
        if (fabs(duration - rows[i].duration) > 0.1)
            fail_msg("%s: it lasts %f s", rows[i].sentence, duration);
    }
}

/* The played one first; each with the tone it had. */
static void further_sounds_come_along(void **state)
{
    static const struct {
        const char *name, *arguments;
        int sounds, channels; /* tracks, and channels of the first */
        bool high, copied;    /* the tone of the first */
        const char *language; /* of the second */
        TransferLosses losses;
        const char *sentence;
    } rows[] = {
        {"spoken.mov",
         FILMED "-c:a pcm_s16be -metadata:s:a:0 language=eng -metadata:s:a:1 language=ger", 2, 1,
         false, false, "ger", 0, "two languages"},
        {"game.mkv", FILMED "-c:a aac -ac:a:0 2", 2, 2, false, true, "", 0,
         "a game and a voice, copied"},
        {"rates.mov", FILMED "-c:a pcm_s16be -ar:a:1 22050", 2, 1, false, false, "und", 0,
         "two clocks"},
        {"three.mov", FILMED "-map 1 -c:a pcm_s16be", 3, 1, false, false, "und", 0,
         "three microphones"},
        {"choice.mkv", FILMED "-c:a aac -disposition:a:0 0 -disposition:a:1 default", 2, 1, true,
         true, "", 0, "one is offered, one played"},
        {"many.mkv", FILMED "-map 1 -map 1 -map 1 -c:a aac", 4, 1, false, true, "",
         LOSSES(LOSS_SOUND_TRACK), "five are one too many"},
        {"five.mkv", FILMED "-c:a:0 aac -c:a:1 flac -filter:a:1 aformat=cl=5.1", 2, 2, true, true,
         "", LOSSES(LOSS_CHANNELS), "surround beside a voice"},
        {"torn.mkv", FILMED "-c:a:0 aac -ac:a:0 2 -c:a:1 flac -bsf:a:1 noise=amount=1", 1, 2, false,
         true, NULL, LOSSES(LOSS_SOUND_TRACK), "the second cannot be decoded"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.limit = encoding_allow_copying};
        const char *sentence = rows[i].sentence;
        if (!encoding_try(encoding_source(rows[i].name, rows[i].arguments), 1080, &made))
            fail_msg("%s: %s", sentence, made.error.detail);
        unit_check(encoded_number(made.video, "v:0", "format=nb_streams") == 1 + rows[i].sounds,
                   sentence);
        unit_check(encoded_number(made.video, "a:0", "stream=channels") == rows[i].channels,
                   sentence);
        unit_check(loudness_of(made.video, !rows[i].high, 0) > -40, sentence);
        unit_check(made.result.losses == rows[i].losses, sentence);
        unit_check(streq(made.result.operation, "encode") != rows[i].copied, sentence);
        encoding_entry(made.video, "a:0", "stream_disposition=default", "1");
        if (rows[i].language)
            encoding_entry(made.video, "a:1", "stream_disposition=default", "0");
        if (rows[i].language && *rows[i].language)
            encoding_entry(made.video, "a:1", "stream_tags=language", rows[i].language);
    }
}

/* A commentator who begins after a minute must not hold back what has been filmed by then. */
static void a_further_sound_may_begin_late(void **state)
{
    (void)state;
    Made made = record(encoding_source(
        "late.mkv",
        "-f lavfi -i testsrc=s=160x120:r=10:d=40 -f lavfi -i sine=d=40 -itsoffset 35 "
        "-f lavfi -i sine=frequency=3000:d=5 -map 0 -map 1 -map 2 -c:v mpeg4 -c:a flac"));
    encoding_entry(made.video, "a:1", "stream=codec_name", "aac");
    unit_check(made.result.losses == 0, "nothing is lost");
    unit_check(fabs(encoded_number(made.video, "a:1", "stream=duration") - 40) < 0.2,
               "it is where it was");
}

static void two_microphones_of_the_corpus_are_heard(void **state)
{
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("field/08_dual_mono.mov", path))
        skip();
    Made made = record(path);
    unit_check(made.result.has_audio && encoding_is_whole(&made.result),
               "both microphones are there");
    encoding_entry(made.video, "a:0", "stream=channels", "2");
}

static void a_sphere_of_the_corpus_is_heard(void **state)
{
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("field/07_360_ambisonic.webm", path))
        skip();
    Made made = record(path);
    encoding_check(&made, 640, 320);
    unit_check(made.result.has_audio && made.result.losses == LOSSES(LOSS_CHANNELS),
               "a sphere of sound is heard, and is no sphere any more");
    encoding_entry(made.video, "a:0", "stream=channels", "2");
    unit_check(loudness(made.video) > -50, "it is no silence");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_recording_becomes_an_m4a),
        cmocka_unit_test(recordings_of_the_corpus_come_out_right),
        cmocka_unit_test(surround_is_mixed_within_full_scale),
        cmocka_unit_test(channels_without_a_rule_are_mixed_to_stereo),
        cmocka_unit_test(a_sphere_of_the_corpus_is_heard),
        cmocka_unit_test(two_microphones_become_left_and_right),
        cmocka_unit_test(two_microphones_of_the_corpus_are_heard),
        cmocka_unit_test(further_sounds_come_along),
        cmocka_unit_test(a_further_sound_may_begin_late),
        cmocka_unit_test(sound_that_cannot_be_made_does_not_cost_the_picture),
        cmocka_unit_test(the_next_sound_is_taken_when_the_first_cannot_be_decoded),
    };
    return encoding_run("encoder sound", tests, ARRAY_SIZE(tests), argc, argv);
}
