#include "transcoder/pipeline/tone_map.h"

#include <math.h>

#include "common/media/media_error.h"

/* ITU-R BT.2100 table 9: samples of ten bits. */
#define CODES       1024
#define LUMA_BLACK  64
#define LUMA_SPAN   876
#define COLOUR_ZERO 512
#define COLOUR_SPAN 896

/* The signal of red, green or blue is the luma and what the colour differences add to it, counted
 * in fractions of the luma's codes. Whatever they are, it lies between -1 and 2 times all codes. */
#define FINE        2
#define SIGNALS     (3 * CODES * FINE)
#define SIGNAL_ZERO (CODES * FINE)

/* Beyond white PQ soon runs away to infinity. */
#define SIGNAL_MAX 1.5

/* Roots are looked up by the upper half of a float: its sign, its exponent and so many bits of its
 * mantissa. The exponents in use are those of the numbers from 2^-27 to 4. */
#define MANTISSA     8
#define ROOT_SHIFT   (23 - MANTISSA)
#define ROOTS        (1u << (32 - ROOT_SHIFT))
#define ROOTS_FIRST  (100u << MANTISSA)
#define ROOTS_BEHIND (129u << MANTISSA)

#define DISPLAY_GAMMA 2.4 /* ITU-R BT.1886 */

struct ToneMap {
    int16_t red_v[CODES], green_u[CODES], green_v[CODES], blue_u[CODES]; /* added to the luma */
    float light[SIGNALS];                                                /* 1: white */
    float to_bt709[3][3];
    int matrix;              /* of the pictures made, and what follows from it: */
    float parts[3];          /* what red, green and blue give to luma */
    float per_red, per_blue; /* samples by differences from luma */
    float roots[ROOTS];      /* of light, by the display's gamma */
    float greys[CODES];      /* what the lumas of grey become; 1: white */
};

#define LANES 4
typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));
typedef uint32_t Bits __attribute__((vector_size(4 * LANES)));

#define RUN    32 /* blocks of two by two pixels that are worked on at once */
#define GROUPS (RUN / LANES)

typedef union Numbers {
    uint32_t one[RUN];
    Ints some[GROUPS];
    Bits bits[GROUPS];
} Numbers;

typedef union Values {
    float one[RUN];
    Floats some[GROUPS];
} Values;

typedef enum End { DARKEST, BRIGHTEST, ENDS } End;

typedef struct Run {
    Numbers lumas[2]; /* of the upper and the lower line, two in each number, the left one lower */
    uint16_t u[RUN], v[RUN];
    Numbers ends[ENDS];                        /* of each block's lumas */
    Values grey[2][2], grey_ends[ENDS];        /* what they would become in grey */
    Values red[ENDS], green[ENDS], blue[ENDS]; /* light, then its root */
    uint16_t made[2][RUN];                     /* pairs, as the lumas */
    uint8_t made_u[RUN], made_v[RUN];
} Run;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "pairs of lumas are read as one number");

/* --- the tables --- */

/* ITU-R BT.2100 table 4. */
static double tone_map_pq(double signal)
{
    double root = pow(signal, 1 / 78.84375);
    double part = fmax(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root);
    return 10000 * pow(part, 1 / 0.1593017578125);
}

