/* Jobs, their attempts and deliveries. web/jobs/jobs.h tells how they go from one state to the
 * next. Values that own nothing. X(value, word): the word stands in the database. */
#pragma once

#include "common/base/digest.h"
#include "common/base/id.h"
#include "common/base/limits.h"

#define JOB_STATES(X)                                                                              \
    X(JOB_VALIDATING, "validating")                                                                \
    X(JOB_QUEUED, "queued")                                                                        \
    X(JOB_LEASED, "leased")                                                                        \
    X(JOB_DONE, "done")                                                                            \
    X(JOB_FAILED, "failed")                                                                        \
    X(JOB_CANCELLED, "cancelled")

typedef enum JobState {
#define X(state, word) state,
    JOB_STATES(X)
#undef X
        JOB_STATE_COUNT
} JobState;

extern const char *const job_state_words[JOB_STATE_COUNT];

typedef struct JobRow {
    char id[UUID_SIZE];
    char media_id[UUID_SIZE];
    JobState state;
    int64_t attempts;
    bool has_lease_hash;
    Digest lease_hash;        /* BLAKE2b of the token of the last claim */
    int64_t lease_expires_at; /* wall clock, ms */
    char worker[WORKER_NAME_MAX + 1];
    char stage[STAGE_NAME_MAX + 1];
    double percent;
    char error[JOB_ERROR_MAX + 1];
    bool has_video_digest;
    Digest video_digest; /* of the accepted result */
} JobRow;

/* How an attempt ended. */
#define ATTEMPT_OUTCOMES(X)                                                                        \
    X(ATTEMPT_DELIVERED, "delivered")                                                              \
    X(ATTEMPT_FAILED, "failed")                                                                    \
    X(ATTEMPT_RELEASED, "released")                                                                \
    X(ATTEMPT_EXPIRED, "expired")                                                                  \
    X(ATTEMPT_CANCELLED, "cancelled")

typedef enum AttemptOutcome {
#define X(outcome, word) outcome,
    ATTEMPT_OUTCOMES(X)
#undef X
        ATTEMPT_OUTCOME_COUNT
} AttemptOutcome;

extern const char *const attempt_outcome_words[ATTEMPT_OUTCOME_COUNT];

#define DELIVERY_OUTCOMES(X)                                                                       \
    X(DELIVERY_ACCEPTED, "accepted")                                                               \
    X(DELIVERY_REPEATED, "repeated")                                                               \
    X(DELIVERY_REFUSED, "refused")

typedef enum DeliveryOutcome {
#define X(outcome, word) outcome,
    DELIVERY_OUTCOMES(X)
#undef X
        DELIVERY_OUTCOME_COUNT
} DeliveryOutcome;

extern const char *const delivery_outcome_words[DELIVERY_OUTCOME_COUNT];

typedef struct DeliveryRow {
    DeliveryOutcome outcome;
    char detail[JOB_ERROR_MAX + 1];
} DeliveryRow;
