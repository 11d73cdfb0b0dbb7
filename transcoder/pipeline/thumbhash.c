#include "transcoder/pipeline/thumbhash.h"

#include <math.h>

#include "common/base/digest.h" /* with libsodium's base64 */
#include "transcoder/pipeline/picture.h"

#define PIXELS_MAX   (THUMBHASH_SIDE_MAX * THUMBHASH_SIDE_MAX)
#define LIGHT_TERMS  7 /* along the longer side */
#define COLOUR_TERMS 3 /* along both */
#define WAVES_MAX    27

/* One of the three channels: how bright, how yellow or blue, how red or green. */
typedef struct Channel {
    double values[PIXELS_MAX];
    int terms_x, terms_y;
    double average;
    double waves[WAVES_MAX]; /* the cosine transform's other terms, low frequencies first */
    size_t count;
    double scale; /* of the greatest wave */
} Channel;

typedef struct Cosines {
    double along_x[LIGHT_TERMS][THUMBHASH_SIDE_MAX], along_y[LIGHT_TERMS][THUMBHASH_SIDE_MAX];
} Cosines;

typedef struct Work {
    int width, height;
    Channel light, yellow_blue, red_green;
    Cosines cosines;
} Work;

static void thumbhash_split_channels(const ThumbhashPicture *picture, Work *work)
{
    size_t i = 0;
    for (int y = 0; y < picture->height; y++) {
        const uint8_t *pixel = picture->rgb + y * picture->stride;
        for (int x = 0; x < picture->width; x++, i++, pixel += 3) {
            double red = pixel[0] / 255.0, green = pixel[1] / 255.0, blue = pixel[2] / 255.0;
            work->light.values[i] = (red + green + blue) / 3;
            work->yellow_blue.values[i] = (red + green) / 2 - blue;
            work->red_green.values[i] = red - green;
        }
    }
}

static void thumbhash_fill_cosines(double table[LIGHT_TERMS][THUMBHASH_SIDE_MAX], int side)
{
    for (int term = 0; term < LIGHT_TERMS; term++)
        for (int i = 0; i < side; i++)
            table[term][i] = cos(M_PI / side * term * (i + 0.5));
}

static double thumbhash_measure_wave(const Work *work, const Channel *channel, int term_x,
                                     int term_y)
{
    const double *value = channel->values;
    double sum = 0;
    for (int y = 0; y < work->height; y++) {
        double row = 0;
        for (int x = 0; x < work->width; x++)
            row += *value++ * work->cosines.along_x[term_x][x];
        sum += row * work->cosines.along_y[term_y][y];
    }
    return sum / (work->width * work->height);
}

/* Of the square of frequencies only the half of the low ones. */
static void thumbhash_transform(const Work *work, Channel *channel)
{
    for (int y = 0; y < channel->terms_y; y++)
        for (int x = 0; x * channel->terms_y < channel->terms_x * (channel->terms_y - y); x++) {
            double wave = thumbhash_measure_wave(work, channel, x, y);
            if (x == 0 && y == 0) {
                channel->average = wave;
                continue;
            }
            channel->waves[channel->count++] = wave;
            channel->scale = fmax(channel->scale, fabs(wave));
        }
}

static uint32_t thumbhash_level(double value, int highest)
{
    return (uint32_t)lround(fmin(fmax(value, 0), 1) * highest);
}

/* From -1 … 1. */
static uint32_t thumbhash_signed_level(double value, int highest)
{
    return thumbhash_level(0.5 + 0.5 * value, highest);
}

static int thumbhash_terms_of(int side, int longer)
{
    return (int)MAX_OF(lround((double)LIGHT_TERMS * side / longer), 1);
}

/* Five bytes, little endian: averages and scales, and the picture's shape by its shorter side. */
static void thumbhash_put_header(const Work *work, uint8_t *hash)
{
    int longer = MAX_OF(work->width, work->height), shorter = MIN_OF(work->width, work->height);
    bool landscape = work->width > work->height;
    uint32_t first = thumbhash_level(work->light.average, 63) |
                     thumbhash_signed_level(work->yellow_blue.average, 63) << 6 |
                     thumbhash_signed_level(work->red_green.average, 63) << 12 |
                     thumbhash_level(work->light.scale, 31) << 18;
    uint32_t second = (uint32_t)thumbhash_terms_of(shorter, longer) |
                      thumbhash_level(work->yellow_blue.scale, 63) << 3 |
                      thumbhash_level(work->red_green.scale, 63) << 9 | (uint32_t)landscape << 15;
    for (int i = 0; i < 3; i++)
        hash[i] = (uint8_t)(first >> 8 * i);
    for (int i = 0; i < 2; i++)
        hash[3 + i] = (uint8_t)(second >> 8 * i);
}

size_t thumbhash_encode(const ThumbhashPicture *picture, uint8_t hash[THUMBHASH_SIZE_MAX])
{
    int width = picture->width, height = picture->height, longer = MAX_OF(width, height);
    REQUIRE(MIN_OF(width, height) >= 1 && longer <= THUMBHASH_SIDE_MAX);
    _cleanup_free_ Work *work = NEW(Work);
    work->width = width;
    work->height = height;
    work->light.terms_x = MAX_OF(thumbhash_terms_of(width, longer), COLOUR_TERMS);
    work->light.terms_y = MAX_OF(thumbhash_terms_of(height, longer), COLOUR_TERMS);
    work->yellow_blue.terms_x = work->yellow_blue.terms_y = COLOUR_TERMS;
    work->red_green.terms_x = work->red_green.terms_y = COLOUR_TERMS;
    thumbhash_split_channels(picture, work);
    thumbhash_fill_cosines(work->cosines.along_x, width);
    thumbhash_fill_cosines(work->cosines.along_y, height);
    memset(hash, 0, THUMBHASH_SIZE_MAX);
    Channel *const channels[] = {&work->light, &work->yellow_blue, &work->red_green};
    for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
        thumbhash_transform(work, channels[i]);
    thumbhash_put_header(work, hash);
    /* Half a byte a wave, the lower half first. */
    size_t halves = 10;
    for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
        for (size_t n = 0; n < channels[i]->count; n++, halves++) {
            double scale = channels[i]->scale;
            double wave = scale > 0 ? channels[i]->waves[n] / scale : -1;
            hash[halves / 2] |= (uint8_t)(thumbhash_signed_level(wave, 15) << 4 * (halves % 2));
        }
    return (halves + 1) / 2;
}

bool thumbhash_frame(const AVFrame *frame, char text[TRANSFER_THUMBHASH_MAX + 1], Error *error)
{
    PictureSpec spec = picture_fit(frame, THUMBHASH_SIDE_MAX, PICTURE_RGB);
    _cleanup_frame_ AVFrame *small = NULL;
    uint8_t hash[THUMBHASH_SIZE_MAX];
    if (!picture_convert(frame, &spec, &small, error))
        return false;
    ThumbhashPicture picture = {small->width, small->height, small->data[0], small->linesize[0]};
    size_t size = thumbhash_encode(&picture, hash);
    sodium_bin2base64(text, TRANSFER_THUMBHASH_MAX + 1, hash, size, sodium_base64_VARIANT_ORIGINAL);
    return true;
}
