/*
 * What speaks against copying a stream's packets instead of encoding it anew. Pure; any thread.
 *
 * A picture is copied when every browser and phone plays it as it is: H.264 of the Baseline, Main
 * or High profile in 8-bit 4:2:0, progressive, upright, square pixels, even sides, limited range,
 * no HDR, at most PLAN_FRAME_RATE and the policy's size and bit rate. Rare key frames are no
 * obstacle: they make seeking coarse, but encoding anew would cost quality for it. Sound is copied
 * when it is AAC-LC, mono or stereo.
 *
 * The rest shows itself while copying, see pipeline/copy_picture.h and copy_sound.h; what they find
 * makes the stream's facts say that it is not copyable.
 */
#pragma once

#include "transcoder/plan/plan.h"

/* NULL, or the reason in a few words that go on after "because". */
const char *plan_picture_obstacle(const MediaStream *stream, const EncoderPolicy *policy);
const char *plan_sound_obstacle(const MediaStream *stream, const EncoderPolicy *policy);

/* Bits a second up to which a picture of this size is copied. */
double plan_copy_bit_rate(const EncoderPolicy *policy, int width, int height);

/* Frames a second up to which it is: clocks are not exact. */
#define PLAN_COPY_FRAME_RATE (PLAN_FRAME_RATE + 0.5)
