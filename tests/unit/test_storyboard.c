/* The storyboard: which moments get a tile, that each tile shows its moment, and its text. */
#include "tests/unit/job_fixture.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <math.h>

#include "tests/unit/cues.h"
#include "transcoder/pipeline/storyboard.h"

typedef struct Made {
    int sheet_fd, vtt_fd;
    Cues cues;
    AVFrame *sheet;
} Made;

static char *content_of(int fd)
{
    size_t size = (size_t)fixture_file_size(fd);
    char *text = base_calloc(size + AV_INPUT_BUFFER_PADDING_SIZE, 1);
    assert_int_equal(pread(fd, text, size, 0), size);
    return text;
}

/* Brightness that tells the moment: another one each half second, and again after two minutes. */
static int luma_at(double seconds)
{
    return 16 + (int)floor(seconds * 2 + 1e-6) * 7 % 213;
}

static int blue_at(double seconds)
{
    return 64 + luma_at(seconds) / 2;
}

static AVFrame *frame_at(double seconds, int width, int height)
{
    AVFrame *frame = av_frame_alloc();
    assert_non_null(frame);
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = width;
    frame->height = height;
    frame->colorspace = AVCOL_SPC_SMPTE170M;
    frame->color_range = AVCOL_RANGE_MPEG;
    assert_true(av_frame_get_buffer(frame, 0) >= 0);
    const int values[] = {luma_at(seconds), blue_at(seconds), 128};
    for (int plane = 0; plane < 3; plane++)
        memset(frame->data[plane], values[plane],
               (size_t)frame->linesize[plane] * (size_t)(plane == 0 ? height : (height + 1) / 2));
    return frame;
}

static void show(Storyboard *storyboard, double seconds, int width, int height)
{
    _cleanup_frame_ AVFrame *frame = frame_at(seconds, width, height);
    storyboard_take(storyboard, frame, seconds);
    unit_check(frame->data[0], "the frame keeps its content");
    unit_check(storyboard->count <= STORYBOARD_HELD_MAX, "no more is held than may be");
}

static AVFrame *decode_jpeg(int fd)
{
    _cleanup_free_ char *bytes = content_of(fd);
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    _cleanup_codec_ AVCodecContext *decoder = avcodec_alloc_context3(codec);
    _cleanup_packet_ AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    packet->data = (uint8_t *)bytes;
    packet->size = (int)fixture_file_size(fd);
    assert_int_equal(avcodec_open2(decoder, codec, NULL), 0);
    assert_int_equal(avcodec_send_packet(decoder, packet), 0);
    assert_int_equal(avcodec_receive_frame(decoder, frame), 0);
    return frame;
}

static bool finish(Storyboard *storyboard, double duration, Made *made)
{
    *made = (Made){.sheet_fd = fixture_file(), .vtt_fd = fixture_file()};
    StoryboardOutput output = {made->sheet_fd, made->vtt_fd, duration};
    Error error = {0};
    bool done = storyboard_write(storyboard, &output, &error);
    storyboard_release(storyboard);
    assert_int_equal(storyboard->count, 0);
    if (done) {
        _cleanup_free_ char *text = content_of(made->vtt_fd);
        cues_read(text, &made->cues);
        made->sheet = decode_jpeg(made->sheet_fd);
    } else {
        unit_check(error.code && error.detail[0], "a failure says why");
        unit_check(fixture_file_size(made->sheet_fd) == 0 && fixture_file_size(made->vtt_fd) == 0,
                   "and leaves nothing behind");
    }
    return done;
}

static void made_release(Made *made)
{
    av_frame_free(&made->sheet);
    close(made->sheet_fd);
    close(made->vtt_fd);
}

/* On average, of the part of one plane. */
static double value_of(const AVFrame *sheet, const Cue *cue, int plane)
{
    int half = plane == 0 ? 1 : 2;
    double sum = 0;
    for (int y = cue->y / half; y < (cue->y + cue->height) / half; y++)
        for (int x = cue->x / half; x < (cue->x + cue->width) / half; x++)
            sum += sheet->data[plane][(ptrdiff_t)y * sheet->linesize[plane] + x];
    return sum * half * half / (cue->width * cue->height);
}

