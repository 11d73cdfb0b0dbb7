#include "transcoder/worker/retry.h"

#include <sys/random.h>

#include "common/base/clock.h"

void retry_reset(Retry *retry)
{
    retry->tries = 0;
}

int64_t retry_delay_ms(const Retry *retry)
{
    BackoffState state = {.tries = retry->tries,
                          .retry_after_ms = web_client_retry_after_ms(retry->client)};
    REQUIRE(getentropy(&state.random, sizeof state.random) == 0);
    return backoff_delay_ms(&retry->policy, &state);
}

/* False when the wait was ended by what ends the whole. */
static bool wait_for_next(const Retry *retry)
{
    FlagSet ends = web_client_abort_flags(retry->client);
    FlagSet wakes = ends;
    for (size_t i = 0; i < FLAG_SET_MAX && retry->wake; i++)
        if (!wakes.flags[i]) {
            wakes.flags[i] = retry->wake;
            break;
        }
    flag_set_wait(&wakes, retry_delay_ms(retry));
    if (retry->wake)
        flag_lower(retry->wake);
    return !flag_set_raised(&ends);
}

bool retry_run(Retry *retry, RetryAttempt attempt, void *context, Error *error)
{
    while (!attempt(context, error)) {
        if (!web_client_is_transient(error->code))
            return false;
        int64_t now = clock_monotonic_ms();
        if (retry->tries++ == 0)
            retry->failing_for = now;
        if (backoff_exhausted(&retry->policy, retry->tries, now - retry->failing_for))
            return false;
        if (!wait_for_next(retry))
            return error_set(error, ERROR_CANCELLED, "The transfer was called off.");
    }
    return true;
}
