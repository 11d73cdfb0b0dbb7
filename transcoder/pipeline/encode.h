/* The encoders: libx264 (High profile, 8-bit 4:2:0) and AAC, with the plan's parameters. */
#pragma once

#include "transcoder/pipeline/flow.h"
#include "transcoder/plan/plan.h"

/* The encoder's clock comes from the frames it will get; one too fine for the container is
 * replaced. */
_must_check_ bool encode_open_video(const EncodePlan *plan, AVRational time_base,
                                    AVCodecContext **out, Error *error);

/* Its clock counts samples. */
_must_check_ bool encode_open_audio(const PlanAudio *plan, AVCodecContext **out, Error *error);

/* Feeds one frame, or the end (NULL), and passes on every packet that is ready, in the encoder's
 * time base. */
_must_check_ bool encode_frame(AVCodecContext *encoder, const AVFrame *frame, PacketSink sink,
                               Error *error);
