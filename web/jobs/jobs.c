#include "web/jobs/jobs.h"

#include "common/base/log.h"
#include "web/store/store_file.h"

JobHolder jobs_holder(const JobSpeaker *speaker)
{
    DigestState state;
    JobHolder holder = {.job_id = speaker->job_id, .now = speaker->now};
    digest_init(&state, DIGEST_BLAKE2B);
    digest_update(&state, speaker->lease_token, strlen(speaker->lease_token));
    digest_final(&state, &holder.lease_hash);
    return holder;
}

void jobs_announce(const Jobs *jobs)
{
    waiters_wake_one(jobs->waiters);
}

bool jobs_explain(StoreConnection *connection, const char *job_id, Error *error)
{
    JobRow job;
    if (!store_job_get(connection, job_id, &job, error))
        return false;
    if (job.state == JOB_CANCELLED)
        return error_set(error, ERROR_GONE, "The item was deleted: drop the job.");
    return error_set(error, ERROR_LEASE_LOST,
                     "The lease token is not the one of the job's present lease: drop the job.");
}

/* --- claim --- */

typedef struct Claim {
    JobClaim spec;
    JobRow job;
    FileRow original;
    bool claimed;
} Claim;

static bool claim(StoreConnection *connection, void *argument, Error *error)
{
    Claim *self = argument;
    if (!store_job_claim(connection, &self->spec, &self->job, &self->claimed, error))
        return false;
    return !self->claimed || store_file_of_media(connection, self->job.media_id, FILE_ORIGINAL,
                                                 &self->original, error);
}

static void describe(const Claim *claimed, TransferJob *out)
{
    const FileRow *original = &claimed->original;
    base_copy(out->job_id, sizeof out->job_id, claimed->job.id);
    base_copy(out->media_id, sizeof out->media_id, claimed->job.media_id);
    snprintf(out->original.url, sizeof out->original.url, TRANSFER_PATH_ORIGINAL, out->job_id);
    out->original.size = original->size;
    out->original.digest = original->blake2b;
    base_copy(out->original.content_type, sizeof out->original.content_type,
              original->content_type);
    base_copy(out->original.name, sizeof out->original.name, original->media_name);
    out->attempt = claimed->job.attempts;
}

bool jobs_claim(const Jobs *jobs, const char *worker, int64_t now, TransferJob *out, bool *claimed,
                Error *error)
{
    TransferJob job = {.lease_seconds = jobs->lease_seconds};
    id_token(job.lease_token);
    JobSpeaker speaker = {.job_id = "", .lease_token = job.lease_token, .now = now};
    Claim work = {.spec = {.lease_hash = jobs_holder(&speaker).lease_hash,
                           .now = now,
                           .lease_expires_at = now + jobs->lease_seconds * 1000,
                           .worker = worker}};
    if (!store_write(jobs->store, claim, &work, error))
        return false;
    *claimed = work.claimed;
    if (!work.claimed)
        return true;
    describe(&work, &job);
    *out = job;
    LOG_CONTEXT(.job_id = out->job_id);
    log_info("Job claimed by %s, attempt %lld.", worker, (long long)out->attempt);
    return true;
}

/* --- what a holder says --- */

typedef struct Progress {
    JobHolder holder;
    JobProgress spec;
} Progress;

static bool progress(StoreConnection *connection, void *argument, Error *error)
{
    const Progress *self = argument;
    bool changed;
    if (!store_job_progress(connection, &self->holder, &self->spec, &changed, error))
        return false;
    return changed ? store_attempt_reopen(connection, self->holder.job_id, error)
                   : jobs_explain(connection, self->holder.job_id, error);
}

/* The share of a person's wait that each stage takes, in percent. */
static const struct {
    const char *stage;
    double from, to;
} shares[] = {
    {TRANSFER_STAGE_FETCH, 0, 10},
    {TRANSFER_STAGE_ENCODE, 10, 90},
    {TRANSFER_STAGE_DELIVER, 90, 100},
};

double jobs_overall_percent(const char *stage, double percent)
{
    double bounded = percent >= 0 ? MIN_OF(percent, 100.0) : 0; /* not a number is 0 */
    for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
        if (streq(shares[i].stage, stage))
            return shares[i].from + bounded * (shares[i].to - shares[i].from) / 100;
    return 0;
}

