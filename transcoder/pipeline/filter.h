/*
 * A chain of the media library's filters, from a text, fitted to frames of one shape. When the
 * shape changes in the middle of a stream, the chain is emptied and another one takes its place:
 * the encoder behind it never notices.
 */
#pragma once

#include <libavfilter/avfilter.h>

#include "transcoder/pipeline/flow.h"

typedef struct Filter {
    AVFilterGraph *graph; /* owned; NULL: closed */
    AVFilterContext *source, *sink;
    AVFrame *shape; /* owned; the properties of the frames it takes, without their content */
} Filter;

typedef struct FilterSpec {
    const AVFrame *like;  /* the first frame it will get */
    AVRational time_base; /* of the frames put in */
    const char *text;     /* plan_video_filters, plan_audio_filters */
    int threads;          /* 0: all cores */
    int frame_size;       /* samples per frame coming out; 0: as it comes */
} FilterSpec;

_must_check_ bool filter_open(const FilterSpec *spec, Filter *out, Error *error);

bool filter_fits(const Filter *filter, const AVFrame *frame);

/* Of the frames passed on. */
AVRational filter_time_base(const Filter *filter);

/* Puts a frame in (its content moves), or the end (NULL), and passes on what comes out. */
_must_check_ bool filter_frame(Filter *filter, AVFrame *frame, FrameSink sink, Error *error);

void filter_release(Filter *filter);
#define _cleanup_filter_ _cleanup_(filter_release)
