/*
 * The sound's way where its packets are taken as they are: check → mux. Packets are counted, not
 * timed: packet n begins 1024 n samples after the first, which takes out the rounding of clocks.
 * Unfit, and to be encoded after all, is sound
 *
 *  - whose clock and count differ by more than 30 ms anywhere, as after a gap or a cut;
 *  - that begins later than half a second after the picture, or with a priming of more than four
 *    packets, or of which an edit list cuts away anything but that priming;
 *  - whose decoder's configuration changes on the way, or with a damaged packet.
 *
 * Where there is no picture the sound is also decoded, for the waveform.
 */
#pragma once

#include <libavformat/avformat.h>

#include "transcoder/pipeline/listener.h"
#include "transcoder/pipeline/mux.h"
#include "transcoder/pipeline/track.h"
#include "transcoder/plan/plan.h"

typedef struct CopySoundSpec {
    const AVStream *stream; /* borrowed for the track's life, as is what follows */
    const EncoderPolicy *policy;
    Mux *mux;
    MuxTrack into;
    Listener *listener; /* hears the decoded sound; NULL: nobody does */
} CopySoundSpec;

_must_check_ bool copy_sound_open(const CopySoundSpec *spec, Track *out, Error *error);
