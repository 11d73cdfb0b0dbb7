#include "web/jobs/waiters.h"

#include <pthread.h>

typedef struct Waiter {
    void *key;
    int64_t deadline_ms;
    bool woken; /* and has not come back yet */
} Waiter;

struct Waiters {
    WaiterHooks hooks; /* immutable */
    pthread_mutex_t lock;
    bool stopping;                  /* guarded by the lock, as the following */
    Waiter list[CLAIM_WAITERS_MAX]; /* the one that waits longest first */
    size_t count;
};

Waiters *waiters_new(const WaiterHooks *hooks)
{
    Waiters *waiters = NEW(Waiters);
    waiters->hooks = *hooks;
    pthread_mutex_init(&waiters->lock, NULL);
    return waiters;
}

void waiters_free(Waiters *waiters)
{
    if (!waiters)
        return;
    pthread_mutex_destroy(&waiters->lock);
    free(waiters);
}

static Waiter *waiters_find(Waiters *waiters, const void *key)
{
    for (size_t i = 0; i < waiters->count; i++)
        if (waiters->list[i].key == key)
            return &waiters->list[i];
    return NULL;
}

bool waiters_join(Waiters *waiters, const WaiterSpec *spec, WaitersAnswer *answer,
                  int64_t *remaining_ms, Error *error)
{
    pthread_mutex_lock(&waiters->lock);
    Waiter *waiter = waiters_find(waiters, spec->key);
    if (!waiter && waiters->count < CLAIM_WAITERS_MAX) {
        waiter = &waiters->list[waiters->count++];
        *waiter = (Waiter){.key = spec->key, .deadline_ms = spec->now_ms + spec->wait_ms};
    }
    if (waiter) {
        waiter->woken = false;
        *remaining_ms = waiter->deadline_ms - spec->now_ms;
        *answer = waiters->stopping || *remaining_ms <= 0 ? WAITERS_LEAVE : WAITERS_WAIT;
    }
    pthread_mutex_unlock(&waiters->lock);
    if (!waiter)
        return error_set(error, ERROR_UNAVAILABLE, "Too many transcoders are waiting for a job.");
    return true;
}

bool waiters_leave(Waiters *waiters, void *key)
{
    bool woken = false;
    pthread_mutex_lock(&waiters->lock);
    Waiter *waiter = waiters_find(waiters, key);
    if (waiter) {
        woken = waiter->woken;
        size_t behind = (size_t)(&waiters->list[waiters->count] - (waiter + 1));
        memmove(waiter, waiter + 1, behind * sizeof *waiter);
        waiters->count--;
    }
    pthread_mutex_unlock(&waiters->lock);
    return woken;
}

void waiters_wake_one(Waiters *waiters)
{
    pthread_mutex_lock(&waiters->lock);
    for (size_t i = 0; i < waiters->count; i++) {
        Waiter *waiter = &waiters->list[i];
        if (waiter->woken || waiters->hooks.gone(waiter->key))
            continue;
        waiter->woken = true;
        waiters->hooks.wake(waiter->key);
        break;
    }
    pthread_mutex_unlock(&waiters->lock);
}

void waiters_stop(Waiters *waiters)
{
    pthread_mutex_lock(&waiters->lock);
    waiters->stopping = true;
    for (size_t i = 0; i < waiters->count; i++)
        waiters->hooks.wake(waiters->list[i].key);
    pthread_mutex_unlock(&waiters->lock);
}
