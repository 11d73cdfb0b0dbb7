#include "web/jobs/jobs.h"

#include "common/base/log.h"
#include "web/store/store_file.h"

#define JOBS_CALL_MAGIC 0x4a4f4253u /* "JOBS" */

/* What a call here and its transaction tell each other; each uses some of it. */
typedef struct JobsCall {
    unsigned magic;
    const Jobs *jobs;
    int64_t now;
    const char *media_id; /* the item that is deleted */
    const char *worker;   /* who claims */
    bool ahead;           /* leases or ranks are, of the clock */

    /* Who holds a job, and what it says of it: the one of the three that is not NULL. */
    JobHolder holder;
    const JobProgress *progress;
    const JobFailure *failure;
    const char *reason; /* to give it back */

    /* What comes out. */
    bool changed;
    JobRow job;
    FileRow original;
    JobEnd end;
    JobOverview overview;
    int64_t counts[JOB_STATE_COUNT];
} JobsCall;

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

static bool jobs_take_first(StoreConnection *connection, void *argument, Error *error)
{
    JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    JobClaim claim = {.lease_hash = call->holder.lease_hash,
                      .now = call->now,
                      .lease_expires_at = call->now + call->jobs->lease_seconds * 1000,
                      .worker = call->worker};
    if (!store_job_claim(connection, &claim, &call->job, &call->changed, error))
        return false;
    return !call->changed || store_file_of_media(connection, call->job.media_id, FILE_ORIGINAL,
                                                 &call->original, error);
}

bool jobs_claim(const Jobs *jobs, const char *worker, int64_t now, TransferJob *out, bool *claimed,
                Error *error)
{
    TransferJob job = {.lease_seconds = jobs->lease_seconds};
    id_token(job.lease_token);
    JobSpeaker speaker = {.job_id = "", .lease_token = job.lease_token, .now = now};
    JobsCall call = {.magic = JOBS_CALL_MAGIC,
                     .jobs = jobs,
                     .now = now,
                     .worker = worker,
                     .holder = jobs_holder(&speaker)};
    if (!store_write(jobs->store, jobs_take_first, &call, error))
        return false;
    *claimed = call.changed;
    if (!call.changed)
        return true;
    base_copy(job.job_id, sizeof job.job_id, call.job.id);
    base_copy(job.media_id, sizeof job.media_id, call.job.media_id);
    snprintf(job.original.url, sizeof job.original.url, TRANSFER_PATH_ORIGINAL, job.job_id);
    job.original.size = call.original.size;
    job.original.digest = call.original.blake2b;
    base_copy(job.original.content_type, sizeof job.original.content_type,
              call.original.content_type);
    base_copy(job.original.name, sizeof job.original.name, call.original.media_name);
    job.attempt = call.job.attempts;
    *out = job;
    LOG_CONTEXT(.job_id = out->job_id);
    log_info("Job claimed by %s, attempt %lld.", worker, (long long)out->attempt);
    return true;
}

/* --- what a holder says --- */

static bool jobs_hear(StoreConnection *connection, void *argument, Error *error)
{
    JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    const JobHolder *holder = &call->holder;
    bool heard, good;
    if (call->progress)
        good = store_job_progress(connection, holder, call->progress, &heard, error);
    else if (call->failure)
        good = store_job_fail(connection, holder, call->failure, &call->end, &heard, error);
    else
        good = store_job_release(connection, holder, call->reason, &heard, error);
    return good && (heard || jobs_explain(connection, holder->job_id, error));
}

bool jobs_progress(const Jobs *jobs, const JobSpeaker *speaker, const char *stage, double percent,
                   Error *error)
{
    /* The share of a person's wait that each stage takes, in percent. */
    static const struct {
        const char *stage;
        double from, to;
    } shares[] = {
        {TRANSFER_STAGE_FETCH, 0, 10},
        {TRANSFER_STAGE_ENCODE, 10, 90},
        {TRANSFER_STAGE_DELIVER, 90, 100},
    };
    double bounded = percent >= 0 ? MIN_OF(percent, 100.0) : 0; /* not a number is 0 */
    JobProgress progress = {.lease_expires_at = speaker->now + jobs->lease_seconds * 1000,
                            .stage = stage};
    for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
        if (streq(shares[i].stage, stage))
            progress.percent = shares[i].from + bounded * (shares[i].to - shares[i].from) / 100;
    JobsCall call = {.magic = JOBS_CALL_MAGIC,
                     .jobs = jobs,
                     .holder = jobs_holder(speaker),
                     .progress = &progress};
    return store_write(jobs->store, jobs_hear, &call, error);
}

bool jobs_release(const Jobs *jobs, const JobSpeaker *speaker, const char *reason, Error *error)
{
    JobsCall call = {
        .magic = JOBS_CALL_MAGIC, .jobs = jobs, .holder = jobs_holder(speaker), .reason = reason};
    if (!store_write(jobs->store, jobs_hear, &call, error))
        return false;
    LOG_CONTEXT(.job_id = speaker->job_id);
    log_info("Job given back: %s", reason);
    jobs_announce(jobs);
    return true;
}

bool jobs_fail(const Jobs *jobs, const JobSpeaker *speaker, const char *sentence, bool retryable,
               Error *error)
{
    JobFailure failure = {
        .error = sentence, .retryable = retryable, .max_attempts = jobs->max_attempts};
    JobsCall call = {.magic = JOBS_CALL_MAGIC,
                     .jobs = jobs,
                     .holder = jobs_holder(speaker),
                     .failure = &failure};
    if (!store_write(jobs->store, jobs_hear, &call, error))
        return false;
    LOG_CONTEXT(.job_id = speaker->job_id);
    log_warning("Attempt %lld failed, the job is %s: %s", (long long)call.end.attempts,
                job_state_words[call.end.state], sentence);
    if (call.end.state == JOB_QUEUED)
        jobs_announce(jobs);
    return true;
}

