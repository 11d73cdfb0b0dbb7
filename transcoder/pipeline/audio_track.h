/*
 * The sound's way through the pipeline: decode → fill gaps → resample → encode → mux. The samples
 * that come out are counted, not timed: sample n belongs at n / rate seconds, and the resampler
 * cuts or fills so that this is true.
 */
#pragma once

#include "transcoder/pipeline/decode.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/mux.h"
#include "transcoder/plan.h"

typedef struct AudioTrack AudioTrack;

typedef struct AudioTrackSpec {
    const AVStream *stream; /* borrowed for the track's life */
    PlanAudio plan;
    Mux *mux; /* likewise */
} AudioTrackSpec;

bool audio_track_open(const AudioTrackSpec *spec, AudioTrack **out, Error *error);

/* One packet, its times on the common clock, or the end (NULL). */
bool audio_track_take(AudioTrack *track, const AVPacket *packet, Error *error);

/* Promises the track to the muxer before its first sound, because the picture cannot wait longer.
 */
bool audio_track_promise(AudioTrack *track, Error *error);

/* Where the decoded sound ends, in seconds. */
double audio_track_end(const AudioTrack *track);

/* How decoding goes. Borrowed. */
const Decode *audio_track_decode(const AudioTrack *track);

void audio_track_free(AudioTrack **track);
#define _cleanup_audio_track_ _cleanup_(audio_track_free)
