/* The pictures beside a video as the whole encoder makes them: poster's ThumbHash and storyboard.
 */
#include "tests/unit/encoding.h"

#include <math.h>

#include "common/base/digest.h"
#include "tests/unit/cues.h"

#define THUMBHASH_BYTES 25
#define GRID            32 /* pixels, of which an average colour is made */

/* Where a file of the newest result is; lives until the next call. */
static const char *path_of(TransferFile which)
{
    static char path[ENCODING_PATH];
    snprintf(path, sizeof path, "%s/%s", encoded_folder(), transfer_file_kinds[which].name);
    return path;
}

static void read_storyboard(const Made *made, Cues *cues)
{
    unit_check(made->result.files[TRANSFER_STORYBOARD].present &&
                   made->result.files[TRANSFER_STORYBOARD_VTT].present,
               "there is a storyboard");
    _cleanup_free_ char *text = encoded_run("cat '%s'", path_of(TRANSFER_STORYBOARD_VTT));
    cues_read(text, cues);
}

/* A bright square on its way across a dim picture. */
#define MOVING(size, rate, seconds)                                                                \
    "-f lavfi -i \"testsrc=s=" size ":r=" rate ":d=" seconds                                       \
    ",eq=brightness=-0.3[a];color=white:s=64x64:r=" rate ":d=" seconds                             \
    "[b];[a][b]overlay=x=t*16:y=t*8\" -pix_fmt yuv420p -c:v libx264 -preset ultrafast "

/* Cuts a tile out of the sheet, and the pictures of the video at its time and two seconds away. */
static void cut_out(const Made *made, const Cue *cue)
{
    double away = cue->start < 2 ? 2 : cue->start - 2;
    free(encoded_run(
        "cd '%s' && ffmpeg -v error -y -i '%s' -ss %.3f -i '%s' -ss %.3f -i '%s' "
        "-map 0 -vf crop=%d:%d:%d:%d -frames:v 1 tile.png -map 1:v -frames:v 1 here.png "
        "-map 2:v -frames:v 1 away.png </dev/null",
        encoded_folder(), transfer_file_kinds[TRANSFER_STORYBOARD].name, cue->start, made->video,
        away, made->video, cue->width, cue->height, cue->x, cue->y));
}

static double likeness_of_tile(const char *name)
{
    char tile[ENCODING_PATH], frame[ENCODING_PATH];
    double turned;
    snprintf(tile, sizeof tile, "%s/tile.png", encoded_folder());
    snprintf(frame, sizeof frame, "%s/%s", encoded_folder(), name);
    return encoded_likeness(tile, frame, 0, &turned);
}

static void each_tile_shows_the_video_at_its_time(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *operation;
        int width, height; /* of a tile */
        size_t tiles;
        const char *sentence;
    } rows[] = {
        {"wide.mp4", MOVING("640x360", "25", "13"), "encode", 160, 90, 7, "a wide video"},
        {"upright.mkv", MOVING("270x480", "10", "8.1"), "encode", 90, 160, 5, "an upright one"},
        {"uneven.mkv",
         MOVING("320x240", "20", "9") "-vf \"select='not(mod(n,7))+not(mod(n,5))'\" -fps_mode vfr ",
         "encode", 160, 120, 5, "an uneven rate"},
        {"copied.mp4", MOVING("640x360", "25", "13") "-b:v 300k -g 25 ", "remux", 160, 90, 7,
         "a video that is copied"},
        {"rare.mp4", MOVING("640x360", "25", "23") "-b:v 300k -g 250 ", "remux", 160, 90, 3,
         "one with a key frame each ten seconds"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.limit = streq(rows[i].operation, "remux") ? encoding_allow_copying : NULL};
        Cues cues;
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        unit_check(encoding_try(source, 1080, &made), made.error.detail);
        assert_string_equal(made.result.operation, rows[i].operation);
        read_storyboard(&made, &cues);
        unit_check(cues.count == rows[i].tiles, rows[i].sentence);
        cues_check(&cues, made.result.duration, rows[i].sentence);
        for (size_t n = 0; n < cues.count; n++) {
            const Cue *cue = &cues.list[n];
            unit_check(cue->width == rows[i].width && cue->height == rows[i].height,
                       rows[i].sentence);
            cut_out(&made, cue);
            double here = likeness_of_tile("here.png"), away = likeness_of_tile("away.png");
            if (here < 0.99 || away > 0.9)
                fail_msg(
                    "%s: tile %zu is like the video at its time by %.3f, two seconds away %.3f",
                    rows[i].sentence, n, here, away);
        }
    }
}

