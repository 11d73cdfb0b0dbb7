#include <math.h>

#include "tests/unit/alignment.h"
#include "tests/unit/encoding.h"

#define PICTURE "-f lavfi -i testsrc=s=640x360:r=25:d=3 "
#define TONE    "-f lavfi -i \"sine=frequency=440:sample_rate=44100:d=3\" "
#define X264    "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 300k "
#define READY   PICTURE TONE X264 "-c:a aac "

static Made copy(const char *source)
{
    Made made = {.limit = encoding_allow_copying};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", source, made.error.detail);
    return made;
}

static void check_operation(const Made *made, const char *operation, const char *sentence)
{
    if (!streq(made->result.operation, operation))
        fail_msg("%s: %s", sentence, made->result.operation);
}

/* Digest of all packets of a stream, in the form they have between AnnexB's start codes. */
static char *packets_of(const char *path, const char *stream)
{
    return encoded_run("ffmpeg -v error -i '%s' -map 0:%s -c copy -bsf:v "
                       "filter_units=pass_types=1-5 -f streamhash -hash md5 -",
                       path, stream);
}

static void check_same_packets(const char *made, const char *source, const char *stream)
{
    _cleanup_free_ char *ours = packets_of(made, stream), *theirs = packets_of(source, stream);
    if (!streq(ours, theirs))
        fail_msg("%s of %s: %s and not %s", stream, made, ours, theirs);
}

static void web_ready_files_keep_every_bit(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *sentence;
    } rows[] = {
        {"ready.mp4", READY "-movflags +faststart", "a file for the web"},
        {"late.mov", READY, "a QuickTime file whose index stands at the end"},
        {"ready.mkv", READY, "Matroska"},
        {"pieces.mp4", READY "-movflags +frag_keyframe+empty_moov", "fragments"},
        {"rare.mp4", READY "-g 1000 -keyint_min 1000", "one key frame"},
        {"uneven.mp4",
         PICTURE TONE "-vf \"select='not(mod(n,3))+not(mod(n,5))'\" -fps_mode vfr " X264 "-c:a aac",
         "an uneven rate"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        Made made = copy(source);
        check_operation(&made, "remux", rows[i].sentence);
        check_same_packets(made.video, source, "v");
        check_same_packets(made.video, source, "a");
        unit_check(encoded_starts_fast(made.video), "the index stands in front");
        unit_check(encoded_times_grow(made.video, "v:0"), rows[i].sentence);
        unit_check(encoded_times_grow(made.video, "a:0"), rows[i].sentence);
        unit_check(encoded_number(made.video, "v:0", "stream=start_time") < 0.1, rows[i].sentence);
        unit_check(fabs(encoded_number(made.video, "a:0", "stream=start_time") -
                        encoded_number(source, "a:0", "stream=start_time")) < 0.002,
                   "the sound begins where it did");
        unit_check(fabs(made.result.duration - 3) < 0.1, rows[i].sentence);
        unit_check(encoding_is_whole(&made.result) && made.result.has_audio, rows[i].sentence);
        unit_check(made.result.width == 640 && made.result.height == 360, rows[i].sentence);
        unit_check(made.result.files[TRANSFER_POSTER].present, "there is a poster");
        unit_check(made.result.thumbhash[0], "and a ThumbHash");
    }
}

static void a_copy_says_nothing_about_its_maker(void **state)
{
    static const char *const words[] = {"48.1374",     "Secret",  "Hidden", "Lavf",
                                        "x264 - core", "Chapter", "Camera", "2021"};
    char notes[ENCODING_PATH];
    (void)state;
    snprintf(notes, sizeof notes, "%s/notes.txt", encoded_folder());
    free(encoded_run("printf ';FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1\\nSTART=0\\nEND=2\\n"
                     "title=Chapter\\n' > '%s'",
                     notes));
    char arguments[2 * ENCODING_PATH];
    snprintf(arguments, sizeof arguments,
             PICTURE TONE "-i '%s' -map 0 -map 1 -map_chapters 2 " X264
                          "-c:a aac -movflags use_metadata_tags -metadata title=Secret "
                          "-metadata creation_time=2021-05-06T07:08:09Z "
                          "-metadata location=+48.1374+011.5755/ -metadata:s:v "
                          "handler_name=Camera -metadata:s:v comment=Hidden -timecode 01:02:03:04",
             notes);
    const char *source = encoding_source("told.mov", arguments);
    unit_check(encoded_holds(source, "x264 - core"), "the source tells of its encoder");
    Made made = copy(source);
    check_operation(&made, "remux", "notes are no obstacle");
    assert_string_equal(made.result.title, "Secret");
    assert_string_equal(made.result.captured_at, "2021-05-06T07:08:09Z");
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        unit_check(!encoded_holds(made.video, words[i]), words[i]);
    unit_check(encoded_number(made.video, "v:0", "format=nb_streams") == 2, "and no other track");
    check_same_packets(made.video, source, "v");
}

