/*
 * What a film is at its beginning and is no more later, and what a file holds beside the film that
 * is shown: each part comes out as it would alone, and another film is told as a loss.
 */
#include <math.h>

#include "tests/unit/encoding.h"
#include "tests/unit/moments.h"

#define BRICK "-f lavfi -i color=0xb04020:s=320x180:r=25:d=1,format=gbrp,"
#define SDR   "setparams=color_trc=bt709:color_primaries=bt709:colorspace=gbr,"
#define TO(trc, primaries, matrix)                                                                 \
    BRICK SDR "zscale=t=" trc ":p=" primaries ":m=" matrix ":r=tv:npl=203,"
#define X264 "-c:v libx264 -preset ultrafast -qp 8 "
#define HD   "-color_primaries bt709 -color_trc bt709 -colorspace bt709 "
#define SD   "-color_primaries smpte170m -color_trc smpte170m -colorspace smpte170m "
#define HLG  "-color_primaries bt2020 -color_trc arib-std-b67 -colorspace bt2020nc "
#define PQ   "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc "
#define WIDE "-color_primaries bt2020 -color_trc bt2020-10 -colorspace bt2020nc "

static const char *const looks[] = {
    TO("709", "709", "709") "format=yuv420p " X264 HD,
    TO("709", "709", "170m") "format=yuv420p " X264 SD,
    TO("709", "709", "709") "format=yuv422p10le " X264 HD,
    BRICK SDR "zscale=m=709:r=pc,format=yuv420p " X264 HD "-color_range pc",
    TO("arib-std-b67", "2020", "2020_ncl") "format=yuv420p10le " X264 HLG,
    TO("smpte2084", "2020", "2020_ncl") "format=yuv420p10le " X264 PQ,
    TO("709", "2020", "2020_ncl") "format=yuv420p10le " X264 WIDE,
};

enum { LOOK_NEW, LOOK_OLD, LOOK_DEEP, LOOK_FULL, LOOK_HLG, LOOK_PQ, LOOK_WIDE };

static const char *source_of(int look, char path[ENCODING_PATH])
{
    char name[40];
    snprintf(name, sizeof name, "look%d.ts", look);
    snprintf(path, ENCODING_PATH, "%s/%s", encoded_folder(), name);
    if (access(path, R_OK) != 0)
        assert_true(base_copy(path, ENCODING_PATH, encoding_source(name, looks[look])));
    return path;
}

static void check_colour(const Made *made, double second, const int wanted[3], const char *sentence)
{
    int rgb[3];
    moment_colour((Moment){made->video, second}, 160, 90, rgb);
    for (size_t i = 0; i < 3; i++)
        if (abs(rgb[i] - wanted[i]) > 5)
            fail_msg("%s: at %.1f s it is %d %d %d and not %d %d %d", sentence, second, rgb[0],
                     rgb[1], rgb[2], wanted[0], wanted[1], wanted[2]);
}

static void colours_that_change_come_out_as_they_would_alone(void **state)
{
    static const struct {
        int first, then;
        const char *sentence;
    } rows[] = {
        {LOOK_NEW, LOOK_OLD, "another matrix"},     {LOOK_OLD, LOOK_NEW, "and back"},
        {LOOK_NEW, LOOK_DEEP, "more bits"},         {LOOK_DEEP, LOOK_FULL, "another range"},
        {LOOK_NEW, LOOK_HLG, "HLG that begins"},    {LOOK_HLG, LOOK_NEW, "HLG that ends"},
        {LOOK_OLD, LOOK_PQ, "PQ after an old one"}, {LOOK_PQ, LOOK_HLG, "one HDR after another"},
        {LOOK_NEW, LOOK_WIDE, "wide colours"},
    };
    char one[ENCODING_PATH], two[ENCODING_PATH], both[ENCODING_PATH];
    int alone[ARRAY_SIZE(looks)][3];
    (void)state;
    for (int i = 0; i < (int)ARRAY_SIZE(looks); i++) {
        Made made = encoding_make(source_of(i, one));
        moment_colour((Moment){made.video, 0.5}, 160, 90, alone[i]);
    }
    snprintf(both, sizeof both, "%s/both.ts", encoded_folder());
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        free(encoded_run("cat '%s' '%s' > '%s'", source_of(rows[i].first, one),
                         source_of(rows[i].then, two), both));
        Made made = encoding_make(both);
        check_colour(&made, 0.5, alone[rows[i].first], rows[i].sentence);
        check_colour(&made, 1.5, alone[rows[i].then], rows[i].sentence);
        unit_check(encoding_is_whole(&made.result), rows[i].sentence);
    }
}

