/* Tone mapping, held against the media library's filters by CIEDE2000, the difference between two
 * colours of which 1 is about the least that an eye can see. */
#include <math.h>

#include "tests/unit/encoding.h"
#include "tests/unit/tone_reference.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/tone_map.h"
#include "transcoder/plan/plan.h"

/* --- the difference of colours --- */

typedef struct Lab {
    double l, a, b;
} Lab;

static double lab_root(double x)
{
    return x > 216.0 / 24389 ? cbrt(x) : (24389.0 / 27 * x + 16) / 116;
}

/* What a browser shows: BT.709's primaries by the curve of sRGB, cut off at its ends. */
static double shown_light(double x)
{
    x = fmin(fmax(x, 0), 1);
    return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

static Lab lab_of(const AVFrame *frame, int x, int y)
{
    double luma = (frame->data[0][y * frame->linesize[0] + x] - 16) / 219.0;
    double u = (frame->data[1][y / 2 * frame->linesize[1] + x / 2] - 128) / 224.0;
    double v = (frame->data[2][y / 2 * frame->linesize[2] + x / 2] - 128) / 224.0;
    double r = shown_light(luma + 1.5748 * v), b = shown_light(luma + 1.8556 * u);
    double g = shown_light(luma - 0.187324 * u - 0.468124 * v);
    double along_x = lab_root((0.412391 * r + 0.357584 * g + 0.180481 * b) / 0.950456);
    double along_y = lab_root(0.212639 * r + 0.715169 * g + 0.072192 * b);
    double along_z = lab_root((0.019331 * r + 0.119195 * g + 0.950532 * b) / 1.089058);
    return (Lab){116 * along_y - 16, 500 * (along_x - along_y), 200 * (along_y - along_z)};
}

static double hue_of(double a, double b)
{
    double hue = a == 0 && b == 0 ? 0 : atan2(b, a);
    return hue < 0 ? hue + 2 * M_PI : hue;
}

static double chroma_factor(double chroma)
{
    double seventh = pow(chroma, 7);
    return sqrt(seventh / (seventh + pow(25, 7)));
}

/* CIE 142: CIEDE2000, all weights 1. */
static double difference(Lab one, Lab other)
{
    double stretch = 1.5 - 0.5 * chroma_factor((hypot(one.a, one.b) + hypot(other.a, other.b)) / 2);
    double a1 = one.a * stretch, a2 = other.a * stretch;
    double c1 = hypot(a1, one.b), c2 = hypot(a2, other.b);
    double h1 = hue_of(a1, one.b), h2 = hue_of(a2, other.b), turn = h2 - h1, hue = h1 + h2;
    if (c1 * c2 == 0)
        turn = 0;
    else if (fabs(turn) <= M_PI)
        hue /= 2;
    else {
        turn += turn > 0 ? -2 * M_PI : 2 * M_PI;
        hue = (hue + (hue < 2 * M_PI ? 2 * M_PI : -2 * M_PI)) / 2;
    }
    double light = other.l - one.l, chroma = c2 - c1, hues = 2 * sqrt(c1 * c2) * sin(turn / 2);
    double middle = (one.l + other.l) / 2 - 50, rich = (c1 + c2) / 2, degree = M_PI / 180;
    double wave = 1 - 0.17 * cos(hue - 30 * degree) + 0.24 * cos(2 * hue) +
                  0.32 * cos(3 * hue + 6 * degree) - 0.2 * cos(4 * hue - 63 * degree);
    light /= 1 + 0.015 * middle * middle / sqrt(20 + middle * middle);
    chroma /= 1 + 0.045 * rich;
    hues /= 1 + 0.015 * rich * wave;
    double blue = 60 * degree * exp(-pow((hue / degree - 275) / 25, 2));
    double bend = -sin(blue) * 2 * chroma_factor(rich);
    return sqrt(light * light + chroma * chroma + hues * hues + bend * chroma * hues);
}

/* Pairs of colours and their difference, from the paper of Sharma, Wu and Dalal (2005). */
static void differences_are_those_of_the_standard(void **state)
{
    static const struct {
        Lab one, other;
        double difference;
    } rows[] = {
        {{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
        {{50, 2.5, 0}, {50, 0, -2.5}, 4.3065},
        {{50, 2.5, 0}, {61, -5, 29}, 22.8977},
        {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
        {{22.7233, 20.0904, -46.6940}, {23.0331, 14.9730, -42.5619}, 2.0373},
        {{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_true(fabs(difference(rows[i].one, rows[i].other) - rows[i].difference) < 0.0001);
}

/* --- pictures --- */

static AVFrame *new_picture(int width, int height, MediaColour colour)
{
    AVFrame *frame = av_frame_alloc();
    assert_non_null(frame);
    frame->width = width;
    frame->height = height;
    frame->format = AV_PIX_FMT_YUV420P10;
    frame->color_primaries = (enum AVColorPrimaries)colour.primaries;
    frame->color_trc = (enum AVColorTransferCharacteristic)colour.transfer;
    frame->colorspace = (enum AVColorSpace)colour.matrix;
    frame->color_range = colour.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    frame->sample_aspect_ratio = (AVRational){1, 1};
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    return frame;
}

static uint16_t *sample_at(const AVFrame *frame, int plane, int x, int y)
{
    return (uint16_t *)(void *)(frame->data[plane] + y * frame->linesize[plane]) + x;
}

#define KEEPER_MAGIC 0x4b455052u /* "KEPR" */

typedef struct Keeper {
    unsigned magic;
    AVFrame *frame;
} Keeper;

static bool keep(void *context, AVFrame *frame, Error *error)
{
    Keeper *keeper = CAST_OBJECT(Keeper, context, KEEPER_MAGIC);
    (void)error;
    keeper->frame = av_frame_clone(frame);
    return true;
}

static AVFrame *filtered(const AVFrame *frame, const char *text)
{
    Keeper keeper = {.magic = KEEPER_MAGIC};
    Error error = {0};
    _cleanup_filter_ Filter filter = {0};
    _cleanup_frame_ AVFrame *given = av_frame_clone(frame);
    FilterSpec spec = {.like = frame, .time_base = {1, 1}, .text = text, .threads = 1};
    if (!filter_open(&spec, &filter, &error) ||
        !filter_frame(&filter, given, (FrameSink){keep, &keeper}, &error))
        fail_msg("%s: %s", text, error.detail);
    assert_non_null(keeper.frame);
    return keeper.frame;
}

/* As a video is made: by the plan's filters, and then by the map. */
static AVFrame *mapped(const AVFrame *frame, MediaColour colour)
{
    char text[PLAN_FILTERS_MAX];
    PlanVideo plan = {.width = frame->width,
                      .height = frame->height,
                      .orientation = MEDIA_UPRIGHT,
                      .tone_map = true,
                      .source = colour};
    ToneMap *map;
    Error error = {0};
    plan_video_filters(&plan, 1, text);
    AVFrame *made = filtered(frame, text);
    tone_map_new(&colour, MEDIA_COLOUR_BT709, &map);
    assert_true(tone_map_frame(map, made, &error));
    tone_map_free(&map);
    return made;
}

static AVFrame *reference(const AVFrame *frame, MediaColour colour)
{
    char text[PLAN_FILTERS_MAX];
    snprintf(text, sizeof text, TONE_REFERENCE, colour.transfer, colour.primaries, colour.matrix,
             colour.full_range ? "pc" : "tv");
    return filtered(frame, text);
}

typedef struct Spread {
    double mean, most; /* the latter of all but a hundredth */
    double worst;
} Spread;

static int by_size(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* Of every `step`th pixel from its middle on. */
static Spread compare(const AVFrame *made, const AVFrame *wanted, int step)
{
    size_t count = 0;
    _cleanup_free_ double *all =
        base_calloc((size_t)(made->width / step) * (size_t)(made->height / step), sizeof *all);
    Spread spread = {0};
    for (int y = step / 2; y < made->height; y += step)
        for (int x = step / 2; x < made->width; x += step) {
            all[count] = difference(lab_of(made, x, y), lab_of(wanted, x, y));
            spread.mean += all[count++];
        }
    qsort(all, count, sizeof *all, by_size);
    spread.mean /= (double)count;
    spread.most = all[count * 99 / 100];
    spread.worst = all[count - 1];
    return spread;
}

static void check_spread(Spread is, Spread limit, const char *sentence)
{
    print_message("%s: mean %.3f, 99th percentile %.3f, worst %.3f\n", sentence, is.mean, is.most,
                  is.worst);
    if (is.mean > limit.mean || is.most > limit.most || is.worst > limit.worst)
        fail_msg("%s: mean %.3f, 99th percentile %.3f, worst %.3f", sentence, is.mean, is.most,
                 is.worst);
}

/* --- patches --- */

#define PATCH   16 /* pixels */
#define COLUMNS 60
#define ROWS    40

/* A number from 0 to 1, always the same ones in a row. */
static double next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) / (double)(1 << 24);
}

/* Greys, then the ways from black by each primary and between them to white, then any colours. */
static void choose_colour(int i, uint32_t *seed, double rgb[3])
{
    for (int j = 0; j < 3; j++)
        rgb[j] = next_number(seed);
    if (i < 256)
        rgb[0] = rgb[1] = rgb[2] = i / 255.0;
    else if (i < 256 + 6 * 64)
        for (int j = 0; j < 3; j++)
            rgb[j] = ((i / 64 - 3) >> j & 1 ? 1 : 0.25) * (i % 64) / 63.0;
}

static void paint_patch(AVFrame *frame, int column, int row, const double rgb[3])
{
    double red = 0.2627, blue = 0.0593;
    if (frame->colorspace == AVCOL_SPC_BT709) {
        red = 0.2126;
        blue = 0.0722;
    } else if (frame->colorspace == AVCOL_SPC_SMPTE170M) {
        red = 0.299;
        blue = 0.114;
    }
    double luma = red * rgb[0] + (1 - red - blue) * rgb[1] + blue * rgb[2];
    const long codes[3] = {lround(64 + 876 * luma),
                           lround(512 + 448 * (rgb[2] - luma) / (1 - blue)),
                           lround(512 + 448 * (rgb[0] - luma) / (1 - red))};
    for (int plane = 0; plane < 3; plane++) {
        int side = plane == 0 ? PATCH : PATCH / 2;
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
                *sample_at(frame, plane, column * side + x, row * side + y) =
                    (uint16_t)codes[plane];
    }
}

static AVFrame *patches(MediaColour colour)
{
    AVFrame *frame = new_picture(COLUMNS * PATCH, ROWS * PATCH, colour);
    uint32_t seed = 1;
    double rgb[3];
    for (int i = 0; i < COLUMNS * ROWS; i++) {
        choose_colour(i, &seed, rgb);
        paint_patch(frame, i % COLUMNS, i / COLUMNS, rgb);
    }
    return frame;
}

enum {
    PQ = MEDIA_TRANSFER_PQ,
    HLG = MEDIA_TRANSFER_HLG,
    WIDE = MEDIA_PRIMARIES_BT2020,
    P3 = MEDIA_PRIMARIES_P3,
    NCL = MEDIA_MATRIX_BT2020_NCL,
    ICTCP = AVCOL_SPC_ICTCP,
    SD = MEDIA_COLOUR_BT601,
    HD = MEDIA_COLOUR_BT709,
};

/* Every colour of a form, flat, so that no filter for colour differences comes between. Both sides
 * round to 8 bits, and in dark colours one step of that is a difference of more than 1. */
static void every_colour_is_mapped_as_the_filters_do(void **state)
{
    static const struct {
        MediaColour painted, given;
        const char *made; /* the filters between the two */
        const char *sentence;
    } rows[] = {
        {{WIDE, PQ, NCL, false}, {WIDE, PQ, NCL, false}, "null", "HDR10"},
        {{WIDE, HLG, NCL, false}, {WIDE, HLG, NCL, false}, "null", "HLG"},
        {{P3, PQ, NCL, false}, {P3, PQ, NCL, false}, "null", "PQ in the primaries of P3"},
        {{HD, HLG, HD, false}, {HD, HLG, HD, false}, "null", "HLG in those of BT.709"},
        {{SD, PQ, SD, false}, {SD, PQ, SD, false}, "null", "PQ in those of old television"},
        {{WIDE, PQ, NCL, false},
         {WIDE, PQ, NCL, true},
         "zscale=rin=tv:r=pc,format=yuv420p10",
         "full range"},
        {{WIDE, HLG, NCL, false},
         {WIDE, HLG, NCL, true},
         "zscale=rin=tv:r=pc,format=yuv420p12",
         "12 bits in full range"},
        {{WIDE, PQ, NCL, false},
         {WIDE, PQ, NCL, false},
         "scale,format=yuv422p12",
         "12 bits and more colour"},
        {{WIDE, PQ, NCL, false},
         {WIDE, PQ, AVCOL_SPC_RGB, true},
         "zscale=m=gbr:r=pc,format=gbrp12",
         "red, green and blue"},
        {{WIDE, HLG, NCL, false},
         {WIDE, HLG, ICTCP, false},
         "zscale=m=ictcp,format=yuv420p12",
         "ICtCp"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        _cleanup_frame_ AVFrame *painted = patches(rows[i].painted);
        _cleanup_frame_ AVFrame *given = filtered(painted, rows[i].made);
        _cleanup_frame_ AVFrame *made = mapped(given, rows[i].given);
        _cleanup_frame_ AVFrame *wanted = reference(given, rows[i].given);
        check_spread(compare(made, wanted, PATCH), (Spread){0.2, 1, 2}, rows[i].sentence);
    }
}

/* --- camera pictures --- */

#define CROP 720 /* pixels: all of these are as large, either way */

static AVFrame *camera_picture(const char *path, MediaColour colour)
{
    AVFrame *frame = new_picture(CROP, CROP, colour);
    char raw[ENCODING_PATH];
    snprintf(raw, sizeof raw, "%s/picture.raw", encoded_folder());
    free(encoded_run("ffmpeg -v error -y -noautorotate -i '%s' -map 0:v:0 -vf "
                     "'select=gte(n\\,2),crop=%d:%d' -frames:v 1 -pix_fmt yuv420p10le -f rawvideo "
                     "'%s'",
                     path, CROP, CROP, raw));
    FILE *file = fopen(raw, "rb");
    assert_non_null(file);
    for (int plane = 0; plane < 3; plane++) {
        size_t side = plane == 0 ? CROP : CROP / 2;
        for (size_t y = 0; y < side; y++)
            assert_int_equal(fread(sample_at(frame, plane, 0, (int)y), 2, side, file), side);
    }
    fclose(file);
    return frame;
}

/* Here edges and noise come in, and where the filters mix colours of neighbours that they have not
 * in the same place. */
static void camera_pictures_are_mapped_as_the_filters_do(void **state)
{
    static const struct {
        const char *name;
        int transfer;
    } rows[] = {
        {"video/hdr10_av1_portrait.mp4", MEDIA_TRANSFER_PQ},
        {"video/hdr10_hevc_sdr_container.mp4", MEDIA_TRANSFER_PQ},
        {"video/iphone_dv84_hlg_editlist.mp4", MEDIA_TRANSFER_HLG},
        {"video/iphone_dolbyvision84_hlg_rot90.MOV", MEDIA_TRANSFER_HLG},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char path[ENCODING_PATH];
        if (!encoding_corpus(rows[i].name, path))
            continue;
        MediaColour colour = {WIDE, rows[i].transfer, NCL, false};
        _cleanup_frame_ AVFrame *given = camera_picture(path, colour);
        _cleanup_frame_ AVFrame *made = mapped(given, colour);
        _cleanup_frame_ AVFrame *wanted = reference(given, colour);
        check_spread(compare(made, wanted, 1), (Spread){0.5, 2.5, 12}, rows[i].name);
    }
}

/* --- edges --- */

static AVFrame *mapped_at_once(AVFrame *frame, MediaColour colour)
{
    ToneMap *map;
    Error error = {0};
    tone_map_new(&colour, MEDIA_COLOUR_BT709, &map);
    assert_true(tone_map_frame(map, frame, &error));
    tone_map_free(&map);
    assert_int_equal(frame->format, AV_PIX_FMT_YUV420P);
    assert_int_equal(frame->colorspace, AVCOL_SPC_BT709);
    return frame;
}

static AVFrame *filled(int width, int height, uint16_t luma, uint16_t u, uint16_t v)
{
    AVFrame *frame = new_picture(width, height, (MediaColour){WIDE, PQ, NCL, false});
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            *sample_at(frame, 0, x, y) = luma;
            *sample_at(frame, 1, x / 2, y / 2) = u;
            *sample_at(frame, 2, x / 2, y / 2) = v;
        }
    return frame;
}

#define CODES 1024

/* Bars that the filters put beside a picture are black behind the map as before it. */
static void greys_stay_grey_and_black_black(void **state)
{
    const MediaColour colour = {WIDE, PQ, NCL, false};
    _cleanup_frame_ AVFrame *frame = filled(2 * CODES, 2, 0, 512, 512);
    (void)state;
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < frame->width; x++)
            *sample_at(frame, 0, x, y) = (uint16_t)(x / 2);
    mapped_at_once(frame, colour);
    for (int i = 0; i < CODES; i++) {
        assert_int_equal(frame->data[1][i], 128);
        assert_int_equal(frame->data[2][i], 128);
        assert_true(i == 0 || frame->data[0][2 * i] >= frame->data[0][2 * i - 1]);
        assert_true(frame->data[0][2 * i] == frame->data[0][2 * i + 1]);
    }
    assert_int_equal(frame->data[0][2 * 64], 16);
}

static void every_width_is_mapped_to_its_end(void **state)
{
    const MediaColour colour = {WIDE, PQ, NCL, false};
    static const int widths[] = {2, 62, 64, 66, 130};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
        _cleanup_frame_ AVFrame *frame =
            mapped_at_once(filled(widths[i], 4, 500, 600, 450), colour);
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < widths[i]; x++) {
                assert_int_equal(frame->data[0][y * frame->linesize[0] + x], frame->data[0][0]);
                assert_int_equal(frame->data[1][y / 2 * frame->linesize[1] + x / 2],
                                 frame->data[1][0]);
                assert_int_equal(frame->data[2][y / 2 * frame->linesize[2] + x / 2],
                                 frame->data[2][0]);
            }
    }
}

/* A broken file's samples may be more than ten bits have, and any colour with any luma. */
static void nonsense_is_mapped_to_something(void **state)
{
    static const uint16_t samples[] = {0, 1023, 1024, 0x7fff, 0xffff};
    (void)state;
    for (size_t i = 0; i < 125; i++)
        for (int transfer = PQ; transfer <= HLG; transfer += HLG - PQ) {
            AVFrame *frame = filled(4, 2, samples[i % 5], samples[i / 5 % 5], samples[i / 25]);
            *sample_at(frame, 0, 1, 1) = samples[(i + 1) % 5];
            mapped_at_once(frame, (MediaColour){WIDE, transfer, NCL, false});
            av_frame_free(&frame);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_those_of_the_standard),
        cmocka_unit_test(every_colour_is_mapped_as_the_filters_do),
        cmocka_unit_test(camera_pictures_are_mapped_as_the_filters_do),
        cmocka_unit_test(greys_stay_grey_and_black_black),
        cmocka_unit_test(every_width_is_mapped_to_its_end),
        cmocka_unit_test(nonsense_is_mapped_to_something),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    encoded_cleanup();
    return failed;
}