static void each_half_may_be_copied_alone(void **state)
{
    static const struct {
        const char *name, *arguments, *operation, *stream;
        const char *sentence;
    } rows[] = {
        {"lossless.mov", PICTURE TONE X264 "-c:a alac", "encode audio", "v",
         "only the sound needs work"},
        {"surround.mp4", PICTURE TONE X264 "-c:a aac -ac 6", "encode audio", "v", "surround"},
        {"old.mp4", PICTURE TONE "-c:v mpeg4 -q:v 5 -c:a aac", "encode video", "a",
         "only the picture needs work"},
        {"silent.mp4", PICTURE X264, "remux", "v", "a picture without sound"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        Made made = copy(source);
        check_operation(&made, rows[i].operation, rows[i].sentence);
        encoding_check(&made, 640, 360);
        check_same_packets(made.video, source, rows[i].stream);
    }
}

/* Noise, because it sounds like itself at one moment only. */
#define UNEVEN                                                                                     \
    "-f lavfi -i testsrc=s=640x360:r=30:d=12 -f lavfi -i anoisesrc=d=12:a=0.3:seed=7 "             \
    "-vf \"select='gt(random(1),0.3)'\" -fps_mode vfr "

static void picture_and_sound_stay_together_whatever_is_copied(void **state)
{
    static const struct {
        const char *name, *arguments, *operation;
    } rows[] = {
        {"both.mp4", UNEVEN X264 "-c:a aac", "remux"},
        {"both.mkv", UNEVEN X264 "-c:a aac", "remux"},
        {"sound.mp4", UNEVEN "-c:v mpeg4 -q:v 5 -c:a aac", "encode video"},
        {"picture.mov", UNEVEN X264 "-c:a pcm_s16le", "encode audio"},
        {"surround.mp4", UNEVEN X264 "-c:a aac -ac 6", "encode audio"},
        {"none.mov", UNEVEN "-c:v mpeg4 -q:v 5 -c:a pcm_s16le", "encode"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        Made made = copy(source);
        check_operation(&made, rows[i].operation, rows[i].name);
        unit_check(alignment_of_pictures(made.video, source) < ALIGNMENT_PICTURE_MAX, rows[i].name);
        double late = alignment_of_sound(made.video, source);
        if (fabs(late) >= ALIGNMENT_SOUND_MAX)
            fail_msg("%s: the sound is late by %f seconds", rows[i].name, late);
    }
}

static void what_cannot_be_copied_is_encoded_without_a_word(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *again; /* options of a second command that copies the first one's file */
        const char *operation;
        const char *sentence;
    } rows[] = {
        {"ten.mp4", PICTURE "-c:v libx264 -preset ultrafast -pix_fmt yuv420p10le", NULL, "encode",
         "ten bits"},
        {"full.mp4", PICTURE "-c:v libx264 -preset ultrafast -pix_fmt yuvj420p", NULL, "encode",
         "full range"},
        {"turned.mp4", PICTURE X264, "-metadata:s:v rotate=90", "encode", "turned"},
        {"fields.mp4", PICTURE X264 "-flags +ildct -x264opts tff=1", NULL, "encode", "interlaced"},
        {"wide.mp4", PICTURE "-vf setsar=4/3 " X264, NULL, "encode", "wide pixels"},
        {"hlg.mp4", PICTURE X264 "-color_trc arib-std-b67", NULL, "encode", "HDR by its transfer"},
        {"sky.mp4", PICTURE X264 "-colorspace bt2020nc", NULL, "encode", "wide colours"},
        {"fast.mp4", "-f lavfi -i testsrc=s=640x360:r=120:d=2 " X264, NULL, "encode",
         "120 a second"},
        {"thick.mp4",
         "-f lavfi -i nullsrc=s=640x360:d=2,noise=alls=100:allf=t -pix_fmt yuv420p -c:v libx264 "
         "-preset ultrafast -qp 20",
         NULL, "encode", "too many bits"},
        {"thick.mkv",
         "-f lavfi -i nullsrc=s=640x360:d=2,noise=alls=100:allf=t -pix_fmt yuv420p -c:v libx264 "
         "-preset ultrafast -qp 20",
         NULL, "encode", "too many bits in a container that does not tell"},
        {"bare.ts", READY, NULL, "encode", "a transport stream"},
        {"open.mp4", PICTURE X264 "-g 10 -bf 2 -b_strategy 0 -sc_threshold 0 -x264opts open-gop=1",
         NULL, "encode", "key frames that are no IDR pictures"},
        {"cut.mp4", PICTURE X264, "-ss 1.5", "encode",
         "an edit list that begins between key frames"},
        {"hole.mkv",
         PICTURE TONE X264 "-filter_complex \"[1:a]aselect='not(between(t,1,2))'[a]\" -map 0:v "
                           "-map [a] -c:a pcm_s16le",
         "-c:a aac", "encode audio", "sound with a hole in it"},
        {"noisy.mp4", READY "-g 10", "-bsf:v noise=amount=3000", "encode video",
         "damaged pictures"},
    };
    char first[ENCODING_PATH], second[ENCODING_PATH], options[2 * ENCODING_PATH];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        if (rows[i].again) {
            base_copy(first, sizeof first, source);
            snprintf(second, sizeof second, "again_%s", rows[i].name);
            bool seeks = strncmp(rows[i].again, "-ss", 3) == 0;
            snprintf(options, sizeof options, "%s -i '%s' -c copy %s", seeks ? rows[i].again : "",
                     first, seeks ? "" : rows[i].again);
            source = encoding_source(second, options);
        }
        Made made = copy(source);
        check_operation(&made, rows[i].operation, rows[i].sentence);
        unit_check(encoded_starts_fast(made.video), rows[i].sentence);
        unit_check(encoded_times_grow(made.video, "v:0"), rows[i].sentence);
    }
}

