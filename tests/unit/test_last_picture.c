/*
 * How long the last picture stands is told by no other picture after it: by its packet, by the
 * file's head, by the sound that goes on. Wherever it stands, the result must last as long.
 */
#include <fcntl.h>
#include <math.h>

#include "tests/unit/encoding.h"

#define MOVING "-f lavfi -i testsrc=s=640x360:r=25:d=2 "
#define TONE   "-f lavfi -i sine=d=30 "
#define X264   "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 300k "
#define B      "-bf 2 -b_strategy 0 "

static double count_pictures(const char *path)
{
    _cleanup_free_ char *text = encoded_run("ffprobe -v error -select_streams v -count_packets "
                                            "-show_entries stream=nb_read_packets -of csv=p=0 '%s'",
                                            path);
    return strtod(text, NULL);
}

/* Made from the source, by copying where that can be; the picture must last so long. */
static void check_length(const char *source, bool copying, const char *operation, double seconds,
                         const char *sentence)
{
    Made made = {.limit = copying ? encoding_allow_copying : NULL};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", sentence, made.error.detail);
    double track = encoded_number(made.video, "v:0", "stream=duration");
    double file = encoded_number(made.video, "v:0", "format=duration");
    if (!streq(made.result.operation, operation))
        fail_msg("%s: %s", sentence, made.result.operation);
    if (fabs(track - seconds) > 0.1 || fabs(file - seconds) > 0.1)
        fail_msg("%s: the picture lasts %f and the file %f seconds", sentence, track, file);
    unit_check(fabs(made.result.duration - seconds) < 0.1, sentence);
    unit_check(fabs(made.result.source_duration - seconds) < 0.1, sentence);
    unit_check(encoding_is_whole(&made.result), sentence);
    unit_check(count_pictures(made.video) == count_pictures(source), sentence);
    unit_check(encoded_times_grow(made.video, "v:0"), sentence);
}

static void a_last_packet_is_believed(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *copied; /* what is done where copying is allowed */
        int stands;         /* seconds that the packet decoded last tells; 0: as it is */
        double seconds;
        const char *sentence;
    } rows[] = {
        {"slides.mp4", "-f lavfi -i testsrc=s=640x360:r=0.5:d=12 " X264, "remux", 0, 12,
         "a picture every two seconds"},
        {"slides.webm", "-f lavfi -i testsrc=s=640x360:r=1/20:d=100 -c:v libvpx", "encode", 0, 100,
         "a picture every twenty seconds"},
        {"still.mp4", "-f lavfi -i testsrc=s=640x360:r=1/30:d=30 " TONE X264 "-c:a aac",
         "encode video", 0, 30, "one picture beside sound"},
        {"screen.mp4", MOVING X264, "remux", 28, 30, "a screen on which nothing happens any more"},
        {"reordered.mp4", MOVING X264 B, "remux", 28, 30, "the same with reordered pictures"},
    };
    char standing[ENCODING_PATH];
    (void)state;
    snprintf(standing, sizeof standing, "%s/standing.mp4", encoded_folder());
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        if (rows[i].stands > 0)
            encoded_stand(source, standing, 49, rows[i].stands);
        source = rows[i].stands > 0 ? standing : source;
        check_length(source, true, rows[i].copied, rows[i].seconds, rows[i].sentence);
        check_length(source, false, "encode", rows[i].seconds, rows[i].sentence);
    }
}

static void sound_that_goes_on_holds_the_picture(void **state)
{
    static const struct {
        const char *name, *arguments, *copied;
    } rows[] = {
        {"tail.mp4", MOVING TONE X264 B "-c:a aac", "remux"},
        {"tail.mkv", MOVING TONE X264 "-c:a aac", "remux"},
        {"tail.mov", MOVING TONE "-c:v mpeg4 -c:a aac", "encode video"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        check_length(source, true, rows[i].copied, 30, rows[i].name);
        check_length(source, false, "encode", 30, rows[i].name);
    }
}

/* A duration of 32 bits, in thousandths, so far into a box's content (ISO/IEC 14496-12). */
static void write_duration(const char *path, const char *box, size_t offset, uint32_t duration)
{
    static char content[1 << 20];
    const unsigned char bytes[] = {(unsigned char)(duration >> 24), (unsigned char)(duration >> 16),
                                   (unsigned char)(duration >> 8), (unsigned char)duration};
    _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
    ssize_t size = read(fd, content, sizeof content);
    const char *found = size > 0 ? memmem(content, (size_t)size, box, 4) : NULL;
    assert_non_null(found);
    off_t at = found - content + 4 + (off_t)offset;
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, at), sizeof bytes);
}

static void a_head_that_tells_more_is_believed(void **state)
{
    static const struct {
        const char *name, *arguments;
        bool edits;
        const char *sentence;
    } rows[] = {
        {"edits.mp4", MOVING X264 B, true, "the edit list tells how long"},
        {"heads.mp4", MOVING X264, false, "only the heads of track and film do"},
        {"short.mp4", MOVING "-f lavfi -i sine=d=2 " X264 "-c:a aac", true, "sound ends early"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        write_duration(source, "mvhd", 16, 30000);
        write_duration(source, "tkhd", 20, 30000);
        if (rows[i].edits)
            write_duration(source, "elst", 8, 30000);
        check_length(source, true, "remux", 30, rows[i].sentence);
        check_length(source, false, "encode", 30, rows[i].sentence);
    }
}

/* Nothing is held where the end is lost: the rest is missing and not still. */
static void a_lost_end_is_not_held(void **state)
{
    static const struct {
        const char *name, *arguments;
    } rows[] = {
        {"index.mp4", "-f lavfi -i testsrc2=s=320x240:d=20 " X264 "-movflags +faststart"},
        {"pieces.mp4", "-f lavfi -i testsrc2=s=320x240:d=20 " X264
                       "-g 25 -movflags +frag_keyframe+dash+global_sidx"},
        {"matroska.mkv", "-f lavfi -i testsrc2=s=320x240:d=20 " X264},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.limit = encoding_allow_copying};
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        free(encoded_run("truncate -s $(( $(stat -c %%s '%s') / 2 )) '%s'", source, source));
        if (!encoding_try(source, 1080, &made))
            fail_msg("%s: %s", rows[i].name, made.error.detail);
        unit_check(made.result.duration > 5 && made.result.duration < 15, rows[i].name);
        unit_check(!encoding_is_whole(&made.result), rows[i].name);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_last_packet_is_believed),
        cmocka_unit_test(sound_that_goes_on_holds_the_picture),
        cmocka_unit_test(a_head_that_tells_more_is_believed),
        cmocka_unit_test(a_lost_end_is_not_held),
    };
    return encoding_run("last picture", tests, ARRAY_SIZE(tests), argc, argv);
}
