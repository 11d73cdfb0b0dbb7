/*
 * Transcoders waiting for work: requests that are parked until a job comes. One new job wakes one
 * waiter, the one that waits longest; if its client has gone meanwhile, the next. Knows requests
 * only as keys. Any thread.
 */
#pragma once

#include "common/base/error.h"

typedef struct Waiters Waiters;

/* What can be done with a key. Called with the waiters' lock held: they must not call back. */
typedef struct WaiterHooks {
    void (*wake)(void *key);
    bool (*gone)(const void *key); /* nobody would read the answer */
} WaiterHooks;

Waiters *waiters_new(const WaiterHooks *hooks);
void waiters_free(Waiters *waiters);

/* What a woken or expired request does next, told by waiters_join(). */
typedef enum WaitersAnswer {
    WAITERS_WAIT,  /* park for *remaining_ms */
    WAITERS_LEAVE, /* the wait is over, or the program is stopping */
} WaitersAnswer;

/* Joins, or comes back after a wake without finding a job; look for a job after this call and
 * before parking, then none that comes meanwhile is missed. The first call fixes the deadline.
 * ERROR_UNAVAILABLE beyond CLAIM_WAITERS_MAX. */
typedef struct WaiterSpec {
    void *key;
    int64_t now_ms;  /* monotonic */
    int64_t wait_ms; /* from the first call; 0: does not wait */
} WaiterSpec;
_must_check_ bool waiters_join(Waiters *waiters, const WaiterSpec *spec, WaitersAnswer *answer,
                               int64_t *remaining_ms, Error *error);

/* The request is about to be answered: its key is never used again. Unknown keys are fine. Tells
 * whether it was woken since it last joined: somebody else must then be woken in its place. */
bool waiters_leave(Waiters *waiters, void *key);

/* A job is there: wakes one. */
void waiters_wake_one(Waiters *waiters);

/* Wakes all, and lets nobody wait any more. */
void waiters_stop(Waiters *waiters);