#define PLAIN "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -qp 10 -bf 0 "
#define SAME  36 /* decibels: beyond, pictures are the same but for encoding */

/* How near the last pictures of one film are to those of another, in decibels. */
static double nearness(const char *one, int from, const char *other, int other_from)
{
    _cleanup_free_ char *text =
        encoded_run("ffmpeg -v info -i '%s' -i '%s' -filter_complex "
                    "'[0:v]select=gte(n\\,%d),setpts=N/25/TB[a];"
                    "[1:v]select=gte(n\\,%d),setpts=N/25/TB[b];[a][b]psnr' -f null - 2>&1",
                    one, other, from, other_from);
    const char *found = strstr(text, "average:");
    assert_non_null(found);
    return strtod(found + strlen("average:"), NULL);
}

static void fields_that_begin_later_become_pictures(void **state)
{
    char even[ENCODING_PATH], both[ENCODING_PATH], alone[ENCODING_PATH];
    (void)state;
    assert_true(
        base_copy(even, sizeof even,
                  encoding_source("even.ts", "-f lavfi -i testsrc2=s=320x192:r=25:d=2 " PLAIN)));
    const char *fields =
        encoding_source("fields.ts", "-f lavfi -i testsrc2=s=320x192:r=50:d=2,"
                                     "tinterlace=interleave_top,fieldorder=tff " PLAIN
                                     "-flags +ildct -x264opts tff=1");
    snprintf(both, sizeof both, "%s/both.ts", encoded_folder());
    snprintf(alone, sizeof alone, "%s/alone.mp4", encoded_folder());
    free(encoded_run("cat '%s' '%s' > '%s'", even, fields, both));
    Made made = encoding_make(fields);
    free(encoded_run("cp '%s' '%s'", made.video, alone));
    unit_check(nearness(fields, 10, alone, 10) < SAME, "the fields can be told apart");
    made = encoding_make(both);
    encoding_check(&made, 320, 192);
    double near = nearness(made.video, 60, alone, 10);
    if (near < SAME)
        fail_msg("pictures are still made of two: %f dB", near);
    unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") == 100, "none is lost");
    unit_check(encoding_is_whole(&made.result), "all is there");
}

#define FILM   "-f lavfi -i testsrc=s=320x180:r=25:d=2 "
#define SECOND "-f lavfi -i testsrc2=s=640x360:r=25:d=2 "
#define LOW    "-f lavfi -i sine=f=440:d=2 "
#define HIGH   "-f lavfi -i sine=f=2500:d=2 "
#define COVER  "-f lavfi -i color=red:s=640x640:d=0.04 "
#define VIDEO  "-c:v libx264 -preset ultrafast -pix_fmt yuv420p "

