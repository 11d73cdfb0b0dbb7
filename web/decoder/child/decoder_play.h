/* Inside the decoder child: playing the beginning and the end of a file, to see that it plays. */
#pragma once

#include "common/media/media_input.h"

/* The tracks that count; -1: none. Not both are. */
typedef struct DecoderPlay {
    int picture, sound;
} DecoderPlay;

/* Decodes the first picture and sound, seeks to the last key frame and decodes from there up to the
 * end of the packets. *duration gets the seconds from the first packet to the end of the last, by
 * the packets or by the index, whichever is later.
 * ERROR_MEDIA with a sentence about the result where any of this fails. */
_must_check_ bool decoder_play(MediaInput *input, const DecoderPlay *play, double *duration,
                               Error *error);
