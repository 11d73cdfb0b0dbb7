#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/id.h"
#include "common/zygote.h"
#include "tests/unit/encoded.h"
#include "transcoder/encoder.h"
#include "transcoder/encoder_child.h"
#include "transcoder/encoder_message.h"

#define PATH_SIZE 512

typedef struct Made {
    char video[PATH_SIZE], poster[PATH_SIZE];
    TransferResult result;
    Error error;
    int64_t stop_after_ms; /* 0: never */
    int64_t started_ms;
    int64_t stall_seconds;
    int signal; /* sent to the child after its start; 0: none */
    int calls, last_percent;
} Made;

/* As a decoder ends or hangs that meets bytes it cannot bear, or the system ends it. */
static void signal_child(int number)
{
    char path[80];
    int child;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote_pid(), (int)zygote_pid());
    _cleanup_fclose_ FILE *children = fopen(path, "r");
    assert_non_null(children);
    assert_int_equal(fscanf(children, "%d", &child), 1);
    assert_int_equal(kill(child, number), 0);
}

static bool watch_progress(void *context, int percent)
{
    Made *made = context;
    unit_check(percent >= made->last_percent && percent <= 100, "progress never goes back");
    made->last_percent = percent;
    if (made->signal && made->calls == 1)
        signal_child(made->signal);
    made->calls++;
    return !made->stop_after_ms || clock_monotonic_ms() - made->started_ms < made->stop_after_ms;
}

/* Runs the encoder as a worker would; `made` may tell when to stop. */
static bool encode_with(const char *source, int max_short_side, Made *made)
{
    int files[TRANSFER_FILE_COUNT];
    snprintf(made->video, sizeof made->video, "%s/video.mp4", encoded_folder());
    snprintf(made->poster, sizeof made->poster, "%s/poster.jpg", encoded_folder());
    encoded_open_results(files);
    made->started_ms = clock_monotonic_ms();
    _cleanup_close_ int original = open(source, O_RDONLY | O_CLOEXEC);
    if (original < 0)
        fail_msg("%s could not be opened", source);
    EncoderJob job = {.original_fd = original,
                      .policy = encoded_policy(max_short_side),
                      .progress = watch_progress,
                      .context = made};
    if (made->stall_seconds)
        job.policy.stall_seconds = made->stall_seconds;
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        job.fds[i] = files[i];
    bool done = encoder_run(&job, &made->result, &made->error);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        close(files[i]);
    return done;
}

static Made encode(const char *source)
{
    Made made = {0};
    if (!encode_with(source, 1080, &made))
        fail_msg("%s: %s", source, made.error.detail);
    return made;
}

static void expect_refused(const char *source, const char *reason)
{
    Made made = {0};
    if (encode_with(source, 1080, &made))
        fail_msg("%s was accepted", source);
    assert_int_equal(made.error.code, ERROR_MEDIA);
    if (!strstr(made.error.detail, reason))
        fail_msg("%s was refused with: %s", source, made.error.detail);
}

/* A file made by ffmpeg with these arguments before its name; the path lives until the next call.
 */
static const char *generate(const char *name, const char *arguments)
{
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", encoded_folder(), name);
    free(encoded_run("ffmpeg -v error -y %s '%s' </dev/null", arguments, path));
    return path;
}

static void check_entry(const char *path, const char *stream, const char *entry, const char *wanted)
{
    _cleanup_free_ char *found = encoded_entry(path, stream, entry);
    if (!streq(found, wanted))
        fail_msg("%s of %s is %s and not %s", entry, path, found, wanted);
}

