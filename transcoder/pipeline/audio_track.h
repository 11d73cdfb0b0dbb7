/*
 * The sound's way where it is made anew: decode → fill gaps → resample → encode → mux. The samples
 * that come out are counted, not timed: sample n belongs at n / rate seconds, and the resampler
 * cuts or fills so that this is true. Where left and right come in two tracks, the left one has the
 * encoder, and both meet before it (join.h).
 */
#pragma once

#include <libavformat/avformat.h>

#include "transcoder/pipeline/listener.h"
#include "transcoder/pipeline/mux.h"
#include "transcoder/pipeline/track.h"
#include "transcoder/plan/plan.h"

typedef struct AudioTrackSpec {
    const AVStream *stream; /* borrowed for the track's life */
    PlanAudio plan;
    const EncoderPolicy *policy; /* likewise, as is what follows */
    Mux *mux;
    MuxTrack into;
    Listener *listener; /* hears the decoded sound; NULL: nobody does */
} AudioTrackSpec;

_must_check_ bool audio_track_open(const AudioTrackSpec *spec, Track *out, Error *error);

/* The right half of a sound whose left half is an open track that has not taken anything yet, and
 * which it must not outlive. */
_must_check_ bool audio_track_open_right(const AudioTrackSpec *spec, const Track *left, Track *out,
                                         Error *error);