bool jobs_progress(const Jobs *jobs, const JobSpeaker *speaker, const char *stage, double percent,
                   Error *error)
{
    Progress work = {
        .holder = jobs_holder(speaker),
        .spec = {.lease_expires_at = speaker->now + jobs->lease_seconds * 1000,
                 .stage = stage,
                 .percent = jobs_overall_percent(stage, percent)},
    };
    return store_write(jobs->store, progress, &work, error);
}

typedef struct Release {
    JobHolder holder;
    const char *reason;
} Release;

static bool release(StoreConnection *connection, void *argument, Error *error)
{
    const Release *self = argument;
    AttemptEnd end = {.job_id = self->holder.job_id,
                      .now = self->holder.now,
                      .outcome = ATTEMPT_RELEASED,
                      .detail = self->reason};
    bool changed;
    if (!store_job_release(connection, &self->holder, &changed, error))
        return false;
    return changed ? store_attempt_end(connection, &end, error)
                   : jobs_explain(connection, self->holder.job_id, error);
}

bool jobs_release(const Jobs *jobs, const JobSpeaker *speaker, const char *reason, Error *error)
{
    Release work = {.holder = jobs_holder(speaker), .reason = reason};
    if (!store_write(jobs->store, release, &work, error))
        return false;
    LOG_CONTEXT(.job_id = speaker->job_id);
    log_info("Job given back: %s", reason);
    jobs_announce(jobs);
    return true;
}

typedef struct Fail {
    JobHolder holder;
    JobFailure spec;
    JobEnd end;
} Fail;

static bool fail(StoreConnection *connection, void *argument, Error *error)
{
    Fail *self = argument;
    AttemptEnd end = {.job_id = self->holder.job_id,
                      .now = self->holder.now,
                      .outcome = ATTEMPT_FAILED,
                      .detail = self->spec.error};
    bool changed;
    if (!store_job_fail(connection, &self->holder, &self->spec, &self->end, &changed, error))
        return false;
    return changed ? store_attempt_end(connection, &end, error)
                   : jobs_explain(connection, self->holder.job_id, error);
}

bool jobs_fail(const Jobs *jobs, const JobSpeaker *speaker, const char *sentence, bool retryable,
               Error *error)
{
    Fail work = {
        .holder = jobs_holder(speaker),
        .spec = {.error = sentence, .retryable = retryable, .max_attempts = jobs->max_attempts}};
    if (!store_write(jobs->store, fail, &work, error))
        return false;
    LOG_CONTEXT(.job_id = speaker->job_id);
    log_warning("Attempt %lld failed, the job is %s: %s", (long long)work.end.attempts,
                job_state_words[work.end.state], sentence);
    if (work.end.state == JOB_QUEUED)
        jobs_announce(jobs);
    return true;
}

typedef struct Check {
    JobHolder holder;
    JobRow job;
} Check;

static bool check_holder(StoreConnection *connection, void *argument, Error *error)
{
    Check *self = argument;
    if (!store_job_get(connection, self->holder.job_id, &self->job, error))
        return false;
    bool open = self->job.state == JOB_LEASED || self->job.state == JOB_QUEUED;
    if (open && self->job.has_lease_hash &&
        digest_equal(&self->job.lease_hash, &self->holder.lease_hash))
        return true;
    return jobs_explain(connection, self->holder.job_id, error);
}

bool jobs_check_holder(const Jobs *jobs, const JobSpeaker *speaker, char media_id[UUID_SIZE],
                       Error *error)
{
    Check work = {.holder = jobs_holder(speaker)};
    if (!store_read(jobs->store, check_holder, &work, error))
        return false;
    return base_copy(media_id, UUID_SIZE, work.job.media_id);
}

/* --- what happens to jobs without their holder --- */

typedef struct Cancel {
    const char *media_id;
    int64_t now;
    char job_id[UUID_SIZE];
    bool changed;
} Cancel;

static bool cancel(StoreConnection *connection, void *argument, Error *error)
{
    Cancel *self = argument;
    if (!store_job_cancel(connection, self->media_id, self->now, self->job_id, &self->changed,
                          error))
        return false;
    return !self->changed || store_attempt_cancel(connection, self->job_id, self->now, error);
}

bool jobs_cancel(const Jobs *jobs, const char *media_id, int64_t now, Error *error)
{
    Cancel work = {.media_id = media_id, .now = now};
    if (!store_write(jobs->store, cancel, &work, error))
        return false;
    if (work.changed) {
        LOG_CONTEXT(.job_id = work.job_id);
        log_info("Job cancelled: its item was deleted.");
    }
    return true;
}

