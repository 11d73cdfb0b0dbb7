#include <math.h>
#include <signal.h>

#include "common/base/clock.h"
#include "tests/unit/encoding.h"

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
        {"crop.mkv",
         "-f lavfi -i testsrc=s=304x208:d=1 -pix_fmt yuv420p -c:v libx264 -preset ultrafast "
         "-bsf:v h264_metadata=crop_left=2:crop_right=2:crop_top=2:crop_bottom=6",
         300, 200, "a picture that begins inside a larger one"},
        {"crop.mp4",
         "-f lavfi -i testsrc=s=304x208:d=1 -pix_fmt yuv420p -c:v libx265 -preset ultrafast "
         "-x265-params log-level=none -bsf:v hevc_metadata=crop_left=6:crop_right=2",
         296, 208, "the same in another codec"},
        {"rgb.mkv", "-f lavfi -i testsrc=s=320x240:d=1 -pix_fmt gbrp -c:v ffv1", 320, 240, "RGB"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        double turned;
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        Made made = encoding_make(source);
        encoding_check(&made, rows[i].width, rows[i].height);
        unit_check(!made.result.has_audio, rows[i].sentence);
        unit_check(encoded_likeness(made.video, source, 5, &turned) > 0.98, rows[i].sentence);
        unit_check(turned > 0.05, rows[i].sentence);
    }
}

static void an_uneven_rate_keeps_every_picture_at_its_time(void **state)
{
    (void)state;
    Made made = encoding_make(
        encoding_source("uneven.mkv", "-f lavfi -i testsrc=s=160x120:r=60:d=4 -vf "
                                      "\"select='not(mod(n,7))+not(mod(n,5))'\" -fps_mode vfr "
                                      "-c:v mpeg4 -q:v 4"));
    encoding_check(&made, 160, 120);
    double source_frames = 0;
    for (int i = 0; i < 240; i++)
        source_frames += i % 7 == 0 || i % 5 == 0;
    unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") == source_frames,
               "no picture is lost and none is doubled");
    encoding_entry(made.video, "v:0", "stream=start_time", "0.000000");
}

/* Seconds of the longest and the shortest step from one picture to the next. */
static void find_steps(const char *path, double *longest, double *shortest)
{
    _cleanup_free_ char *text = encoded_run("ffprobe -v error -select_streams v:0 -show_entries "
                                            "packet=pts_time -of csv=p=0 '%s' | sort -n",
                                            path);
    char *rest = text;
    double last = strtod(rest, &rest);
    *longest = 0;
    *shortest = INFINITY;
    for (rest += strspn(rest, "\n"); *rest; rest += strspn(rest, "\n")) {
        double time = strtod(rest, &rest);
        *longest = fmax(*longest, time - last);
        *shortest = fmin(*shortest, time - last);
        last = time;
    }
}

static void a_high_rate_becomes_sixty_even_steps(void **state)
{
    static const struct {
        const char *name, *arguments;
        int frames;
        double seconds;
        const char *sentence;
    } rows[] = {
        {"fast.mp4", "-f lavfi -i testsrc=s=160x120:r=120:d=2 -c:v libx264 -preset ultrafast", 120,
         2, "120 a second"},
        {"ninety.mp4", "-f lavfi -i testsrc=s=160x120:r=90:d=2 -c:v libx264 -preset ultrafast", 120,
         2, "90 a second"},
        {"odd.mkv", "-f lavfi -i testsrc=s=160x120:r=72:d=3 -c:v mpeg4 -q:v 4", 180, 3,
         "72 a second, with a clock of milliseconds"},
        {"five.mp4",
         "-f lavfi -i testsrc=s=160x120:r=90:d=1 -frames:v 5 -c:v libx264 -preset ultrafast", 4,
         5 / 90.0, "five pictures"},
        {"last.mp4",
         "-f lavfi -i testsrc=s=160x120:r=120:d=1 -frames:v 120 -c:v libx264 -preset ultrafast", 60,
         1, "a last picture that is left out"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        double longest, shortest;
        Made made = encoding_make(encoding_source(rows[i].name, rows[i].arguments));
        encoding_check(&made, 160, 120);
        find_steps(made.video, &longest, &shortest);
        double frames = encoded_number(made.video, "v:0", "stream=nb_frames");
        double seconds = encoded_number(made.video, "v:0", "stream=duration");
        if (fabs(frames - rows[i].frames) > 1 || fabs(seconds - rows[i].seconds) > 0.0015 ||
            longest > 1 / 60.0 + 0.0012 || shortest < 1 / 60.0 - 0.0012)
            fail_msg("%s: %.0f pictures in %f seconds, steps from %f to %f", rows[i].sentence,
                     frames, seconds, shortest, longest);
        unit_check(fabs(made.result.duration - rows[i].seconds) < 0.002, rows[i].sentence);
    }
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
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        find_moments(source, &source_flash, &source_tone);
        Made made = encoding_make(source);
        encoding_check(&made, 160, 120);
        unit_check(made.result.has_audio, rows[i].sentence);
        find_moments(made.video, &flash, &tone);
        unit_check(fabs(flash - 35) < 0.1, rows[i].sentence);
        if (i != 1)
            unit_check(fabs(tone - flash) < 0.04, rows[i].sentence);
    }
}

