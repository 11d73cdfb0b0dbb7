/*
 * One job from claim to clean, as a table of named steps, and what becomes of it when a step does
 * not succeed (outcome.h). Called in a worker's thread, which it blocks.
 */
#pragma once

#include "transcoder/encoder/encoder.h"
#include "transcoder/scratch/scratch.h"
#include "transcoder/worker/gate.h"
#include "transcoder/worker/lease.h"
#include "transcoder/worker/pacing.h"

/* How long things wait. A parameter, so that tests need not. */
typedef struct JobTiming {
    RetryPolicy transfer;   /* originals, deliveries, pauses after a fault */
    int64_t claim_ms;       /* at most, between two claims while web is away: a claim is cheap */
    int64_t ahead_ms;       /* before its slot is expected free, a job may be claimed ahead */
    int64_t ahead_pause_ms; /* between two claims ahead */
    RetryPolicy report;     /* giving back and failing: beyond it the lease runs out by itself */
    LeaseTiming lease;
    int64_t space_ms;       /* between two looks at a full disk */
    int claim_wait_seconds; /* at most CLAIM_WAIT_SECONDS_MAX */
} JobTiming;

extern const JobTiming job_timing_standard;

/* What holds for every job. All borrowed as long as jobs are run. */
typedef struct JobOptions {
    const char *web_url, *token;
    const char *name; /* of this transcoder, for web's log */
    Scratch *scratch;
    uint64_t min_free_space; /* bytes; below it nothing is claimed */
    int jobs;                /* encodes at once */
    EncoderPolicy policy;
    bool (*encode)(const EncoderJob *job, TransferResult *result, Error *error); /* encoder_run */
    JobTiming timing;
} JobOptions;

/* What jobs in hand at the same time share. */
typedef struct JobShared {
    const JobOptions *options; /* immutable */
    Gate gate;
    Pacing pacing;
    Flag stop; /* take nothing new, give back what is not made yet */
    Flag cut;  /* end deliveries too */
} JobShared;

/* Sees one job through, from waiting for it to its end, whatever that is; logs how it ended. What
 * went wrong here holds up the claims of all threads for a while: no job because web is away, no
 * space, a fault of this machine. Client and pass are the thread's own. */
void job_run(JobShared *shared, WebClient *client, GatePass *pass);
