/*
 * Times for pictures whose packets tell none of their own: containers born from AVI number
 * reordered pictures in the order of decoding, and nothing but the pictures knows in which order
 * they are shown. That is seen by the first picture between two others (B) that by its time would
 * come after both. From then on the n-th picture shown gets the n-th time told. For H.264 and
 * MPEG-4 Part 2, where nothing else is coded so. In the pipeline's thread.
 */
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "common/base/base.h"

#define PICTURE_ORDER_MAX 64 /* pictures inside a decoder: reordered, and in its threads */

typedef struct PictureOrder {
    AVCodecParserContext *parser; /* owned, as is the next; NULL: the order is not in question */
    AVCodecContext *parsed;
    int64_t newest;                   /* time of a packet */
    bool begun, confused;             /* a packet has come; times are in the order of decoding */
    int64_t times[PICTURE_ORDER_MAX]; /* of packets whose pictures have not come out yet, growing */
    size_t count;
} PictureOrder;

void picture_order_init(PictureOrder *order, const AVStream *stream);
void picture_order_release(PictureOrder *order);

/* Looks at every packet, before it is decoded. */
void picture_order_packet(PictureOrder *order, const AVPacket *packet);

/* When a picture is shown, of which its own packet tells `time`, both in the stream's time base;
 * `inside` are the pictures at most that the decoder still holds. */
int64_t picture_order_time(PictureOrder *order, int64_t time, size_t inside);