static void a_size_that_changes_in_the_middle_is_survived(void **state)
{
    char joined[ENCODING_PATH];
    (void)state;
    free(encoded_run(
        "cd '%s' && ffmpeg -v error -y -f lavfi -i testsrc=s=320x240:d=1 -c:v mpeg2video a.ts && "
        "ffmpeg -v error -y -f lavfi -i testsrc=s=640x360:d=2 -c:v mpeg2video "
        "-output_ts_offset 1 b.ts && cat a.ts b.ts > joined.ts",
        encoded_folder()));
    snprintf(joined, sizeof joined, "%s/joined.ts", encoded_folder());
    Made made = encoding_make(joined);
    encoding_check(&made, 480, 360);
    unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") >= 73, "both parts are there");
}

static void a_file_cut_short_is_kept_as_far_as_it_goes(void **state)
{
    char cut[ENCODING_PATH];
    (void)state;
    const char *whole = encoding_source(
        "whole.mp4", "-f lavfi -i testsrc2=s=320x240:d=8 -c:v libx264 -preset ultrafast "
                     "-movflags +faststart");
    snprintf(cut, sizeof cut, "%s/cut.mp4", encoded_folder());
    free(encoded_run("head -c $(( $(stat -c %%s '%s') / 2 )) '%s' > '%s'", whole, whole, cut));
    Made made = encoding_make(cut);
    encoding_check(&made, 320, 240);
    unit_check(made.result.duration > 2 && made.result.duration < 6, "about half is left");
    free(encoded_run("head -c 3000 '%s' > '%s.head' && mv '%s.head' '%s'", whole, cut, cut, cut));
    Made nothing = {0};
    unit_check(!encoding_try(cut, 1080, &nothing), "a head without pictures is no video");
    assert_int_equal(nothing.error.code, ERROR_MEDIA);
}

static void the_poster_is_neither_black_nor_fading(void **state)
{
    (void)state;
    Made made = encoding_make(encoding_source("dark.mp4",
                                              "-f lavfi -i \"testsrc2=s=1920x1080:r=10:d=8,"
                                              "fade=in:st=2:d=2,fade=out:st=6:d=2\" -c:v libx264 "
                                              "-preset ultrafast"));
    encoding_check(&made, 1920, 1080);
    unit_check(encoded_number(made.poster, "v:0", "stream=width") == 1280, "at most 1280 wide");
    _cleanup_free_ char *full = encoded_run("cp '%s' '%s/kept.jpg' && echo '%s/kept.jpg'",
                                            made.poster, encoded_folder(), encoded_folder());
    full[strcspn(full, "\n")] = '\0';
    Made bright =
        encoding_make(encoding_source("bright.mp4", "-f lavfi -i testsrc2=s=1920x1080:r=10:d=2 "
                                                    "-c:v libx264 -preset ultrafast"));
    unit_check(encoded_brightness(full) > 0.9 * encoded_brightness(bright.poster),
               "the poster is as bright as the picture in full light");
}

static void a_recording_without_words_about_itself(void **state)
{
    (void)state;
    Made made = encoding_make(
        encoding_source("told.mov", "-f lavfi -i testsrc=d=1 -c:v libx264 -preset ultrafast "
                                    "-movflags use_metadata_tags "
                                    "-metadata location=+48.1374+011.5755/ "
                                    "-metadata com.apple.quicktime.location.ISO6709=+48.1374 "
                                    "-metadata title=Secret -metadata comment=Hidden"));
    static const char *const words[] = {"48.1374", "Secret", "Hidden", "ISO6709", "Lavf"};
    encoding_check(&made, 320, 240);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        unit_check(!encoded_holds(made.video, words[i]), words[i]);
        unit_check(!encoded_holds(made.poster, words[i]), words[i]);
    }
}

