/*
 * A fixed pool of threads for whatever may block. Work is an intrusive node, so that queueing
 * cannot fail; who queues bounds how much. Any thread may push.
 */
#pragma once

#include "common/base/base.h"

typedef struct Work {
    void (*run)(void *object); /* worker thread */
    void *object;
    struct Work *next;
} Work;

typedef struct Workers Workers;

Workers *workers_start(size_t threads);

/* Runs what is queued, then ends the threads. Nothing may be pushed any more. NULL is fine. */
void workers_stop(Workers *workers);

void workers_push(Workers *workers, Work *work);

/* Work waiting for a thread at this moment, and how many threads there are. */
size_t workers_waiting(Workers *workers);
size_t workers_threads(const Workers *workers);
