/* How long everybody waits after what went wrong for one. Nothing waits here: the times are read.
 */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "transcoder/worker/pacing.h"

#define HOUR_MS ((int64_t)3600000)

typedef struct Pair {
    Gate gate;
    Pacing pacing;
} Pair;

/* Hours, so that the time this test takes is nothing beside them. */
static void pair_init(Pair *pair)
{
    gate_init(&pair->gate, &(GateSpec){.slots = 1});
    pair->pacing = (Pacing){.gate = &pair->gate,
                            .policy = {.first_ms = HOUR_MS,
                                       .maximum_ms = 100 * HOUR_MS,
                                       .outlast_ms = 1000 * HOUR_MS,
                                       .tries_min = 3}};
}

/* In hours from now, whole ones. */
static int64_t hours_until(int64_t time_ms)
{
    return (time_ms - clock_monotonic_ms() + HOUR_MS / 60) / HOUR_MS;
}

static void faults_hold_claims_longer_each_time(void **state)
{
    Pair pair;
    (void)state;
    pair_init(&pair);
    pacing_fault(&pair.pacing, 100 * HOUR_MS, WEB_CLIENT_UNASKED);
    assert_int_equal(hours_until(pair.gate.held_until_ms), 1);
    pacing_fault(&pair.pacing, 100 * HOUR_MS, WEB_CLIENT_UNASKED);
    assert_int_equal(hours_until(pair.gate.held_until_ms), 2);
    pacing_fault(&pair.pacing, 100 * HOUR_MS, 50 * HOUR_MS);
    unit_check(hours_until(pair.gate.held_until_ms) == 50, "what web asks for is kept");
    pair.gate.held_until_ms = 0;
    pacing_went_well(&pair.pacing);
    pacing_fault(&pair.pacing, 100 * HOUR_MS, WEB_CLIENT_UNASKED);
    unit_check(hours_until(pair.gate.held_until_ms) == 1, "what goes well begins anew");
    gate_release(&pair.gate);
}

static void an_answer_ends_the_faults_of_claims_alone(void **state)
{
    Pair pair;
    const Error fault = {.code = ERROR_NETWORK, .detail = "Web is away."};
    (void)state;
    pair_init(&pair);
    pacing_fault(&pair.pacing, HOUR_MS, WEB_CLIENT_UNASKED);
    pacing_claim_answered(&pair.pacing);
    unit_check(atomic_load(&pair.pacing.faults) == 1, "a job's fault outlasts a claim's answer");
    pacing_claim_failed(&pair.pacing, &fault, HOUR_MS, WEB_CLIENT_UNASKED);
    unit_check(atomic_load(&pair.pacing.faults) == 2, "a claim that fails is a fault");
    pacing_claim_answered(&pair.pacing);
    unit_check(atomic_load(&pair.pacing.faults) == 0, "until web answers again");
    gate_release(&pair.gate);
}

static void kept_results_have_a_pace_of_their_own(void **state)
{
    Pair pair;
    (void)state;
    pair_init(&pair);
    unit_check(pacing_kept_is_due(&pair.pacing), "at the start what is there is tried at once");
    pacing_kept_tried(&pair.pacing);
    unit_check(pacing_kept_is_due(&pair.pacing), "and the others with it");
    assert_int_equal(pacing_claim_seconds(&pair.pacing, 25), 25);
    pacing_kept_again(&pair.pacing, WEB_CLIENT_UNASKED);
    assert_int_equal(hours_until(atomic_load(&pair.pacing.kept_due_ms)), 1);
    pacing_kept_again(&pair.pacing, WEB_CLIENT_UNASKED);
    assert_int_equal(hours_until(atomic_load(&pair.pacing.kept_due_ms)), 2);
    unit_check(pair.gate.held_until_ms == 0, "claims go on meanwhile");
    pacing_kept_tried(&pair.pacing);
    unit_check(hours_until(atomic_load(&pair.pacing.kept_due_ms)) == 100,
               "one that is tried after refusals goes alone");
    pacing_kept_judged(&pair.pacing);
    unit_check(pacing_kept_is_due(&pair.pacing), "a verdict of web frees the others");
    pacing_kept_stuck(&pair.pacing);
    unit_check(!pacing_kept_is_due(&pair.pacing), "what cannot be removed is left alone");
    gate_release(&pair.gate);
}

static void a_claim_waits_no_longer_than_a_kept_result(void **state)
{
    Pair pair;
    (void)state;
    pair_init(&pair);
    pair.pacing.policy.first_ms = 1000000;
    pacing_kept_again(&pair.pacing, WEB_CLIENT_UNASKED);
    int seconds = pacing_claim_seconds(&pair.pacing, 2000);
    unit_check(seconds > 900 && seconds <= 1251, "a thousand seconds and a quarter, and then one");
    assert_int_equal(pacing_claim_seconds(&pair.pacing, 1), 1);
    gate_release(&pair.gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_hold_claims_longer_each_time),
        cmocka_unit_test(an_answer_ends_the_faults_of_claims_alone),
        cmocka_unit_test(kept_results_have_a_pace_of_their_own),
        cmocka_unit_test(a_claim_waits_no_longer_than_a_kept_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
