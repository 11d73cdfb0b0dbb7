/*
 * When to claim and when to try what was kept, over all threads: what went wrong for one of them
 * may go wrong for the others too, so everybody waits, longer each time. Claims and kept results
 * have a pace of their own each. Says in the log what changes. Any thread; nothing to release.
 *
 * `asked`: milliseconds that web asked to wait, or WEB_CLIENT_UNASKED.
 */
#pragma once

#include "transcoder/worker/gate.h"
#include "transcoder/worker/retry.h"

typedef struct Pacing {
    Gate *gate; /* borrowed */
    RetryPolicy policy;
    atomic_bool out_of_space;    /* said in the log once per change */
    atomic_bool claims_fail;     /* likewise */
    atomic_int faults;           /* claims and jobs that went wrong, in a row */
    atomic_int kept_tries;       /* of kept results that web did not take, in a row */
    _Atomic int64_t kept_due_ms; /* clock_monotonic_ms: none is tried before */
} Pacing;

/* Seconds that a claim may wait at web, `longest` at most: until a kept result is due. */
int pacing_claim_seconds(const Pacing *pacing, int longest);

/* No job could be claimed, for this reason. */
void pacing_claim_failed(Pacing *pacing, const Error *fault, int64_t maximum_ms, int64_t asked);

/* Web has answered a claim, with a job or without. */
void pacing_claim_answered(Pacing *pacing);

/* So many bytes are free, and whether that is enough to claim. */
void pacing_note_space(Pacing *pacing, uint64_t bytes, bool enough);

/* Something went wrong: claims wait, `maximum_ms` at most. */
void pacing_fault(Pacing *pacing, int64_t maximum_ms, int64_t asked);

/* Something went as it should: later faults are counted anew. */
void pacing_went_well(Pacing *pacing);

bool pacing_kept_is_due(const Pacing *pacing);

/* A kept result is being tried: the others wait for what comes of it where web took none lately. */
void pacing_kept_tried(Pacing *pacing);

/* Web did not take a result, which stays: kept ones wait. */
void pacing_kept_again(Pacing *pacing, int64_t asked);

/* Web has judged a result: the other kept ones need not wait. */
void pacing_kept_judged(Pacing *pacing);

/* What was kept or left behind is not taken up for a while: it cannot be removed. */
void pacing_kept_stuck(Pacing *pacing);