/* What every result must be, wherever it came from. */
static void check_made(const Made *made, int width, int height)
{
    const TransferResult *result = &made->result;
    struct stat status;
    Digest digest;
    check_entry(made->video, "v:0", "stream=codec_name", "h264");
    check_entry(made->video, "v:0", "stream=profile", "High");
    check_entry(made->video, "v:0", "stream=pix_fmt", "yuv420p");
    check_entry(made->video, "v:0", "stream=color_range", "tv");
    check_entry(made->video, "v:0", "stream=sample_aspect_ratio", "1:1");
    unit_check(encoded_number(made->video, "v:0", "stream=width") == width, "the width is right");
    unit_check(encoded_number(made->video, "v:0", "stream=height") == height, "the height too");
    unit_check(result->width == width && result->height == height, "and both are told");
    unit_check(encoded_starts_fast(made->video), "the index stands in front");
    unit_check(encoded_times_grow(made->video, "v:0"), "every picture has a time of its own");
    unit_check(encoded_key_distance(made->video) <= 2.05, "key frames come every two seconds");
    unit_check(fabs(encoded_number(made->video, "v:0", "format=duration") - result->duration) <
                   0.03,
               "the duration told is the file's");
    unit_check(stat(made->video, &status) == 0 &&
                   status.st_size == result->files[TRANSFER_VIDEO].size,
               "the size told is the file's");
    _cleanup_close_ int fd = open(made->video, O_RDONLY | O_CLOEXEC);
    unit_check(digest_file(fd, DIGEST_BLAKE2B, &digest, NULL) &&
                   digest_equal(&digest, &result->files[TRANSFER_VIDEO].digest),
               "and so is the digest");
    unit_check(streq(result->operation, "encode"), "what was done is told");
    unit_check(result->files[TRANSFER_POSTER].present, "there is a poster");
    double ratio = encoded_number(made->poster, "v:0", "stream=width") /
                   encoded_number(made->poster, "v:0", "stream=height");
    unit_check(fabs(ratio / ((double)width / height) - 1) < 0.02, "the poster has the shape");
    check_entry(made->poster, "v:0", "stream=codec_name", "mjpeg");
}

static void generated_pictures_come_out_upright_and_even(void **state)
{
    static const struct {
        const char *name, *arguments;
        int width, height;
        const char *sentence;
    } rows[] = {
        {"odd.mkv", "-f lavfi -i testsrc=s=321x243:d=1 -pix_fmt yuv444p -c:v ffv1", 320, 242,
         "odd sides"},
        {"gopro.mp4", "-f lavfi -i testsrc=s=2704x1520:d=0.3 -c:v libx264 -preset ultrafast", 1920,
         1080, "an action camera's size"},
        {"phone.mp4",
         "-f lavfi -i testsrc=s=2532x1170:d=0.3 -pix_fmt yuv420p -c:v libx264 -preset ultrafast",
         2336, 1080, "a phone's screen"},
        {"ten.mkv", "-f lavfi -i testsrc=s=320x240:d=1 -pix_fmt yuv420p10le -c:v ffv1", 320, 240,
         "ten bits"},
        {"full.avi", "-f lavfi -i testsrc=s=320x240:d=1 -pix_fmt yuvj422p -c:v mjpeg", 320, 240,
         "full range"},
        {"wide.mkv", "-f lavfi -i testsrc=s=360x240:d=1,setsar=4/3 -c:v mpeg4 -q:v 3", 480, 240,
         "wide pixels"},
        {"rgb.mkv", "-f lavfi -i testsrc=s=320x240:d=1 -pix_fmt gbrp -c:v ffv1", 320, 240, "RGB"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        double turned;
        const char *source = generate(rows[i].name, rows[i].arguments);
        Made made = encode(source);
        check_made(&made, rows[i].width, rows[i].height);
        unit_check(!made.result.has_audio, rows[i].sentence);
        unit_check(encoded_likeness(made.video, source, 5, &turned) > 0.98, rows[i].sentence);
        unit_check(turned > 0.05, rows[i].sentence);
    }
}

static void an_uneven_rate_keeps_every_picture_at_its_time(void **state)
{
    (void)state;
    Made made =
        encode(generate("uneven.mkv", "-f lavfi -i testsrc=s=160x120:r=60:d=4 -vf "
                                      "\"select='not(mod(n,7))+not(mod(n,5))'\" -fps_mode vfr "
                                      "-c:v mpeg4 -q:v 4"));
    check_made(&made, 160, 120);
    double source_frames = 0;
    for (int i = 0; i < 240; i++)
        source_frames += i % 7 == 0 || i % 5 == 0;
    unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") == source_frames,
               "no picture is lost and none is doubled");
    check_entry(made.video, "v:0", "stream=start_time", "0.000000");
}

