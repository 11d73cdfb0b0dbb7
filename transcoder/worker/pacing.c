#include "transcoder/worker/pacing.h"

#include "common/base/clock.h"
#include "common/base/log.h"

static void pacing_put_kept_off(Pacing *pacing, int64_t delay_ms)
{
    atomic_store(&pacing->kept_due_ms, clock_monotonic_ms() + delay_ms);
}

int pacing_claim_seconds(const Pacing *pacing, int longest)
{
    int64_t left = atomic_load(&pacing->kept_due_ms) - clock_monotonic_ms();
    return left > 0 ? (int)MIN_OF(left / 1000 + 1, longest) : longest;
}

void pacing_claim_failed(Pacing *pacing, const Error *fault, int64_t maximum_ms, int64_t asked)
{
    if (!atomic_exchange(&pacing->claims_fail, true))
        log_warning("No job could be claimed, trying on: %s", fault->detail);
    pacing_fault(pacing, maximum_ms, asked);
}

void pacing_claim_answered(Pacing *pacing)
{
    if (!atomic_exchange(&pacing->claims_fail, false))
        return;
    log_info("Web answers claims again.");
    pacing_went_well(pacing);
}

void pacing_note_space(Pacing *pacing, uint64_t bytes, bool enough)
{
    if (atomic_exchange(&pacing->out_of_space, !enough) == !enough)
        return;
    if (enough)
        log_info("There is space in WORK_DIR again; jobs are claimed.");
    else
        log_warning("WORK_DIR has %llu MiB left, less than MIN_FREE_SPACE; no job is claimed.",
                    (unsigned long long)(bytes / MIB));
}

void pacing_fault(Pacing *pacing, int64_t maximum_ms, int64_t asked)
{
    RetryPolicy policy = pacing->policy;
    int faults = atomic_fetch_add(&pacing->faults, 1) + 1;
    policy.maximum_ms = maximum_ms;
    gate_hold_claims(pacing->gate, retry_pause_ms(&policy, faults, asked));
}

void pacing_went_well(Pacing *pacing)
{
    atomic_store(&pacing->faults, 0);
}

bool pacing_kept_is_due(const Pacing *pacing)
{
    return clock_monotonic_ms() >= atomic_load(&pacing->kept_due_ms);
}

void pacing_kept_tried(Pacing *pacing)
{
    if (atomic_load(&pacing->kept_tries) > 0)
        pacing_put_kept_off(pacing, pacing->policy.maximum_ms);
}

void pacing_kept_again(Pacing *pacing, int64_t asked)
{
    int tries = atomic_fetch_add(&pacing->kept_tries, 1) + 1;
    pacing_put_kept_off(pacing, retry_pause_ms(&pacing->policy, tries, asked));
}

void pacing_kept_judged(Pacing *pacing)
{
    atomic_store(&pacing->kept_tries, 0);
    pacing_put_kept_off(pacing, 0);
}

void pacing_kept_stuck(Pacing *pacing)
{
    pacing_put_kept_off(pacing, pacing->policy.maximum_ms);
}
