/* What is not in a result: how the plan, the packets and the messages tell it. */
#include "common/media/layers.h"
#include "tests/unit/encoding.h"
#include "tests/unit/unit.h"
#include "transcoder/plan/plan.h"

static void words_survive_every_way(void **state)
{
    char text[TRANSFER_LOSSES_TEXT_MAX + 1];
    TransferLosses all = 0;
    (void)state;
    for (TransferLoss i = 0; i < TRANSFER_LOSS_COUNT; i++) {
        _cleanup_json_ json_t *value = transfer_losses_encode(LOSSES(i));
        assert_true(transfer_losses_decode(value) == LOSSES(i));
        all |= LOSSES(i);
    }
    _cleanup_json_ json_t *value = transfer_losses_encode(all);
    transfer_losses_format(all, text);
    assert_true(transfer_losses_decode(value) == all && transfer_losses_parse(text) == all);
    assert_true(transfer_losses_parse("") == 0);
    assert_true(transfer_losses_parse("size,tomorrow's,hdr") ==
                (LOSSES(LOSS_SIZE) | LOSSES(LOSS_HDR) | LOSSES(LOSS_PART)));
    assert_true(transfer_losses_decode(NULL) == LOSSES(LOSS_PART));
}

/* --- a plan --- */

static TransferLosses lost(const MediaStream *streams, size_t count)
{
    static const EncoderPolicy policy = {.max_short_side = 1080,
                                         .crf = 23,
                                         .max_pixels = MEDIA_PIXELS_MAX,
                                         .max_streams = MEDIA_STREAMS_MAX};
    MediaFacts facts = {.stream_count = count};
    EncodePlan plan;
    Error error = {0};
    for (size_t i = 0; i < count; i++) {
        facts.streams[i] = streams[i];
        facts.streams[i].index = (int)i;
    }
    assert_true(plan_make(&facts, &policy, &plan, &error));
    return plan_picture_losses(&facts.streams[0], &plan.video) | plan_track_losses(&facts, &plan);
}