static void a_high_rate_is_halved(void **state)
{
    (void)state;
    Made made = encode(generate("fast.mp4", "-f lavfi -i testsrc=s=160x120:r=120:d=2 "
                                            "-c:v libx264 -preset ultrafast"));
    check_made(&made, 160, 120);
    double frames = encoded_number(made.video, "v:0", "stream=nb_frames");
    unit_check(frames >= 119 && frames <= 124, "120 a second become 60");
}

/* A flash and a tone come at the same moment near the end; where they are in the result. */
static void find_moments(const char *path, double *flash, double *tone)
{
    _cleanup_free_ char *text =
        encoded_run("ffmpeg -v info -i '%s' -vf blackdetect=d=0.1:pix_th=0.3 "
                    "-af silencedetect=n=-30dB:d=0.1 -f null - 2>&1",
                    path);
    const char *light = strstr(text, "black_end:"), *noise = strstr(text, "silence_end: ");
    assert_true(light && noise);
    *flash = strtod(light + strlen("black_end:"), NULL);
    *tone = strtod(noise + strlen("silence_end: "), NULL);
}

#define FLASH                                                                                      \
    "-f lavfi -i \"color=black:s=160x120:r=30:d=40,drawbox=t=fill:c=white:"                        \
    "enable='between(t,35,36)'\" "
#define TONE "-f lavfi -i \"aevalsrc='if(between(t,35,36),sin(2*PI*1000*t),0)':s=44100:d=40\" "

static void picture_and_sound_stay_together_to_the_end(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *sentence;
    } rows[] = {
        {"even.mp4", FLASH TONE "-c:v libx264 -preset ultrafast -c:a aac", "a plain file"},
        {"late.mkv",
         FLASH "-itsoffset 5 " TONE
               "-filter_complex [1:a]asetpts=PTS,atrim=start=10[a] -map 0:v -map [a] "
               "-c:v mpeg4 -c:a pcm_s16le",
         "sound that begins later"},
        {"hole.mkv",
         FLASH TONE "-filter_complex \"[1:a]aselect='not(between(t,10,20))'[a]\" -map 0:v "
                    "-map [a] -c:v mpeg4 -c:a pcm_s16le",
         "sound with a hole in it"},
        {"start.ts", FLASH TONE "-c:v mpeg2video -c:a mp2 -output_ts_offset 100",
         "a clock that begins anywhere"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        double flash, tone, source_flash, source_tone;
        const char *source = generate(rows[i].name, rows[i].arguments);
        find_moments(source, &source_flash, &source_tone);
        Made made = encode(source);
        check_made(&made, 160, 120);
        unit_check(made.result.has_audio, rows[i].sentence);
        find_moments(made.video, &flash, &tone);
        unit_check(fabs(flash - 35) < 0.1, rows[i].sentence);
        if (i != 1)
            unit_check(fabs(tone - flash) < 0.04, rows[i].sentence);
    }
}

static void a_size_that_changes_in_the_middle_is_survived(void **state)
{
    char joined[PATH_SIZE];
    (void)state;
    free(encoded_run(
        "cd '%s' && ffmpeg -v error -y -f lavfi -i testsrc=s=320x240:d=1 -c:v mpeg2video a.ts && "
        "ffmpeg -v error -y -f lavfi -i testsrc=s=640x360:d=1 -c:v mpeg2video "
        "-output_ts_offset 1 b.ts && cat a.ts b.ts > joined.ts",
        encoded_folder()));
    snprintf(joined, sizeof joined, "%s/joined.ts", encoded_folder());
    Made made = encode(joined);
    check_made(&made, 320, 240);
    unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") >= 48,
               "both halves are there");
}

