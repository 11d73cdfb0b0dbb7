/*
 * Writing the MP4 or M4A: index in front, no metadata but what playing needs. The head can only be
 * written when every track is described, and tracks are described by their first frames; until then
 * packets wait here, up to MUX_WAITING_MAX. The newest picture always does: how long a picture
 * stands is told by the next one, and of the last one it is known at the end only.
 *
 *   mux_open → mux_describe or mux_drop for each track, mux_write and mux_hold at any time →
 * mux_finish → mux_free
 */
#pragma once

#include <libavformat/avformat.h>

#include "transcoder/pipeline/flow.h"
#include "transcoder/plan/plan.h"

typedef enum MuxTrack {
    MUX_VIDEO,
    MUX_AUDIO,   /* the one that is played */
    MUX_FURTHER, /* the first of those that players may offer beside it */
    MUX_TRACKS = MUX_FURTHER + PLAN_FURTHER_SOUNDS
} MuxTrack;

typedef struct Mux Mux;

#define MUX_WAITING_MAX (32 << 20) /* bytes of packets waiting for the head */

typedef struct MuxSpec {
    int fd;                            /* borrowed, see output.h */
    bool tracks[MUX_TRACKS];           /* those to expect; without a picture the file is an M4A */
    int64_t size_max;                  /* bytes */
    const char *languages[MUX_TRACKS]; /* of sounds to choose from: ISO 639-2/T; NULL: untold */
} MuxSpec;

void mux_open(const MuxSpec *spec, Mux **out);

/* The track is as its encoder says. */
_must_check_ bool mux_describe(Mux *mux, MuxTrack track, const AVCodecContext *encoder,
                               Error *error);

/* The track's packets are copied from this stream; their times will be in `time_base`. */
_must_check_ bool mux_describe_copy(Mux *mux, MuxTrack track, const AVStream *stream,
                                    AVRational time_base, Error *error);

/* The track will not come. */
_must_check_ bool mux_drop(Mux *mux, MuxTrack track, Error *error);

/* Takes the packet's content. Its times are in the encoder's time base. */
_must_check_ bool mux_write(Mux *mux, MuxTrack track, AVPacket *packet, Error *error);

/* The last picture stands until then at least: seconds. */
void mux_hold(Mux *mux, double until);

/* So much waits for this sound to begin that it must be described without any of it. */
bool mux_needs_promise(const Mux *mux, MuxTrack sound);

bool mux_is_expecting(const Mux *mux, MuxTrack track);

/* Writes what is left and the index. */
_must_check_ bool mux_finish(Mux *mux, Error *error);

/* Seconds from the beginning to the end of the longest track. */
double mux_duration(const Mux *mux);

void mux_free(Mux **mux);
