/*
 * The poster: of the pictures that pass on their way to the encoder, the one that stands best for
 * the video. Every half second one is judged by its contrast and detail, so that black and fading
 * ones lose; the best few are kept as references, and of those the one whose brightness is spread
 * most like the whole video's is chosen.
 */
#pragma once

#include "transcoder/pipeline/flow.h"

#define POSTER_LONG_SIDE_MAX 1280 /* pixels */
#define POSTER_CANDIDATES    3    /* pictures kept */
#define POSTER_BINS          32   /* of a histogram of brightness */

typedef struct PosterLook {
    double spread[POSTER_BINS]; /* shares of pixels per brightness; the sum is 1 */
    double quality;             /* 0: a black or empty picture */
} PosterLook;

typedef struct PosterCandidate {
    AVFrame *frame; /* owned reference */
    PosterLook look;
} PosterCandidate;

typedef struct Poster {
    PosterCandidate candidates[POSTER_CANDIDATES]; /* best quality first */
    size_t count;
    double total[POSTER_BINS]; /* of all pictures judged */
    double due;                /* seconds: when to judge again */
} Poster;

/* Looks at an 8-bit 4:2:0 picture shown at `seconds`; keeps a reference at most. */
void poster_consider(Poster *poster, const AVFrame *frame, double seconds);

/* The chosen picture, borrowed; NULL where there was none. */
const AVFrame *poster_choice(const Poster *poster);

/* Writes the chosen picture as a JPEG to the empty file, which is emptied again on failure. */
_must_check_ bool poster_write(Poster *poster, int fd, Error *error);

void poster_release(Poster *poster);
