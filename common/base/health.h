/*
 * Whether something that is done again and again works: what failed last is remembered until one
 * has succeeded. Any thread.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "common/base/error.h"

typedef struct Health {
    atomic_bool failing;
    pthread_mutex_t lock;
    Error fault; /* guarded by the lock */
} Health;

#define HEALTH_INITIALIZER                                                                         \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER                                                          \
    }

/* It was done: NULL for success, or why it failed. */
void health_note(Health *health, const Error *fault);

/* False, with the last reason, from a failure up to the next success. */
_must_check_ bool health_check(Health *health, Error *error);