/* The first bytes of files whose rest did not come. */
static void refuse_cut_files(void)
{
    static const struct {
        const char *name, *arguments;
        int bytes;
        const char *reason;
    } rows[] = {
        {"whole.mp4", "-f lavfi -i testsrc=s=160x120:d=2 -c:v mpeg4", 8000, "is incomplete"},
        {"whole.aac", "-f lavfi -i sine=d=2 -c:a aac", 100, "incomplete or damaged"},
        {"whole.m4a", "-f lavfi -i sine=d=2 -c:a aac -movflags +faststart", 1500, "incomplete"},
        {"whole.flac", "-f lavfi -i sine=d=2", 100, "ends too early"},
    };
    char cut[ENCODING_PATH];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        snprintf(cut, sizeof cut, "%s/cut-%s", encoded_folder(), rows[i].name);
        free(encoded_run("head -c %d '%s' > '%s'", rows[i].bytes, source, cut));
        encoding_refused(cut, rows[i].reason);
    }
}

/* A file with sound of AAC-LC, whose description now says xHE-AAC, 44.1 kHz, mono. */
static void make_strange(const char *name, const char *arguments, char path[ENCODING_PATH])
{
    const char *source = encoding_source(name, arguments);
    snprintf(path, ENCODING_PATH, "%s/strange-%s", encoded_folder(), name);
    free(encoded_run("LC_ALL=C sed 's/\\x12\\x08\\x56\\xe5\\x00/\\xf9\\x48\\x20\\x00\\x00/' '%s' > "
                     "'%s'",
                     source, path));
}

static void sound_of_a_strange_kind_is_called_by_name_and_not_lost(void **state)
{
    char path[ENCODING_PATH];
    (void)state;
    make_strange("plain.m4a", "-f lavfi -i sine=r=44100:d=1 -c:a aac", path);
    encoding_refused(path, "(xHE-AAC)");
    make_strange(
        "plain.mp4",
        "-f lavfi -i testsrc=s=160x120:d=1 -f lavfi -i sine=r=44100:d=1 -c:v mpeg4 -c:a aac", path);
    Made made = encoding_make(path);
    unit_check(!made.result.has_audio, "the picture is shown without it");
    unit_check(!encoding_is_whole(&made.result), "and the original stays for its sake");
}

static void what_is_no_video_is_refused_in_words(void **state)
{
    (void)state;
    encoding_refused(encoding_source("clock.mkv", "-f lavfi -i testsrc=s=160x120:r=1:d=20 "
                                                  "-vf settb=1/1000,setpts=N*3000000 -fps_mode vfr "
                                                  "-c:v mpeg4"),
                     "longer than 12 hours");
    char text[ENCODING_PATH];
    snprintf(text, sizeof text, "%s/text.mp4", encoded_folder());
    free(encoded_run("echo 'no video at all' > '%s'", text));
    encoding_refused(text, "no video or recording");
    refuse_cut_files();
    free(encoded_run(": > '%s'", text));
    encoding_refused(text, "empty");
    free(encoded_run("printf '#EXTM3U\\n#EXTINF:1,\\nfile:///etc/passwd\\n' > '%s'", text));
    encoding_refused(text, "no video or recording");
    free(encoded_run("printf 'ffconcat version 1.0\\nfile /etc/passwd\\n' > '%s'", text));
    encoding_refused(text, "no video or recording");
}

static void calling_off_stops_at_once(void **state)
{
    (void)state;
    Made made = {.stop_after_ms = 1};
    const char *source =
        encoding_source("long.mp4", "-f lavfi -i testsrc2=s=1280x720:d=20 -c:v libx264 "
                                    "-preset ultrafast");
    unit_check(!encoding_try(source, 1080, &made), "it does not succeed");
    assert_int_equal(made.error.code, ERROR_CANCELLED);
    unit_check(clock_monotonic_ms() - made.started_ms < 3000, "and does not take long");
}

static void two_seconds_of_silence(EncoderPolicy *policy)
{
    policy->stall_seconds = 2;
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
    const char *source =
        encoding_source("crash.mp4", "-f lavfi -i testsrc2=s=1280x720:d=20 -c:v libx264 "
                                     "-preset ultrafast");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.signal = rows[i].signal,
                     .limit = rows[i].signal == SIGSTOP ? two_seconds_of_silence : NULL};
        unit_check(!encoding_try(source, 1080, &made), rows[i].detail);
        unit_check(made.error.code == rows[i].code, rows[i].detail);
        assert_string_equal(made.error.detail, rows[i].detail);
    }
}

