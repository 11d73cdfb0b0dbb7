/*
 * What tone mapping costs beside the media library's filters that say the same: milliseconds of
 * computing for a picture of 1920 by 1080, the least of a few, one row for tests/bench/transcode.
 */
#include <stdio.h>
#include <time.h>

#include "tests/unit/tone_reference.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/tone_map.h"

#define PICTURES 25

static const MediaColour hdr10 = {MEDIA_PRIMARIES_BT2020, MEDIA_TRANSFER_PQ,
                                  MEDIA_MATRIX_BT2020_NCL, false};

static double computed_ms(void)
{
    struct timespec used;
    REQUIRE(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

/* Slopes of brightness and colour, with the noise of a sensor. */
static AVFrame *new_picture(void)
{
    AVFrame *frame = av_frame_alloc();
    REQUIRE(frame);
    frame->width = 1920;
    frame->height = 1080;
    frame->format = AV_PIX_FMT_YUV420P10;
    frame->color_range = AVCOL_RANGE_MPEG;
    frame->sample_aspect_ratio = (AVRational){1, 1};
    REQUIRE(av_frame_get_buffer(frame, 0) >= 0);
    uint32_t noise = 1;
    for (int plane = 0; plane < 3; plane++)
        for (int y = 0; y < (plane == 0 ? 1080 : 540); y++)
            for (int x = 0; x < (plane == 0 ? 1920 : 960); x++) {
                noise = noise * 1664525u + 1013904223u;
                int slope = plane == 0 ? 200 + (x + y) / 6 : 480 + (plane == 1 ? x / 15 : y / 8);
                uint16_t *row =
                    (uint16_t *)(void *)(frame->data[plane] + y * frame->linesize[plane]);
                row[x] = (uint16_t)(slope + (int)(noise >> 27));
            }
    return frame;
}

static bool drop(void *context, AVFrame *frame, Error *error)
{
    (void)context, (void)frame, (void)error;
    return true;
}

static double filters_ms(const AVFrame *picture)
{
    char text[1024];
    Error error = {0};
    _cleanup_filter_ Filter filter = {0};
    double least = 1e9;
    snprintf(text, sizeof text, TONE_REFERENCE, hdr10.transfer, hdr10.primaries, hdr10.matrix,
             "tv");
    FilterSpec spec = {.like = picture, .time_base = {1, 25}, .text = text, .threads = 1};
    REQUIRE(filter_open(&spec, &filter, &error));
    for (int i = 0; i < PICTURES; i++) {
        _cleanup_frame_ AVFrame *given = av_frame_clone(picture);
        REQUIRE(given);
        given->pts = i;
        double began = computed_ms();
        REQUIRE(filter_frame(&filter, given, (FrameSink){drop, NULL}, &error));
        least = MIN_OF(least, computed_ms() - began);
    }
    return least;
}

static double map_ms(const AVFrame *picture)
{
    Error error = {0};
    ToneMap *map;
    double least = 1e9;
    tone_map_new(&hdr10, MEDIA_COLOUR_BT709, &map);
    for (int i = 0; i < PICTURES; i++) {
        _cleanup_frame_ AVFrame *given = av_frame_clone(picture);
        REQUIRE(given);
        double began = computed_ms();
        REQUIRE(tone_map_frame(map, given, &error));
        least = MIN_OF(least, computed_ms() - began);
    }
    tone_map_free(&map);
    return least;
}

int main(void)
{
    _cleanup_frame_ AVFrame *picture = new_picture();
    double ours = map_ms(picture), theirs = filters_ms(picture);
    printf("%-34s %-10s %10.1f %10.1f %8.3f   %s\n", "tone mapping (filters at right)", "cpu ms",
           ours, theirs, ours / theirs, "<= 0.35");
    return 0;
}
