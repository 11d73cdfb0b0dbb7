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

static bool start_lease(Job *job, Error *error)
{
    LeaseSpec spec = {.web_url = options_of(job)->web_url,
                      .token = options_of(job)->token,
                      .job = &job->folder.job,
                      .timing = options_of(job)->timing.lease};
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

static bool accept(Job *job, Error *error)
{
    TransferJob claimed = job->folder.job;
    take_in_hand(job);
    log_info("Claimed %s, %lld bytes, attempt %lld.", claimed.original.name,
             (long long)claimed.original.size, (long long)claimed.attempt);
    return scratch_create(options_of(job)->scratch, &claimed, &job->folder, error) &&
           start_lease(job, error);
}

static bool look_for_space(Job *job, bool *enough, Error *error)
{
    const WorkerOptions *options = options_of(job);
    uint64_t space;
    if (!scratch_free_space(options->scratch, &space, error))
        return false;
    *enough = space >= options->min_free_space;
    if (atomic_exchange(&job->worker->shared->out_of_space, !*enough) == !*enough)
        return true;
    if (*enough)
        log_info("There is space in WORK_DIR again; jobs are claimed.");
    else
        log_warning("WORK_DIR has %llu MiB left, less than MIN_FREE_SPACE; no job is claimed.",
                    (unsigned long long)(space / MIB));
    return true;
}

/* No longer than until a kept result is due. */
static int claim_wait(const Job *job)
{
    int longest = options_of(job)->timing.claim_wait_seconds;
    int64_t left = atomic_load(&job->worker->shared->kept_due_ms) - clock_monotonic_ms();
    return left > 0 ? (int)MIN_OF(left / 1000 + 1, longest) : longest;
}

static bool ask_web(Job *job, bool *found, Error *error)
{
    Worker *worker = job->worker;
    WebClaim claim = {.worker = options_of(job)->name, .wait_seconds = claim_wait(job)};
    web_client_abort_on(worker->client, (FlagSet){{&worker->shared->stop}});
    if (!web_client_claim(worker->client, &claim, &job->folder.job, found, error))
        return false;
    if (worker->claim_failed)
        log_info("Web answers claims again.");
    worker->claim_failed = false;
    return true;
}

static bool step_claim(Job *job, Error *error)
{
    FlagSet stop = {{&job->worker->shared->stop}};
    while (!flag_set_raised(&stop)) {
        bool enough, found = false;
        if (!look_for_space(job, &enough, error))
            return false;
        if (is_kept_due(job) && scratch_adopt(options_of(job)->scratch, &job->folder))
            return resume(job, error);
        if (!enough)
            flag_set_wait(&stop, options_of(job)->timing.space_ms);
        else if (!ask_web(job, &found, error))
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

static bool tell_encoded(void *context, int percent)
{
    Job *job = context;
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

/* A lost lease does not end a delivery: it may have been lost to this very delivery, whose answer
 * is on its way. Web decides. */
static bool step_deliver(Job *job, Error *error)
{
    Retry retry = retry_with(job, options_of(job)->timing.transfer);
    retry.wake = lease_web_returned(job->lease);
    if (job->adopted) {
        retry.policy.outlast_ms = 0;
        retry.policy.tries_min = 1;
    }
    job->phase = OUTCOME_DELIVERING;
    web_client_abort_on(job->worker->client, (FlagSet){{&job->worker->shared->cut}});
    if (!retry_run(&retry, attempt_delivery, job, error))
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
    if (!scratch_remove(options_of(job)->scratch, &job->folder, &error))
        log_error("A job's scratch folder could not be removed: %s", error.detail);
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

static OutcomeFacts facts_of(Job *job, const Error *error)
{
    int interruptions = job->interruptions;
    return (OutcomeFacts){.phase = job->phase,
                          .code = error->code,
                          .lost = job->lease && flag_raised(lease_lost(job->lease)),
                          .stopping = flag_raised(&job->worker->shared->stop),
                          .vanished = !scratch_is_there(&job->folder),
                          .interrupted = interruptions > 0 && interruptions <= INTERRUPTIONS_FREE};
}

/* True when the next job may follow at once. */
static bool settle(Job *job, const Error *error)
{
    OutcomeFacts facts = facts_of(job, error);
    Outcome outcome = outcome_of(&facts);
    log_write(outcome == OUTCOME_DROP ? LOG_INFO : LOG_WARNING, "%s: %s", outcome_words(outcome),
              error->detail);
    lease_stop(&job->lease);
    if (outcome == OUTCOME_KEEP) {
        note_kept(job);
        return true;
    }
    if (job->phase == OUTCOME_DELIVERING)
        note_judged(job);
    if (outcome != OUTCOME_DROP)
        tell_web(job, outcome, sentence_of(error, &facts));
    remove_folder(job);
    bool over = outcome == OUTCOME_DROP || outcome == OUTCOME_FAIL_FOR_GOOD;
    if (over)
        scratch_forget_interruptions(options_of(job)->scratch, job->folder.job.job_id);
    return over;
}

static void note_claim_failure(Worker *worker, const Error *error)
{
    if (error->code == ERROR_CANCELLED)
        return;
    if (!worker->claim_failed)
        log_warning("No job could be claimed, trying on: %s", error->detail);
    worker->claim_failed = true;
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

static void job_release(Job *job)
{
    lease_stop(&job->lease);
    scratch_leave(options_of(job)->scratch, &job->folder);
    if (job->in_hand)
        log_context_pop(&job->outer);
}

bool job_run(Worker *worker)
{
    Error error = {0};
    _cleanup_(job_release) Job job = {.worker = worker, .folder = SCRATCH_JOB_NONE};
    if (run_steps(&job, &error)) {
        const TransferResult *result = &job.folder.result;
        TransferFile made = transfer_main_file(result);
        log_info("Delivered %.1f seconds of %s, %lld bytes.", result->duration,
                 transfer_file_kinds[made].word, (long long)result->files[made].size);
        return true;
    }
    if (job.in_hand)
        return settle(&job, &error);
    note_claim_failure(worker, &error);
    return false;
}
