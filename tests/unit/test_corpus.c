/* The golden table: every video and recording of the corpus, and what must become of it. */
#include <math.h>

#include "tests/unit/alignment.h"
#include "tests/unit/encoding.h"
#include "tests/unit/moments.h"

/* Nothing of this may be in any file of a result. */
static const char *const private_words[] = {
    "com.apple", "location", "iPhone", "Lavf", "Pixel", "SAMSUNG", "ISO6709", "mebx",
};

static void check_privacy(const char *folder)
{
    char path[ENCODING_PATH];
    for (size_t file = 0; file < TRANSFER_FILE_COUNT; file++) {
        snprintf(path, sizeof path, "%s/%s", folder, transfer_file_kinds[file].name);
        for (size_t i = 0; i < ARRAY_SIZE(private_words); i++)
            if (encoded_holds(path, private_words[i]))
                fail_msg("%s holds \"%s\"", path, private_words[i]);
    }
}

static Made make(const char *source)
{
    Made made = {.limit = encoding_allow_copying};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", source, made.error.detail);
    return made;
}

static void check_losses(const Made *made, const char *expected, const char *sentence)
{
    char found[TRANSFER_LOSSES_TEXT_MAX + 1];
    transfer_losses_format(made->result.losses, found);
    if (!streq(found, expected))
        fail_msg("%s: lost are \"%s\" instead of \"%s\"", sentence, found, expected);
}

/* --- videos --- */

typedef struct VideoRow {
    const char *name, *operation;
    int width, height, frames;
    bool audio;
    double duration;
    double likeness; /* tone-mapped pictures and fine patterns differ more */
    const char *matrix;
    bool hdr;
    const char *losses;
    const char *sentence;
} VideoRow;

static const VideoRow videos[] = {
    {"android_4k60_portrait_h264.mp4", "encode video", 1080, 1920, 18, true, 0.31, 0.9, "bt470bg",
     false, "size", "a phone's 4K in full range, held upright"},
    {"canon_mjpeg_pcm.AVI", "encode", 640, 480, 78, true, 2.6, 0.98, "bt470bg", false, "colours",
     "an old camera"},
    {"divx_mpeg4_mp3.avi", "encode", 960, 400, 96, true, 4.09, 0.98, "smpte170m", false, "",
     "an old download"},
    {"fragmented.mp4", "remux", 1080, 720, 30, true, 1.07, 0.98, "bt709", false, "",
     "fragments without a duration"},
    {"hdr10_av1_portrait.mp4", "encode video", 720, 1280, 127, true, 4.24, 0.85, "bt709", true,
     "hdr", "HDR10 in AV1"},
    {"hdr10_hevc_sdr_container.mp4", "encode video", 1920, 1080, 28, true, 1.02, 0.85, "bt709",
     true, "hdr", "a container that hides its HDR"},
    {"hevc_8k.mp4", "encode video", 1920, 1080, 8, true, 0.34, 0.98, "bt709", false, "size", "8K"},
    {"iphone_dolbyvision84_hlg_rot90.MOV", "encode video", 720, 1280, 4, true, 0.13, 0.85, "bt709",
     true, "hdr,dolby_vision,data", "an iPhone's Dolby Vision"},
    {"iphone_dv84_hlg_editlist.mp4", "encode video", 1080, 1920, 77, true, 2.57, 0.85, "bt709",
     true, "hdr,dolby_vision,data", "an edit list that begins between key frames"},
    {"iphone_h264_gps_rot90.mov", "encode video", 320, 568, 120, true, 4.02, 0.98, "bt709", false,
     "data", "an iPhone's place"},
    {"pixel7_h264_rot180_noaudio.mp4", "encode", 1920, 1080, 36, false, 1.21, 0.8, "bt709", false,
     "", "upside down, silent and nearly dark"},
    {"pixel_motionphoto_2xhevc.mp4", "encode", 768, 1024, 58, false, 2.11, 0.98, "bt709", false,
     "picture_track,data", "a motion photo"},
    {"portrait_1080x1440_vfr7fps.mp4", "encode audio", 1080, 1440, 84, true, 11.3, 0.98, "bt709",
     false, "", "seven uneven pictures a second"},
    {"rotate_and_mirror_matrix.mp4", "encode video", 720, 1080, 30, true, 1.07, 0.98, "bt709",
     false, "", "turned and mirrored"},
    {"samsung_sef_slowmotion.mp4", "encode video", 320, 240, 63, true, 2.15, 0.98, "smpte170m",
     false, "", "slow motion"},
    {"sony_a7iii_avchd_interlaced.mts", "encode", 1920, 1080, 13, true, 0.54, 0.95, "bt709", false,
     "fields,data", "interlaced"},
    {"vp9_6ch_vorbis_60fps.webm", "encode", 960, 540, 60, true, 1.01, 0.98, "bt470bg", false,
     "channels", "surround sound"},
    {"vp9_odd_161x121.webm", "encode", 160, 120, 30, false, 1.0, 0.98, "smpte170m", false, "",
     "odd sides"},
};

