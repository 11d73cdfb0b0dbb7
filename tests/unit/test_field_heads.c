/*
 * What a file says of itself, in its head, its index, its edit list, and in tracks beside the film,
 * and which is not so. The film comes out as it is; where doubt remains, the original stays.
 */
#include <math.h>

#include "tests/unit/doctored.h"
#include "tests/unit/encoding.h"

#define PICTURE "-f lavfi -i testsrc=s=320x180:r=25:d=4 "
#define TONE    "-f lavfi -i sine=d=4 "
#define X264    "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 "
#define READY   PICTURE TONE X264 "-c:a aac "
#define OLD     PICTURE TONE "-c:v mpeg4 -c:a libmp3lame "

/* A minute of another kind beside the film. */
static const char *minute(const char *kind)
{
    static char path[ENCODING_PATH];
    bool chapters = streq(kind, "chapters");
    snprintf(path, sizeof path, "%s/minute.%s", encoded_folder(), chapters ? "txt" : "srt");
    free(encoded_run("printf '%s' > '%s'",
                     chapters
                         ? ";FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1\\nSTART=0\\nEND=60\\ntitle=A\\n"
                         : "1\\n00:00:00,000 --> 00:01:00,000\\nA\\n",
                     path));
    return path;
}

typedef struct HeadRow {
    const char *name, *arguments;
    Lie lie;
    double pictures, seconds;
    bool whole;
    const char *sentence;
} HeadRow;

static void check_row(const char *source, const HeadRow *row)
{
    Made made = {.limit = encoding_allow_copying};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", row->sentence, made.error.detail);
    double pictures = encoded_number(made.video, "v:0", "stream=nb_frames");
    double picture = encoded_number(made.video, "v:0", "stream=duration");
    double file = encoded_number(made.video, "v:0", "format=duration");
    if (pictures != row->pictures || fabs(picture - row->seconds) > 0.1 ||
        fabs(file - row->seconds) > 0.1)
        fail_msg("%s: %.0f pictures in %f seconds of %f", row->sentence, pictures, picture, file);
    unit_check(made.result.has_audio, row->sentence);
    unit_check(encoding_is_whole(&made.result) == row->whole, row->sentence);
    encoding_check(&made, 320, 180);
}

