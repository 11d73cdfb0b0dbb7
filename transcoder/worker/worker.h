/*
 * The transcoder at work: threads, each of which claims a job, sees it through its steps (job.h)
 * and claims the next. For every encode at once there are two threads, one that encodes and one
 * that delivers, and one more fetches ahead; the gate (gate.h) says which may. So deliveries that
 * web does not take hold up nothing before all threads are at it. The main thread starts and stops
 * them.
 */
#pragma once

#include "transcoder/worker/job.h"

typedef struct Workers Workers;

/* The options are borrowed until workers_free. */
_must_check_ bool workers_start(const JobOptions *options, Workers **out, Error *error);

/* Claims nothing more. Jobs being fetched or encoded are given back; deliveries go on. */
void workers_stop(Workers *workers);

/* Ends deliveries too: their results stay in the scratch folder. After workers_stop. */
void workers_cut(Workers *workers);

/* Raised when all threads have ended. Borrowed. */
Flag *workers_ended(Workers *workers);

/* Stops, cuts, and waits for the threads. */
void workers_free(Workers **workers);
