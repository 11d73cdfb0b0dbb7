/*
 * The picture's way through the pipeline: decode → pace → filter → encode → mux, with the gallery
 * watching. It starts itself with the first decoded picture, because only then are size, colour and
 * interlacing certain.
 */
#pragma once

#include "common/media/media_facts.h"
#include "transcoder/pipeline/decode.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/gallery.h"
#include "transcoder/pipeline/mux.h"
#include "transcoder/plan.h"

typedef struct VideoTrack VideoTrack;

typedef struct VideoTrackSpec {
    const AVStream *stream; /* all borrowed for the track's life */
    const MediaFacts *facts;
    EncodePlan plan;
    Mux *mux;
    Gallery *gallery;
} VideoTrackSpec;

bool video_track_open(const VideoTrackSpec *spec, VideoTrack **out, Error *error);

/* One packet, its times on the common clock, or the end (NULL). */
bool video_track_take(VideoTrack *track, const AVPacket *packet, Error *error);

/* Where the last decoded picture ends, in seconds. */
double video_track_end(const VideoTrack *track);

/* How decoding goes. Borrowed. */
const Decode *video_track_decode(const VideoTrack *track);

/* As finally made. */
const PlanVideo *video_track_plan(const VideoTrack *track);

void video_track_free(VideoTrack **track);
#define _cleanup_video_track_ _cleanup_(video_track_free)