static void a_file_cut_short_is_kept_as_far_as_it_goes(void **state)
{
    char cut[PATH_SIZE];
    (void)state;
    const char *whole =
        generate("whole.mp4", "-f lavfi -i testsrc2=s=320x240:d=8 -c:v libx264 -preset ultrafast "
                              "-movflags +faststart");
    snprintf(cut, sizeof cut, "%s/cut.mp4", encoded_folder());
    free(encoded_run("head -c $(( $(stat -c %%s '%s') / 2 )) '%s' > '%s'", whole, whole, cut));
    Made made = encode(cut);
    check_made(&made, 320, 240);
    unit_check(made.result.duration > 2 && made.result.duration < 6, "about half is left");
    free(encoded_run("head -c 3000 '%s' > '%s.head' && mv '%s.head' '%s'", whole, cut, cut, cut));
    Made nothing = {0};
    unit_check(!encode_with(cut, 1080, &nothing), "a head without pictures is no video");
    assert_int_equal(nothing.error.code, ERROR_MEDIA);
}

static void the_poster_is_neither_black_nor_fading(void **state)
{
    (void)state;
    Made made = encode(generate("dark.mp4", "-f lavfi -i \"testsrc2=s=1920x1080:r=10:d=8,"
                                            "fade=in:st=2:d=2,fade=out:st=6:d=2\" -c:v libx264 "
                                            "-preset ultrafast"));
    check_made(&made, 1920, 1080);
    unit_check(encoded_number(made.poster, "v:0", "stream=width") == 1280, "at most 1280 wide");
    _cleanup_free_ char *full = encoded_run("cp '%s' '%s/kept.jpg' && echo '%s/kept.jpg'",
                                            made.poster, encoded_folder(), encoded_folder());
    full[strcspn(full, "\n")] = '\0';
    Made bright = encode(generate("bright.mp4", "-f lavfi -i testsrc2=s=1920x1080:r=10:d=2 "
                                                "-c:v libx264 -preset ultrafast"));
    unit_check(encoded_brightness(full) > 0.9 * encoded_brightness(bright.poster),
               "the poster is as bright as the picture in full light");
}

static void a_recording_without_words_about_itself(void **state)
{
    (void)state;
    Made made =
        encode(generate("told.mov", "-f lavfi -i testsrc=d=1 -c:v libx264 -preset ultrafast "
                                    "-movflags use_metadata_tags "
                                    "-metadata location=+48.1374+011.5755/ "
                                    "-metadata com.apple.quicktime.location.ISO6709=+48.1374 "
                                    "-metadata title=Secret -metadata comment=Hidden"));
    static const char *const words[] = {"48.1374", "Secret", "Hidden", "ISO6709", "Lavf"};
    check_made(&made, 320, 240);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        unit_check(!encoded_holds(made.video, words[i]), words[i]);
        unit_check(!encoded_holds(made.poster, words[i]), words[i]);
    }
}

static void what_is_no_video_is_refused_in_words(void **state)
{
    (void)state;
    expect_refused(generate("tone.m4a", "-f lavfi -i sine=d=1 -c:a aac"), "no moving picture");
    expect_refused(generate("clock.mkv", "-f lavfi -i testsrc=s=160x120:r=1:d=20 "
                                         "-vf settb=1/1000,setpts=N*3000000 -fps_mode vfr "
                                         "-c:v mpeg4"),
                   "longer than 12 hours");
    char text[PATH_SIZE];
    snprintf(text, sizeof text, "%s/text.mp4", encoded_folder());
    free(encoded_run("echo 'no video at all' > '%s'", text));
    expect_refused(text, "no video or recording");
    free(encoded_run(": > '%s'", text));
    expect_refused(text, "empty");
    free(encoded_run("printf '#EXTM3U\\n#EXTINF:1,\\nfile:///etc/passwd\\n' > '%s'", text));
    expect_refused(text, "no video or recording");
    free(encoded_run("printf 'ffconcat version 1.0\\nfile /etc/passwd\\n' > '%s'", text));
    expect_refused(text, "no video or recording");
}