static bool extend_all(StoreConnection *connection, void *argument, Error *error)
{
    const int64_t *until = argument;
    return store_job_extend_all(connection, *until, error);
}

bool jobs_recover(const Jobs *jobs, int64_t now, Error *error)
{
    int64_t until = now + jobs->lease_seconds * 1000;
    return store_write(jobs->store, extend_all, &until, error);
}

typedef struct Expire {
    JobExpiry spec;
    JobEnd end;
    bool expired;
} Expire;

static bool expire(StoreConnection *connection, void *argument, Error *error)
{
    Expire *self = argument;
    if (!store_job_expire(connection, &self->spec, &self->end, &self->expired, error))
        return false;
    AttemptEnd end = {.job_id = self->end.id,
                      .now = self->spec.now,
                      .outcome = ATTEMPT_EXPIRED,
                      .detail = "The transcoder fell silent."};
    return !self->expired || store_attempt_end(connection, &end, error);
}

static bool next_expiry(StoreConnection *connection, void *argument, Error *error)
{
    return store_job_next_expiry(connection, argument, error);
}

static void report_expiry(const Jobs *jobs, const JobEnd *end)
{
    LOG_CONTEXT(.job_id = end->id);
    log_warning("The lease of attempt %lld ran out, the job is %s.", (long long)end->attempts,
                job_state_words[end->state]);
    if (end->state == JOB_QUEUED)
        jobs_announce(jobs);
}

static bool last_expiry(StoreConnection *connection, void *argument, Error *error)
{
    return store_job_last_expiry(connection, argument, error);
}

static bool clamp(StoreConnection *connection, void *argument, Error *error)
{
    const int64_t *until = argument;
    return store_job_clamp(connection, *until, error);
}

/* A clock that was set back leaves leases that end further ahead than any lease may. */
static bool clamp_leases(const Jobs *jobs, int64_t now, Error *error)
{
    int64_t until = now + jobs->lease_seconds * 1000, last;
    if (!store_read(jobs->store, last_expiry, &last, error))
        return false;
    return last <= until || store_write(jobs->store, clamp, &until, error);
}

static bool last_rank(StoreConnection *connection, void *argument, Error *error)
{
    return store_job_last_rank(connection, argument, error);
}

static bool clamp_rank(StoreConnection *connection, void *argument, Error *error)
{
    const int64_t *now = argument;
    return store_job_clamp_ranks(connection, *now, *now + JOB_EXPECTED_MS_MAX, error);
}

/* It leaves jobs, too, that would wait for it to come back: they begin to wait anew. */
static bool clamp_ranks(const Jobs *jobs, int64_t now, Error *error)
{
    int64_t last;
    if (!store_read(jobs->store, last_rank, &last, error))
        return false;
    return last <= now + JOB_EXPECTED_MS_MAX || store_write(jobs->store, clamp_rank, &now, error);
}

bool jobs_expire(const Jobs *jobs, int64_t now, int64_t *next, Error *error)
{
    Expire work = {
        .spec = {.now = now,
                 .max_attempts = jobs->max_attempts,
                 .error = "Preparing this file was tried several times, but the computer doing it "
                          "stopped answering each time. What you sent is kept."}};
    int64_t earliest;
    if (!clamp_leases(jobs, now, error) || !clamp_ranks(jobs, now, error))
        return false;
    for (;;) {
        if (!store_read(jobs->store, next_expiry, &earliest, error))
            return false;
        if (earliest > now)
            break;
        if (!store_write(jobs->store, expire, &work, error))
            return false;
        if (work.expired)
            report_expiry(jobs, &work.end);
    }
    *next = earliest;
    return true;
}

static bool count_queued(StoreConnection *connection, void *argument, Error *error)
{
    return store_job_count_queued(connection, argument, error);
}

bool jobs_count_queued(const Jobs *jobs, int64_t *count, Error *error)
{
    return store_read(jobs->store, count_queued, count, error);
}

static bool count_by_state(StoreConnection *connection, void *argument, Error *error)
{
    return store_job_count(connection, argument, error);
}

bool jobs_count(const Jobs *jobs, int64_t counts[JOB_STATE_COUNT], Error *error)
{
    return store_read(jobs->store, count_by_state, counts, error);
}