static bool jobs_find_held(StoreConnection *connection, void *argument, Error *error)
{
    JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    if (!store_job_get(connection, call->holder.job_id, &call->job, error))
        return false;
    bool open = call->job.state == JOB_LEASED || call->job.state == JOB_QUEUED;
    if (open && call->job.has_lease_hash &&
        digest_equal(&call->job.lease_hash, &call->holder.lease_hash))
        return true;
    return jobs_explain(connection, call->holder.job_id, error);
}

bool jobs_check_holder(const Jobs *jobs, const JobSpeaker *speaker, char media_id[UUID_SIZE],
                       Error *error)
{
    JobsCall call = {.magic = JOBS_CALL_MAGIC, .jobs = jobs, .holder = jobs_holder(speaker)};
    if (!store_read(jobs->store, jobs_find_held, &call, error))
        return false;
    return base_copy(media_id, UUID_SIZE, call.job.media_id);
}

/* --- what happens to jobs without their holder --- */

static bool jobs_cancel_row(StoreConnection *connection, void *argument, Error *error)
{
    JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    return store_job_cancel(connection, call->media_id, call->now, call->job.id, &call->changed,
                            error);
}

bool jobs_cancel(const Jobs *jobs, const char *media_id, int64_t now, Error *error)
{
    JobsCall call = {.magic = JOBS_CALL_MAGIC, .jobs = jobs, .now = now, .media_id = media_id};
    if (!store_write(jobs->store, jobs_cancel_row, &call, error))
        return false;
    if (call.changed) {
        LOG_CONTEXT(.job_id = call.job.id);
        log_info("Job cancelled: its item was deleted.");
    }
    return true;
}

static bool jobs_extend_leases(StoreConnection *connection, void *argument, Error *error)
{
    const JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    return store_job_extend_all(connection, call->now + call->jobs->lease_seconds * 1000, error);
}

bool jobs_recover(const Jobs *jobs, int64_t now, Error *error)
{
    JobsCall call = {.magic = JOBS_CALL_MAGIC, .jobs = jobs, .now = now};
    return store_write(jobs->store, jobs_extend_leases, &call, error);
}

static bool jobs_look(StoreConnection *connection, void *argument, Error *error)
{
    JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    return store_job_overview(connection, &call->overview, error);
}

/* Ends one lease that ran out, and first sets right what is ahead of the clock. */
static bool jobs_end_lease(StoreConnection *connection, void *argument, Error *error)
{
    JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    JobClamp clamp = {.now = call->now,
                      .lease_expires_at = call->now + call->jobs->lease_seconds * 1000,
                      .rank = call->now + JOB_EXPECTED_MS_MAX};
    JobExpiry expiry = {
        .now = call->now,
        .max_attempts = call->jobs->max_attempts,
        .error = "Preparing this file was tried several times, but the computer doing it "
                 "stopped answering each time. What you sent is kept."};
    if (call->ahead && !store_job_clamp(connection, &clamp, error))
        return false;
    return store_job_expire(connection, &expiry, &call->end, &call->changed, error);
}

bool jobs_expire(const Jobs *jobs, int64_t now, int64_t *next, Error *error)
{
    JobsCall call = {.magic = JOBS_CALL_MAGIC, .jobs = jobs, .now = now};
    for (bool first = true;; first = false) {
        if (!store_read(jobs->store, jobs_look, &call, error))
            return false;
        /* A clock that was set back leaves leases that end further ahead than any lease may, and
         * jobs that would wait for it to come back: they begin to wait anew. */
        call.ahead = first && (call.overview.last_expiry > now + jobs->lease_seconds * 1000 ||
                               call.overview.last_rank > now + JOB_EXPECTED_MS_MAX);
        if (!call.ahead && call.overview.next_expiry > now)
            break;
        if (!store_write(jobs->store, jobs_end_lease, &call, error))
            return false;
        if (!call.changed)
            continue;
        LOG_CONTEXT(.job_id = call.end.id);
        log_warning("The lease of attempt %lld ran out, the job is %s.",
                    (long long)call.end.attempts, job_state_words[call.end.state]);
        if (call.end.state == JOB_QUEUED)
            jobs_announce(jobs);
    }
    *next = call.overview.next_expiry;
    return true;
}

bool jobs_count_queued(const Jobs *jobs, int64_t *count, Error *error)
{
    JobsCall call = {.magic = JOBS_CALL_MAGIC, .jobs = jobs};
    if (!store_read(jobs->store, jobs_look, &call, error))
        return false;
    *count = call.overview.queued;
    return true;
}

static bool jobs_count_rows(StoreConnection *connection, void *argument, Error *error)
{
    JobsCall *call = CAST_OBJECT(JobsCall, argument, JOBS_CALL_MAGIC);
    return store_job_count(connection, call->counts, error);
}

bool jobs_count(const Jobs *jobs, int64_t counts[JOB_STATE_COUNT], Error *error)
{
    JobsCall call = {.magic = JOBS_CALL_MAGIC, .jobs = jobs};
    if (!store_read(jobs->store, jobs_count_rows, &call, error))
        return false;
    memcpy(counts, call.counts, sizeof call.counts);
    return true;
}
