/*
 * Who may claim and who may encode. There are more worker threads than encode slots, so that the
 * next original is fetched and the last result delivered while others encode; the gate keeps that
 * in bounds:
 *
 * - An encode slot goes to the job that has waited longest for one.
 * - A thread may claim for each slot that no job has been claimed for yet; it may wait at web for
 *   one to come.
 * - One more may be claimed ahead while the encode that ends first is expected to end soon: a short
 *   video must not wait behind a long encode here while another transcoder is idle. For the same
 *   reason a claim ahead does not wait at web: what comes while others wait there is theirs.
 * - Nobody claims while a lease of ours is in doubt, because it could not be renewed or comes from
 *   an earlier run: web might give out the very job whose result is being delivered here. So what
 *   was left behind is taken up while no claim is under way.
 *
 * Any thread; each thread has a pass of its own, which only it moves on.
 */
#pragma once

#include <pthread.h>

#include "common/base/flag.h"

typedef struct GateSpec {
    int slots;              /* encodes at once */
    int64_t ahead_ms;       /* a claim ahead is allowed when an encode is to end sooner than this */
    int64_t ahead_pause_ms; /* between two claims ahead that found nothing */
} GateSpec;

/* How far a thread has come with its job. */
typedef enum GateState {
    GATE_AWAY,     /* no claim, no slot: between jobs, or delivering */
    GATE_LOOKING,  /* wants to take up what was left behind */
    GATE_ASKING,   /* wants to claim */
    GATE_CLAIMING, /* may claim, and has no job yet */
    GATE_FETCHING, /* has a job and no slot */
    GATE_WAITING,  /* wants a slot */
    GATE_ENCODING, /* has a slot */
} GateState;

typedef struct GatePass GatePass;

/* Guarded by its lock; a pass is linked from gate_join to gate_part. */
typedef struct Gate {
    GateSpec spec;
    pthread_mutex_t lock;
    GatePass *passes;
    uint64_t asked;        /* numbers given so far */
    int64_t held_until_ms; /* clock_monotonic_ms, as the next */
    int64_t ahead_from_ms;
} Gate;

struct GatePass {
    Gate *gate;
    GatePass *next;
    Flag granted; /* what was asked for last */
    GateState state;
    uint64_t number; /* smaller asked earlier */
    bool in_doubt;   /* its lease */
    bool ahead;      /* the claim allowed is one ahead */
    int64_t started_ms;
    int percent; /* of the encode */
};

void gate_init(Gate *gate, const GateSpec *spec);
void gate_release(Gate *gate); /* after the last pass has parted */
void gate_join(Gate *gate, GatePass *pass);
void gate_part(GatePass *pass);

/* Moves a pass on. To GATE_LOOKING, GATE_ASKING or GATE_WAITING: queues for taking up what was left
 * behind, for a claim, or for a slot; whoever is allowed the first is taken for one whose lease is
 * in doubt. To GATE_FETCHING: the claim allowed brought a job. To GATE_AWAY: it found nothing, the
 * encode is over, or the job has ended. */
void gate_move(GatePass *pass, GateState state);

/* Waits for what was asked for, milliseconds at most (INT64_MAX: for ever). False when it did not
 * come or one of `ends` (two flags at most) was raised; the pass is away then. */
bool gate_wait(GatePass *pass, const FlagSet *ends, int64_t timeout_ms);

/* Whether the lease of this pass' job is in doubt. */
void gate_doubt(GatePass *pass, bool in_doubt);

/* How far this pass' encode has come. */
void gate_report(GatePass *pass, int percent);

/* Nobody is allowed a claim for so long from now, or as long as was said before. */
void gate_hold_claims(Gate *gate, int64_t milliseconds);

/* Milliseconds until an encode ends that is expected to go on as it went; INT64_MAX: unknown. */
int64_t gate_remaining_ms(int percent, int64_t elapsed_ms);