/* Each tile lies on the sheet by itself, and shows the picture of its cue's first moment. */
static void check_tiles(const Made *made, const char *sentence)
{
    for (size_t i = 0; i < made->cues.count; i++) {
        const Cue *cue = &made->cues.list[i];
        unit_check(cue->x == (int)(i % 10) * cue->width && cue->y == (int)(i / 10) * cue->height,
                   "tiles lie in rows of ten");
        unit_check(cue->x + cue->width <= made->sheet->width &&
                       cue->y + cue->height <= made->sheet->height,
                   "all of them on the sheet");
        const double expected[] = {(luma_at(cue->start) - 16) * 255.0 / 219,
                                   (blue_at(cue->start) - 128) * 255.0 / 224 + 128};
        /* Very small ones share JPEG's blocks with their neighbours. */
        double tolerance = MIN_OF(cue->width, cue->height) < 16 ? 24 : 3;
        for (int plane = 0; plane < 2; plane++)
            if (fabs(value_of(made->sheet, cue, plane) - expected[plane]) > tolerance)
                fail_msg("%s: plane %d of the tile of %.3f s is %.1f and not %.1f", sentence, plane,
                         cue->start, value_of(made->sheet, cue, plane), expected[plane]);
    }
}

static void every_stretch_of_a_video_has_a_tile(void **state)
{
    static const struct {
        double duration, step; /* seconds, of the video and between pictures */
        size_t tiles;
        const char *sentence;
    } rows[] = {
        {1.9, 0.1, 0, "two seconds have one tile, which is no storyboard"},
        {2.04, 0.04, 2, "a little more has two"},
        {3, 1.0 / 60, 2, "three seconds"},
        {20, 1.0 / 30, 10, "one tile in two seconds"},
        {21, 0.04, 11, "the last one stands for what is left"},
        {199, 0.5, 100, "as many as there may be"},
        {201, 0.5, 100, "from here on they stand for more than two seconds"},
        {300, 0.5, 100, "every three seconds"},
        {399, 0.5, 100, "nearly four"},
        {401, 0.5, 100, "the first time that every second one goes"},
        {1000, 0.5, 100, "a long one"},
        {43200, 0.5, 100, "a day's work"},
        {60, 7, 9, "a picture each seven seconds"},
        {3600, 50, 72, "an hour of slides"},
        {1000, 9.5, 100, "slides nearly as rare as tiles"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Storyboard storyboard;
        Made made;
        storyboard_init(&storyboard);
        for (int n = 0; n * rows[i].step < rows[i].duration; n++)
            show(&storyboard, n * rows[i].step, 64, 36);
        unit_check(finish(&storyboard, rows[i].duration, &made) == (rows[i].tiles > 0),
                   rows[i].sentence);
        if (made.cues.count != rows[i].tiles)
            fail_msg("%s: %zu tiles and not %zu", rows[i].sentence, made.cues.count, rows[i].tiles);
        if (made.sheet) {
            cues_check(&made.cues, rows[i].duration, rows[i].sentence);
            check_tiles(&made, rows[i].sentence);
        }
        made_release(&made);
    }
}

static void tiles_have_the_shape_of_the_picture(void **state)
{
    static const struct {
        int width, height;
        int tile_width, tile_height;
        const char *sentence;
    } rows[] = {
        {1920, 1080, 160, 90, "a wide picture"},
        {1080, 1920, 90, 160, "an upright one"},
        {640, 640, 160, 160, "a square one"},
        {1998, 1080, 160, 86, "odd sides are made even"},
        {64, 36, 64, 36, "a small picture is not made larger"},
        {4096, 2, 160, 2, "a sliver has a tile"},
        {1, 1, 2, 2, "and so has a dot"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Storyboard storyboard;
        Made made;
        storyboard_init(&storyboard);
        for (int second = 0; second < 26; second += 2)
            show(&storyboard, second, rows[i].width, rows[i].height);
        unit_check(finish(&storyboard, 26, &made), rows[i].sentence);
        unit_check(made.cues.list[0].width == rows[i].tile_width &&
                       made.cues.list[0].height == rows[i].tile_height,
                   rows[i].sentence);
        unit_check(made.sheet->width == 10 * rows[i].tile_width &&
                       made.sheet->height == 2 * rows[i].tile_height,
                   "the sheet is as large as its tiles");
        check_tiles(&made, rows[i].sentence);
        made_release(&made);
    }
}

static void pictures_that_change_keep_to_the_first_shape(void **state)
{
    Storyboard storyboard;
    Made made;
    (void)state;
    storyboard_init(&storyboard);
    show(&storyboard, 0, 320, 180);
    show(&storyboard, 2, 180, 320);
    show(&storyboard, 4, 33, 1);
    unit_check(finish(&storyboard, 6, &made), "it is made");
    unit_check(made.sheet->width == 480 && made.sheet->height == 90, "of equal tiles");
    check_tiles(&made, "another shape");
    made_release(&made);
}

static void broken_clocks_do_no_harm(void **state)
{
    static const struct {
        double seconds[5], duration;
        size_t tiles;
        const char *sentence;
    } rows[] = {
        {{0, 2, 4, 6, 8}, 10, 5, "all is well"},
        {{NAN, INFINITY, -INFINITY, 0, 2}, 10, 2, "what is no time has no tile"},
        {{-5, -1, 0, 2, 4}, 10, 3, "nor has what comes before the beginning"},
        {{0, 4, 2, 4, 6}, 10, 3, "nor what goes back"},
        {{0, 1.999, 2.001, 2.9, 4}, 10, 3, "a tile is of the first picture of its stretch"},
        {{0, 3.9, 4.1, 10, 10}, 12, 3, "two tiles are never close"},
        {{0, 2, 4, 6, 8}, 5, 3, "a tile beyond the end is left out"},
        {{0, 2, 4, 6, 8}, 8, 4, "or at it"},
        {{0, 2, 4, 6, 8}, 0, 0, "no duration"},
        {{0, 2, 4, 6, 8}, -1, 0, "less than none"},
        {{0, 2, 4, 6, 8}, NAN, 0, "no number"},
        {{0, 2, 4, 6, 8}, INFINITY, 0, "no end"},
        {{0, 2, 4, 6, 8}, 1e300, 0, "as good as none"},
        {{1e300, 1e300, 1e300, 1e300, 1e300}, 10, 0, "pictures beyond all time"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Storyboard storyboard;
        Made made;
        storyboard_init(&storyboard);
        for (size_t n = 0; n < ARRAY_SIZE(rows[i].seconds); n++)
            if (isfinite(rows[i].seconds[n]) && rows[i].seconds[n] >= 0 &&
                rows[i].seconds[n] < 1e6) {
                show(&storyboard, rows[i].seconds[n], 32, 18);
            } else {
                _cleanup_frame_ AVFrame *frame = frame_at(0, 32, 18);
                storyboard_take(&storyboard, frame, rows[i].seconds[n]);
            }
        finish(&storyboard, rows[i].duration, &made);
        unit_check(made.cues.count == rows[i].tiles, rows[i].sentence);
        made_release(&made);
    }
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    for (int broken = 0; broken < 2; broken++) {
        Storyboard storyboard;
        int fds[2] = {fixture_file(), fixture_file()};
        Error error = {0};
        storyboard_init(&storyboard);
        show(&storyboard, 0, 32, 18);
        show(&storyboard, 2, 32, 18);
        assert_int_equal(fcntl(fds[broken], F_ADD_SEALS, F_SEAL_GROW), 0);
        StoryboardOutput output = {fds[0], fds[1], 4};
        unit_check(!storyboard_write(&storyboard, &output, &error), "it fails");
        assert_int_equal(error.code, ERROR_IO);
        unit_check(fixture_file_size(fds[0]) == 0 && fixture_file_size(fds[1]) == 0,
                   "and both files are empty");
        storyboard_release(&storyboard);
        close(fds[0]);
        close(fds[1]);
    }
}

static void the_text_is_webvtt(void **state)
{
    static const double starts[] = {0.5, 2, 3599.9996, 359999};
    StoryboardCues cues = {
        .starts = starts, .count = 4, .end = 360000.0006, .columns = 3, .width = 160, .height = 90};
    static const char expected[] = "WEBVTT\n"
                                   "\n00:00:00.000 --> 00:00:02.000\n"
                                   "storyboard.jpg#xywh=0,0,160,90\n"
                                   "\n00:00:02.000 --> 01:00:00.000\n"
                                   "storyboard.jpg#xywh=160,0,160,90\n"
                                   "\n01:00:00.000 --> 99:59:59.000\n"
                                   "storyboard.jpg#xywh=320,0,160,90\n"
                                   "\n99:59:59.000 --> 100:00:00.001\n"
                                   "storyboard.jpg#xywh=0,90,160,90\n";
    _cleanup_buffer_ Buffer text = BUFFER(4096), small = BUFFER(100);
    (void)state;
    assert_true(storyboard_format_cues(&cues, &text));
    assert_string_equal(text.data, expected);
    assert_false(storyboard_format_cues(&cues, &small));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stretch_of_a_video_has_a_tile),
        cmocka_unit_test(tiles_have_the_shape_of_the_picture),
        cmocka_unit_test(pictures_that_change_keep_to_the_first_shape),
        cmocka_unit_test(broken_clocks_do_no_harm),
        cmocka_unit_test(what_cannot_be_written_leaves_nothing),
        cmocka_unit_test(the_text_is_webvtt),
    };
    return cmocka_run_group_tests_name("storyboard", tests, NULL, NULL);
}
