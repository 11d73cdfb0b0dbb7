#include "transcoder/worker/gate.h"

#include "common/base/clock.h"

void gate_init(Gate *gate, const GateSpec *spec)
{
    *gate = (Gate){.spec = *spec};
    pthread_mutex_init(&gate->lock, NULL);
}

void gate_release(Gate *gate)
{
    REQUIRE(!gate->passes);
    pthread_mutex_destroy(&gate->lock);
}

int64_t gate_remaining_ms(int percent, int64_t elapsed_ms)
{
    return percent > 0 ? elapsed_ms * (100 - percent) / percent : INT64_MAX;
}

static int gate_count(const Gate *gate, GateState state)
{
    int found = 0;
    for (const GatePass *pass = gate->passes; pass; pass = pass->next)
        found += pass->state == state;
    return found;
}

/* The one that asked earliest. */
static GatePass *gate_first(const Gate *gate, GateState state)
{
    GatePass *first = NULL;
    for (GatePass *pass = gate->passes; pass; pass = pass->next)
        if (pass->state == state && (!first || pass->number < first->number))
            first = pass;
    return first;
}

static bool gate_claim_is_due(const Gate *gate, int64_t now, bool *ahead)
{
    int claiming = gate_count(gate, GATE_CLAIMING);
    int claimed = claiming + gate_count(gate, GATE_FETCHING) + gate_count(gate, GATE_WAITING);
    int slots = gate->spec.slots - gate_count(gate, GATE_ENCODING);
    bool in_doubt = false, slot_is_near = false;
    for (const GatePass *pass = gate->passes; pass; pass = pass->next) {
        in_doubt = in_doubt || pass->in_doubt;
        slot_is_near = slot_is_near || (pass->state == GATE_ENCODING &&
                                        gate_remaining_ms(pass->percent, now - pass->started_ms) <
                                            gate->spec.ahead_ms);
    }
    if (now < gate->held_until_ms || in_doubt || gate_count(gate, GATE_LOOKING) > 0)
        return false;
    *ahead = claimed >= slots;
    return !*ahead ||
           (claimed == slots && claiming == 0 && now >= gate->ahead_from_ms && slot_is_near);
}

static void gate_grant(GatePass *pass, GateState state)
{
    pass->state = state;
    flag_raise(&pass->granted);
}

/* Grants what is due. With the lock held, after every change. */
static void gate_grant_due(Gate *gate)
{
    int64_t now = clock_monotonic_ms();
    GatePass *next;
    while (gate_count(gate, GATE_ENCODING) < gate->spec.slots &&
           (next = gate_first(gate, GATE_WAITING))) {
        next->started_ms = now;
        next->percent = 0;
        gate_grant(next, GATE_ENCODING);
    }
    while (gate_count(gate, GATE_CLAIMING) == 0 && (next = gate_first(gate, GATE_LOOKING))) {
        next->in_doubt = true;
        gate_grant(next, GATE_AWAY);
    }
    while ((next = gate_first(gate, GATE_ASKING)) && gate_claim_is_due(gate, now, &next->ahead))
        gate_grant(next, GATE_CLAIMING);
}

void gate_join(Gate *gate, GatePass *pass)
{
    *pass = (GatePass){.gate = gate};
    flag_init(&pass->granted);
    pthread_mutex_lock(&gate->lock);
    pass->next = gate->passes;
    gate->passes = pass;
    pthread_mutex_unlock(&gate->lock);
}

void gate_part(GatePass *pass)
{
    Gate *gate = pass->gate;
    pthread_mutex_lock(&gate->lock);
    GatePass **link = &gate->passes;
    while (*link != pass)
        link = &(*link)->next;
    *link = pass->next;
    gate_grant_due(gate);
    pthread_mutex_unlock(&gate->lock);
    flag_release(&pass->granted);
}

void gate_move(GatePass *pass, GateState state)
{
    Gate *gate = pass->gate;
    pthread_mutex_lock(&gate->lock);
    if (pass->state == GATE_CLAIMING && pass->ahead && state == GATE_AWAY)
        gate->ahead_from_ms = clock_monotonic_ms() + gate->spec.ahead_pause_ms;
    flag_lower(&pass->granted);
    pass->state = state;
    pass->number = gate->asked++;
    gate_grant_due(gate);
    pthread_mutex_unlock(&gate->lock);
}

#define LOOK_MS 60000 /* at least so often */

bool gate_wait(GatePass *pass, const FlagSet *ends, int64_t timeout_ms)
{
    Gate *gate = pass->gate;
    FlagSet wakes = {{&pass->granted, ends->flags[0], ends->flags[1]}};
    int64_t now = clock_monotonic_ms();
    int64_t end = now + MIN_OF(timeout_ms, INT64_MAX - now);
    REQUIRE(!ends->flags[2]);
    while (!flag_raised(&pass->granted) && !flag_set_raised(ends) && now < end) {
        /* Time alone may change what is due. */
        pthread_mutex_lock(&gate->lock);
        gate_grant_due(gate);
        int64_t held = gate->held_until_ms, ahead = gate->ahead_from_ms;
        pthread_mutex_unlock(&gate->lock);
        int64_t look = MIN_OF(end, now + LOOK_MS);
        look = held > now ? MIN_OF(look, held) : look;
        look = ahead > now ? MIN_OF(look, ahead) : look;
        flag_set_wait(&wakes, look - now);
        now = clock_monotonic_ms();
    }
    if (flag_raised(&pass->granted) && !flag_set_raised(ends))
        return true;
    gate_move(pass, GATE_AWAY);
    return false;
}

void gate_doubt(GatePass *pass, bool in_doubt)
{
    pthread_mutex_lock(&pass->gate->lock);
    pass->in_doubt = in_doubt;
    gate_grant_due(pass->gate);
    pthread_mutex_unlock(&pass->gate->lock);
}

void gate_report(GatePass *pass, int percent)
{
    pthread_mutex_lock(&pass->gate->lock);
    pass->percent = percent;
    gate_grant_due(pass->gate);
    pthread_mutex_unlock(&pass->gate->lock);
}

void gate_hold_claims(Gate *gate, int64_t milliseconds)
{
    pthread_mutex_lock(&gate->lock);
    gate->held_until_ms = MAX_OF(gate->held_until_ms, clock_monotonic_ms() + milliseconds);
    pthread_mutex_unlock(&gate->lock);
}
