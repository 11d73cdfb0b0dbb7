/*
 * Keeps a frame rate under a limit: a bucket of permissions fills at the limit's rate and each
 * frame takes one, so that an uneven rate below the limit loses nothing and keeps every frame's
 * time. Above the limit, what is kept would come in uneven steps (of 90 a second: two, one, two);
 * there a frame is shown when its permission was complete, which is earlier by less than one step
 * of the limit. Pure.
 */
#pragma once

#include "common/base/base.h"

typedef struct Pace {
    double rate;        /* frames a second at most */
    double permissions; /* begins at 1 */
    double last;        /* seconds */
    bool dense;         /* frames are being left out */
} Pace;

/* Whether the frame at `*seconds` is kept, and when it is shown then. Times begin at 0 and grow. */
bool pace_keeps(Pace *pace, double *seconds);
