/*
 * One reading of the original from its beginning to its end: probe → plan → demux → tracks → MP4 or
 * M4A, with gallery and listener beside. When a stream turns out not to be what the plan took
 * it for, the pass ends early and says so; the next one begins with that knowledge. In the
 * pipeline's thread.
 */
#pragma once

#include "common/media/media_input.h"
#include "transcoder/encoder/encoder_message.h"
#include "transcoder/pipeline/gallery.h"
#include "transcoder/pipeline/listener.h"
#include "transcoder/pipeline/mux.h"
#include "transcoder/pipeline/timeline.h"
#include "transcoder/pipeline/track.h"

/* What was learned about streams by reading them, by their index. */
typedef struct PassKnowledge {
    bool uncopyable[MEDIA_STREAMS_MAX];
    bool undecodable[MEDIA_STREAMS_MAX];
    double growth[MEDIA_STREAMS_MAX]; /* as MediaStream has it */
    int growths;                      /* how often it was found */
    bool unled;  /* its index and its edits lead nowhere, and are not followed */
    bool is_new; /* since the pass began */
} PassKnowledge;

/* What the parent is told while a file is worked on, over all passes: a percentage that never goes
 * back, and the seconds decoded, which grow as long as there is life. */
typedef struct Progress {
    /* Called when the percentage grows, and every few seconds as long as decoding advances. */
    void (*tell)(void *context, EncoderProgress progress);
    void *context;
    double before; /* seconds decoded by passes that were given up */
    EncoderProgress told;
    int64_t told_ms;
} Progress;

typedef struct PassSpec {
    int original_fd; /* borrowed, as is all that follows */
    int video_fd, audio_fd;
    const EncoderPolicy *policy;
    Progress *progress;
} PassSpec;

typedef enum PassTrack {
    PASS_PICTURE,
    PASS_SOUND,
    PASS_RIGHT,   /* the sound's right half, where it comes in two tracks */
    PASS_FURTHER, /* the first of the further sounds */
    PASS_TRACKS = PASS_FURTHER + PLAN_FURTHER_SOUNDS
} PassTrack;

typedef struct PassLane {
    Track track; /* owned; without a kind: none */
    int stream;
    bool hides;  /* an edit list cuts packets away */
    int indexed; /* packets in the container's index before the first one was read */
    TimelineTrack times;
} PassLane;

typedef struct Pass {
    PassSpec spec;
    MediaInput *input; /* owned, as is what follows */
    MediaFacts facts;
    EncodePlan plan;
    Mux *mux;
    Gallery gallery;
    Listener listener;
    PassLane lanes[PASS_TRACKS];
    Timeline timeline;
    bool may_grow; /* this is not the last pass for larger pictures */
    int64_t read_faults;
    bool second_view;  /* comes with the picture, and nothing of it is made */
    bool unled;        /* without the file's index and edits */
    bool ended;        /* reading, at whatever */
    bool cut_short;    /* reading ended before the file's end */
    int closed_stream; /* sound whose decoder would not begin; -1: none */
} Pass;

/* Begins with a zeroed struct; release it whatever comes out. False with new knowledge: it is worth
 * another pass. */
_must_check_ bool pass_run(const PassSpec *spec, PassKnowledge *knowledge, Pass *out, Error *error);

/* All zero where there is no such track. */
TrackState pass_state(const Pass *pass, PassTrack track);

/* Seconds decoded or copied so far. */
double pass_seconds(const Pass *pass);

void pass_release(Pass *pass);

/* --- pass_judge.c: what is to be said of a pass; nothing here reads on --- */

/* Whether a file of this size can last as long as its container tells. */
bool pass_is_duration_plausible(const MediaFacts *facts);

/* Of what came nothing could be decoded: a verdict when it was enough, or all (`ended`). */
bool pass_is_unheard(const Pass *pass, PassTrack track, bool ended);

/* Seconds: where the file ends as its head tells, which may be the only place that knows how long
 * the last picture stands. It is believed of MP4 alone, where an index says that nothing was lost:
 * all in it was read, and it was complete from the beginning. Else 0. */
double pass_told_end(const Pass *pass);

/* Why the pass failed, where another one can do better. Silence is a verdict only when there was
 * enough to hear, or when all was read; sound that fails alone has told why. */
void pass_learn(const Pass *pass, PassKnowledge *knowledge);

/* What the file tells of and is not in what was made. */
TransferLosses pass_losses(const Pass *pass);
