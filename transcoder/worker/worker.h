/*
 * The transcoder at work: threads, each of which claims a job, sees it through its steps (job.h)
 * and claims the next. For every encode at once there are two threads, one that encodes and one
 * that delivers, and one more fetches ahead; the gate (gate.h) says which may. So deliveries that
 * web does not take hold up nothing before all threads are at it. The main thread starts and stops
 * them.
 */
#pragma once

#include "transcoder/encoder/encoder.h"
#include "transcoder/scratch/scratch.h"
#include "transcoder/worker/lease.h"
#include "transcoder/worker/retry.h"

/* How long things wait. A parameter, so that tests need not. */
typedef struct WorkerTiming {
    BackoffPolicy transfer; /* originals, deliveries, pauses after a fault */
    int64_t claim_ms;       /* at most, between two claims while web is away: a claim is cheap */
    int64_t ahead_ms;       /* before its slot is expected free, a job may be claimed ahead */
    int64_t ahead_pause_ms; /* between two claims ahead */
    BackoffPolicy report;   /* giving back and failing: beyond it the lease runs out by itself */
    LeaseTiming lease;
    int64_t space_ms;       /* between two looks at a full disk */
    int claim_wait_seconds; /* at most CLAIM_WAIT_SECONDS_MAX */
} WorkerTiming;

extern const WorkerTiming worker_timing_standard;

/* All borrowed until workers_free. */
typedef struct WorkerOptions {
    const char *web_url, *token;
    const char *name; /* of this transcoder, for web's log */
    Scratch *scratch;
    uint64_t min_free_space; /* bytes; below it nothing is claimed */
    int jobs;                /* encodes at once */
    EncoderPolicy policy;
    bool (*encode)(const EncoderJob *job, TransferResult *result, Error *error); /* encoder_run */
    WorkerTiming timing;
} WorkerOptions;

typedef struct Workers Workers;

bool workers_start(const WorkerOptions *options, Workers **out, Error *error);

/* Claims nothing more. Jobs being fetched or encoded are given back; deliveries go on. */
void workers_stop(Workers *workers);

/* Ends deliveries too: their results stay in the scratch folder. After workers_stop. */
void workers_cut(Workers *workers);

/* Raised when all threads have ended. Borrowed. */
Flag *workers_ended(Workers *workers);

/* Stops, cuts, and waits for the threads. */
void workers_free(Workers **workers);
