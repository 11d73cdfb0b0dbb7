/*
 * What the pipeline needs of a track, whichever way it goes: video_track.h and audio_track.h decode
 * and encode, copy_picture.h and copy_sound.h take packets as they are.
 */
#pragma once

#include "common/transfer/losses.h"
#include "transcoder/pipeline/flow.h"

typedef struct TrackState {
    double end;                      /* seconds: where the last picture or sound ends */
    int64_t packets, frames, faults; /* taken; made or copied; complaints of the decoder */
    int width, height;               /* of the picture, as delivered */
    TransferLosses
        losses;        /* of pictures or sound, by the plan or because they changed on the way */
    double outgrown;   /* it failed because pictures came that are larger by this factor, or 0 */
    const char *unfit; /* why these packets cannot be copied after all, or NULL */
    bool lost;         /* it failed by its own fault: the file is made without it */
} TrackState;

typedef struct TrackKind {
    /* One packet, its times on the common clock, or the end (NULL). A track that turns out unfit
     * or lost fails with ERROR_MEDIA and says so in its state. */
    bool (*take)(void *self, AVPacket *packet, Error *error);
    /* Describes itself to the muxer before its first packet, because another track cannot wait
     * longer. NULL: it has done so from the beginning, or nobody waits for it. */
    bool (*promise)(void *self, Error *error);
    /* Said before the end: the last picture stands until then at least, in seconds. NULL: sound. */
    void (*hold)(void *self, double until);
    TrackState (*state)(const void *self);
    void (*free)(void *self);
} TrackKind;

typedef struct Track {
    const TrackKind *kind; /* NULL: there is none */
    void *self;            /* owned */
} Track;

static inline void track_release(Track *track)
{
    if (track->kind)
        track->kind->free(track->self);
    *track = (Track){0};
}
