/*
 * When to try again, as pure functions: time and randomness are parameters. Any thread; owns
 * nothing.
 */
#pragma once

#include "common/base/base.h"
#include "common/base/limits.h"

typedef struct BackoffPolicy {
    int64_t first_ms;   /* before the second try; doubles from there */
    int64_t maximum_ms; /* between two tries */
    int64_t outlast_ms; /* failing for less than this is no reason to give up */
    int tries_min;      /* nor are fewer tries */
} BackoffPolicy;

#define BACKOFF_STANDARD                                                                           \
    {                                                                                              \
        .first_ms = 1000, .maximum_ms = TRANSFER_BACKOFF_MAX * 1000,                               \
        .outlast_ms = TRANSFER_OUTLAST_SECONDS * 1000, .tries_min = 3,                             \
    }

/* No wait was asked for by the other side. */
#define BACKOFF_UNASKED (-1)

typedef struct BackoffState {
    int tries;              /* made and failed, at least 1 */
    int64_t retry_after_ms; /* asked for by the other side, or BACKOFF_UNASKED */
    uint32_t random;        /* any value: spreads clients that failed together */
} BackoffState;

/* Milliseconds to wait before the next try: the step of the series plus up to a quarter of it, but
 * never beyond the maximum; longer where the other side asked for it, up to outlast_ms. */
int64_t backoff_delay_ms(const BackoffPolicy *policy, const BackoffState *state);

/* Whether to give up after so many failed tries, `elapsed_ms` after the first. */
bool backoff_exhausted(const BackoffPolicy *policy, int tries, int64_t elapsed_ms);

/* Retry-After (RFC 9110 §10.2.3), seconds or a date, as milliseconds from now; BACKOFF_UNASKED for
 * anything else. */
int64_t backoff_parse_retry_after(const char *text, int64_t now_wall_ms);
