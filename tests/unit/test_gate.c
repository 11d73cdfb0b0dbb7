/* Who may claim and who may encode, asked without threads: waiting no time tells what is granted.
 */
#include "tests/unit/unit.h"
#include "transcoder/worker/gate.h"

#define HOUR_MS 3600000

static const FlagSet no_end;

typedef struct Passes {
    Gate gate;
    GatePass pass[6];
} Passes;

static void open_gate(Passes *passes, int slots, int64_t ahead_ms)
{
    gate_init(&passes->gate, &(GateSpec){.slots = slots, .ahead_ms = ahead_ms});
    for (size_t i = 0; i < ARRAY_SIZE(passes->pass); i++)
        gate_join(&passes->gate, &passes->pass[i]);
}

static void close_gate(Passes *passes)
{
    for (size_t i = 0; i < ARRAY_SIZE(passes->pass); i++)
        gate_part(&passes->pass[i]);
    gate_release(&passes->gate);
}

static bool may_claim(GatePass *pass)
{
    gate_move(pass, GATE_ASKING);
    return gate_wait(pass, &no_end, 0);
}

static void start_encode(GatePass *pass)
{
    assert_true(may_claim(pass));
    gate_move(pass, GATE_FETCHING);
    gate_move(pass, GATE_WAITING);
    assert_true(gate_wait(pass, &no_end, 0));
}

static void the_end_of_an_encode_is_reckoned(void **state)
{
    static const struct {
        int percent;
        int64_t elapsed_ms, remaining_ms;
    } rows[] = {{0, 5000, INT64_MAX}, {1, 1000, 99000}, {50, 3000, 3000},
                {99, 99000, 1000},    {100, 5000, 0},   {30, 0, 0}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(gate_remaining_ms(rows[i].percent, rows[i].elapsed_ms),
                         rows[i].remaining_ms);
}

static void as_many_claims_as_free_slots(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 2, HOUR_MS);
    unit_check(may_claim(&pass[0]) && may_claim(&pass[1]), "each free slot allows a claim");
    unit_check(!may_claim(&pass[2]), "and no more than that");
    gate_move(&pass[0], GATE_AWAY);
    unit_check(may_claim(&pass[2]) && !pass[2].ahead, "a claim that found nothing makes room");
    gate_move(&pass[2], GATE_FETCHING);
    unit_check(!may_claim(&pass[0]), "a job being fetched takes a slot's claim");
    close_gate(&passes);
}

static void one_ahead_when_an_end_is_near(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 1, HOUR_MS);
    start_encode(&pass[0]);
    unit_check(!may_claim(&pass[1]), "an end that is unknown is not near");
    gate_report(&pass[0], 50);
    unit_check(may_claim(&pass[1]) && pass[1].ahead, "one ahead");
    unit_check(!may_claim(&pass[2]), "not two");
    gate_move(&pass[1], GATE_FETCHING);
    unit_check(!may_claim(&pass[2]), "also when the first is being fetched");
    gate_move(&pass[0], GATE_AWAY);
    unit_check(!may_claim(&pass[2]), "the free slot belongs to the job ahead");
    gate_move(&pass[1], GATE_WAITING);
    unit_check(gate_wait(&pass[1], &no_end, 0), "which gets it");
    close_gate(&passes);
}

static void none_ahead_when_the_end_is_far(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 1, 0);
    start_encode(&pass[0]);
    gate_report(&pass[0], 99);
    unit_check(!may_claim(&pass[1]), "another transcoder may have the job sooner");
    close_gate(&passes);
}

static void none_ahead_while_a_free_slot_has_none(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 2, HOUR_MS);
    start_encode(&pass[0]);
    gate_report(&pass[0], 90);
    assert_true(may_claim(&pass[1]));
    unit_check(!may_claim(&pass[2]), "the free slot's claim comes first");
    gate_move(&pass[1], GATE_FETCHING);
    unit_check(may_claim(&pass[2]) && pass[2].ahead, "then one ahead");
    close_gate(&passes);
}

static void a_claim_ahead_that_found_nothing_pauses(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 1, HOUR_MS);
    passes.gate.spec.ahead_pause_ms = HOUR_MS;
    start_encode(&pass[0]);
    gate_report(&pass[0], 90);
    assert_true(may_claim(&pass[1]));
    gate_move(&pass[1], GATE_AWAY);
    unit_check(!may_claim(&pass[1]), "no second one at once");
    gate_move(&pass[0], GATE_AWAY);
    unit_check(may_claim(&pass[1]) && !pass[1].ahead, "a free slot does not wait for it");
    close_gate(&passes);
}