/* ITU-R BT.2100 table 5, its gamma of 1.2 applied to red, green and blue alike. */
static double tone_map_hlg(double signal)
{
    double scene = signal <= 0.5 ? signal * signal / 3
                                 : (exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12;
    return 1000 * pow(scene, 1.2);
}

static void tone_map_fill_light(ToneMap *map, int transfer)
{
    for (int i = 0; i < SIGNALS; i++) {
        double signal = ((double)(i - SIGNAL_ZERO) / FINE - LUMA_BLACK) / LUMA_SPAN;
        signal = fmin(fmax(signal, 0), SIGNAL_MAX);
        double nits = transfer == MEDIA_TRANSFER_HLG ? tone_map_hlg(signal) : tone_map_pq(signal);
        map->light[i] = (float)(nits / TONE_MAP_WHITE);
    }
}

/* What red and blue give to luma, ITU-T H.273 table 4; green gives the rest. */
static void tone_map_parts(int matrix, double *red, double *blue)
{
    bool old = matrix == MEDIA_COLOUR_BT470BG || matrix == MEDIA_COLOUR_BT601;
    bool new = matrix == MEDIA_COLOUR_BT709;
    *red = old ? 0.299 : new ? 0.2126 : 0.2627;
    *blue = old ? 0.114 : new ? 0.0722 : 0.0593;
}

/* What the colour differences add, ITU-R BT.2100 table 6. */
static void tone_map_fill_differences(ToneMap *map, int matrix)
{
    double red, blue;
    tone_map_parts(matrix, &red, &blue);
    double green = 1 - red - blue;
    for (int i = 0; i < CODES; i++) {
        double unit = 2.0 * FINE * (i - COLOUR_ZERO) * LUMA_SPAN / COLOUR_SPAN;
        map->red_v[i] = (int16_t)lround(unit * (1 - red));
        map->blue_u[i] = (int16_t)lround(unit * (1 - blue));
        map->green_u[i] = (int16_t)lround(-unit * (1 - blue) * blue / green);
        map->green_v[i] = (int16_t)lround(-unit * (1 - red) * red / green);
    }
}

/* Chromaticities of red, green and blue, ITU-T H.273 table 2; the white of all is D65. */
typedef struct Primaries {
    int code;
    double xy[3][2];
} Primaries;

static const Primaries known_primaries[] = {
    {MEDIA_PRIMARIES_BT2020, {{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}}},
    {MEDIA_COLOUR_BT709, {{0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}}},
    {MEDIA_COLOUR_BT470BG, {{0.640, 0.330}, {0.290, 0.600}, {0.150, 0.060}}},
    {MEDIA_COLOUR_BT601, {{0.630, 0.340}, {0.310, 0.595}, {0.155, 0.070}}},
    {MEDIA_PRIMARIES_P3, {{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}},
};

static double tone_map_determinant(const double a[3], const double b[3], const double c[3])
{
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) +
           a[2] * (b[0] * c[1] - b[1] * c[0]);
}

/* Red, green and blue of these primaries as seen by those of BT.709, by way of XYZ. */
static void tone_map_fill_matrix(ToneMap *map, int code)
{
    static const double white[3] = {0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290};
    static const double from_xyz[3][3] = {{3.2409699419, -1.5373831776, -0.4986107603},
                                          {-0.9692436363, 1.8759675015, 0.0415550574},
                                          {0.0556300797, -0.2039769589, 1.0569715142}};
    const Primaries *primaries = &known_primaries[0];
    double xyz[3][3];
    for (size_t i = 0; i < ARRAY_SIZE(known_primaries); i++)
        if (known_primaries[i].code == code)
            primaries = &known_primaries[i];
    for (int i = 0; i < 3; i++) {
        double x = primaries->xy[i][0], y = primaries->xy[i][1];
        xyz[i][0] = x / y;
        xyz[i][1] = 1;
        xyz[i][2] = (1 - x - y) / y;
    }
    double all = tone_map_determinant(xyz[0], xyz[1], xyz[2]);
    const double parts[3] = {tone_map_determinant(white, xyz[1], xyz[2]) / all,
                             tone_map_determinant(xyz[0], white, xyz[2]) / all,
                             tone_map_determinant(xyz[0], xyz[1], white) / all};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            map->to_bt709[i][j] =
                (float)(parts[j] * (from_xyz[i][0] * xyz[j][0] + from_xyz[i][1] * xyz[j][1] +
                                    from_xyz[i][2] * xyz[j][2]));
}

static void tone_map_fill_roots(ToneMap *map)
{
    for (uint32_t i = ROOTS_FIRST; i < ROOTS_BEHIND; i++) {
        union {
            uint32_t bits;
            float value;
        } middle = {.bits = i << ROOT_SHIFT | 1u << (ROOT_SHIFT - 1)};
        map->roots[i] = (float)pow(middle.value, 1 / DISPLAY_GAMMA);
        map->roots[ROOTS / 2 + i] = -map->roots[i];
    }
}

/* Hable's curve is (x (0.15 x + 0.05) + 0.004) / (x (0.15 x + 0.5) + 0.06) - 0.02 / 0.3. It begins
 * at 0, and by how much it scales is, in other words, */
#define HABLE(x)   (((x)*0.14f + 0.05f / 3) / ((x) * ((x)*0.15f + 0.5f) + 0.06f))
#define HABLE_UNIT (TONE_MAP_PEAK * HABLE((float)TONE_MAP_PEAK))

static void tone_map_fill_greys(ToneMap *map)
{
    for (int i = 0; i < CODES; i++) {
        float light = map->light[SIGNAL_ZERO + i * FINE];
        map->greys[i] = powf(light * HABLE(light) / HABLE_UNIT, 1 / (float)DISPLAY_GAMMA);
    }
}

static void tone_map_fill_target(ToneMap *map, int matrix)
{
    double red, blue;
    tone_map_parts(matrix, &red, &blue);
    map->matrix = matrix;
    map->parts[0] = (float)red;
    map->parts[1] = (float)(1 - red - blue);
    map->parts[2] = (float)blue;
    map->per_red = (float)(224 / (2 * (1 - red)));
    map->per_blue = (float)(224 / (2 * (1 - blue)));
}

void tone_map_new(const MediaColour *source, int matrix, ToneMap **out)
{
    ToneMap *map = NEW(ToneMap);
    tone_map_fill_target(map, matrix);
    tone_map_fill_light(map, source->transfer);
    tone_map_fill_differences(map, source->matrix);
    tone_map_fill_matrix(map, source->primaries);
    tone_map_fill_roots(map);
    tone_map_fill_greys(map);
    *out = map;
}

void tone_map_free(ToneMap **map)
{
    free(TAKE_PTR(*map));
}

/* --- a run of blocks --- */

static inline Ints run_smaller(Ints a, Ints b)
{
    Ints first = a < b;
    return (a & first) | (b & ~first);
}

static inline Ints run_larger(Ints a, Ints b)
{
    Ints first = a > b;
    return (a & first) | (b & ~first);
}

static void run_find_ends(Run *run)
{
    for (int i = 0; i < GROUPS; i++) {
        Bits upper = run->lumas[0].bits[i] & 0x03ff03ff, lower = run->lumas[1].bits[i] & 0x03ff03ff;
        run->lumas[0].bits[i] = upper;
        run->lumas[1].bits[i] = lower;
        Ints a = (Ints)(upper & 0xffff), b = (Ints)(upper >> 16);
        Ints c = (Ints)(lower & 0xffff), d = (Ints)(lower >> 16);
        Ints above = run_smaller(a, b), below = run_smaller(c, d);
        run->ends[DARKEST].some[i] = run_smaller(above, below);
        run->ends[BRIGHTEST].some[i] = run_larger(a ^ b ^ above, c ^ d ^ below);
    }
}

static void run_look_up_light(const ToneMap *map, Run *run)
{
    const float *zero = map->light + SIGNAL_ZERO;
    for (int i = 0; i < RUN; i++) {
        int u = run->u[i] & (CODES - 1), v = run->v[i] & (CODES - 1);
        const float *red = zero + map->red_v[v], *blue = zero + map->blue_u[u];
        const float *green = zero + map->green_u[u] + map->green_v[v];
        for (int line = 0; line < 2; line++) {
            uint32_t lumas = run->lumas[line].one[i];
            run->grey[line][0].one[i] = map->greys[lumas & 0xffff];
            run->grey[line][1].one[i] = map->greys[lumas >> 16];
        }
        for (End end = DARKEST; end < ENDS; end++) {
            uint32_t luma = run->ends[end].one[i];
            run->grey_ends[end].one[i] = map->greys[luma];
            run->red[end].one[i] = red[FINE * luma];
            run->green[end].one[i] = green[FINE * luma];
            run->blue[end].one[i] = blue[FINE * luma];
        }
    }
}

/* Floats that are not negative are in the order of the whole numbers made of the same bits. */
static void run_map(const ToneMap *map, Run *run, End end)
{
    Values *reds = &run->red[end], *greens = &run->green[end], *blues = &run->blue[end];
    const float(*to)[3] = map->to_bt709;
    Numbers places[3];
    for (int i = 0; i < GROUPS; i++) {
        Floats red = reds->some[i], green = greens->some[i], blue = blues->some[i];
        Floats r = red * to[0][0] + green * to[0][1] + blue * to[0][2];
        Floats g = red * to[1][0] + green * to[1][1] + blue * to[1][2];
        Floats b = red * to[2][0] + green * to[2][1] + blue * to[2][2];
        Floats top = (Floats)run_larger((Ints)r, run_larger((Ints)g, (Ints)b));
        Floats factor = HABLE(top) * (1 / HABLE_UNIT);
        places[0].bits[i] = (Bits)(r * factor) >> ROOT_SHIFT;
        places[1].bits[i] = (Bits)(g * factor) >> ROOT_SHIFT;
        places[2].bits[i] = (Bits)(b * factor) >> ROOT_SHIFT;
    }
    for (int i = 0; i < RUN; i++) {
        reds->one[i] = map->roots[places[0].one[i]];
        greens->one[i] = map->roots[places[1].one[i]];
        blues->one[i] = map->roots[places[2].one[i]];
    }
}

/* A sample of 8 bits: rounded, and cut off where it must be. */
static inline Floats run_limit(Floats sample)
{
    const Ints most = (Ints)((Floats){0} + 255.5f);
    Ints bits = (Ints)(sample + 0.5f);
    return (Floats)run_smaller(bits & ~(bits >> 31), most);
}

static inline Ints run_whole(Floats sample)
{
    return __builtin_convertvector(sample, Ints);
}

typedef struct Made {
    Ints lines[2], u, v;
} Made;

/* Four blocks. Their colour is that of the place where samples of colour lie: between the lines, in
 * the left column. */
static inline Made run_join_group(const ToneMap *map, const Run *run, int i)
{
    Floats luma[ENDS], part, slope, base, mean, red, blue;
    Made made;
    for (End end = DARKEST; end < ENDS; end++)
        luma[end] = run->red[end].some[i] * map->parts[0] +
                    run->green[end].some[i] * map->parts[1] +
                    run->blue[end].some[i] * map->parts[2];
    Floats dark = run->grey_ends[DARKEST].some[i];
    Floats per_grey = 1 / (run->grey_ends[BRIGHTEST].some[i] - dark + 1e-6f);
    part = (run->grey[0][0].some[i] + run->grey[1][0].some[i]) * 0.375f +
           (run->grey[0][1].some[i] + run->grey[1][1].some[i]) * 0.125f;
    part = (part - dark) * per_grey;
    mean = luma[DARKEST] + (luma[BRIGHTEST] - luma[DARKEST]) * part;
    red = run->red[DARKEST].some[i] +
          (run->red[BRIGHTEST].some[i] - run->red[DARKEST].some[i]) * part;
    blue = run->blue[DARKEST].some[i] +
           (run->blue[BRIGHTEST].some[i] - run->blue[DARKEST].some[i]) * part;
    made.u = run_whole(run_limit((blue - mean) * map->per_blue + 128));
    made.v = run_whole(run_limit((red - mean) * map->per_red + 128));
    base = run_limit(luma[DARKEST] * 219 + 16);
    slope = (run_limit(luma[BRIGHTEST] * 219 + 16) - base) * per_grey;
    base -= slope * dark;
    for (int line = 0; line < 2; line++)
        made.lines[line] = run_whole(base + slope * run->grey[line][0].some[i]) |
                           run_whole(base + slope * run->grey[line][1].some[i]) << 8;
    return made;
}

static void run_join(const ToneMap *map, Run *run)
{
    Numbers lines[2], u, v;
    for (int i = 0; i < GROUPS; i++) {
        Made made = run_join_group(map, run, i);
        lines[0].some[i] = made.lines[0];
        lines[1].some[i] = made.lines[1];
        u.some[i] = made.u;
        v.some[i] = made.v;
    }
    for (int i = 0; i < RUN; i++) {
        run->made[0][i] = (uint16_t)lines[0].one[i];
        run->made[1][i] = (uint16_t)lines[1].one[i];
        run->made_u[i] = (uint8_t)u.one[i];
        run->made_v[i] = (uint8_t)v.one[i];
    }
}

/* --- a picture --- */

static uint8_t *tone_map_row(const AVFrame *frame, int plane, int row)
{
    return frame->data[plane] + (ptrdiff_t)row * frame->linesize[plane];
}

/* Two lines of luma and one of each colour difference. */
static void tone_map_rows(const ToneMap *map, const AVFrame *from, const AVFrame *to, int row)
{
    Run run = {0};
    const uint8_t *upper = tone_map_row(from, 0, 2 * row),
                  *lower = tone_map_row(from, 0, 2 * row + 1);
    const uint8_t *u = tone_map_row(from, 1, row), *v = tone_map_row(from, 2, row);
    size_t width = (size_t)from->width / 2;
    for (size_t x = 0; x < width; x += RUN) {
        size_t count = MIN_OF(width - x, RUN);
        memcpy(run.lumas[0].one, upper + 4 * x, 4 * count);
        memcpy(run.lumas[1].one, lower + 4 * x, 4 * count);
        memcpy(run.u, u + 2 * x, 2 * count);
        memcpy(run.v, v + 2 * x, 2 * count);
        run_find_ends(&run);
        run_look_up_light(map, &run);
        run_map(map, &run, DARKEST);
        run_map(map, &run, BRIGHTEST);
        run_join(map, &run);
        memcpy(tone_map_row(to, 0, 2 * row) + 2 * x, run.made[0], 2 * count);
        memcpy(tone_map_row(to, 0, 2 * row + 1) + 2 * x, run.made[1], 2 * count);
        memcpy(tone_map_row(to, 1, row) + x, run.made_u, count);
        memcpy(tone_map_row(to, 2, row) + x, run.made_v, count);
    }
}

bool tone_map_frame(const ToneMap *map, AVFrame *frame, Error *error)
{
    REQUIRE(frame->format == AV_PIX_FMT_YUV420P10 && frame->width % 2 == 0 &&
            frame->height % 2 == 0);
    _cleanup_frame_ AVFrame *made = av_frame_alloc();
    REQUIRE(made);
    made->format = AV_PIX_FMT_YUV420P;
    made->width = frame->width;
    made->height = frame->height;
    int number = av_frame_get_buffer(made, 0);
    if (number >= 0)
        number = av_frame_copy_props(made, frame);
    if (number < 0)
        return media_error_set(error, number, "The picture could not be converted");
    for (int row = 0; row < frame->height / 2; row++)
        tone_map_rows(map, frame, made, row);
    made->color_primaries = MEDIA_COLOUR_BT709;
    made->color_trc = MEDIA_COLOUR_BT709;
    made->colorspace = map->matrix;
    made->color_range = AVCOL_RANGE_MPEG;
    av_frame_unref(frame);
    av_frame_move_ref(frame, made);
    return true;
}