static void another_film_in_the_file_is_told_as_a_loss(void **state)
{
    static const struct {
        const char *name, *arguments;
        int width, height, tone; /* which is heard; 0: none */
        bool whole;
        const char *sentence;
    } rows[] = {
        {"eyes.mov", FILM SECOND "-map 0 -map 1 -disposition:v:0 default -disposition:v:1 0 " VIDEO,
         320, 180, 0, false, "a second camera, switched off"},
        {"last.mov", FILM SECOND "-map 1 -map 0 -disposition:v:0 0 -disposition:v:1 default " VIDEO,
         320, 180, 0, false, "a first camera, switched off"},
        {"screen.mkv", FILM SECOND LOW "-map 0 -map 1 -map 2 -c:a libopus " VIDEO, 320, 180, 440,
         false, "a speaker beside slides"},
        {"broadcast.ts",
         FILM SECOND LOW HIGH "-map 0 -map 2 -map 1 -map 3 -program program_num=1:st=0:st=1 "
                              "-program program_num=2:st=2:st=3 -c:a mp2 " VIDEO,
         640, 360, 2500, false, "a programme beside another"},
        {"cover.mp4",
         COVER FILM LOW "-map 0 -map 1 -map 2 -disposition:v:0 attached_pic " VIDEO
                        "-c:v:0 mjpeg -c:a aac",
         320, 180, 440, true, "a cover in front is no film"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = encoding_make(encoding_source(rows[i].name, rows[i].arguments));
        encoding_check(&made, rows[i].width, rows[i].height);
        unit_check(encoding_is_whole(&made.result) == rows[i].whole, rows[i].sentence);
        if (rows[i].tone > 0 && moment_tone((Moment){made.video, 1}, rows[i].tone) < -35)
            fail_msg("%s: its sound is not heard", rows[i].sentence);
        if (rows[i].tone > 0 && moment_tone((Moment){made.video, 1}, 2940 - rows[i].tone) > -40)
            fail_msg("%s: another sound is heard", rows[i].sentence);
    }
}

static void covers_make_no_video_of_a_recording(void **state)
{
    static const struct {
        const char *name, *arguments;
    } rows[] = {
        {"song.m4a", COVER LOW "-map 0 -map 1 -c:v mjpeg -disposition:v attached_pic -c:a aac"},
        {"song.mp4", COVER LOW "-map 0 -map 1 -c:v png -disposition:v attached_pic -c:a aac"},
        {"song.mp3", LOW COVER "-map 0 -map 1 -c:v mjpeg -disposition:v attached_pic"},
        {"song.flac", LOW COVER "-map 0 -map 1 -c:v mjpeg -disposition:v attached_pic"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = encoding_make(encoding_source(rows[i].name, rows[i].arguments));
        unit_check(made.result.files[TRANSFER_AUDIO].present, rows[i].name);
        unit_check(!made.result.files[TRANSFER_VIDEO].present, rows[i].name);
        unit_check(encoding_is_whole(&made.result), rows[i].name);
    }
}

/* VP8 says nothing of its pixels, so the shape stands in the container alone. */
static void what_only_the_container_tells_of_pixels_is_no_growth(void **state)
{
    static const struct {
        const char *arguments;
        int width;
    } rows[] = {
        {"-f lavfi -i testsrc=s=720x480:r=25:d=2,setsar=8/9 -pix_fmt yuv420p -c:v libvpx", 640},
        {"-f lavfi -i testsrc=s=720x480:r=25:d=2,setsar=1/2 -pix_fmt yuv420p -c:v libvpx", 360},
        {"-f lavfi -i testsrc=s=720x480:r=25:d=2,setsar=32/27 -pix_fmt yuv420p -c:v libvpx", 852},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = encoding_make(encoding_source("pixels.mkv", rows[i].arguments));
        encoding_check(&made, rows[i].width, 480);
        unit_check(made.result.losses == 0, "all of it is there");
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_that_change_come_out_as_they_would_alone),
        cmocka_unit_test(fields_that_begin_later_become_pictures),
        cmocka_unit_test(another_film_in_the_file_is_told_as_a_loss),
        cmocka_unit_test(what_only_the_container_tells_of_pixels_is_no_growth),
        cmocka_unit_test(covers_make_no_video_of_a_recording),
    };
    return encoding_run("field changes", tests, ARRAY_SIZE(tests), argc, argv);
}
