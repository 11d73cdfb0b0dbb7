/*
 * How frames and packets travel from stage to stage: each stage hands what it makes to the next
 * one's `take`. The thing handed over is only lent for the call: whoever wants to keep it takes a
 * reference. `take` may change it. A pipeline lives in one thread; the codecs below it use threads
 * of their own.
 */
#pragma once

#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>

#include "common/base/error.h"

typedef struct FrameSink {
    bool (*take)(void *context, AVFrame *frame, Error *error);
    void *context;
} FrameSink;

typedef struct PacketSink {
    bool (*take)(void *context, AVPacket *packet, Error *error);
    void *context;
} PacketSink;

static inline void flow_free_frame(AVFrame **frame)
{
    av_frame_free(frame);
}
#define _cleanup_frame_ _cleanup_(flow_free_frame)

static inline void flow_free_packet(AVPacket **packet)
{
    av_packet_free(packet);
}
#define _cleanup_packet_ _cleanup_(flow_free_packet)

static inline void flow_free_codec(AVCodecContext **codec)
{
    avcodec_free_context(codec);
}
#define _cleanup_codec_ _cleanup_(flow_free_codec)
