#include "transcoder/worker/outcome.h"

static const char *const words[] = {
#define X(outcome, text) [outcome] = text,
    OUTCOME_TABLE(X)
#undef X
};

const char *outcome_words(Outcome outcome)
{
    return words[outcome];
}

/* Making it again costs minutes, so a result is kept through everything that may pass: web being
 * away or full, a token being rotated, our own end. Web finding fault with what the file holds does
 * not pass, and what is made of the same original again is the same; one that did not arrive as it
 * was sent may. */
static Outcome outcome_of_delivery(const OutcomeFacts *facts)
{
    switch (facts->code) {
    case ERROR_GONE:
    case ERROR_LEASE_LOST:
    case ERROR_NOT_FOUND:
    case ERROR_CONFLICT:
        return OUTCOME_DROP;
    case ERROR_CANCELLED:
    case ERROR_UNAUTHENTICATED:
    case ERROR_FORBIDDEN:
    case ERROR_SETTING:
    case ERROR_NETWORK:
    case ERROR_UNAVAILABLE:
    case ERROR_TIMEOUT:
    case ERROR_BUSY:
        return OUTCOME_KEEP;
    case ERROR_MEDIA:
    case ERROR_TOO_LARGE:
        return OUTCOME_FAIL_FOR_GOOD;
    default:
        return OUTCOME_FAIL;
    }
}

Outcome outcome_of(const OutcomeFacts *facts)
{
    if (facts->phase == OUTCOME_DELIVERED)
        return OUTCOME_KEEP;
    if (facts->phase == OUTCOME_DELIVERING)
        return outcome_of_delivery(facts);
    if (facts->lost || facts->code == ERROR_GONE || facts->code == ERROR_LEASE_LOST ||
        facts->code == ERROR_NOT_FOUND)
        return OUTCOME_DROP;
    if (facts->code == ERROR_MEDIA)
        return OUTCOME_FAIL_FOR_GOOD;
    if (facts->stopping || facts->vanished || facts->crowded || facts->interrupted ||
        facts->code == ERROR_CONFLICT)
        return OUTCOME_RELEASE;
    return OUTCOME_FAIL;
}