/* As a copy out of AVI numbers them. */
#define IN_DECODING_ORDER "setts=pts=N/25/TB:dts=N/25/TB"

static void pictures_numbered_as_they_are_decoded_are_shown_in_order(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *sentence;
    } rows[] = {
        {"pairs.mp4", PICTURE X264 "-bf 2 -b_strategy 0", "two between two"},
        {"pyramid.mp4", PICTURE "-c:v libx264 -preset veryfast -b:v 300k -bf 5 -b_strategy 0",
         "several layers"},
        {"rare.mp4", PICTURE "-c:v libx264 -preset veryfast -b:v 300k -bf 3", "where they pay"},
        {"old.mp4", PICTURE "-c:v mpeg4 -q:v 4 -bf 2 -b_strategy 0", "MPEG-4 Part 2"},
    };
    char right[ENCODING_PATH], options[2 * ENCODING_PATH];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        base_copy(right, sizeof right, encoding_source(rows[i].name, rows[i].arguments));
        snprintf(options, sizeof options, "-i '%s' -c copy -bsf:v " IN_DECODING_ORDER, right);
        const char *source = encoding_source("numbered.mp4", options);
        Made made = copy(source);
        check_operation(&made, "encode", rows[i].sentence);
        unit_check(encoding_is_whole(&made.result), rows[i].sentence);
        unit_check(fabs(made.result.duration - 3) < 0.001, rows[i].sentence);
        unit_check(encoded_number(made.video, "v:0", "stream=nb_frames") == 75, rows[i].sentence);
        unit_check(alignment_of_pictures(made.video, right) < ALIGNMENT_PICTURE_MAX,
                   rows[i].sentence);
        for (int n = 0; n < 75; n += 9)
            unit_check(encoded_likeness(made.video, right, n, NULL) > 0.99, rows[i].sentence);
    }
}

/* The notes between the pictures are left out, so what they say is said. */
static void a_copy_tells_what_it_lacks(void **state)
{
    const char *source =
        encoding_source("packed.mp4", "-f lavfi -i testsrc=s=320x240:r=25:d=2 -pix_fmt yuv420p "
                                      "-c:v libx264 -x264-params frame-packing=3");
    Made made = {.limit = encoding_allow_copying};
    (void)state;
    assert_true(encoding_try(source, 1080, &made));
    check_operation(&made, "remux", "pictures for two eyes are copied");
    unit_check(made.result.losses == LOSSES(LOSS_SECOND_EYE), "and nobody can tell it any more");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(web_ready_files_keep_every_bit),
        cmocka_unit_test(a_copy_says_nothing_about_its_maker),
        cmocka_unit_test(each_half_may_be_copied_alone),
        cmocka_unit_test(picture_and_sound_stay_together_whatever_is_copied),
        cmocka_unit_test(what_cannot_be_copied_is_encoded_without_a_word),
        cmocka_unit_test(a_copy_tells_what_it_lacks),
        cmocka_unit_test(pictures_numbered_as_they_are_decoded_are_shown_in_order),
    };
    return encoding_run("encoder remux", tests, ARRAY_SIZE(tests), argc, argv);
}
