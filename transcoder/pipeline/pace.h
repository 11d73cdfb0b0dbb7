/*
 * Keeps a frame rate under a limit without touching any frame's time: a bucket of permissions fills
 * at the limit's rate and each frame takes one, so that an uneven rate below the limit loses
 * nothing. Pure.
 */
#pragma once

#include "common/base/base.h"

typedef struct Pace {
    double rate;        /* frames a second at most */
    double permissions; /* begins at 1 */
    double last;        /* seconds */
} Pace;

/* Whether the frame shown at `seconds` is kept. */
bool pace_keeps(Pace *pace, double seconds);
