#include "transcoder/job.h"

#include <errno.h>
#include <fcntl.h>

#include "common/clock.h"
#include "common/log.h"
#include "transcoder/outcome.h"

#define INTERRUPTIONS_FREE 5 /* of one job; further ones cost an attempt each */

typedef struct Job {
    Worker *worker;
    ScratchJob folder; /* folder.job is the job in hand */
    Lease *lease;
    OutcomePhase phase;
    bool in_hand;
    bool adopted;      /* left behind by an earlier run or kept */
    int interruptions; /* of this job, counted when it was found unfinished */
    LogContext outer;  /* while in hand */
} Job;

typedef struct Step {
    const char *name;
    const char *stage; /* what web is told, or NULL */
    bool makes;        /* left out when the result is there already */
    bool (*run)(Job *job, Error *error);
} Step;

static const WorkerOptions *options_of(const Job *job)
{
    return job->worker->shared->options;
}

static Retry retry_with(const Job *job, BackoffPolicy policy)
{
    return (Retry){.policy = policy, .client = job->worker->client};
}

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
    LeaseSpec spec = {.web_url = options_of(job)->web_url,
                      .token = options_of(job)->token,
                      .job = &job->folder.job,
                      .timing = options_of(job)->timing.lease,
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

static void put_kept_off(Job *job, int64_t delay_ms)
{
    atomic_store(&job->worker->shared->kept_due_ms, clock_monotonic_ms() + delay_ms);
}

static void note_kept(Job *job)
{
    Retry retry = retry_with(job, options_of(job)->timing.transfer);
    retry.tries = atomic_fetch_add(&job->worker->shared->kept_tries, 1) + 1;
    put_kept_off(job, retry_delay_ms(&retry));
}

/* Web has judged a delivery: the other kept results need not wait. */
static void note_judged(Job *job)
{
    atomic_store(&job->worker->shared->kept_tries, 0);
    put_kept_off(job, 0);
}

/* What went wrong here may go wrong for the others too. */
static void hold_claims(Job *job, int64_t maximum_ms)
{
    WorkerShared *shared = job->worker->shared;
    Retry retry = retry_with(job, options_of(job)->timing.transfer);
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
            scratch_count_interruption(options_of(job)->scratch, job->folder.job.job_id);
        return error_set(error, ERROR_INTERNAL, "The transcoder was interrupted.");
    }
    log_info("A result kept in the scratch folder is delivered now.");
    if (atomic_load(&job->worker->shared->kept_tries) > 0)
        put_kept_off(job, options_of(job)->timing.transfer.maximum_ms);
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
    bool created = scratch_create(options_of(job)->scratch, &claimed, &job->folder, error);
    gate_claimed(pass);
    return created && start_lease(job, error);
}

/* Too little for a claim ahead is not told: it is what the jobs in hand are for. */
static bool look_for_space(Job *job, bool *enough, Error *error)
{
    const WorkerOptions *options = options_of(job);
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
    int longest = options_of(job)->timing.claim_wait_seconds;
    int64_t left = atomic_load(&job->worker->shared->kept_due_ms) - clock_monotonic_ms();
    return left > 0 ? (int)MIN_OF(left / 1000 + 1, longest) : longest;
}

static bool ask_web(Job *job, bool *found, Error *error)
{
    Worker *worker = job->worker;
    WebClaim claim = {.worker = options_of(job)->name,
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
        gate_hold_claims(pass->gate, options_of(job)->timing.space_ms);
    if (!*found)
        gate_leave(pass);
    return true;
}

static bool take_up(Job *job, const FlagSet *stop)
{
    GatePass *pass = &job->worker->pass;
    Scratch *scratch = options_of(job)->scratch;
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

static bool step_claim(Job *job, Error *error)
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
    Retry retry = retry_with(job, options_of(job)->timing.transfer);
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
                       .policy = options_of(job)->policy,
                       .progress = tell_encoded,
                       .context = job};
    memcpy(work.fds, job->folder.fds, sizeof work.fds);
    return options_of(job)->encode(&work, &result, error) &&
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
    Retry retry = retry_with(job, options_of(job)->timing.transfer);
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
    note_judged(job);
    return true;
}

static bool step_clean(Job *job, Error *error)
{
    lease_stop(&job->lease);
    scratch_forget_interruptions(options_of(job)->scratch, job->folder.job.job_id);
    return scratch_remove(options_of(job)->scratch, &job->folder, error);
}

static const Step steps[] = {
    {"claim", NULL, false, step_claim},
    {"fetch", TRANSFER_STAGE_FETCH, true, step_fetch},
    {"wait", NULL, true, step_wait},
    {"encode", TRANSFER_STAGE_ENCODE, true, step_encode},
    {"deliver", TRANSFER_STAGE_DELIVER, false, step_deliver},
    {"clean", NULL, false, step_clean},
};

