/*
 * One job from claim to clean, as a table of named steps, and what becomes of it when a step does
 * not succeed (outcome.h). Called in a worker's thread, which it blocks. Private to the worker.
 */
#pragma once

#include "transcoder/worker/gate.h"
#include "transcoder/worker/worker.h"

/* What all threads share. */
typedef struct WorkerShared {
    const WorkerOptions *options; /* immutable */
    Gate gate;
    Flag stop;                   /* take nothing new, give back what is not made yet */
    Flag cut;                    /* end deliveries too */
    atomic_bool out_of_space;    /* said in the log once per change */
    atomic_bool claims_fail;     /* likewise */
    atomic_int faults;           /* claims and jobs that went wrong, in a row */
    atomic_int kept_tries;       /* of kept results that web did not take, in a row */
    _Atomic int64_t kept_due_ms; /* clock_monotonic_ms: none is tried before */
} WorkerShared;

/* One thread. */
typedef struct Worker {
    WorkerShared *shared;
    WebClient *client;
    GatePass pass;
} Worker;

/* Sees one job through, from waiting for it to its end, whatever that is; logs how it ended. What
 * went wrong here holds up the claims of all threads for a while: no job because web is away, no
 * space, a fault of this machine. */
void job_run(Worker *worker);
