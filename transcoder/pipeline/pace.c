#include "transcoder/pipeline/pace.h"

#define BURST    3.0  /* frames: late ones may be caught up */
#define ROUNDING 0.05 /* of a frame: clocks of whole milliseconds */

bool pace_keeps(Pace *pace, double *seconds)
{
    pace->permissions += (*seconds - pace->last) * pace->rate;
    pace->permissions = MIN_OF(pace->permissions, BURST);
    pace->last = *seconds;
    if (pace->permissions < 1 - ROUNDING) {
        pace->dense = true;
        return false;
    }
    pace->permissions -= 1;
    pace->dense = pace->dense && pace->permissions < 1 - ROUNDING;
    if (pace->dense && pace->permissions > 0)
        *seconds -= pace->permissions / pace->rate;
    return true;
}