static void calling_off_stops_at_once(void **state)
{
    (void)state;
    Made made = {.stop_after_ms = 1};
    const char *source = generate("long.mp4", "-f lavfi -i testsrc2=s=1280x720:d=20 -c:v libx264 "
                                              "-preset ultrafast");
    unit_check(!encode_with(source, 1080, &made), "it does not succeed");
    assert_int_equal(made.error.code, ERROR_CANCELLED);
    unit_check(clock_monotonic_ms() - made.started_ms < 3000, "and does not take long");
}

static void a_child_that_ends_or_hangs_fails_its_file_only(void **state)
{
    static const struct {
        int signal;
        ErrorCode code;
        const char *detail;
    } rows[] = {
        {SIGSEGV, ERROR_MEDIA, "The video could not be read: the decoder crashed."},
        {SIGKILL, ERROR_INTERNAL,
         "The encoder was ended from outside, perhaps for lack of memory."},
        {SIGSTOP, ERROR_MEDIA, "The video could not be read: the decoder got stuck."},
    };
    (void)state;
    const char *source = generate("crash.mp4", "-f lavfi -i testsrc2=s=1280x720:d=20 -c:v libx264 "
                                               "-preset ultrafast");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.signal = rows[i].signal, .stall_seconds = rows[i].signal == SIGSTOP ? 2 : 0};
        unit_check(!encode_with(source, 1080, &made), rows[i].detail);
        unit_check(made.error.code == rows[i].code, rows[i].detail);
        assert_string_equal(made.error.detail, rows[i].detail);
    }
}

/* Reading a folder fails like a disk does. */
static void an_original_that_cannot_be_read_is_not_called_damaged(void **state)
{
    Made made = {0};
    (void)state;
    unit_check(!encode_with(encoded_folder(), 1080, &made), "a failing disk fails the encode");
    assert_int_equal(made.error.code, ERROR_IO);
    unit_check(strstr(made.error.detail, "The original could not be read"), made.error.detail);
}

