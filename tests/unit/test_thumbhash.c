/* ThumbHash, held against hashes that the format's own implementation made. */
#include "tests/unit/unit.h"

#include "common/base/digest.h"
#include "transcoder/pipeline/thumbhash.h"

typedef struct Point {
    int x, y, width, height;
} Point;

typedef struct Pixel {
    uint8_t red, green, blue;
} Pixel;

static Pixel hill(Point at)
{
    int width = at.width, height = at.height;
    return (Pixel){(uint8_t)(255 * at.x * at.x / (width * width)),
                   (uint8_t)(255 * (at.x + 1) * (at.y + 1) / (width * height)),
                   (uint8_t)(255 * (height - at.y) * (width + at.x) / (2 * height * width))};
}

static Pixel scene(Point at)
{
    if (5 * at.y < 2 * at.height)
        return (Pixel){(uint8_t)(90 + at.x % 17), (uint8_t)(140 + 70 * at.x / at.width),
                       (uint8_t)(230 - at.y % 29)};
    return (Pixel){(uint8_t)(40 + 60 * at.y / at.height), (uint8_t)(120 + at.x * at.y % 50), 30};
}

static Pixel sun(Point at)
{
    int width = at.width, height = at.height, a = 3 * at.x - width, b = 3 * at.y - 2 * height;
    if (4 * (a * a + b * b) < width * height)
        return (Pixel){250, (uint8_t)(200 - 90 * at.x / width), 40};
    return (Pixel){(uint8_t)(20 + 100 * at.y / height),
                   (uint8_t)(60 + 60 * at.x * at.y / (width * height)),
                   (uint8_t)(90 + 80 * (width - at.x) / width)};
}

static Pixel noise(Point at)
{
    int value = (at.x * 7919 + at.y * 10007 + at.x * at.y * 31) % 65521;
    return (Pixel){(uint8_t)(value % 251), (uint8_t)(value % 241), (uint8_t)(value % 239)};
}

static Pixel black(Point at)
{
    (void)at;
    return (Pixel){0, 0, 0};
}

static Pixel white(Point at)
{
    (void)at;
    return (Pixel){255, 255, 255};
}

static Pixel red(Point at)
{
    (void)at;
    return (Pixel){255, 0, 0};
}

static Pixel blue(Point at)
{
    (void)at;
    return (Pixel){0, 0, 255};
}

#define PADDING 7 /* bytes behind each row, which must not matter */

static size_t hash_of(Pixel (*paint)(Point), int width, int height, uint8_t *hash)
{
    size_t stride = 3 * (size_t)width + PADDING;
    _cleanup_free_ uint8_t *rgb = base_calloc((size_t)height, stride);
    memset(rgb, 0xAA, (size_t)height * stride);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            Pixel pixel = paint((Point){x, y, width, height});
            memcpy(rgb + (size_t)y * stride + 3 * (size_t)x, &pixel, sizeof pixel);
        }
    ThumbhashPicture picture = {width, height, rgb, (ptrdiff_t)stride};
    return thumbhash_encode(&picture, hash);
}

static const struct {
    Pixel (*paint)(Point);
    int width, height;
    const char *expected;
} vectors[] = {
    {hill, 100, 75, "VCcSbYyQh4eJiIiIeIeId4SQCPt0"},
    {hill, 75, 100, "VCcSbQyQh4mId4iIiIeIiISQCPuF"},
    {hill, 100, 100, "VCcSbwyQh4eJh4iIiIiIeIiIRwiJsE8H"},
    {hill, 100, 56, "VCcSbIyQh4eJh4eHd4iEkAf7hA=="},
    {hill, 56, 100, "VCcSbAyQl3iIiIiHiHiEkAj7dQ=="},
    {hill, 100, 42, "VCcSa4yQh4eJiIeIhJAH+3Q="},
    {hill, 100, 5, "1wYSaYyAh4eIh4h3hJAn+3Q="},
    {hill, 33, 100, "VBcSag6QiHiIiHh4hJAX+4U="},
    {hill, 64, 64, "VCcSbwyQh4eJiIh4iIiIiIeISAh5sF8I"},
    {scene, 100, 75, "nXgNbYR3d3d/d3h7d2iIhndw5Qe8"},
    {scene, 75, 100, "nXgNbQR3d393p4dneIaIl3dw5ge8"},
    {scene, 100, 100, "nXgNbwR3d3d/d3h6d2eIZ4h4eQdnfsAL"},
    {scene, 100, 56, "XXgNbIR3d3d/d3h6d4Z3cOYHvA=="},
    {scene, 56, 100, "XXgNbAR393enh4ZniJd3cNYHvA=="},
    {scene, 100, 42, "XXgNa4R3d3d/d6h3d3DmB7w="},
    {scene, 100, 5, "XXgNaYR3d3d/d6h3d3D1J8w="},
    {scene, 33, 100, "XXgNagR3f6iHhoaYd3DmCLw="},
    {scene, 64, 64, "XXgNbwR3d3d/d3d6d2eIaHh4eQdXjsAL"},
    {sun, 100, 75, "2AYGNYhrdZhwmHh2mJh5d0RgtQZm"},
    {sun, 75, 100, "2AYGNQhrdnCYaIeYaXZ4l1RgtQZm"},
    {sun, 100, 100, "2AYGNwhrdYhwmHh2iJh5dod3SAVWa2AG"},
    {sun, 100, 56, "2AYGNIhrZZlwmHh2mIlEYLUGZg=="},
    {sun, 56, 100, "2AYGNAhrBodoh5lmZ5dUYLUGZg=="},
    {sun, 100, 42, "2AYGM4hrZZlwmGiHRGC1BmY="},
    {sun, 100, 5, "VvYFIYZsZbmAiHiHMoC3BnY="},
    {sun, 33, 100, "2AYGMghrcGiHmnamVGC1BmY="},
    {sun, 64, 64, "2AYGNwhrdohwmHh2iJhpdod3SAVWa2AG"},
    {noise, 100, 75, "HggCBYCX9HkJsmu2HrJqiFJ73weM"},
    {noise, 75, 100, "HggCBQBKPzmJWXd6XXq7cyWAyzMP"},
    {noise, 100, 100, "HggCBwCX9TdKpYhWh4nKgnp6hWLxXPAD"},
    {noise, 100, 56, "HggCBIBW+HZGeKbKaWdzjP9Ihw=="},
    {noise, 56, 100, "HggCBAC2SHdclsmAqmGTg4/mBg=="},
    {noise, 100, 42, "HggCA4Ay6XiIXIYJhYz/aFg="},
    {noise, 100, 5, "HwgCCYIHxVlPRzaoxonwNck="},
    {noise, 33, 100, "HggCAgCpdCtZP8oiB2UNwg0="},
    {noise, 64, 64, "HggCBwDTqUUnaUv2oteyZ2F5CIn9ioIP"},
};