static void check_colours(const Made *made, const VideoRow *row)
{
    if (!streq(row->operation, "remux") && !streq(row->operation, "encode audio"))
        encoding_entry(made->video, "v:0", "stream=color_space", row->matrix);
    if (!row->hdr)
        return;
    encoding_entry(made->video, "v:0", "stream=color_transfer", "bt709");
    encoding_entry(made->video, "v:0", "stream=color_primaries", "bt709");
}

static void check_sound(const Made *made, const char *source, const VideoRow *row)
{
    unit_check(made->result.has_audio == row->audio, row->sentence);
    if (!row->audio)
        return;
    encoding_entry(made->video, "a:0", "stream=codec_name", "aac");
    unit_check(encoded_number(made->video, "a:0", "stream=channels") <= 2, row->sentence);
    unit_check(encoded_times_grow(made->video, "a:0"), row->sentence);
    double drift = alignment_of_sound(made->video, source);
    if (fabs(drift) >= ALIGNMENT_SOUND_MAX)
        fail_msg("%s: the sound is %.3f s off at the end", row->sentence, drift);
}

static void check_pictures(const Made *made, const char *source, const VideoRow *row)
{
    double turned, moved = alignment_of_pictures(made->video, source);
    unit_check(encoded_number(made->video, "v:0", "stream=nb_frames") == row->frames,
               row->sentence);
    if (moved >= ALIGNMENT_PICTURE_MAX)
        fail_msg("%s: a picture is shown %.4f s off", row->sentence, moved);
    double likeness = encoded_likeness(made->video, source, row->frames / 2, &turned);
    if (likeness < row->likeness || turned < 0.01)
        fail_msg("%s: likeness %f, other orientations %f", row->sentence, likeness, turned);
}

static void check_video(const char *source, const VideoRow *row)
{
    Made made = make(source);
    encoding_check(&made, row->width, row->height);
    if (!streq(made.result.operation, row->operation))
        fail_msg("%s: %s instead of %s", row->sentence, made.result.operation, row->operation);
    check_losses(&made, row->losses, row->sentence);
    unit_check(fabs(made.result.duration - row->duration) < 0.06, row->sentence);
    check_colours(&made, row);
    check_sound(&made, source, row);
    check_pictures(&made, source, row);
    check_privacy(encoded_folder());
}

