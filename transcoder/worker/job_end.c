#include "transcoder/worker/job_private.h"

#define INTERRUPTIONS_FREE 5 /* of one job; further ones cost an attempt each */

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
    Retry retry = job_retry(job, job_options(job)->timing.report);
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
    if (scratch_remove(job_options(job)->scratch, &job->folder, &error))
        return;
    log_error("A job's scratch folder could not be removed: %s", error.detail);
    job_put_kept_off(job, job_options(job)->timing.transfer.maximum_ms);
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
           scratch_reserved(job_options(job)->scratch) > job->folder.reserved;
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
        scratch_forget_interruptions(job_options(job)->scratch, job->folder.job.job_id);
        atomic_store(&job->worker->shared->faults, 0);
    } else {
        job_hold_claims(job, job_options(job)->timing.transfer.maximum_ms);
    }
}

/* The folder goes before web knows: the next moment web may give the job to another thread. */
void job_settle(Job *job, const Error *error)
{
    OutcomeFacts facts = facts_of(job, error);
    Outcome outcome = outcome_of(&facts);
    log_write(outcome == OUTCOME_DROP ? LOG_INFO : LOG_WARNING, "%s: %s", outcome_words(outcome),
              error->detail);
    lease_stop(&job->lease);
    if (outcome == OUTCOME_KEEP) {
        job_note_kept(job);
        return;
    }
    if (job->phase == OUTCOME_DELIVERING)
        job_note_judged(job);
    note_end(job, outcome);
    remove_folder(job);
    gate_leave(&job->worker->pass);
    if (outcome != OUTCOME_DROP)
        tell_web(job, outcome, sentence_of(error, &facts));
}