static void hashes_are_those_of_the_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        uint8_t hash[THUMBHASH_SIZE_MAX];
        char text[TRANSFER_THUMBHASH_MAX + 1];
        size_t size = hash_of(vectors[i].paint, vectors[i].width, vectors[i].height, hash);
        sodium_bin2base64(text, sizeof text, hash, size, sodium_base64_VARIANT_ORIGINAL);
        if (!streq(text, vectors[i].expected))
            fail_msg("row %zu is %s and not %s", i, text, vectors[i].expected);
    }
}

/* What varies in a plain picture is rounding; its size is nought and nobody sees it. */
static void plain_pictures_have_their_colour_and_no_waves(void **state)
{
    static const struct {
        Pixel (*paint)(Point);
        uint8_t header[5];
        const char *sentence;
    } rows[] = {
        {black, {0x00, 0x08, 0x02, 0x07, 0x00}, "black"},
        {white, {0x3f, 0x08, 0x02, 0x07, 0x00}, "white"},
        {red, {0xd5, 0xfb, 0x03, 0x07, 0x00}, "red"},
        {blue, {0x15, 0x00, 0x02, 0x07, 0x00}, "blue"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t hash[THUMBHASH_SIZE_MAX];
        unit_check(hash_of(rows[i].paint, 40, 40, hash) == 24, rows[i].sentence);
        unit_check(memcmp(hash, rows[i].header, sizeof rows[i].header) == 0, rows[i].sentence);
    }
}

static void every_shape_fits(void **state)
{
    (void)state;
    for (int width = 1; width <= THUMBHASH_SIDE_MAX; width += 9)
        for (int height = 1; height <= THUMBHASH_SIDE_MAX; height += 11) {
            uint8_t hash[THUMBHASH_SIZE_MAX];
            size_t size = hash_of(noise, width, height, hash);
            unit_check(size >= 5 + 10 / 2 && size <= 24, "a hash has its size");
            unit_check(((hash[4] & 0x80) != 0) == (width > height), "and tells how it lies");
        }
}

static AVFrame *plain_frame(int width, int height, int luma)
{
    AVFrame *frame = av_frame_alloc();
    assert_non_null(frame);
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = width;
    frame->height = height;
    frame->colorspace = AVCOL_SPC_BT709;
    frame->color_range = AVCOL_RANGE_MPEG;
    assert_true(av_frame_get_buffer(frame, 0) >= 0);
    for (int plane = 0; plane < 3; plane++)
        memset(frame->data[plane], plane == 0 ? luma : 128,
               (size_t)frame->linesize[plane] * (size_t)(plane == 0 ? height : (height + 1) / 2));
    return frame;
}

static void frames_of_a_video_are_hashed(void **state)
{
    static const struct {
        int width, height, luma;
        uint8_t light;
        const char *sentence;
    } rows[] = {
        {1920, 1080, 235, 63, "a white picture is white"},
        {1920, 1080, 16, 0, "a black one black"},
        {2, 4096, 126, 32, "a sliver is a picture"},
        {16, 16, 255, 63, "what is whiter than white is white"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[TRANSFER_THUMBHASH_MAX + 1];
        uint8_t hash[THUMBHASH_SIZE_MAX];
        size_t size;
        Error error = {0};
        _cleanup_frame_ AVFrame *frame = plain_frame(rows[i].width, rows[i].height, rows[i].luma);
        if (!thumbhash_frame(frame, text, &error))
            fail_msg("%s: %s", rows[i].sentence, error.detail);
        unit_check(frame->data[0], "the frame keeps its content");
        assert_int_equal(sodium_base642bin(hash, sizeof hash, text, strlen(text), NULL, &size, NULL,
                                           sodium_base64_VARIANT_ORIGINAL),
                         0);
        unit_check((hash[0] & 63) == rows[i].light, rows[i].sentence);
        unit_check(hash[0] >> 6 == 0 && (hash[1] & 15) == 8, "grey is neither yellow nor blue");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_format),
        cmocka_unit_test(plain_pictures_have_their_colour_and_no_waves),
        cmocka_unit_test(every_shape_fits),
        cmocka_unit_test(frames_of_a_video_are_hashed),
    };
    return cmocka_run_group_tests_name("thumbhash", tests, NULL, NULL);
}
