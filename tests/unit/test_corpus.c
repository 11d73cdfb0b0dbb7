#include <dirent.h>
#include <math.h>

#include "tests/unit/encoding.h"

static const struct {
    const char *name;
    int width, height, frames;
    bool audio;
    double duration;
    double likeness; /* tone-mapped pictures and fine patterns differ more */
    const char *matrix;
    const char *sentence;
} corpus[] = {
    {"android_4k60_portrait_h264.mp4", 1080, 1920, 18, true, 0.31, 0.9, "bt470bg",
     "a phone's 4K in full range, held upright"},
    {"canon_mjpeg_pcm.AVI", 640, 480, 78, true, 2.6, 0.98, "bt470bg", "an old camera"},
    {"divx_mpeg4_mp3.avi", 960, 400, 96, true, 4.09, 0.98, "smpte170m", "an old download"},
    {"fragmented.mp4", 1080, 720, 30, true, 1.07, 0.98, "bt709", "fragments without a duration"},
    {"hdr10_av1_portrait.mp4", 720, 1280, 127, true, 4.24, 0.85, "bt709", "HDR10 in AV1"},
    {"hdr10_hevc_sdr_container.mp4", 1920, 1080, 28, true, 1.02, 0.85, "bt709",
     "a container that hides its HDR"},
    {"hevc_8k.mp4", 1920, 1080, 8, true, 0.34, 0.98, "bt709", "8K"},
    {"iphone_dolbyvision84_hlg_rot90.MOV", 720, 1280, 4, true, 0.13, 0.85, "bt709",
     "an iPhone's Dolby Vision"},
    {"iphone_dv84_hlg_editlist.mp4", 1080, 1920, 77, true, 2.57, 0.85, "bt709",
     "an edit list that begins between key frames"},
    {"iphone_h264_gps_rot90.mov", 320, 568, 120, true, 4.02, 0.98, "bt709", "an iPhone's place"},
    {"pixel7_h264_rot180_noaudio.mp4", 1920, 1080, 36, false, 1.21, 0.8, "bt709",
     "upside down, silent and nearly dark"},
    {"pixel_motionphoto_2xhevc.mp4", 768, 1024, 58, false, 2.11, 0.98, "bt709", "a motion photo"},
    {"portrait_1080x1440_vfr7fps.mp4", 1080, 1440, 84, true, 11.3, 0.98, "bt709",
     "seven uneven pictures a second"},
    {"rotate_and_mirror_matrix.mp4", 720, 1080, 30, true, 1.07, 0.98, "bt709",
     "turned and mirrored"},
    {"samsung_sef_slowmotion.mp4", 320, 240, 63, true, 2.15, 0.98, "smpte170m", "slow motion"},
    {"sony_a7iii_avchd_interlaced.mts", 1920, 1080, 13, true, 0.54, 0.95, "bt709", "interlaced"},
    {"vp9_6ch_vorbis_60fps.webm", 960, 540, 60, true, 1.01, 0.98, "bt470bg", "surround sound"},
    {"vp9_odd_161x121.webm", 160, 120, 30, false, 1.0, 0.98, "smpte170m", "odd sides"},
};

static void check_corpus_file(const char *source, size_t row)
{
    static const char *const words[] = {"com.apple", "location", "iPhone", "Lavf"};
    double turned;
    Made made = encoding_make(source);
    encoding_check(&made, corpus[row].width, corpus[row].height);
    encoding_entry(made.video, "v:0", "stream=color_space", corpus[row].matrix);
    unit_check(made.result.has_audio == corpus[row].audio, corpus[row].sentence);
    unit_check(made.result.whole, corpus[row].sentence);
    unit_check(fabs(made.result.duration - corpus[row].duration) < 0.06, corpus[row].sentence);
    unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") == corpus[row].frames,
               corpus[row].sentence);
    if (corpus[row].audio) {
        encoding_entry(made.video, "a:0", "stream=codec_name", "aac");
        unit_check(encoded_number(made.video, "a:0", "stream=channels") <= 2, corpus[row].sentence);
        unit_check(encoded_times_grow(made.video, "a:0"), corpus[row].sentence);
    }
    double likeness = encoded_likeness(made.video, source, corpus[row].frames / 2, &turned);
    if (likeness < corpus[row].likeness || turned < 0.01)
        fail_msg("%s: likeness %f, other orientations %f", corpus[row].sentence, likeness, turned);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        unit_check(!encoded_holds(made.video, words[i]), words[i]);
}

static void every_phone_and_camera_of_the_corpus_comes_out_right(void **state)
{
    char path[ENCODING_PATH], name[128];
    (void)state;
    if (!encoding_corpus("video", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(corpus); i++) {
        snprintf(name, sizeof name, "video/%s", corpus[i].name);
        assert_true(encoding_corpus(name, path));
        check_corpus_file(path, i);
    }
    assert_true(encoding_corpus("video/dovi_p10_dav1_4k.mp4", path));
    encoding_refused(path, "cannot be decoded here");
    assert_true(encoding_corpus("hostile/truncated_moov_at_end.mov", path));
    encoding_refused(path, "damaged or incomplete");
}

static void hostile_files_end_in_a_sentence_or_a_sound_video(void **state)
{
    char path[ENCODING_PATH], name[300];
    (void)state;
    if (!encoding_corpus("hostile", path))
        skip();
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        Made made = {.stop_after_ms = 4000};
        snprintf(name, sizeof name, "hostile/%s", entry->d_name);
        if (entry->d_name[0] == '.' || !encoding_corpus(name, path))
            continue;
        if (encoding_try(path, 480, &made)) {
            unit_check(encoded_starts_fast(made.video), name);
            unit_check(!encoded_holds(made.video, "root:"), name);
        } else {
            unit_check(made.error.detail[0] != '\0', name);
            unit_check(made.error.code == ERROR_MEDIA || made.error.code == ERROR_CANCELLED, name);
        }
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_phone_and_camera_of_the_corpus_comes_out_right),
        cmocka_unit_test(hostile_files_end_in_a_sentence_or_a_sound_video),
    };
    return encoding_run("corpus", tests, ARRAY_SIZE(tests), argc, argv);
}
