/*
 * Doing something with web until it works, cannot work, or has failed for long enough. When to try
 * again is told by pure functions, to which time and randomness are parameters (any thread);
 * retry_again acts on them: it blocks, and the thread that calls it owns the Retry.
 */
#pragma once

#include "common/base/flag.h"
#include "transcoder/web_client/web_client.h"

typedef struct RetryPolicy {
    int64_t first_ms;   /* before the second try; doubles from there */
    int64_t maximum_ms; /* between two tries */
    int64_t outlast_ms; /* failing for less than this is no reason to give up */
    int tries_min;      /* nor are fewer tries */
} RetryPolicy;

#define RETRY_STANDARD                                                                             \
    {                                                                                              \
        .first_ms = 1000, .maximum_ms = TRANSFER_BACKOFF_MAX * 1000,                               \
        .outlast_ms = TRANSFER_OUTLAST_SECONDS * 1000, .tries_min = 3,                             \
    }

typedef struct RetryState {
    int tries;       /* made and failed, at least 1 */
    int64_t asked;   /* milliseconds asked for by the other side, or WEB_CLIENT_UNASKED */
    uint32_t random; /* any value: spreads clients that failed together */
} RetryState;

/* Milliseconds to wait before the next try: the step of the series plus up to a quarter of it, but
 * never beyond the maximum; longer where the other side asked for it, up to outlast_ms. */
int64_t retry_delay_ms(const RetryPolicy *policy, const RetryState *state);

/* The same after so many failed tries, with randomness of its own. */
int64_t retry_pause_ms(const RetryPolicy *policy, int tries, int64_t asked);

/* Whether to give up after so many failed tries, `elapsed_ms` after the first. */
bool retry_is_exhausted(const RetryPolicy *policy, int tries, int64_t elapsed_ms);

typedef struct Retry {
    RetryPolicy policy;
    WebClient *client;     /* borrowed: knows what web asked for, and what ends the waiting */
    Flag *wake;            /* borrowed, may be NULL: ends a wait early; lowered then */
    int tries;             /* failed in a row; 0 where something was achieved meanwhile */
    int64_t failing_since; /* clock_monotonic_ms of the first of them */
} Retry;

/* After a try that failed with *error: waits until the next one is due and returns true. False: no
 * try is worth it, because the error is of a kind that a new one does not cure or the policy is
 * exhausted; or ERROR_CANCELLED, because one of the client's flags ended the waiting. */
_must_check_ bool retry_again(Retry *retry, Error *error);
