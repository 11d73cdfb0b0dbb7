/*
 * What becomes of a job that did not go through, as a pure function of what is known. Any thread.
 */
#pragma once

#include "common/base/error.h"

typedef enum OutcomePhase {
    OUTCOME_MAKING,     /* there is no result yet */
    OUTCOME_DELIVERING, /* the result is on disk and web has not confirmed it */
    OUTCOME_DELIVERED,  /* web has confirmed it */
} OutcomePhase;

typedef struct OutcomeFacts {
    OutcomePhase phase;
    ErrorCode code;   /* why it did not go through */
    bool lost;        /* web took the job back */
    bool stopping;    /* this program is being stopped */
    bool vanished;    /* the scratch folder was taken away */
    bool crowded;     /* other jobs in hand hold the space it needs */
    bool interrupted; /* by an end of this program, and not too often yet */
} OutcomeFacts;

#define OUTCOME_TABLE(X)                                                                           \
    X(OUTCOME_DROP, "Dropped, the job is not ours any more")                                       \
    X(OUTCOME_RELEASE, "Given back")                                                               \
    X(OUTCOME_FAIL, "Failed, may be tried again")                                                  \
    X(OUTCOME_FAIL_FOR_GOOD, "Failed for good")                                                    \
    X(OUTCOME_KEEP, "Kept for a later delivery")

typedef enum Outcome {
#define X(outcome, words) outcome,
    OUTCOME_TABLE(X)
#undef X
} Outcome;

Outcome outcome_of(const OutcomeFacts *facts);

/* For the log. */
const char *outcome_words(Outcome outcome);
