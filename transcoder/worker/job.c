#include "transcoder/worker/job_private.h"

#include <errno.h>
#include <fcntl.h>

typedef struct Step {
    const char *name;
    const char *stage; /* what web is told, or NULL */
    bool makes;        /* left out when the result is there already */
    bool (*run)(Job *job, Error *error);
} Step;

static void tell_fetched(void *context, int percent)
{
    lease_report(((Job *)context)->lease, TRANSFER_STAGE_FETCH, percent);
}

typedef struct FetchAttempt {
    Job *job;
    WebFetch *fetch;
    Retry *retry;
} FetchAttempt;

/* As long as bytes arrive, a bad line is no reason to give up. */
static bool attempt_fetch(void *context, Error *error)
{
    const FetchAttempt *attempt = context;
    int64_t before = attempt->fetch->offset;
    bool fetched = web_client_fetch(attempt->job->worker->client, attempt->fetch, error);
    if (attempt->fetch->offset > before)
        retry_reset(attempt->retry);
    return fetched;
}

static bool step_fetch(Job *job, Error *error)
{
    const TransferJob *claimed = &job->folder.job;
    int fd = job->folder.original_fd;
    WebFetch fetch;
    Retry retry = job_retry(job, job_options(job)->timing.transfer);
    FetchAttempt attempt = {.job = job, .fetch = &fetch, .retry = &retry};
    FlagSet ends = {{&job->worker->shared->stop, lease_lost(job->lease)}};
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, MAX_OF(claimed->original.size, 1)) < 0 &&
        errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
        return error_set_errno(error, errno, "There is no room for the original");
    web_client_fetch_init(&fetch, claimed, fd);
    fetch.progress = (WebProgress){tell_fetched, job};
    web_client_abort_on(job->worker->client, ends);
    return retry_run(&retry, attempt_fetch, &attempt, error);
}

/* The lease is kept alive meanwhile. */
static bool step_wait(Job *job, Error *error)
{
    GatePass *pass = &job->worker->pass;
    FlagSet ends = {{&job->worker->shared->stop, lease_lost(job->lease)}};
    gate_ask_slot(pass);
    if (!flag_raised(&pass->granted))
        log_info("Fetched; waits until an encode has ended.");
    return gate_wait(pass, &ends, INT64_MAX) ||
           error_set(error, ERROR_CANCELLED, "The job was called off before its encode.");
}

static bool tell_encoded(void *context, int percent)
{
    Job *job = context;
    gate_report(&job->worker->pass, percent);
    lease_report(job->lease, TRANSFER_STAGE_ENCODE, percent);
    return !flag_raised(&job->worker->shared->stop) && !flag_raised(lease_lost(job->lease)) &&
           scratch_is_there(&job->folder);
}

static bool step_encode(Job *job, Error *error)
{
    TransferResult result = {0};
    EncoderJob work = {.original_fd = job->folder.original_fd,
                       .policy = job_options(job)->policy,
                       .progress = tell_encoded,
                       .context = job};
    memcpy(work.fds, job->folder.fds, sizeof work.fds);
    return job_options(job)->encode(&work, &result, error) &&
           scratch_save_result(&job->folder, &result, error);
}

static void tell_delivered(void *context, int percent)
{
    lease_report(((Job *)context)->lease, TRANSFER_STAGE_DELIVER, percent);
}

static bool attempt_delivery(void *context, Error *error)
{
    Job *job = context;
    WebDelivery delivery = {.job = &job->folder.job,
                            .result = &job->folder.result,
                            .fds = job->folder.fds,
                            .progress = {tell_delivered, job}};
    return web_client_deliver(job->worker->client, &delivery, error);
}

/* A poster or a storyboard that web refuses must not cost anybody the video. */
static bool deliver(Job *job, Retry *retry, Error *error)
{
    Error fault = {0};
    if (retry_run(retry, attempt_delivery, job, &fault))
        return true;
    bool refused = fault.code == ERROR_INVALID || fault.code == ERROR_TOO_LARGE;
    if (!refused || !transfer_result_strip(&job->folder.result)) {
        *error = fault;
        return false;
    }
    log_warning("Refused; the result is delivered without what adorns it: %s", fault.detail);
    retry_reset(retry);
    return retry_run(retry, attempt_delivery, job, error);
}

/* A lost lease does not end a delivery: it may have been lost to this very delivery, whose answer
 * is on its way. Web decides. */
static bool step_deliver(Job *job, Error *error)
{
    Retry retry = job_retry(job, job_options(job)->timing.transfer);
    retry.wake = lease_web_returned(job->lease);
    gate_leave(&job->worker->pass);
    if (job->adopted) {
        retry.policy.outlast_ms = 0;
        retry.policy.tries_min = 1;
    }
    job->phase = OUTCOME_DELIVERING;
    web_client_abort_on(job->worker->client, (FlagSet){{&job->worker->shared->cut}});
    if (!deliver(job, &retry, error))
        return false;
    job->phase = OUTCOME_DELIVERED;
    job_note_judged(job);
    return true;
}

static bool step_clean(Job *job, Error *error)
{
    lease_stop(&job->lease);
    scratch_forget_interruptions(job_options(job)->scratch, job->folder.job.job_id);
    return scratch_remove(job_options(job)->scratch, &job->folder, error);
}

static const Step steps[] = {
    {"claim", NULL, false, job_step_claim},
    {"fetch", TRANSFER_STAGE_FETCH, true, step_fetch},
    {"wait", NULL, true, step_wait},
    {"encode", TRANSFER_STAGE_ENCODE, true, step_encode},
    {"deliver", TRANSFER_STAGE_DELIVER, false, step_deliver},
    {"clean", NULL, false, step_clean},
};

static bool run_steps(Job *job, Error *error)
{
    for (const Step *step = steps; step < steps + ARRAY_SIZE(steps); step++) {
        if (step->makes && job->folder.encoded)
            continue;
        if (step->stage)
            lease_report(job->lease, step->stage, 0);
        log_debug("Step %s.", step->name);
        if (!step->run(job, error))
            return false;
    }
    return true;
}

static void note_success(const Job *job)
{
    const TransferResult *result = &job->folder.result;
    TransferFile made = transfer_main_file(result);
    log_info("Delivered %.1f seconds of %s, %lld bytes.", result->duration,
             transfer_file_kinds[made].word, (long long)result->files[made].size);
    atomic_store(&job->worker->shared->faults, 0);
}

static void job_release(Job *job)
{
    lease_stop(&job->lease);
    scratch_leave(job_options(job)->scratch, &job->folder);
    gate_leave(&job->worker->pass);
    gate_doubt(&job->worker->pass, false);
    if (job->in_hand)
        log_context_pop(&job->outer);
}

void job_run(Worker *worker)
{
    Error error = {0};
    _cleanup_(job_release) Job job = {.worker = worker, .folder = SCRATCH_JOB_NONE};
    if (run_steps(&job, &error))
        note_success(&job);
    else if (job.in_hand)
        job_settle(&job, &error);
    else
        job_note_claim_failure(&job, &error);
}