static void a_long_video_has_a_hundred_tiles(void **state)
{
    Cues cues;
    (void)state;
    Made made = encoding_make(
        encoding_source("long.mp4", "-f lavfi -i testsrc=s=64x48:r=5:d=777 -pix_fmt yuv420p "
                                    "-c:v libx264 -preset ultrafast"));
    read_storyboard(&made, &cues);
    assert_int_equal(cues.count, 100);
    cues_check(&cues, made.result.duration, "to its end");
    encoding_entry(path_of(TRANSFER_STORYBOARD), "v:0", "stream=width", "640");
    encoding_entry(path_of(TRANSFER_STORYBOARD), "v:0", "stream=height", "480");
}

static void a_moment_has_no_storyboard(void **state)
{
    (void)state;
    Made made = encoding_make(
        encoding_source("moment.mp4", "-f lavfi -i testsrc=s=160x120:d=1.5 -c:v libx264"));
    unit_check(!made.result.files[TRANSFER_STORYBOARD].present &&
                   !made.result.files[TRANSFER_STORYBOARD_VTT].present,
               "one tile is no storyboard");
    unit_check(made.result.thumbhash[0], "but it has a ThumbHash");
}

typedef struct Colour {
    double light, yellow, red; /* as ThumbHash splits them */
} Colour;

static Colour colour_of_hash(const char *text)
{
    unsigned char hash[THUMBHASH_BYTES];
    size_t size;
    assert_int_equal(sodium_base642bin(hash, sizeof hash, text, strlen(text), NULL, &size, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    int header = hash[0] | hash[1] << 8 | hash[2] << 16;
    return (Colour){(header & 63) / 63.0, (header >> 6 & 63) / 31.5 - 1,
                    (header >> 12 & 63) / 31.5 - 1};
}

static Colour colour_of_picture(const char *path)
{
    double sums[3] = {0};
    _cleanup_free_ char *text =
        encoded_run("ffmpeg -v error -i '%s' -vf scale=%d:%d:flags=area+full_chroma_int,"
                    "format=rgb24 -f rawvideo - </dev/null | od -An -v -tu1",
                    path, GRID, GRID);
    char *at = text;
    for (size_t i = 0; i < 3 * GRID * GRID; i++)
        sums[i % 3] += (double)strtol(at, &at, 10) / (255 * GRID * GRID);
    return (Colour){(sums[0] + sums[1] + sums[2]) / 3, (sums[0] + sums[1]) / 2 - sums[2],
                    sums[0] - sums[1]};
}

static void the_thumbhash_has_the_colour_of_the_poster(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *sentence;
    } rows[] = {
        {"bars.mp4", "-f lavfi -i smptebars=s=640x360:d=1 -c:v libx264", "bars"},
        {"test.mp4", "-f lavfi -i testsrc2=s=1920x1080:d=1 -c:v libx264 -preset ultrafast",
         "a large picture"},
        {"red.mkv", "-f lavfi -i color=0xc03020:s=240x320:d=1 -c:v mpeg4 -q:v 2", "red"},
        {"large.mkv", "-f lavfi -i color=0xc03020:s=1280x720:d=1 -c:v mpeg4 -q:v 2",
         "red by the other matrix"},
        {"sea.mkv", "-f lavfi -i color=0x1060d0:s=320x240:d=1 -c:v mpeg4 -q:v 2", "blue"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = encoding_make(encoding_source(rows[i].name, rows[i].arguments));
        Colour hash = colour_of_hash(made.result.thumbhash);
        Colour poster = colour_of_picture(made.poster);
        if (fabs(hash.light - poster.light) > 0.02 || fabs(hash.yellow - poster.yellow) > 0.03 ||
            fabs(hash.red - poster.red) > 0.03)
            fail_msg("%s: %.3f %.3f %.3f and not %.3f %.3f %.3f", rows[i].sentence, hash.light,
                     hash.yellow, hash.red, poster.light, poster.yellow, poster.red);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tile_shows_the_video_at_its_time),
        cmocka_unit_test(a_long_video_has_a_hundred_tiles),
        cmocka_unit_test(a_moment_has_no_storyboard),
        cmocka_unit_test(the_thumbhash_has_the_colour_of_the_poster),
    };
    return encoding_run("gallery", tests, ARRAY_SIZE(tests), argc, argv);
}
