#include "transcoder/worker/retry.h"

#include <sys/random.h>

#include "common/base/clock.h"

int64_t retry_delay_ms(const RetryPolicy *policy, const RetryState *state)
{
    int64_t step = policy->first_ms;
    for (int i = 1; i < state->tries && step < policy->maximum_ms; i++)
        step *= 2;
    step = MIN_OF(step, policy->maximum_ms);
    int64_t spread = (int64_t)((uint64_t)(step / 4) * state->random / UINT32_MAX);
    int64_t delay =
        step + spread > policy->maximum_ms ? policy->maximum_ms - spread : step + spread;
    int64_t asked = MIN_OF(state->asked, policy->outlast_ms);
    return MAX_OF(delay, asked);
}

int64_t retry_pause_ms(const RetryPolicy *policy, int tries, int64_t asked)
{
    RetryState state = {.tries = tries, .asked = asked};
    REQUIRE(getentropy(&state.random, sizeof state.random) == 0);
    return retry_delay_ms(policy, &state);
}

bool retry_is_exhausted(const RetryPolicy *policy, int tries, int64_t elapsed_ms)
{
    return tries >= policy->tries_min && elapsed_ms >= policy->outlast_ms;
}

bool retry_again(Retry *retry, Error *error)
{
    FlagSet ends = web_client_abort_flags(retry->client), wakes = ends;
    if (!web_client_is_transient(error->code))
        return false;
    int64_t now = clock_monotonic_ms();
    if (retry->tries++ == 0)
        retry->failing_since = now;
    if (retry_is_exhausted(&retry->policy, retry->tries, now - retry->failing_since))
        return false;
    for (size_t i = 0; i < FLAG_SET_MAX && retry->wake; i++)
        if (!wakes.flags[i]) {
            wakes.flags[i] = retry->wake;
            break;
        }
    flag_set_wait(&wakes, retry_pause_ms(&retry->policy, retry->tries,
                                         web_client_retry_after_ms(retry->client)));
    if (retry->wake)
        flag_lower(retry->wake);
    if (flag_set_raised(&ends))
        return error_set(error, ERROR_CANCELLED, "The transfer was called off.");
    return true;
}
