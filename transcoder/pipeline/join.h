/*
 * Two sounds of one channel each become left and right of one. Both are counted from the same zero,
 * so sample n of one belongs to sample n of the other: what comes from either side waits until the
 * other has come as far. A side that ends early, or stays out for long, is silent there. In the
 * pipeline's thread.
 */
#pragma once

#include "transcoder/pipeline/flow.h"

typedef enum JoinSide { JOIN_LEFT, JOIN_RIGHT, JOIN_SIDES } JoinSide;

typedef struct Join Join;

typedef struct JoinSpec {
    int sample_rate;
    int frame_size; /* samples of one frame going out; the last may be shorter */
    FrameSink sink; /* gets stereo in planar floats; NULL for the end, once both sides have ended */
} JoinSpec;

void join_open(const JoinSpec *spec, Join **out);

/* One frame of planar floats in one channel, or the side's end (NULL). */
_must_check_ bool join_take(Join *join, JoinSide side, const AVFrame *frame, Error *error);

void join_free(Join **join);