static void heads_that_lie_change_nothing(void **state)
{
    static const HeadRow rows[] = {
        {"none.mp4", READY, {"mvhd", 16, 0, 0}, 100, 4.02, true, "the film lasts nothing"},
        {"hour.mp4", READY, {"mvhd", 16, 3600000, 0}, 100, 4.02, true, "it lasts an hour"},
        {"short.mp4", READY, {"mvhd", 16, 1000, 0}, 100, 4.02, true, "it lasts a second"},
        {"tracks.mp4", READY, {"mdhd", 16, 0, 0}, 100, 4.02, true, "its tracks last nothing"},
        {"pieces.mp4",
         READY "-movflags +frag_keyframe+empty_moov+dash+global_sidx",
         {"sidx", 36, 12800 * 60, 0},
         100,
         4.04,
         false,
         "the index of fragments tells of a minute, which may be lost"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        doctored_write(source, &rows[i].lie);
        check_row(source, &rows[i]);
    }
}

static void indexes_and_edits_that_lead_nowhere_are_not_followed(void **state)
{
    static const HeadRow rows[] = {
        {"edits.mp4", READY, {"elst", 8, 0, 0}, 100, 4.04, false, "an edit list of nothing"},
        {"reordered.mp4",
         PICTURE TONE "-c:v libx264 -pix_fmt yuv420p -preset veryfast -bf 2 -b_strategy 0 -c:a aac",
         {"elst", 8, 0, 0},
         100,
         4.04,
         false,
         "one that begins behind its nothing"},
        {"hidden.mp4",
         READY,
         {"elst", 8, 1000, 0},
         25,
         1.02,
         false,
         "an edit list that hides what the head tells of"},
        {"index.avi", OLD, {"idx1", 12, 0x11223301, 16}, 100, 4.05, false, "a broken index"},
        {"bare.avi", OLD, {"idx1", (size_t)-4, 0x4a554e4b, 0}, 100, 4.05, true, "no index"},
        {"clues.mkv",
         READY "-reserve_index_space 4096",
         {"\x1c\x53\xbb\x6b", (size_t)-4, 0x1c53bb6c, 0},
         100,
         4.04,
         true,
         "Matroska without cues"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        doctored_write(source, &rows[i].lie);
        check_row(source, &rows[i]);
    }
}

static void recordings_that_were_never_finished_come_out(void **state)
{
    static const HeadRow rows[] = {
        {"live.webm",
         PICTURE TONE "-c:v libvpx -c:a libopus -live 1",
         {0},
         100,
         4.01,
         true,
         "a browser's, with clusters of unknown size"},
        {"live.mkv", READY "-live 1", {0}, 100, 4.04, true, "Matroska without a length"},
        {"crashed.flv",
         OLD "-c:v flv -flvflags no_duration_filesize",
         {0},
         100,
         4.05,
         true,
         "a studio's that crashed"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_row(encoding_source(rows[i].name, rows[i].arguments), &rows[i]);
}

static void tracks_beside_a_film_do_not_lengthen_it(void **state)
{
    static const struct {
        const char *kind, *more;
        HeadRow row;
    } rows[] = {
        {"chapters", "-map_metadata 2", {"chapters.mp4", "", {0}, 100, 4.02, true, "chapters"}},
        {"subtitles",
         "-map 2 -c:s mov_text",
         {"titles.mp4", "", {0}, 100, 4.02, false, "subtitles"}},
        {"subtitles",
         "-map 2 -c:s mov_text -timecode 01:00:00:00",
         {"titles.mov", "", {0}, 100, 4.02, false, "subtitles and a time code"}},
    };
    char arguments[ENCODING_PATH * 2];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        snprintf(arguments, sizeof arguments,
                 PICTURE TONE "-i '%s' -map 0 -map 1 %s " X264 "-c:a aac", minute(rows[i].kind),
                 rows[i].more);
        check_row(encoding_source(rows[i].row.name, arguments), &rows[i].row);
    }
}

/* A film is not refused for a sound that is hardly there. */
static void a_sample_of_sound_is_a_sound(void **state)
{
    (void)state;
    static const HeadRow row = {
        "tick.mov",
        PICTURE "-f lavfi -i sine=r=48000 -af atrim=end_sample=1 " X264 "-c:a pcm_s16le",
        {0},
        100,
        4,
        true,
        "one sample"};
    check_row(encoding_source(row.name, row.arguments), &row);
    char made[ENCODING_PATH];
    snprintf(made, sizeof made, "%s/video.mp4", encoded_folder());
    _cleanup_free_ char *heard = encoded_run(
        "ffprobe -v error -select_streams a -count_frames -show_entries stream=nb_read_frames "
        "-of csv=p=0 '%s'",
        made);
    unit_check(strtol(heard, NULL, 10) > 0, "it can be decoded");
    Made alone = encoding_make(
        encoding_source("tick.wav", "-f lavfi -i sine=r=48000 -af atrim=end_sample=1"));
    unit_check(alone.result.duration > 0, "a recording of one sample has a length");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_that_lie_change_nothing),
        cmocka_unit_test(indexes_and_edits_that_lead_nowhere_are_not_followed),
        cmocka_unit_test(recordings_that_were_never_finished_come_out),
        cmocka_unit_test(tracks_beside_a_film_do_not_lengthen_it),
        cmocka_unit_test(a_sample_of_sound_is_a_sound),
    };
    return encoding_run("field heads", tests, ARRAY_SIZE(tests), argc, argv);
}
