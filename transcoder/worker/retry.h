/*
 * Doing something with web until it works, cannot work, or has failed for long enough: the acting
 * side of backoff.h. Blocks; the thread that calls owns the Retry.
 */
#pragma once

#include "common/base/error.h"
#include "transcoder/web_client/web_client.h"
#include "transcoder/worker/backoff.h"
#include "transcoder/worker/flag.h"

typedef struct Retry {
    BackoffPolicy policy;
    WebClient *client;   /* borrowed: knows what web asked for, and what ends the waiting */
    Flag *wake;          /* borrowed, may be NULL: ends a wait early; lowered then */
    int tries;           /* failed in a row */
    int64_t failing_for; /* clock_monotonic_ms of the first of them */
} Retry;

typedef bool (*RetryAttempt)(void *context, Error *error);

/* Calls attempt until it succeeds. False with the last error: it is of a kind that a new try does
 * not cure, or the policy is exhausted. ERROR_CANCELLED when the client's flags ended it. */
bool retry_run(Retry *retry, RetryAttempt attempt, void *context, Error *error);

/* Milliseconds until the next try is due, counted from now; with randomness of its own. */
int64_t retry_delay_ms(const Retry *retry);

/* Something was achieved: later failures are counted anew. */
void retry_reset(Retry *retry);
