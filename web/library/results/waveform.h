/*
 * A recording's waveform: peaks as JSON, in the format of BBC's audiowaveform, version 2. What
 * comes is checked value by value and written anew. Pure; any thread.
 */
#pragma once

#include "common/base/buffer.h"
#include "common/base/error.h"

/* {"version":2,"channels":1,"sample_rate":R,"samples_per_pixel":S,"bits":8,"length":N,
 *  "data":[min,max,…]}
 * with 1 to WAVEFORM_PAIRS_MAX pairs of -128 … 127, the smaller first; what else is in it is left
 * behind. Appends the same. ERROR_INVALID with what is wrong. */
_must_check_ bool waveform_rewrite(const Buffer *text, Buffer *out, Error *error);
