#include "transcoder/worker/job_private.h"

#include "common/base/clock.h"

/* From here on every line of the log names the job. */
static void take_in_hand(Job *job)
{
    job->in_hand = true;
    job->outer = log_context_push((LogContext){.job_id = job->folder.job.job_id});
}

static void tell_doubt(void *context, bool in_doubt)
{
    gate_doubt(&((Job *)context)->worker->pass, in_doubt);
}

static bool start_lease(Job *job, Error *error)
{
    LeaseSpec spec = {.web_url = job_options(job)->web_url,
                      .token = job_options(job)->token,
                      .job = &job->folder.job,
                      .timing = job_options(job)->timing.lease,
                      .in_doubt = job->adopted,
                      .doubt = tell_doubt,
                      .context = job};
    return lease_start(&spec, &job->lease, error);
}

/* Results that web did not take are tried at a pace of their own, beside claiming. */
static bool is_kept_due(const Job *job)
{
    return clock_monotonic_ms() >= atomic_load(&job->worker->shared->kept_due_ms);
}

void job_put_kept_off(Job *job, int64_t delay_ms)
{
    atomic_store(&job->worker->shared->kept_due_ms, clock_monotonic_ms() + delay_ms);
}

void job_note_kept(Job *job)
{
    Retry retry = job_retry(job, job_options(job)->timing.transfer);
    retry.tries = atomic_fetch_add(&job->worker->shared->kept_tries, 1) + 1;
    job_put_kept_off(job, retry_delay_ms(&retry));
}

void job_note_judged(Job *job)
{
    atomic_store(&job->worker->shared->kept_tries, 0);
    job_put_kept_off(job, 0);
}

void job_hold_claims(Job *job, int64_t maximum_ms)
{
    WorkerShared *shared = job->worker->shared;
    Retry retry = job_retry(job, job_options(job)->timing.transfer);
    retry.tries = atomic_fetch_add(&shared->faults, 1) + 1;
    retry.policy.maximum_ms = maximum_ms;
    gate_hold_claims(&shared->gate, retry_delay_ms(&retry));
}

/* A folder left behind: a result is delivered, anything less was interrupted. */
static bool resume(Job *job, Error *error)
{
    take_in_hand(job);
    job->adopted = true;
    if (!job->folder.encoded) {
        job->interruptions =
            scratch_count_interruption(job_options(job)->scratch, job->folder.job.job_id);
        return error_set(error, ERROR_INTERNAL, "The transcoder was interrupted.");
    }
    log_info("A result kept in the scratch folder is delivered now.");
    if (atomic_load(&job->worker->shared->kept_tries) > 0)
        job_put_kept_off(job, job_options(job)->timing.transfer.maximum_ms);
    return start_lease(job, error);
}

/* The claim is under way until the job has its folder: a result kept of it is taken over, by nobody
 * else. */
static bool accept(Job *job, Error *error)
{
    TransferJob claimed = job->folder.job;
    GatePass *pass = &job->worker->pass;
    take_in_hand(job);
    log_info("Claimed%s %s, %lld bytes, attempt %lld.", pass->ahead ? " ahead:" : "",
             claimed.original.name, (long long)claimed.original.size, (long long)claimed.attempt);
    bool created = scratch_create(job_options(job)->scratch, &claimed, &job->folder, error);
    gate_claimed(pass);
    return created && start_lease(job, error);
}

/* Too little for a claim ahead is not told: it is what the jobs in hand are for. */
static bool look_for_space(Job *job, bool *enough, Error *error)
{
    const WorkerOptions *options = job_options(job);
    uint64_t space;
    if (!scratch_free_space(options->scratch, &space, error))
        return false;
    *enough = space >= options->min_free_space;
    if (job->worker->pass.ahead ||
        atomic_exchange(&job->worker->shared->out_of_space, !*enough) == !*enough)
        return true;
    if (*enough)
        log_info("There is space in WORK_DIR again; jobs are claimed.");
    else
        log_warning("WORK_DIR has %llu MiB left, less than MIN_FREE_SPACE; no job is claimed.",
                    (unsigned long long)(space / MIB));
    return true;
}

/* Seconds, no longer than until a kept result is due. */
static int claim_wait(const Job *job)
{
    int longest = job_options(job)->timing.claim_wait_seconds;
    int64_t left = atomic_load(&job->worker->shared->kept_due_ms) - clock_monotonic_ms();
    return left > 0 ? (int)MIN_OF(left / 1000 + 1, longest) : longest;
}

static bool ask_web(Job *job, bool *found, Error *error)
{
    Worker *worker = job->worker;
    WebClaim claim = {.worker = job_options(job)->name,
                      .wait_seconds = worker->pass.ahead ? 0 : claim_wait(job)};
    web_client_abort_on(worker->client, (FlagSet){{&worker->shared->stop}});
    if (!web_client_claim(worker->client, &claim, &job->folder.job, found, error))
        return false;
    if (atomic_exchange(&worker->shared->claims_fail, false)) {
        log_info("Web answers claims again.");
        atomic_store(&worker->shared->faults, 0);
    }
    return true;
}

/* With the gate's leave, which ends here unless a job was found. */
static bool try_claim(Job *job, bool *found, Error *error)
{
    GatePass *pass = &job->worker->pass;
    bool enough;
    if (!look_for_space(job, &enough, error) || (enough && !ask_web(job, found, error)))
        return false;
    if (!enough && !pass->ahead)
        gate_hold_claims(pass->gate, job_options(job)->timing.space_ms);
    if (!*found)
        gate_leave(pass);
    return true;
}

static bool take_up(Job *job, const FlagSet *stop)
{
    GatePass *pass = &job->worker->pass;
    Scratch *scratch = job_options(job)->scratch;
    if (!is_kept_due(job) || !scratch_has_left(scratch))
        return false;
    gate_ask_look(pass);
    if (!gate_wait(pass, stop, INT64_MAX))
        return false;
    if (scratch_adopt(scratch, &job->folder))
        return true;
    gate_doubt(pass, false);
    return false;
}

bool job_step_claim(Job *job, Error *error)
{
    GatePass *pass = &job->worker->pass;
    FlagSet stop = {{&job->worker->shared->stop}};
    while (!flag_set_raised(&stop)) {
        bool found = false;
        if (take_up(job, &stop))
            return resume(job, error);
        gate_ask_claim(pass);
        if (gate_wait(pass, &stop, claim_wait(job) * 1000) && !try_claim(job, &found, error))
            return false;
        if (found)
            return accept(job, error);
    }
    return error_set(error, ERROR_CANCELLED, "The transcoder is being stopped.");
}

void job_note_claim_failure(Job *job, const Error *error)
{
    if (error->code == ERROR_CANCELLED)
        return;
    if (!atomic_exchange(&job->worker->shared->claims_fail, true))
        log_warning("No job could be claimed, trying on: %s", error->detail);
    job_hold_claims(job, job_options(job)->timing.claim_ms);
}