/* Reading a folder fails like a disk does. */
static void an_original_that_cannot_be_read_is_not_called_damaged(void **state)
{
    Made made = {0};
    (void)state;
    unit_check(!encoding_try(encoded_folder(), 1080, &made), "a failing disk fails the encode");
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
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        free(encoded_run("truncate -s $(( $(stat -c %%s '%s') * %d / 100 )) '%s'", source,
                         rows[i].kept, source));
        Made made = encoding_make(source);
        unit_check(encoding_is_whole(&made.result) == rows[i].whole, rows[i].sentence);
    }
}

static void pictures_whose_time_is_over_are_told_as_a_loss(void **state)
{
    char half[ENCODING_PATH], joined[ENCODING_PATH];
    (void)state;
    assert_true(base_copy(half, sizeof half,
                          encoding_source("half.ts", "-f lavfi -i testsrc2=s=320x240:d=2")));
    const char *early = encoding_source("early.ts", "-f lavfi -i testsrc2=s=320x240:d=2 "
                                                    "-output_ts_offset 1.75");
    snprintf(joined, sizeof joined, "%s/joined.ts", encoded_folder());
    free(encoded_run("cat '%s' '%s' > '%s'", half, early, joined));
    Made first = encoding_make(half), both = encoding_make(joined);
    unit_check(encoding_is_whole(&first.result), "the half is whole");
    unit_check(!encoding_is_whole(&both.result), "a clock set back a little loses pictures");
}

static void sound_may_begin_late_in_a_container_whose_clock_jumps(void **state)
{
    (void)state;
    Made made =
        encoding_make(encoding_source("late.ts", "-f lavfi -i testsrc=s=160x120:d=30 -itsoffset 20 "
                                                 "-f lavfi -i sine=d=10 -c:v mpeg2video -c:a mp2"));
    encoding_check(&made, 160, 120);
    unit_check(fabs(made.result.duration - 30) < 0.5, "no second of the picture is lost");
}

/* A sky of one colour in BT.2020, of which only a part is told, in a small picture: it must come
 * out in that colour, told as bt709. */
static void wide_colours_come_out_as_they_were(void **state)
{
    static const struct {
        const char *told, *sentence;
    } rows[] = {
        {"-colorspace bt2020nc", "the matrix alone"},
        {"-color_primaries bt2020", "the primaries alone"},
        {"-colorspace bt2020nc -color_primaries bt2020 -color_trc bt2020-10", "all of it"},
    };
    static const unsigned char sky[] = {70, 130, 200};
    char name[40], arguments[600];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        unsigned rgb[3];
        snprintf(name, sizeof name, "sky%zu.mp4", i);
        snprintf(
            arguments, sizeof arguments,
            "-f lavfi -i color=0x4682c8:s=320x240:r=30:d=1,format=gbrp,setparams=color_trc=bt709:"
            "color_primaries=bt709:colorspace=gbr,zscale=p=bt2020:m=2020_ncl:t=bt709:r=tv,"
            "format=yuv420p -c:v libx264 -qp 10 %s",
            rows[i].told);
        Made made = encoding_make(encoding_source(name, arguments));
        encoding_entry(made.video, "v:0", "stream=color_primaries", "bt709");
        encoding_entry(made.video, "v:0", "stream=color_space", "bt709");
        _cleanup_free_ char *text =
            encoded_run("ffmpeg -v error -i '%s' -frames:v 1 -vf scale=1:1:in_color_matrix=bt709,"
                        "format=rgb24 -f rawvideo - | od -An -tu1",
                        made.video);
        assert_int_equal(sscanf(text, "%u %u %u", &rgb[0], &rgb[1], &rgb[2]), 3);
        for (size_t c = 0; c < 3; c++)
            if (abs((int)rgb[c] - sky[c]) > 6)
                fail_msg("%s: the sky is %u %u %u", rows[i].sentence, rgb[0], rgb[1], rgb[2]);
    }
}

/* A second of white in one size, and some in another. */
static const char *changing(const char *first, const char *then, double seconds)
{
    static char path[ENCODING_PATH];
    const char *folder = encoded_folder(), *sizes[] = {first, then};
    for (int i = 0; i < 2; i++)
        free(encoded_run(
            "ffmpeg -v error -y -f lavfi -i color=white:s=%s:r=30:d=%g -pix_fmt yuv420p "
            "-c:v libx264 -bf 0 '%s/%d.h264'",
            sizes[i], i ? seconds : 1.0, folder, i));
    snprintf(path, sizeof path, "%s/changing.mkv", folder);
    free(encoded_run("cat '%s/0.h264' '%s/1.h264' | ffmpeg -v error -y -fflags +genpts -f h264 -r "
                     "30 -i - -c copy "
                     "'%s'",
                     folder, folder, path));
    return path;
}

