/*
 * The differences between the versions of the media library that are supported, 5.1 and 7.1, and
 * nothing else. For the rooms that see the library: common/media and transcoder/pipeline.
 */
#pragma once

#include <libavcodec/avcodec.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>

#include "common/base/base.h"

/* The type of the bytes a write callback gets. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t MediaWriteByte;
#else
typedef uint8_t MediaWriteByte;
#endif

/* What the container's head tells of a stream beside its parameters, borrowed and at least `size`
 * bytes long, or NULL. */
const void *media_compat_side_data(const AVStream *stream, enum AVPacketSideDataType type,
                                   size_t size);

/* Rotation, HDR and the like: what a copied stream must not carry on. */
void media_compat_drop_side_data(AVCodecParameters *codec);

/* Whether the frame consists of two fields taken at different moments. */
bool media_compat_interlaced(const AVFrame *frame);

/* In the frame's time base; 0: unknown. */
int64_t media_compat_duration(const AVFrame *frame);

/* Tells a buffer source the colour of its frames, where the library wants to know. */
void media_compat_source_colour(AVBufferSrcParameters *parameters, const AVFrame *frame);

/* Whether the library's decoder of AAC knows xHE-AAC (ISO/IEC 23003-3). */
bool media_compat_decodes_usac(void);
