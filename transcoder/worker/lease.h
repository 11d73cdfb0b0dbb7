/*
 * Keeps the lease of one job alive while it is in hand: a thread of its own posts what the job's
 * thread reports, soon after a change and at least three times per lease. Web being away is
 * suffered quietly; web saying that the lease is lost raises a flag.
 *
 * The job's thread starts and stops it; lease_report and the questions are for any thread.
 */
#pragma once

#include "transcoder/web_client/web_client.h"

typedef struct LeaseTiming {
    int64_t gap_ms;  /* at least, between two posts */
    int64_t away_ms; /* between two tries while web is away */
} LeaseTiming;

#define LEASE_TIMING_STANDARD                                                                      \
    {                                                                                              \
        .gap_ms = 1000, .away_ms = 2000                                                            \
    }

typedef struct LeaseSpec {
    const char *web_url, *token; /* borrowed for the start, like the job */
    const TransferJob *job;
    LeaseTiming timing;
    bool in_doubt; /* it may have run out already */
    /* Called in the lease's thread when a renewal fails and when one succeeds after that. A lease
     * that is lost stays in doubt. */
    void (*doubt)(void *context, bool in_doubt);
    void *context;
} LeaseSpec;

typedef struct Lease Lease;

_must_check_ bool lease_start(const LeaseSpec *spec, Lease **out, Error *error);

/* Ends the thread at once, whatever it is doing. A NULL lease is fine. */
void lease_stop(Lease **lease);

/* What the job is doing: a constant (TRANSFER_STAGE_…) and 0 to 100. */
void lease_report(Lease *lease, const char *stage, int percent);

/* Raised when web says that the job is not ours any more. Borrowed. */
Flag *lease_lost(Lease *lease);

/* Raised when web answers again after being away; whoever waits lowers it. Borrowed. */
Flag *lease_web_returned(Lease *lease);
