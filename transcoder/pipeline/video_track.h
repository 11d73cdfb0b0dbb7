/*
 * The picture's way where it is made anew: decode → pace → filter → encode → mux, with the gallery
 * watching. It starts itself with the first decoded picture, because only then are size,
 * colour and interlacing certain. Pictures of another size or shape that come later are fitted into
 * that size, with bars.
 */
#pragma once

#include <libavformat/avformat.h>

#include "common/media/media_facts.h"
#include "transcoder/pipeline/gallery.h"
#include "transcoder/pipeline/mux.h"
#include "transcoder/pipeline/track.h"
#include "transcoder/plan/plan.h"

typedef struct VideoTrackSpec {
    const AVStream *stream; /* all borrowed for the track's life */
    const MediaFacts *facts;
    EncodePlan plan;
    bool may_grow; /* it fails, and says so in its state, when larger pictures come and last */
    Mux *mux;
    Gallery *gallery;
} VideoTrackSpec;

_must_check_ bool video_track_open(const VideoTrackSpec *spec, Track *out, Error *error);