/* Of a spot of the picture at that second, of 255. */
static long brightness(const Made *made, double second, int x, int y)
{
    _cleanup_free_ char *text =
        encoded_run("ffmpeg -v error -ss %f -i '%s' -frames:v 1 -vf format=gray,crop=2:2:%d:%d -f "
                    "rawvideo - | od -An -tu1",
                    second, made->video, x, y);
    return strtol(text, NULL, 10);
}

static void a_picture_of_another_shape_gets_bars(void **state)
{
    static const struct {
        const char *first, *then;
        int width, height, x, y; /* where a bar is */
        bool whole;
        const char *sentence;
    } rows[] = {
        {"640x360", "360x640", 640, 360, 40, 180, false, "a phone that is turned"},
        {"360x640", "640x360", 360, 640, 180, 40, false, "and back"},
        {"320x240", "320x180", 320, 240, 160, 10, true, "a call that is cropped"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = encoding_make(changing(rows[i].first, rows[i].then, 1));
        encoding_check(&made, rows[i].width, rows[i].height);
        unit_check(brightness(&made, 0.5, rows[i].x, rows[i].y) > 200, rows[i].sentence);
        unit_check(brightness(&made, 1.5, rows[i].x, rows[i].y) < 40, rows[i].sentence);
        unit_check(brightness(&made, 1.5, rows[i].width / 2, rows[i].height / 2) > 200,
                   rows[i].sentence);
        unit_check(encoding_is_whole(&made.result) == rows[i].whole, rows[i].sentence);
    }
}

/* What is made is as large as the largest picture that lasts, and what does not last is a loss. */
static void a_picture_that_grows_is_as_large_as_its_largest(void **state)
{
    static const struct {
        const char *first, *then;
        double seconds; /* of the second */
        int width, height;
        bool whole, smaller;
        const char *sentence;
    } rows[] = {
        {"320x180", "640x360", 2, 640, 360, true, false, "a call that gets a better line"},
        {"640x360", "320x180", 2, 640, 360, true, false, "and one that loses it"},
        {"320x180", "320x240", 2, 426, 240, true, false, "another shape"},
        {"320x180", "1920x1200", 2, 1280, 720, true, true, "up to the limit"},
        {"1280x720", "1920x1080", 2, 1280, 720, true, true, "from the limit on"},
        {"320x180", "640x360", 0.5, 320, 180, false, false, "half a second"},
        {"360x640", "720x1280", 1.5, 720, 1280, true, false, "upright, at the end"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.limit = NULL};
        const char *source = changing(rows[i].first, rows[i].then, rows[i].seconds);
        unit_check(encoding_try(source, 720, &made), rows[i].sentence);
        encoding_check(&made, rows[i].width, rows[i].height);
        unit_check(encoding_is_whole(&made.result) == rows[i].whole, rows[i].sentence);
        bool smaller = made.result.losses & LOSSES(LOSS_SIZE);
        unit_check(smaller == rows[i].smaller, rows[i].sentence);
        unit_check(fabs(made.result.duration - 1 - rows[i].seconds) < 0.1, rows[i].sentence);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_pictures_come_out_upright_and_even),
        cmocka_unit_test(an_uneven_rate_keeps_every_picture_at_its_time),
        cmocka_unit_test(a_high_rate_becomes_sixty_even_steps),
        cmocka_unit_test(picture_and_sound_stay_together_to_the_end),
        cmocka_unit_test(a_size_that_changes_in_the_middle_is_survived),
        cmocka_unit_test(a_file_cut_short_is_kept_as_far_as_it_goes),
        cmocka_unit_test(the_poster_is_neither_black_nor_fading),
        cmocka_unit_test(a_recording_without_words_about_itself),
        cmocka_unit_test(what_is_no_video_is_refused_in_words),
        cmocka_unit_test(sound_of_a_strange_kind_is_called_by_name_and_not_lost),
        cmocka_unit_test(calling_off_stops_at_once),
        cmocka_unit_test(a_child_that_ends_or_hangs_fails_its_file_only),
        cmocka_unit_test(an_original_that_cannot_be_read_is_not_called_damaged),
        cmocka_unit_test(what_is_not_whole_is_told),
        cmocka_unit_test(pictures_whose_time_is_over_are_told_as_a_loss),
        cmocka_unit_test(sound_may_begin_late_in_a_container_whose_clock_jumps),
        cmocka_unit_test(wide_colours_come_out_as_they_were),
        cmocka_unit_test(a_picture_of_another_shape_gets_bars),
        cmocka_unit_test(a_picture_that_grows_is_as_large_as_its_largest),
    };
    return encoding_run("encoder", tests, ARRAY_SIZE(tests), argc, argv);
}
