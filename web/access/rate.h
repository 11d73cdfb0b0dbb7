/*
 * How often one address may do something: a token bucket for each, in a table of a fixed size. IPv6
 * clients own a /64 at least, so that is what is counted. Where the table is full, the address that
 * did least is forgotten; the places are drawn with a random key, so nobody can aim for a
 * neighbour's. Any thread; a call holds a lock for some comparisons in memory. The time is a
 * parameter, in milliseconds of any clock that never jumps.
 */
#pragma once

#include "common/base/network.h"

typedef struct RateSpec {
    unsigned burst;          /* that may come at once; at least 1 */
    int64_t interval_ms;     /* from one to the next after that */
    int64_t interval_ms_max; /* above interval_ms: beyond the burst the interval doubles each time
                                up to here, until the bucket is full again. 0: it stays the same */
} RateSpec;

typedef struct Rate Rate;

Rate *rate_new(const RateSpec *spec);
void rate_free(Rate *rate); /* NULL is fine */

/* Takes one from the client's bucket: 0, or the milliseconds until there will be one, and then
 * nothing was taken. *untold becomes the number of refusals that the log should tell of now: those
 * since it was told last, at most once in RATE_TELL_MS; else 0. */
int64_t rate_take(Rate *rate, const struct in6_addr *client, int64_t now_ms, unsigned *untold);
