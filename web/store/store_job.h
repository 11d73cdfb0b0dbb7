/*
 * Jobs, their attempts and deliveries. Inside store_write() or store_read().
 *
 * A state changes by an UPDATE that names the state it expects and the token that the caller holds;
 * *changed false says that the job was not in that state, or not the caller's. What ends a lease
 * also says in the job's last attempt how it ended, and when a holder is heard again after that,
 * the attempt goes on. The rules behind it are told in web/jobs/jobs.h.
 */
#pragma once

#include "web/records/job.h"
#include "web/store/store.h"

/* In state validating. */
_must_check_ bool store_job_insert(StoreConnection *connection, const char *id,
                                   const char *media_id, int64_t now, Error *error);

/* The one that waits longest to be looked at, `except` left out; *found false: there is none. */
_must_check_ bool store_job_validating(StoreConnection *connection, const char *except,
                                       char id[UUID_SIZE], char media_id[UUID_SIZE], bool *found,
                                       Error *error);

/* From validating to queued, at the place that the expected work gives it. */
typedef struct JobQueueing {
    const char *job_id;
    int64_t expected_ms, now;
} JobQueueing;
_must_check_ bool store_job_queue(StoreConnection *connection, const JobQueueing *queueing,
                                  bool *changed, Error *error);

/* From validating to failed. */
_must_check_ bool store_job_reject(StoreConnection *connection, const char *id,
                                   const char *sentence, int64_t now, bool *changed, Error *error);

/* ERROR_NOT_FOUND for an unknown id. */
_must_check_ bool store_job_get(StoreConnection *connection, const char *id, JobRow *out,
                                Error *error);

typedef struct JobClaim {
    Digest lease_hash;
    int64_t now, lease_expires_at;
    const char *worker;
} JobClaim;

/* Leases the job that is first by rank and opens an attempt. *claimed false: none waits. Fills id,
 * media_id and attempts of *out. */
_must_check_ bool store_job_claim(StoreConnection *connection, const JobClaim *claim, JobRow *out,
                                  bool *claimed, Error *error);

/* Who says so: the job and the token it was leased with. */
typedef struct JobHolder {
    const char *job_id;
    Digest lease_hash;
    int64_t now;
} JobHolder;

typedef struct JobProgress {
    int64_t lease_expires_at;
    const char *stage;
    double percent; /* 0 to 100, of the whole attempt; one below what is stored changes nothing */
} JobProgress;
_must_check_ bool store_job_progress(StoreConnection *connection, const JobHolder *holder,
                                     const JobProgress *progress, bool *changed, Error *error);
_must_check_ bool store_job_release(StoreConnection *connection, const JobHolder *holder,
                                    const char *reason, bool *changed, Error *error);

/* What became of a job whose attempt ended. */
typedef struct JobEnd {
    char id[UUID_SIZE];
    JobState state;
    int64_t attempts;
} JobEnd;

typedef struct JobFailure {
    const char *error;
    bool retryable;
    int64_t max_attempts;
} JobFailure;
_must_check_ bool store_job_fail(StoreConnection *connection, const JobHolder *holder,
                                 const JobFailure *failure, JobEnd *out, bool *changed,
                                 Error *error);

/* Ends one lease that ran out at `now`; *expired false: there is none. */
typedef struct JobExpiry {
    int64_t now, max_attempts;
    const char *error; /* for a job without attempts left */
} JobExpiry;
_must_check_ bool store_job_expire(StoreConnection *connection, const JobExpiry *expiry,
                                   JobEnd *out, bool *expired, Error *error);

/* Every lease ends at `until`. */
_must_check_ bool store_job_extend_all(StoreConnection *connection, int64_t until, Error *error);

/* No lease ends later than this, and jobs in the queue whose rank is beyond this begin to wait
 * anew. */
typedef struct JobClamp {
    int64_t now, lease_expires_at, rank;
} JobClamp;
_must_check_ bool store_job_clamp(StoreConnection *connection, const JobClamp *clamp, Error *error);

typedef struct JobOverview {
    int64_t queued, last_rank;        /* of the queue; INT64_MIN when nothing is queued */
    int64_t next_expiry, last_expiry; /* INT64_MAX and INT64_MIN when nothing is leased */
} JobOverview;
_must_check_ bool store_job_overview(StoreConnection *connection, JobOverview *out, Error *error);

/* The place of an item's job in the queue, 1 for the one that is next; 0 where it is not queued, or
 * has QUEUE_POSITION_MAX before it. Reads as many entries of an index as the answer says. */
_must_check_ bool store_job_position(StoreConnection *connection, const char *media_id,
                                     int64_t *position, Error *error);

/* How many jobs there are in each state. Reads all of them. */
_must_check_ bool store_job_count(StoreConnection *connection, int64_t counts[JOB_STATE_COUNT],
                                  Error *error);

/* The bytes of the largest original whose result has not come; 0: there is none. Reads all that
 * wait. */
_must_check_ bool store_job_largest(StoreConnection *connection, int64_t *size, Error *error);

/* The attempt was delivered. */
_must_check_ bool store_job_deliver(StoreConnection *connection, const JobHolder *holder,
                                    const Digest *video, bool *changed, Error *error);

/* The id goes to job_id; *changed false: the item has no job that could be cancelled. */
_must_check_ bool store_job_cancel(StoreConnection *connection, const char *media_id, int64_t now,
                                   char job_id[UUID_SIZE], bool *changed, Error *error);

/* Nothing happens for an unknown job. */
_must_check_ bool store_delivery_insert(StoreConnection *connection, const char *job_id,
                                        int64_t now, const DeliveryRow *row, Error *error);