static void held_claims_are_granted_later(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 1, 0);
    gate_hold_claims(&passes.gate, HOUR_MS);
    gate_hold_claims(&passes.gate, 1);
    unit_check(!may_claim(&pass[0]), "the longer hold counts");
    passes.gate.held_until_ms = 0;
    gate_hold_claims(&passes.gate, 20);
    gate_move(&pass[0], GATE_ASKING);
    unit_check(gate_wait(&pass[0], &no_end, INT64_MAX), "its end grants the claim by itself");
    close_gate(&passes);
}

static void nobody_claims_while_a_lease_is_in_doubt(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 2, 0);
    start_encode(&pass[0]);
    gate_doubt(&pass[0], true);
    unit_check(!may_claim(&pass[1]), "web might give the same job out again");
    gate_move(&pass[0], GATE_AWAY);
    unit_check(!may_claim(&pass[1]), "also while it is delivered");
    gate_move(&pass[2], GATE_WAITING);
    unit_check(gate_wait(&pass[2], &no_end, 0), "encodes go on");
    gate_move(&pass[1], GATE_ASKING);
    gate_doubt(&pass[0], false);
    unit_check(gate_wait(&pass[1], &no_end, 0), "a lease that was renewed is in doubt no more");
    close_gate(&passes);
}

static void nothing_is_taken_up_while_a_claim_is_under_way(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    (void)state;
    open_gate(&passes, 2, 0);
    assert_true(may_claim(&pass[0]));
    gate_move(&pass[1], GATE_LOOKING);
    unit_check(!flag_raised(&pass[1].granted), "web may just be giving that job out");
    unit_check(!may_claim(&pass[2]), "and no further claim is begun meanwhile");
    gate_move(&pass[0], GATE_AWAY);
    unit_check(gate_wait(&pass[1], &no_end, 0), "then it is taken up");
    unit_check(!may_claim(&pass[0]), "and its lease is in doubt");
    gate_doubt(&pass[1], false);
    unit_check(may_claim(&pass[0]), "until it is renewed");
    close_gate(&passes);
}

static void slots_go_round_in_the_order_of_asking(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    static const size_t order[] = {3, 1, 4, 2};
    (void)state;
    open_gate(&passes, 1, 0);
    gate_move(&pass[0], GATE_WAITING);
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        gate_move(&pass[order[i]], GATE_WAITING);
    gate_move(&pass[0], GATE_AWAY);
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        for (size_t later = i; later < ARRAY_SIZE(order); later++)
            unit_check(flag_raised(&pass[order[later]].granted) == (later == i),
                       "the one that asked first, and only that");
        gate_move(&pass[order[i]], GATE_AWAY);
    }
    close_gate(&passes);
}

static void an_end_wins_over_a_grant(void **state)
{
    Passes passes;
    GatePass *pass = passes.pass;
    Flag stop;
    FlagSet ends = {{&stop}};
    (void)state;
    flag_init(&stop);
    open_gate(&passes, 1, 0);
    flag_raise(&stop);
    gate_move(&pass[0], GATE_WAITING);
    unit_check(!gate_wait(&pass[0], &ends, INT64_MAX), "who is called off gets nothing");
    gate_move(&pass[1], GATE_WAITING);
    unit_check(gate_wait(&pass[1], &no_end, 0), "and leaves the slot to others");
    close_gate(&passes);
    flag_release(&stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_an_encode_is_reckoned),
        cmocka_unit_test(as_many_claims_as_free_slots),
        cmocka_unit_test(one_ahead_when_an_end_is_near),
        cmocka_unit_test(none_ahead_when_the_end_is_far),
        cmocka_unit_test(none_ahead_while_a_free_slot_has_none),
        cmocka_unit_test(a_claim_ahead_that_found_nothing_pauses),
        cmocka_unit_test(held_claims_are_granted_later),
        cmocka_unit_test(nobody_claims_while_a_lease_is_in_doubt),
        cmocka_unit_test(nothing_is_taken_up_while_a_claim_is_under_way),
        cmocka_unit_test(slots_go_round_in_the_order_of_asking),
        cmocka_unit_test(an_end_wins_over_a_grant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