typedef struct Report {
    Job *job;
    Outcome outcome;
    const char *sentence;
} Report;

static bool attempt_report(void *context, Error *error)
{
    const Report *report = context;
    WebClient *client = report->job->worker->client;
    const TransferJob *job = &report->job->folder.job;
    WebFailure failure = {.sentence = report->sentence,
                          .retryable = report->outcome == OUTCOME_FAIL};
    if (report->outcome == OUTCOME_RELEASE)
        return web_client_release(client, job, report->sentence, error);
    return web_client_fail(client, job, &failure, error);
}

/* While stopping, no more than the fewest tries: a web that is away must not delay the end. */
static void tell_web(Job *job, Outcome outcome, const char *sentence)
{
    Error error = {0};
    Report report = {.job = job, .outcome = outcome, .sentence = sentence};
    Retry retry = retry_with(job, options_of(job)->timing.report);
    if (flag_raised(&job->worker->shared->stop))
        retry.policy.outlast_ms = 0;
    web_client_abort_on(job->worker->client, (FlagSet){{&job->worker->shared->cut}});
    if (!retry_run(&retry, attempt_report, &report, &error))
        log_warning("Web could not be told, the lease will run out: %s", error.detail);
}

/* A removal that fails leaves the folder to a later adoption. */
static void remove_folder(Job *job)
{
    Error error = {0};
    if (scratch_remove(options_of(job)->scratch, &job->folder, &error))
        return;
    log_error("A job's scratch folder could not be removed: %s", error.detail);
    put_kept_off(job, options_of(job)->timing.transfer.maximum_ms);
}

/* The words for web and the person who uploaded: a fault of our disk is the log's business. */
static const char *sentence_of(const Error *error, const OutcomeFacts *facts)
{
    if (facts->vanished)
        return "The transcoder's scratch folder was taken away.";
    if (error->code == ERROR_NO_SPACE)
        return "The transcoder has no room for this video.";
    if (error->code == ERROR_CANCELLED)
        return "The transcoder is being stopped.";
    return error->code == ERROR_IO ? "The transcoder could not use its disk." : error->detail;
}

/* A job that does not fit beside the others in hand. */
static bool is_crowded(Job *job, const Error *error)
{
    return error->code == ERROR_NO_SPACE && job->worker->pass.state == GATE_FETCHING &&
           scratch_reserved(options_of(job)->scratch) > job->folder.reserved;
}

static OutcomeFacts facts_of(Job *job, const Error *error)
{
    int interruptions = job->interruptions;
    return (OutcomeFacts){.phase = job->phase,
                          .code = error->code,
                          .lost = job->lease && flag_raised(lease_lost(job->lease)),
                          .stopping = flag_raised(&job->worker->shared->stop),
                          .vanished = !scratch_is_there(&job->folder),
                          .crowded = is_crowded(job, error),
                          .interrupted = interruptions > 0 && interruptions <= INTERRUPTIONS_FREE};
}

static void note_end(Job *job, Outcome outcome)
{
    if (outcome == OUTCOME_DROP || outcome == OUTCOME_FAIL_FOR_GOOD) {
        scratch_forget_interruptions(options_of(job)->scratch, job->folder.job.job_id);
        atomic_store(&job->worker->shared->faults, 0);
    } else {
        hold_claims(job, options_of(job)->timing.transfer.maximum_ms);
    }
}

/* The folder goes before web knows: the next moment web may give the job to another thread. */
static void settle(Job *job, const Error *error)
{
    OutcomeFacts facts = facts_of(job, error);
    Outcome outcome = outcome_of(&facts);
    log_write(outcome == OUTCOME_DROP ? LOG_INFO : LOG_WARNING, "%s: %s", outcome_words(outcome),
              error->detail);
    lease_stop(&job->lease);
    if (outcome == OUTCOME_KEEP) {
        note_kept(job);
        return;
    }
    if (job->phase == OUTCOME_DELIVERING)
        note_judged(job);
    note_end(job, outcome);
    remove_folder(job);
    gate_leave(&job->worker->pass);
    if (outcome != OUTCOME_DROP)
        tell_web(job, outcome, sentence_of(error, &facts));
}

static void note_claim_failure(Job *job, const Error *error)
{
    if (error->code == ERROR_CANCELLED)
        return;
    if (!atomic_exchange(&job->worker->shared->claims_fail, true))
        log_warning("No job could be claimed, trying on: %s", error->detail);
    hold_claims(job, options_of(job)->timing.claim_ms);
}

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
    scratch_leave(options_of(job)->scratch, &job->folder);
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
        settle(&job, &error);
    else
        note_claim_failure(&job, &error);
}