static void what_is_not_whole_is_told(void **state)
{
    static const struct {
        const char *name, *arguments;
        int kept; /* percent of the file */
        bool whole;
        const char *sentence;
    } rows[] = {
        {"well.mp4", "-f lavfi -i testsrc2=d=20 -f lavfi -i sine=d=20 -c:a aac", 100, true,
         "a sound file is whole"},
        {"short.mkv", "-f lavfi -i testsrc2=d=20 -f lavfi -i sine=d=18 -c:a aac", 100, true,
         "sound that ends earlier is all there"},
        {"tail.mkv", "-f lavfi -i testsrc2=d=20 -c:v mpeg4", 80, false, "a lost end is told"},
        {"mute.mkv",
         "-f lavfi -i testsrc2=d=3 -f lavfi -i sine=d=3 -c:v mpeg4 -c:a flac "
         "-bsf:a noise=amount=1",
         100, false, "sound of which nothing can be decoded is told"},
        {"holes.mkv", "-f lavfi -i testsrc2=d=10 -c:v libx264 -bsf:v noise=amount=20000", 100,
         false, "so are damaged pictures"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = generate(rows[i].name, rows[i].arguments);
        free(encoded_run("truncate -s $(( $(stat -c %%s '%s') * %d / 100 )) '%s'", source,
                         rows[i].kept, source));
        Made made = encode(source);
        unit_check(made.result.whole == rows[i].whole, rows[i].sentence);
    }
}

static void sound_may_begin_late_in_a_container_whose_clock_jumps(void **state)
{
    (void)state;
    Made made = encode(generate("late.ts", "-f lavfi -i testsrc=s=160x120:d=30 -itsoffset 20 "
                                           "-f lavfi -i sine=d=10 -c:v mpeg2video -c:a mp2"));
    check_made(&made, 160, 120);
    unit_check(fabs(made.result.duration - 30) < 0.5, "no second of the picture is lost");
}

static bool corpus_path(const char *name, char path[PATH_SIZE])
{
    const char *corpus = getenv("REELKEEP_CORPUS");
    snprintf(path, PATH_SIZE, "%s/%s", corpus && *corpus ? corpus : "../shared/corpus", name);
    return access(path, R_OK) == 0;
}

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
    Made made = encode(source);
    check_made(&made, corpus[row].width, corpus[row].height);
    check_entry(made.video, "v:0", "stream=color_space", corpus[row].matrix);
    unit_check(made.result.has_audio == corpus[row].audio, corpus[row].sentence);
    unit_check(made.result.whole, corpus[row].sentence);
    unit_check(fabs(made.result.duration - corpus[row].duration) < 0.06, corpus[row].sentence);
    unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") == corpus[row].frames,
               corpus[row].sentence);
    if (corpus[row].audio) {
        check_entry(made.video, "a:0", "stream=codec_name", "aac");
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
    char path[PATH_SIZE], name[128];
    (void)state;
    if (!corpus_path("video", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(corpus); i++) {
        snprintf(name, sizeof name, "video/%s", corpus[i].name);
        assert_true(corpus_path(name, path));
        check_corpus_file(path, i);
    }
    assert_true(corpus_path("video/dovi_p10_dav1_4k.mp4", path));
    expect_refused(path, "cannot be decoded here");
    assert_true(corpus_path("video/two_audio_tracks_ac3_aac.mp4", path));
    expect_refused(path, "sound but no moving picture");
    assert_true(corpus_path("hostile/truncated_moov_at_end.mov", path));
    expect_refused(path, "damaged or incomplete");
}

static void hostile_files_end_in_a_sentence_or_a_sound_video(void **state)
{
    char path[PATH_SIZE], name[300];
    (void)state;
    if (!corpus_path("hostile", path))
        skip();
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        Made made = {.stop_after_ms = 4000};
        snprintf(name, sizeof name, "hostile/%s", entry->d_name);
        if (entry->d_name[0] == '.' || !corpus_path(name, path))
            continue;
        if (encode_with(path, 480, &made)) {
            unit_check(encoded_starts_fast(made.video), name);
            unit_check(!encoded_holds(made.video, "root:"), name);
        } else {
            unit_check(made.error.detail[0] != '\0', name);
            unit_check(made.error.code == ERROR_MEDIA || made.error.code == ERROR_CANCELLED, name);
        }
    }
    closedir(folder);
}

static int clean(void **state)
{
    (void)state;
    encoded_cleanup();
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_pictures_come_out_upright_and_even),
        cmocka_unit_test(an_uneven_rate_keeps_every_picture_at_its_time),
        cmocka_unit_test(a_high_rate_is_halved),
        cmocka_unit_test(picture_and_sound_stay_together_to_the_end),
        cmocka_unit_test(a_size_that_changes_in_the_middle_is_survived),
        cmocka_unit_test(a_file_cut_short_is_kept_as_far_as_it_goes),
        cmocka_unit_test(the_poster_is_neither_black_nor_fading),
        cmocka_unit_test(a_recording_without_words_about_itself),
        cmocka_unit_test(what_is_no_video_is_refused_in_words),
        cmocka_unit_test(calling_off_stops_at_once),
        cmocka_unit_test(a_child_that_ends_or_hangs_fails_its_file_only),
        cmocka_unit_test(an_original_that_cannot_be_read_is_not_called_damaged),
        cmocka_unit_test(what_is_not_whole_is_told),
        cmocka_unit_test(sound_may_begin_late_in_a_container_whose_clock_jumps),
        cmocka_unit_test(every_phone_and_camera_of_the_corpus_comes_out_right),
        cmocka_unit_test(hostile_files_end_in_a_sentence_or_a_sound_video),
    };
    static const ZygoteTask tasks[] = {{ENCODER_CHILD_COMMAND, encoder_child_main}, {0}};
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(tasks);
    id_init();
    if (!zygote_start(NULL))
        return EXIT_FAILURE;
    int failed = cmocka_run_group_tests_name("encoder", tests, NULL, clean);
    zygote_stop();
    return failed;
}