static void every_phone_and_camera_of_the_corpus_comes_out_right(void **state)
{
    char path[ENCODING_PATH], name[128];
    (void)state;
    if (!encoding_corpus("video", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(videos); i++) {
        snprintf(name, sizeof name, "video/%s", videos[i].name);
        assert_true(encoding_corpus(name, path));
        check_video(path, &videos[i]);
    }
}

/* The end of these is told by something else than a packet's own length, or their order by
 * something else than a packet's time. */
static void ends_and_orders_that_others_got_wrong_come_out_right(void **state)
{
    static const struct {
        const char *name, *operation;
        int frames;
        double seconds; /* of the picture's track */
        const char *sentence;
    } rows[] = {
        {"field/01b_static_tail_30s_sound.mp4", "remux", 60, 30, "sound goes on"},
        {"field/01c_screenrecord_nobf_30s.mp4", "remux", 60, 30, "a still screen"},
        {"field/13_bframes_no_ctts.mp4", "encode", 100, 4, "reordered without times for it"},
        {"field/21b_podcast_still.mp4", "encode video", 1, 60, "one picture beside sound"},
        {"field/21c_slideshow_20s.webm", "encode", 5, 100, "slides"},
    };
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("field", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_true(encoding_corpus(rows[i].name, path));
        Made made = make(path);
        double seconds = encoded_number(made.video, "v:0", "stream=duration");
        double frames = encoded_number(made.video, "v:0", "stream=nb_frames");
        if (!streq(made.result.operation, rows[i].operation))
            fail_msg("%s: %s", rows[i].sentence, made.result.operation);
        if (fabs(seconds - rows[i].seconds) > 0.01 || frames != rows[i].frames)
            fail_msg("%s: %.0f pictures in %f seconds", rows[i].sentence, frames, seconds);
        unit_check(fabs(made.result.duration - rows[i].seconds) < 0.01, rows[i].sentence);
        unit_check(encoding_is_whole(&made.result), rows[i].sentence);
    }
}

/* --- what people have in the field --- */

#define HEARD (-40) /* decibels */

/* Held upright from the third second on: beside the picture is nothing. */
static void check_bars(const char *video)
{
    unit_check(moment_brightness((Moment){video, 5}, 20, 180) < 30, "on the left is a bar");
    unit_check(moment_brightness((Moment){video, 5}, 620, 180) < 30, "and on the right");
    unit_check(moment_brightness((Moment){video, 5}, 320, 180) > 30, "the picture is between");
    unit_check(moment_brightness((Moment){video, 1}, 20, 180) > 30, "and was all there is before");
}

static void check_sphere(const char *video)
{
    encoding_entry(video, "a:0", "stream=channels", "2");
    unit_check(moment_tone((Moment){video, 1}, 440) > HEARD, "the sphere is heard");
}

static void check_both_tones(const char *video)
{
    unit_check(moment_tone((Moment){video, 1}, 440) > HEARD, "one microphone is heard");
    unit_check(moment_tone((Moment){video, 1}, 1000) > HEARD, "and the other");
    unit_check(moment_tone((Moment){video, 1}, 2200) < HEARD - 10, "and nothing else");
}

static void films_of_the_field_come_out_right(void **state)
{
    static const struct {
        const char *name;
        int width, height, frames;
        bool audio, whole;
        double seconds;
        void (*check)(const char *video);
        const char *sentence;
    } rows[] = {
        {"02_resolution_ramp.webm", 1280, 720, 90, false, true, 6, NULL,
         "a call that becomes sharper"},
        {"03_phone_turned.webm", 640, 360, 90, false, false, 6, check_bars,
         "a phone that is turned"},
        {"04_whammy.webm", 320, 180, 30, false, true, 2, NULL, "a page's own WebM"},
        {"07_360_ambisonic.webm", 640, 320, 45, true, false, 3.008, check_sphere,
         "a sphere of sound"},
        {"08_dual_mono.mov", 640, 360, 75, true, true, 3, check_both_tones, "two microphones"},
        {"09_ts_cut_front.ts", 640, 360, 100, true, true, 4.04, NULL, "a stream cut in front"},
        {"16_obs_lossless_utvideo.avi", 320, 180, 30, true, true, 1, NULL, "a lossless capture"},
        {"ft_fixture.mpg", 160, 120, 19, false, true, 1.333, NULL, "MPEG-1 without a container"},
        {"ft_fixture-null.webm", 1920, 1080, 36, false, true, 4.244, NULL,
         "uneven steps of a screen"},
    };
    char path[ENCODING_PATH], name[128];
    (void)state;
    if (!encoding_corpus("field", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        snprintf(name, sizeof name, "field/%s", rows[i].name);
        assert_true(encoding_corpus(name, path));
        Made made = make(path);
        encoding_check(&made, rows[i].width, rows[i].height);
        unit_check(streq(made.result.operation, "encode"), rows[i].sentence);
        unit_check(encoding_is_whole(&made.result) == rows[i].whole, rows[i].sentence);
        unit_check(made.result.has_audio == rows[i].audio, rows[i].sentence);
        unit_check(streq(made.result.title, ""), "the name of a track is no title");
        double seconds = encoded_number(made.video, "v:0", "stream=duration");
        double frames = encoded_number(made.video, "v:0", "stream=nb_frames");
        if (fabs(seconds - rows[i].seconds) > 0.02 || frames != rows[i].frames)
            fail_msg("%s: %.0f pictures in %f seconds", rows[i].sentence, frames, seconds);
        if (rows[i].check)
            rows[i].check(made.video);
    }
}

static void what_cannot_be_decoded_is_refused_in_words(void **state)
{
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("video/dovi_p10_dav1_4k.mp4", path))
        skip();
    encoding_refused(path, "cannot be decoded here");
    assert_true(encoding_corpus("hostile/truncated_moov_at_end.mov", path));
    encoding_refused(path, "The file is incomplete");
    assert_true(encoding_corpus("field/ft_fixture.cr3", path));
    encoding_refused(path, "no video or recording"); /* a photo */
}

/* --- recordings --- */

static const struct {
    const char *name, *operation;
    int sample_rate, channels;
    double duration;
    bool whole;
    const char *sentence;
} recordings[] = {
    {"audio/voicemail_nb.amr", "encode", 8000, 1, 4.36, true, "a voicemail"},
    {"audio/vbr_xing.mp3", "encode", 48000, 2, 2.81, true, "an MP3 of variable rate"},
    {"audio/garbage_prefix.mp3", "encode", 44100, 1, 1.04, false,
     "an MP3 behind 200 kB of garbage"},
    {"audio/voice_8khz_aac.m4a", "remux", 8000, 1, 3.07, true, "a voice at 8 kHz"},
    {"audio/iphone_voicememo_alac.m4a", "encode", 22050, 2, 0, true, "a lossless recording"},
    {"video/two_audio_tracks_ac3_aac.mp4", "encode", 48000, 2, 0.2, false,
     "a video without picture, and one of its two sounds"},
    {"field/06_60ch_resolve.wav", "encode", 8000, 2, 1.0, false, "an editor's sixty channels"},
    {"field/11_voicemail_gsm.wav", "encode", 8000, 1, 4.0, true, "a voicemail in GSM 6.10"},
    {"field/11b_voice.spx", "encode", 16000, 1, 4.0, true, "a voice in Speex"},
    {"field/ft_fixture-id3v2.flac", "encode", 44100, 2, 1.0, true, "notes in front of FLAC"},
};

static void check_recording(const char *source, size_t row)
{
    char sound[ENCODING_PATH];
    Made made = make(source);
    const char *sentence = recordings[row].sentence;
    double duration = recordings[row].duration > 0
                          ? recordings[row].duration
                          : encoded_number(source, "a:0", "stream=duration");
    snprintf(sound, sizeof sound, "%s/%s", encoded_folder(),
             transfer_file_kinds[TRANSFER_AUDIO].name);
    if (!streq(made.result.operation, recordings[row].operation))
        fail_msg("%s: %s", sentence, made.result.operation);
    unit_check(made.result.files[TRANSFER_AUDIO].present, sentence);
    unit_check(!made.result.files[TRANSFER_VIDEO].present, sentence);
    unit_check(!made.result.files[TRANSFER_POSTER].present, sentence);
    unit_check(made.result.files[TRANSFER_WAVEFORM].present, sentence);
    unit_check(made.result.width == 0 && made.result.height == 0, sentence);
    unit_check(made.result.has_audio && encoding_is_whole(&made.result) == recordings[row].whole,
               sentence);
    if (fabs(made.result.duration - duration) > 0.15)
        fail_msg("%s: %.3f s instead of %.3f s", sentence, made.result.duration, duration);
    encoding_entry(sound, "a:0", "stream=codec_name", "aac");
    unit_check(encoded_number(sound, "a:0", "stream=sample_rate") == recordings[row].sample_rate,
               sentence);
    unit_check(encoded_number(sound, "a:0", "stream=channels") == recordings[row].channels,
               sentence);
    unit_check(encoded_starts_fast(sound) && encoded_times_grow(sound, "a:0"), sentence);
    check_privacy(encoded_folder());
}

static void every_recording_of_the_corpus_becomes_playable(void **state)
{
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("audio", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
        assert_true(encoding_corpus(recordings[i].name, path));
        check_recording(path, i);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_phone_and_camera_of_the_corpus_comes_out_right),
        cmocka_unit_test(ends_and_orders_that_others_got_wrong_come_out_right),
        cmocka_unit_test(films_of_the_field_come_out_right),
        cmocka_unit_test(what_cannot_be_decoded_is_refused_in_words),
        cmocka_unit_test(every_recording_of_the_corpus_becomes_playable),
    };
    return encoding_run("corpus", tests, ARRAY_SIZE(tests), argc, argv);
}