static void a_plan_tells_what_it_leaves_of_the_picture(void **state)
{
    static const struct {
        int width, height, transfer, matrix, rate;
        double growth;
        bool alpha, subtle, dolby, eyes, sphere, interlaced;
        TransferLosses losses;
        const char *sentence;
    } rows[] = {
        {1920, 1080, 1, 1, 30, .losses = 0, .sentence = "an ordinary film"},
        {1921, 1081, 1, 1, 30, .losses = 0, .sentence = "an even side less is no loss"},
        {3840, 2160, 1, 1, 30, .losses = LOSSES(LOSS_SIZE), .sentence = "4K"},
        {640, 360, 1, 1, 30, .growth = 2, .losses = 0, .sentence = "a film that grows in time"},
        {640, 360, 1, 1, 30, .growth = 6, .losses = LOSSES(LOSS_SIZE), .sentence = "and too far"},
        {1920, 1080, 1, 1, 1000, .losses = 0,
         .sentence = "a clock's rate: reading shows the film's"},
        {1920, 1080, 16, 9, 30, .subtle = true, .losses = LOSSES(LOSS_HDR), .sentence = "HDR10"},
        {1920, 1080, 18, 9, 30, .subtle = true, .dolby = true,
         .losses = LOSSES(LOSS_HDR) | LOSSES(LOSS_DOLBY_VISION), .sentence = "a new phone's"},
        {1920, 1080, 1, 1, 30, .subtle = true, .losses = LOSSES(LOSS_COLOURS),
         .sentence = "ten bits"},
        {1920, 1080, 1, 9, 30, .losses = LOSSES(LOSS_COLOURS), .sentence = "colours of BT.2020"},
        {1920, 1080, 1, 1, 25, .interlaced = true, .losses = LOSSES(LOSS_FIELDS),
         .sentence = "fields"},
        {640, 360, 1, 1, 30, .alpha = true, .losses = LOSSES(LOSS_ALPHA), .sentence = "a logo"},
        {1920, 1080, 1, 1, 30, .eyes = true, .losses = LOSSES(LOSS_SECOND_EYE),
         .sentence = "for two eyes"},
        {1920, 960, 1, 1, 30, .sphere = true, .losses = LOSSES(LOSS_SPHERE),
         .sentence = "all around"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream stream = {.kind = STREAM_VIDEO,
                              .codec = "hevc",
                              .decodable = true,
                              .width = rows[i].width,
                              .height = rows[i].height,
                              .orientation = MEDIA_UPRIGHT,
                              .colour = {1, rows[i].transfer, rows[i].matrix, false},
                              .frame_rate = {rows[i].rate, 1},
                              .growth = rows[i].growth,
                              .has_alpha = rows[i].alpha,
                              .is_subtle = rows[i].subtle,
                              .is_dolby_vision = rows[i].dolby,
                              .is_stereoscopic = rows[i].eyes,
                              .is_spherical = rows[i].sphere,
                              .interlaced = rows[i].interlaced};
        unit_check(lost(&stream, 1) == rows[i].losses, rows[i].sentence);
    }
}

static void a_plan_tells_which_tracks_it_leaves(void **state)
{
    static const struct {
        MediaStream other, another;
        TransferLosses losses;
        const char *sentence;
    } rows[] = {
#define SOUND(count) .kind = STREAM_AUDIO, .channels = count, .sample_rate = 48000
        {{.kind = STREAM_OTHER}, {.kind = STREAM_OTHER}, 0, "attachments"},
        {{SOUND(2), .decodable = true}, {.kind = STREAM_OTHER}, 0, "its one sound"},
        {{SOUND(2), .decodable = true}, {SOUND(2), .decodable = true}, 0, "a second one"},
        {{SOUND(2), .decodable = true},
         {SOUND(2), .decodable = true, .program = 2},
         LOSSES(LOSS_SOUND_TRACK),
         "one of another programme"},
        {{SOUND(1), .decodable = true}, {SOUND(1), .decodable = true}, 0, "two that are one"},
        {{SOUND(2), .decodable = true}, {SOUND(4)}, 0, "a second one that nobody can read"},
        {{SOUND(2), .decodable = true},
         {.kind = STREAM_AUDIO, .decodable = true, .is_late = true},
         LOSSES(LOSS_SOUND_TRACK),
         "a second one that comes late"},
        {{SOUND(2)}, {.kind = STREAM_OTHER}, LOSSES(LOSS_SOUND), "one that nobody can read"},
        {{SOUND(2), .decodable = true},
         {SOUND(2), .decodable = true, .silent = true},
         LOSSES(LOSS_SOUND_TRACK),
         "a second one of which nothing came out"},
        {{SOUND(2), .decodable = true, .silent = true},
         {.kind = STREAM_OTHER},
         LOSSES(LOSS_SOUND),
         "nothing came out"},
        {{SOUND(6), .decodable = true}, {.kind = STREAM_OTHER}, LOSSES(LOSS_CHANNELS), "surround"},
        {{.kind = STREAM_SUBTITLES},
         {.kind = STREAM_DATA},
         LOSSES(LOSS_SUBTITLES) | LOSSES(LOSS_DATA),
         "words and places"},
        {{.kind = STREAM_VIDEO, .width = 64, .height = 64, .decodable = true},
         {.kind = STREAM_VIDEO, .is_still = true, .width = 900, .height = 900},
         LOSSES(LOSS_PICTURE_TRACK),
         "a second camera, and a cover"},
#undef SOUND
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream streams[] = {{.kind = STREAM_VIDEO,
                                  .codec = "hevc",
                                  .decodable = true,
                                  .width = 640,
                                  .height = 360,
                                  .orientation = MEDIA_UPRIGHT,
                                  .colour = {1, 1, 1, false},
                                  .frame_rate = {30, 1}},
                                 rows[i].other,
                                 rows[i].another};
        unit_check(lost(streams, ARRAY_SIZE(streams)) == rows[i].losses, rows[i].sentence);
    }
}

/* --- packets --- */

static void a_second_view_is_seen_in_the_packets(void **state)
{
#define BYTES(text) text, sizeof text - 1
    static const struct {
        LayersCodec codec;
        const char *record;
        size_t record_size;
        const char *packet;
        size_t size;
        bool found;
        const char *sentence;
    } rows[] = {
#define AVCC "\1\144\0\37\377\341\0"
#define HVCC "\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0"
        {LAYERS_AVC, BYTES(AVCC), BYTES("\0\0\0\2\145\210"), false, "one view"},
        {LAYERS_AVC, BYTES(AVCC), BYTES("\0\0\0\2\145\210\0\0\0\3\164\100\1"), true, "MVC"},
        {LAYERS_AVC, BYTES(AVCC), BYTES("\0\0\0\2\145\210\0\0\0\3\164\300\1"), false, "SVC"},
        {LAYERS_AVC, BYTES(AVCC), BYTES("\377\377\377\377\164\100"), false, "a length that lies"},
        {LAYERS_AVC, BYTES(""), BYTES("\0\0\0\1\145\210\0\0\1\164\100\1"), true, "start codes"},
        {LAYERS_AVC, BYTES(""), BYTES("\0\0\1"), false, "one that nothing follows"},
        {LAYERS_HEVC, BYTES(HVCC), BYTES("\0\0\0\3\46\1\0"), false, "one layer"},
        {LAYERS_HEVC, BYTES(HVCC), BYTES("\0\0\0\3\46\1\0\0\0\0\3\46\11\0"), true, "MV-HEVC"},
        {LAYERS_HEVC, BYTES(HVCC), BYTES("\0\0\0\0\0\0\0\1\46"), false, "units of nothing"},
        {LAYERS_HEVC, BYTES(""), BYTES("\0\0\1\46\1\0\0\1\46\11\0"), true, "by start codes"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool found = layers_has_second_view(rows[i].codec, (const uint8_t *)rows[i].record,
                                            rows[i].record_size, (const uint8_t *)rows[i].packet,
                                            rows[i].size);
        unit_check(found == rows[i].found, rows[i].sentence);
    }
}

/* --- files --- */

/* Behind each slice of the picture comes one for the other eye. */
static const char *stereoscopic(void)
{
    static char path[ENCODING_PATH];
    const char *folder = encoded_folder();
    free(encoded_run("ffmpeg -v error -y -f lavfi -i testsrc=s=320x240:d=1 -pix_fmt yuv420p -c:v "
                     "libx264 -bf 0 -x264-params slices=1 '%s/one.h264'",
                     folder));
    free(encoded_run(
        "perl -0777 -pe 's/\\x00\\x00\\x01([\\x41\\x61\\x65])(.*?)(?=\\x00\\x00"
        "[\\x00\\x01]|\\z)/\\x00\\x00\\x01$1$2\\x00\\x00\\x01\\x74\\x40\\x00\\x07$2/sg' "
        "'%s/one.h264' > '%s/two.h264'",
        folder, folder));
    snprintf(path, sizeof path, "%s/two.mp4", folder);
    free(encoded_run("ffmpeg -v error -y -r 25 -i '%s/two.h264' -c copy '%s'", folder, path));
    return path;
}

static void check_lost(const char *source, const char *expected, const char *sentence)
{
    char found[TRANSFER_LOSSES_TEXT_MAX + 1];
    Made made = {0};
    if (!encoding_try(source, 720, &made))
        fail_msg("%s: %s", sentence, made.error.detail);
    transfer_losses_format(made.result.losses, found);
    if (!streq(found, expected))
        fail_msg("%s: lost are \"%s\" instead of \"%s\"", sentence, found, expected);
}

static void what_a_file_loses_is_told(void **state)
{
#define FILM "-f lavfi -i testsrc=s=320x240:r=25:d=1 "
    static const struct {
        const char *name, *arguments, *losses, *sentence;
    } rows[] = {
        {"plain.mp4", FILM "-pix_fmt yuv420p -c:v mpeg4", "", "nothing"},
        {"logo.mov", FILM "-vf format=argb -c:v qtrle", "alpha,colours", "transparency"},
        {"palette.avi", FILM "-pix_fmt pal8 -c:v zmbv", "", "a palette"},
        {"logo.webm", FILM "-vf format=yuva420p -c:v libvpx -auto-alt-ref 0", "alpha",
         "transparency beside the picture"},
        {"large.mp4", "-f lavfi -i testsrc=s=1280x960:r=25:d=1 -pix_fmt yuv420p -c:v mpeg4", "size",
         "beyond the limit"},
        {"fast.mp4", "-f lavfi -i testsrc=s=320x240:r=120:d=1 -pix_fmt yuv420p -c:v mpeg4",
         "frame_rate", "a hundred and twenty pictures a second"},
#define CHOSEN(rate, which)                                                                        \
    "-f lavfi -i testsrc=s=320x240:d=4:r=" rate " -vf \"select='" which "'\" -fps_mode vfr "
        {"tab.webm", CHOSEN("1000", "not(mod(n\\,33))+eq(mod(n\\,97)\\,1)") "-c:v libvpx -live 1",
         "", "a browser's recording, whose rate is told as that of its clock"},
        {"slow.mkv", CHOSEN("120", "not(mod(n\\,4))+between(n\\,240\\,360)") "-c:v mpeg4",
         "frame_rate", "a second of slow motion in an ordinary film"},
        {"eyes.mkv", FILM "-pix_fmt yuv420p -c:v mpeg4 -metadata:s:v stereo_mode=left_right",
         "second_eye", "side by side"},
#define X264 "-pix_fmt yuv420p -c:v libx264 -x264-params "
        {"packed.mkv", FILM X264 "frame-packing=3 -vf scale=720:800", "second_eye,size",
         "side by side, as the pictures say"},
        {"ten.mkv", FILM "-pix_fmt yuv420p10le -c:v ffv1", "colours", "ten bits"},
        {"two.mkv", FILM "-map 0 -map 0 -pix_fmt yuv420p -c:v mpeg4", "picture_track",
         "a second camera"},
#define LATE "-f lavfi -i testsrc=s=160x120:r=25:d=24 -itsoffset 20 -f lavfi -i sine=d=4 "
        {"late.flv", LATE "-pix_fmt yuv420p -c:v flv1 -c:a pcm_s16le", "sound",
         "sound that nothing tells of before it comes"},
        {"late.mpg",
         LATE "-f lavfi -i sine=d=24 -map 0 -map 2 -map 1 -pix_fmt yuv420p -c:v mpeg2video -c:a "
              "mp2 -f vob",
         "sound_track", "a second sound, that comes late"},
        {"lines.mkv", FILM "-vf format=yuv420p,setfield=tff -c:v mpeg2video -flags +ilme+ildct",
         "fields", "interlaced"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_lost(encoding_source(rows[i].name, rows[i].arguments), rows[i].losses,
                   rows[i].sentence);
}

/* One pair of letters with each picture, or the pair that stands for none. */
static void words_inside_the_pictures_are_told(void **state)
{
    static const struct {
        const char *pair, *losses, *sentence;
    } rows[] = {{"\\x94\\x2C", "subtitles", "captions"}, {"\\x80\\x80", "", "no captions"}};
    char path[ENCODING_PATH];
    const char *folder = encoded_folder();
    (void)state;
    free(encoded_run("ffmpeg -v error -y " FILM "-pix_fmt yuv420p -c:v mpeg2video '%s/plain.m2v'",
                     folder));
    snprintf(path, sizeof path, "%s/words.m2v", folder);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        free(encoded_run("perl -0777 -pe 's/\\x00\\x00\\x01\\x01/\\x00\\x00\\x01\\xB2GA94\\x03\\x41"
                         "\\xFF\\xFC%s\\xFF\\x00\\x00\\x01\\x01/g' '%s/plain.m2v' > '%s'",
                         rows[i].pair, folder, path));
        check_lost(path, rows[i].losses, rows[i].sentence);
    }
}

/* A broadcast whose sound becomes that of the film behind the announcement. */
static void surround_that_begins_later_is_told(void **state)
{
    char path[ENCODING_PATH];
    const char *folder = encoded_folder();
    (void)state;
    for (int channels = 2; channels <= 6; channels += 4)
        free(encoded_run("ffmpeg -v error -y " FILM "-f lavfi -i sine=d=1:r=48000 -ac %d -c:a ac3 "
                         "-pix_fmt yuv420p -c:v mpeg2video '%s/sound%d.ts'",
                         channels, folder, channels));
    snprintf(path, sizeof path, "%s/broadcast.ts", folder);
    free(encoded_run("cd '%s' && cat sound2.ts sound2.ts sound2.ts sound2.ts sound2.ts sound2.ts "
                     "sound2.ts sound2.ts sound2.ts sound2.ts sound2.ts sound2.ts sound6.ts > '%s'",
                     folder, path));
    check_lost(path, "channels", "surround after stereo");
}

static void what_comes_beside_the_picture_is_told(void **state)
{
    char path[ENCODING_PATH];
    const char *folder = encoded_folder();
    (void)state;
    check_lost(stereoscopic(), "second_eye", "a view for the other eye");
    snprintf(path, sizeof path, "%s/words.mkv", folder);
    free(encoded_run("printf '1\\n00:00:00,000 --> 00:00:01,000\\nHello\\n' > '%s/words.srt' && "
                     "ffmpeg -v error -y " FILM
                     "-i '%s/words.srt' -pix_fmt yuv420p -c:v mpeg4 '%s'",
                     folder, folder, path));
    check_lost(path, "subtitles", "words");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_survive_every_way),
        cmocka_unit_test(a_plan_tells_what_it_leaves_of_the_picture),
        cmocka_unit_test(a_plan_tells_which_tracks_it_leaves),
        cmocka_unit_test(a_second_view_is_seen_in_the_packets),
        cmocka_unit_test(what_a_file_loses_is_told),
        cmocka_unit_test(words_inside_the_pictures_are_told),
        cmocka_unit_test(surround_that_begins_later_is_told),
        cmocka_unit_test(what_comes_beside_the_picture_is_told),
    };
    return encoding_run("losses", tests, ARRAY_SIZE(tests), argc, argv);
}
