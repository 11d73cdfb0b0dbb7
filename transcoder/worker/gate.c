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

static int count(const Gate *gate, GateState state)
{
    int found = 0;
    for (const GatePass *pass = gate->passes; pass; pass = pass->next)
        found += pass->state == state;
    return found;
}

/* The one that asked earliest. */
static GatePass *first_of(const Gate *gate, GateState state)
{
    GatePass *first = NULL;
    for (GatePass *pass = gate->passes; pass; pass = pass->next)
        if (pass->state == state && (!first || pass->number < first->number))
            first = pass;
    return first;
}

static bool slot_is_due_soon(const Gate *gate, int64_t now)
{
    for (const GatePass *pass = gate->passes; pass; pass = pass->next)
        if (pass->state == GATE_ENCODING &&
            gate_remaining_ms(pass->percent, now - pass->started_ms) < gate->spec.ahead_ms)
            return true;
    return false;
}

static bool is_lease_in_doubt(const Gate *gate)
{
    for (const GatePass *pass = gate->passes; pass; pass = pass->next)
        if (pass->in_doubt)
            return true;
    return false;
}

static bool claim_is_due(const Gate *gate, int64_t now, bool *ahead)
{
    int claiming = count(gate, GATE_CLAIMING);
    int claimed = claiming + count(gate, GATE_FETCHING) + count(gate, GATE_WAITING);
    int slots = gate->spec.slots - count(gate, GATE_ENCODING);
    if (now < gate->held_until_ms || is_lease_in_doubt(gate) || count(gate, GATE_LOOKING) > 0)
        return false;
    *ahead = claimed >= slots;
    return !*ahead || (claimed == slots && claiming == 0 && now >= gate->ahead_from_ms &&
                       slot_is_due_soon(gate, now));
}

static void grant(GatePass *pass, GateState state)
{
    pass->state = state;
    flag_raise(&pass->granted);
}

/* Gives what can be given. With the lock held, after every change. */
static void settle(Gate *gate)
{
    int64_t now = clock_monotonic_ms();
    GatePass *next;
    while (count(gate, GATE_ENCODING) < gate->spec.slots && (next = first_of(gate, GATE_WAITING))) {
        next->started_ms = now;
        next->percent = 0;
        grant(next, GATE_ENCODING);
    }
    while (count(gate, GATE_CLAIMING) == 0 && (next = first_of(gate, GATE_LOOKING))) {
        next->in_doubt = true;
        grant(next, GATE_AWAY);
    }
    while ((next = first_of(gate, GATE_ASKING)) && claim_is_due(gate, now, &next->ahead))
        grant(next, GATE_CLAIMING);
}

static void move(GatePass *pass, GateState state)
{
    Gate *gate = pass->gate;
    pthread_mutex_lock(&gate->lock);
    if (pass->state == GATE_CLAIMING && pass->ahead && state == GATE_AWAY)
        gate->ahead_from_ms = clock_monotonic_ms() + gate->spec.ahead_pause_ms;
    flag_lower(&pass->granted);
    pass->state = state;
    pass->number = gate->asked++;
    settle(gate);
    pthread_mutex_unlock(&gate->lock);
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
    settle(gate);
    pthread_mutex_unlock(&gate->lock);
    flag_release(&pass->granted);
}

void gate_ask_look(GatePass *pass)
{
    move(pass, GATE_LOOKING);
}

void gate_ask_claim(GatePass *pass)
{
    move(pass, GATE_ASKING);
}

void gate_ask_slot(GatePass *pass)
{
    move(pass, GATE_WAITING);
}

/* When time alone may change what is due; INT64_MAX: never. */
static int64_t next_look_ms(Gate *gate, int64_t now)
{
    pthread_mutex_lock(&gate->lock);
    settle(gate);
    int64_t held = gate->held_until_ms, ahead = gate->ahead_from_ms;
    pthread_mutex_unlock(&gate->lock);
    return MIN_OF(held > now ? held : INT64_MAX, ahead > now ? ahead : INT64_MAX);
}

#define LOOK_MS 60000 /* at least so often */

bool gate_wait(GatePass *pass, const FlagSet *ends, int64_t timeout_ms)
{
    FlagSet wakes = {{&pass->granted, ends->flags[0], ends->flags[1]}};
    int64_t now = clock_monotonic_ms();
    int64_t end = now + MIN_OF(timeout_ms, INT64_MAX - now);
    REQUIRE(!ends->flags[2]);
    while (!flag_raised(&pass->granted) && !flag_set_raised(ends) && now < end) {
        int64_t look = MIN_OF(next_look_ms(pass->gate, now), now + LOOK_MS);
        flag_set_wait(&wakes, MIN_OF(end, look) - now);
        now = clock_monotonic_ms();
    }
    if (flag_raised(&pass->granted) && !flag_set_raised(ends))
        return true;
    gate_leave(pass);
    return false;
}

void gate_claimed(GatePass *pass)
{
    move(pass, GATE_FETCHING);
}

void gate_leave(GatePass *pass)
{
    move(pass, GATE_AWAY);
}

void gate_doubt(GatePass *pass, bool in_doubt)
{
    pthread_mutex_lock(&pass->gate->lock);
    pass->in_doubt = in_doubt;
    settle(pass->gate);
    pthread_mutex_unlock(&pass->gate->lock);
}

void gate_report(GatePass *pass, int percent)
{
    pthread_mutex_lock(&pass->gate->lock);
    pass->percent = percent;
    settle(pass->gate);
    pthread_mutex_unlock(&pass->gate->lock);
}

void gate_hold_claims(Gate *gate, int64_t milliseconds)
{
    pthread_mutex_lock(&gate->lock);
    gate->held_until_ms = MAX_OF(gate->held_until_ms, clock_monotonic_ms() + milliseconds);
    pthread_mutex_unlock(&gate->lock);
}
