/*
 * A recording's waveform: for each of some hundred stretches of equal length the lowest and the
 * highest sample. Stretches begin short; whenever there are too many, each two become one, so that
 * hours cost no more memory than seconds. In the pipeline's thread.
 */
#pragma once

#include "common/base/error.h"

#define WAVEFORM_PEAKS    800    /* at most; at least half as many for more than half a second */
#define WAVEFORM_RATE_MAX 768000 /* samples a second; nobody records more */

typedef struct WaveformPeak {
    float low, high; /* -1 … 1 of full scale, or beyond */
} WaveformPeak;

typedef struct Waveform {
    WaveformPeak peaks[WAVEFORM_PEAKS];
    size_t count;
    int sample_rate;   /* of the first sound; 0: none yet */
    int64_t length;    /* of a stretch, in samples of that rate */
    WaveformPeak open; /* the stretch that is not full yet */
    double filled;     /* how far it is, in samples of that rate */
} Waveform;

typedef struct WaveformSound {
    const float *samples; /* one channel */
    size_t count;
    int sample_rate; /* may change on the way; beyond WAVEFORM_RATE_MAX the sound is left out */
} WaveformSound;

/* Takes the sound that comes next; what is no finite number counts as silence. Begins with a zeroed
 * struct. */
void waveform_take(Waveform *waveform, const WaveformSound *sound);

/* Writes the JSON of BBC's audiowaveform, format version 2, of one channel and 8 bits, to the empty
 * file, which is emptied again on failure. ERROR_MEDIA where there was no sound. */
_must_check_ bool waveform_write(Waveform *waveform, int fd, Error *error);
