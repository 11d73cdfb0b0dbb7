/*
 * Decoding one stream. Damage in the middle is skipped, as players do; whether anything came out at
 * all is the business of whoever takes the frames.
 */
#pragma once

#include <libavformat/avformat.h>

#include "transcoder/pipeline/flow.h"
#include "transcoder/pipeline/picture_order.h"

typedef struct Decode {
    AVCodecContext *codec; /* owned */
    PictureOrder order;
    int64_t packets, frames, faults;
} Decode;

typedef struct DecodeSpec {
    const AVStream *stream;
    int threads;          /* 0: all cores */
    int64_t max_pixels;   /* of one picture */
    bool key_frames_only; /* the others are passed over unread */
} DecodeSpec;

_must_check_ bool decode_open(const DecodeSpec *spec, Decode *out, Error *error);
void decode_release(Decode *decode);

/* Feeds one packet, or the end (NULL), and passes on every frame that is ready, its `pts` being the
 * best guess in the stream's time base or AV_NOPTS_VALUE; see also picture_order.h. */
_must_check_ bool decode_packet(Decode *decode, const AVPacket *packet, FrameSink sink,
                                Error *error);
