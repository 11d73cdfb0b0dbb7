#include "transcoder/worker/backoff.h"

#include "common/base/clock.h"

/* More digits than this are no wait anybody means; it also keeps the product in range. */
#define RETRY_AFTER_DIGITS_MAX 9

/* The step of the series for this try, at most the maximum. */
static int64_t series_ms(const BackoffPolicy *policy, int tries)
{
    int64_t step = policy->first_ms;
    for (int i = 1; i < tries && step < policy->maximum_ms; i++)
        step *= 2;
    return MIN_OF(step, policy->maximum_ms);
}

int64_t backoff_delay_ms(const BackoffPolicy *policy, const BackoffState *state)
{
    int64_t step = series_ms(policy, state->tries);
    int64_t spread = (int64_t)((uint64_t)(step / 4) * state->random / UINT32_MAX);
    int64_t delay =
        step + spread > policy->maximum_ms ? policy->maximum_ms - spread : step + spread;
    int64_t asked = MIN_OF(state->retry_after_ms, policy->outlast_ms);
    return MAX_OF(delay, asked);
}

bool backoff_exhausted(const BackoffPolicy *policy, int tries, int64_t elapsed_ms)
{
    return tries >= policy->tries_min && elapsed_ms >= policy->outlast_ms;
}

int64_t backoff_parse_retry_after(const char *text, int64_t now_wall_ms)
{
    size_t digits = strspn(text, "0123456789");
    int64_t date;
    if (digits > 0 && digits <= RETRY_AFTER_DIGITS_MAX && !text[digits])
        return strtoll(text, NULL, 10) * 1000;
    if (clock_parse_http_date(text, &date))
        return MAX_OF(date - now_wall_ms, 0);
    return BACKOFF_UNASKED;
}
