/*
 * The queue of videos and recordings to be prepared. The state is in the database and nowhere else;
 * every change is one conditional transaction. Times are parameters (wall clock, ms). Any worker
 * thread.
 *
 *   validating ──▶ queued, or failed at once (validating.h)
 *
 *   queued ──claim──▶ leased ──deliver──▶ done
 *     ▲                 │ release (costs no attempt), fail (retryable), expiry
 *     └─────────────────┘   … the last two: failed once JOB_MAX_ATTEMPTS are used up
 *   any ──the item is deleted──▶ cancelled
 *
 * The queue goes by rank: the time a job began to wait plus the work it is expected to be, at most
 * an hour (JOB_EXPECTED_MS_MAX). Short ones go first, and none is overtaken for longer than its
 * bound. A release keeps the rank; a failed attempt and an expiry begin to wait anew.
 *
 * A claim makes a fresh token, of which only the digest is stored. Release, fail and cancel void
 * it; an expiry does not: until the next claim, its last holder may renew the lease, and may
 * deliver even when the job has failed by silence, because a good result is worth more than the
 * rule it came too late for.
 */
#pragma once

#include "common/transfer/transfer.h"
#include "web/jobs/waiters.h"
#include "web/store/store_job.h"

typedef struct Jobs { /* immutable */
    Store *store;
    Waiters *waiters;
    int64_t lease_seconds;
    int64_t max_attempts;
} Jobs;

/* Who speaks, and when. */
typedef struct JobSpeaker {
    const char *job_id;
    const char *lease_token;
    int64_t now;
} JobSpeaker;

/* What the store knows the speaker by. */
JobHolder jobs_holder(const JobSpeaker *speaker);

/* Jobs were queued: wakes a transcoder. After the commit. */
void jobs_announce(const Jobs *jobs);

/* Leases the job whose rank is first; *claimed false when none waits. */
_must_check_ bool jobs_claim(const Jobs *jobs, const char *worker, int64_t now, TransferJob *out,
                             bool *claimed, Error *error);

/* Renews the lease. `percent` is of the stage; what is shown is of the whole attempt, and never
 * falls within it. All three: ERROR_NOT_FOUND for an unknown job, ERROR_GONE for a cancelled one,
 * ERROR_LEASE_LOST for who does not hold it. */
_must_check_ bool jobs_progress(const Jobs *jobs, const JobSpeaker *speaker, const char *stage,
                                double percent, Error *error);
_must_check_ bool jobs_release(const Jobs *jobs, const JobSpeaker *speaker, const char *reason,
                               Error *error);
_must_check_ bool jobs_fail(const Jobs *jobs, const JobSpeaker *speaker, const char *sentence,
                            bool retryable, Error *error);

/* Whether the speaker may have the original; its item goes to media_id. Errors as above. */
_must_check_ bool jobs_check_holder(const Jobs *jobs, const JobSpeaker *speaker,
                                    char media_id[UUID_SIZE], Error *error);

/* The item is deleted: whoever works on it is told at the next word. */
_must_check_ bool jobs_cancel(const Jobs *jobs, const char *media_id, int64_t now, Error *error);

/* At start: nobody could renew while web was away, so every lease gets its full length anew. */
_must_check_ bool jobs_recover(const Jobs *jobs, int64_t now, Error *error);

/* Ends the leases that ran out; none lasts longer from now than a fresh one, wherever the clock
 * stood when it was given, and no queued job waits for a clock to come back. *next gets when the
 * next one will (INT64_MAX: none is held). */
_must_check_ bool jobs_expire(const Jobs *jobs, int64_t now, int64_t *next, Error *error);

/* How many jobs wait to be claimed. */
_must_check_ bool jobs_count_queued(const Jobs *jobs, int64_t *count, Error *error);

/* How many jobs there are, by state. */
_must_check_ bool jobs_count(const Jobs *jobs, int64_t counts[JOB_STATE_COUNT], Error *error);

/* Why the job does not listen to this speaker; fills *error and returns false. In a transaction. */
_must_check_ bool jobs_explain(StoreConnection *connection, const char *job_id, Error *error);
