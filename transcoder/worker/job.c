#include "transcoder/worker/job.h"

#include <errno.h>
#include <fcntl.h>

#include "common/base/log.h"
#include "transcoder/worker/outcome.h"

#define REPORT_OUTLAST_MS  60000
#define CLAIM_BACKOFF_MS   5000
#define AHEAD_MS           60000
#define AHEAD_PAUSE_MS     2000
#define SPACE_LOOK_MS      10000
#define INTERRUPTIONS_FREE 5           /* of one job; further ones cost an attempt each */
#define JOB_MAGIC          0x574a4f42u /* "WJOB" */

const JobTiming job_timing_standard = {
    .transfer = RETRY_STANDARD,
    .claim_ms = CLAIM_BACKOFF_MS,
    .ahead_ms = AHEAD_MS,
    .ahead_pause_ms = AHEAD_PAUSE_MS,
    .report = {.first_ms = 1000,
               .maximum_ms = TRANSFER_BACKOFF_MAX * 1000,
               .outlast_ms = REPORT_OUTLAST_MS,
               .tries_min = 3},
    .lease = LEASE_TIMING_STANDARD,
    .space_ms = SPACE_LOOK_MS,
    .claim_wait_seconds = CLAIM_WAIT_SECONDS_MAX,
};

typedef struct Job {
    unsigned magic;
    JobShared *shared;
    const JobOptions *options;
    WebClient *client;
    GatePass *pass;
    ScratchJob folder; /* folder.job is the job in hand */
    Lease *lease;
    OutcomePhase phase;
    bool in_hand;
    bool adopted;      /* left behind by an earlier run or kept */
    int interruptions; /* of this job, counted when it was found unfinished */
    LogContext outer;  /* while in hand */
} Job;

/* --- claim --- */

/* From here on every line of the log names the job. */
static void job_take_in_hand(Job *job)
{
    job->in_hand = true;
    job->outer = log_context_push((LogContext){.job_id = job->folder.job.job_id});
}

static void job_tell_doubt(void *context, bool in_doubt)
{
    const Job *job = CAST_OBJECT(Job, context, JOB_MAGIC);
    gate_doubt(job->pass, in_doubt);
}

static bool job_start_lease(Job *job, Error *error)
{
    LeaseSpec spec = {.web_url = job->options->web_url,
                      .token = job->options->token,
                      .job = &job->folder.job,
                      .timing = job->options->timing.lease,
                      .in_doubt = job->adopted,
                      .doubt = job_tell_doubt,
                      .context = job};
    return lease_start(&spec, &job->lease, error);
}

/* A folder left behind: a result is delivered, anything less was interrupted. */
static bool job_resume(Job *job, Error *error)
{
    job_take_in_hand(job);
    job->adopted = true;
    if (!job->folder.encoded) {
        job->interruptions =
            scratch_count_interruption(job->options->scratch, job->folder.job.job_id);
        return error_set(error, ERROR_INTERNAL, "The transcoder was interrupted.");
    }
    log_info("A result kept in the scratch folder is delivered now.");
    pacing_kept_tried(&job->shared->pacing);
    return job_start_lease(job, error);
}

/* The claim is under way until the job has its folder: a result kept of it is taken over, by nobody
 * else. */
static bool job_accept(Job *job, Error *error)
{
    TransferJob claimed = job->folder.job;
    job_take_in_hand(job);
    log_info("Claimed%s %s, %lld bytes, attempt %lld.", job->pass->ahead ? " ahead:" : "",
             claimed.original.name, (long long)claimed.original.size, (long long)claimed.attempt);
    bool created = scratch_create(job->options->scratch, &claimed, &job->folder, error);
    gate_move(job->pass, GATE_FETCHING);
    return created && job_start_lease(job, error);
}

static int job_claim_seconds(const Job *job)
{
    return pacing_claim_seconds(&job->shared->pacing, job->options->timing.claim_wait_seconds);
}

/* With the gate's leave, which ends here unless a job was found. Too little space for a claim ahead
 * is not told: it is what the jobs in hand are for. */
static bool job_ask_web(Job *job, bool *found, Error *error)
{
    const JobOptions *options = job->options;
    Pacing *pacing = &job->shared->pacing;
    bool ahead = job->pass->ahead;
    uint64_t space;
    if (!scratch_free_space(options->scratch, &space, error))
        return false;
    bool enough = space >= options->min_free_space;
    if (!ahead)
        pacing_note_space(pacing, space, enough);
    if (enough) {
        WebClaim claim = {.worker = options->name,
                          .wait_seconds = ahead ? 0 : job_claim_seconds(job)};
        web_client_abort_on(job->client, (FlagSet){{&job->shared->stop}});
        if (!web_client_claim(job->client, &claim, &job->folder.job, found, error))
            return false;
        pacing_claim_answered(pacing);
    } else if (!ahead) {
        gate_hold_claims(&job->shared->gate, options->timing.space_ms);
    }
    if (!*found)
        gate_move(job->pass, GATE_AWAY);
    return true;
}

/* Waits for a job, left behind or claimed, and takes it in hand under a lease. */
static bool job_claim(Job *job, Error *error)
{
    Scratch *scratch = job->options->scratch;
    FlagSet stop = {{&job->shared->stop}};
    while (!flag_set_raised(&stop)) {
        bool found = false;
        if (pacing_kept_is_due(&job->shared->pacing) && scratch_has_left(scratch)) {
            gate_move(job->pass, GATE_LOOKING);
            if (gate_wait(job->pass, &stop, INT64_MAX)) {
                if (scratch_adopt(scratch, &job->folder))
                    return job_resume(job, error);
                gate_doubt(job->pass, false);
            }
        }
        gate_move(job->pass, GATE_ASKING);
        if (gate_wait(job->pass, &stop, job_claim_seconds(job) * 1000) &&
            !job_ask_web(job, &found, error))
            return false;
        if (found)
            return job_accept(job, error);
    }
    return error_set(error, ERROR_CANCELLED, "The transcoder is being stopped.");
}

/* --- the steps that follow --- */

static void job_tell_fetched(void *context, int percent)
{
    const Job *job = CAST_OBJECT(Job, context, JOB_MAGIC);
    lease_report(job->lease, TRANSFER_STAGE_FETCH, percent);
}

static bool job_fetch(Job *job, Error *error)
{
    const TransferJob *claimed = &job->folder.job;
    int fd = job->folder.original_fd;
    Retry retry = {.policy = job->options->timing.transfer, .client = job->client};
    WebFetch fetch;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, MAX_OF(claimed->original.size, 1)) < 0 &&
        errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
        return error_set_errno(error, errno, "There is no room for the original");
    web_client_fetch_init(&fetch, claimed, fd);
    fetch.progress = (WebProgress){job_tell_fetched, job};
    web_client_abort_on(job->client, (FlagSet){{&job->shared->stop, lease_lost(job->lease)}});
    for (;;) {
        int64_t before = fetch.offset;
        if (web_client_fetch(job->client, &fetch, error))
            return true;
        /* As long as bytes arrive, a bad line is no reason to give up. */
        if (fetch.offset > before)
            retry.tries = 0;
        if (!retry_again(&retry, error))
            return false;
    }
}

/* The lease is kept alive meanwhile. */
static bool job_wait(Job *job, Error *error)
{
    FlagSet ends = {{&job->shared->stop, lease_lost(job->lease)}};
    gate_move(job->pass, GATE_WAITING);
    if (!flag_raised(&job->pass->granted))
        log_info("Fetched; waits until an encode has ended.");
    return gate_wait(job->pass, &ends, INT64_MAX) ||
           error_set(error, ERROR_CANCELLED, "The job was called off before its encode.");
}

static bool job_tell_encoded(void *context, int percent)
{
    const Job *job = CAST_OBJECT(Job, context, JOB_MAGIC);
    gate_report(job->pass, percent);
    lease_report(job->lease, TRANSFER_STAGE_ENCODE, percent);
    return !flag_raised(&job->shared->stop) && !flag_raised(lease_lost(job->lease)) &&
           scratch_is_there(&job->folder);
}

static bool job_encode(Job *job, Error *error)
{
    TransferResult result = {0};
    EncoderJob encode = {.original_fd = job->folder.original_fd,
                         .policy = job->options->policy,
                         .progress = job_tell_encoded,
                         .context = job};
    memcpy(encode.fds, job->folder.fds, sizeof encode.fds);
    return job->options->encode(&encode, &result, error) &&
           scratch_save_result(&job->folder, &result, error);
}

static void job_tell_delivered(void *context, int percent)
{
    const Job *job = CAST_OBJECT(Job, context, JOB_MAGIC);
    lease_report(job->lease, TRANSFER_STAGE_DELIVER, percent);
}

/* A poster or a storyboard that web refuses must not cost anybody the video. Where it is the video
 * or the sound itself that is refused, leaving them out changes nothing. True when something was
 * left out. */
static bool job_strip_refused(Job *job, const Error *error)
{
    TransferResult *result = &job->folder.result;
    const char *made = transfer_file_kinds[transfer_main_file(result)].field;
    if (error->code != ERROR_INVALID && error->code != ERROR_TOO_LARGE)
        return false;
    for (size_t i = 0; i < error->field_count; i++)
        if (streq(error->fields[i].name, made))
            return false;
    if (!transfer_result_strip(result))
        return false;
    log_warning("Refused; the result is delivered without what adorns it: %s", error->detail);
    return true;
}

/* A lost lease does not end a delivery: it may have been lost to this very delivery, whose answer
 * is on its way. Web decides. */
static bool job_deliver(Job *job, Error *error)
{
    WebDelivery delivery = {.job = &job->folder.job,
                            .result = &job->folder.result,
                            .fds = job->folder.fds,
                            .progress = {job_tell_delivered, job}};
    Retry retry = {.policy = job->options->timing.transfer,
                   .client = job->client,
                   .wake = lease_web_returned(job->lease)};
    if (job->adopted) {
        retry.policy.outlast_ms = 0;
        retry.policy.tries_min = 1;
    }
    gate_move(job->pass, GATE_AWAY);
    job->phase = OUTCOME_DELIVERING;
    web_client_abort_on(job->client, (FlagSet){{&job->shared->cut}});
    while (!web_client_deliver(job->client, &delivery, error)) {
        if (job_strip_refused(job, error))
            retry.tries = 0;
        else if (!retry_again(&retry, error))
            return false;
    }
    job->phase = OUTCOME_DELIVERED;
    pacing_kept_judged(&job->shared->pacing);
    return true;
}

static bool job_clean(Job *job, Error *error)
{
    lease_stop(&job->lease);
    scratch_forget_interruptions(job->options->scratch, job->folder.job.job_id);
    return scratch_remove(job->options->scratch, &job->folder, error);
}

typedef struct Step {
    const char *name;
    const char *stage; /* what web is told, or NULL */
    bool makes;        /* left out when the result is there already */
    bool (*run)(Job *job, Error *error);
} Step;

static const Step steps[] = {
    {"claim", NULL, false, job_claim},
    {"fetch", TRANSFER_STAGE_FETCH, true, job_fetch},
    {"wait", NULL, true, job_wait},
    {"encode", TRANSFER_STAGE_ENCODE, true, job_encode},
    {"deliver", TRANSFER_STAGE_DELIVER, false, job_deliver},
    {"clean", NULL, false, job_clean},
};

static bool job_run_steps(Job *job, Error *error)
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

/* --- what becomes of a job that did not go through --- */

/* The words for web and the person who uploaded: a fault of our disk is the log's business. */
static const char *job_sentence(const Error *error, bool vanished)
{
    if (vanished)
        return "The transcoder's scratch folder was taken away.";
    if (error->code == ERROR_NO_SPACE)
        return "The transcoder has no room for this video.";
    if (error->code == ERROR_CANCELLED)
        return "The transcoder is being stopped.";
    return error->code == ERROR_IO ? "The transcoder could not use its disk." : error->detail;
}

/* While stopping, no more than the fewest tries: a web that is away must not delay the end. */
static void job_tell_web(Job *job, Outcome outcome, const char *sentence)
{
    Error error = {0};
    const TransferJob *told = &job->folder.job;
    WebFailure failure = {.sentence = sentence, .retryable = outcome == OUTCOME_FAIL};
    Retry retry = {.policy = job->options->timing.report, .client = job->client};
    if (flag_raised(&job->shared->stop))
        retry.policy.outlast_ms = 0;
    web_client_abort_on(job->client, (FlagSet){{&job->shared->cut}});
    do {
        bool done = outcome == OUTCOME_RELEASE
                        ? web_client_release(job->client, told, sentence, &error)
                        : web_client_fail(job->client, told, &failure, &error);
        if (done)
            return;
    } while (retry_again(&retry, &error));
    log_warning("Web could not be told, the lease will run out: %s", error.detail);
}

/* The folder goes before web knows: the next moment web may give the job to another thread. A
 * removal that fails leaves it to a later adoption. */
static void job_end(Job *job, const Error *error)
{
    Scratch *scratch = job->options->scratch;
    Pacing *pacing = &job->shared->pacing;
    int64_t asked = web_client_retry_after_ms(job->client);
    bool beside_others =
        job->pass->state == GATE_FETCHING && scratch_reserved(scratch) > job->folder.reserved;
    OutcomeFacts facts = {.phase = job->phase,
                          .code = error->code,
                          .lost = job->lease && flag_raised(lease_lost(job->lease)),
                          .stopping = flag_raised(&job->shared->stop),
                          .vanished = !scratch_is_there(&job->folder),
                          .crowded = error->code == ERROR_NO_SPACE && beside_others,
                          .interrupted =
                              job->interruptions > 0 && job->interruptions <= INTERRUPTIONS_FREE};
    Outcome outcome = outcome_of(&facts);
    log_write(outcome == OUTCOME_DROP ? LOG_INFO : LOG_WARNING, "%s: %s", outcome_words(outcome),
              error->detail);
    lease_stop(&job->lease);
    if (outcome == OUTCOME_KEEP) {
        pacing_kept_again(pacing, asked);
        return;
    }
    if (job->phase == OUTCOME_DELIVERING)
        pacing_kept_judged(pacing);
    if (outcome == OUTCOME_DROP || outcome == OUTCOME_FAIL_FOR_GOOD) {
        scratch_forget_interruptions(scratch, job->folder.job.job_id);
        pacing_went_well(pacing);
    } else {
        pacing_fault(pacing, job->options->timing.transfer.maximum_ms, asked);
    }
    Error fault = {0};
    if (!scratch_remove(scratch, &job->folder, &fault)) {
        log_error("A job's scratch folder could not be removed: %s", fault.detail);
        pacing_kept_stuck(pacing);
    }
    gate_move(job->pass, GATE_AWAY);
    if (outcome != OUTCOME_DROP)
        job_tell_web(job, outcome, job_sentence(error, facts.vanished));
}

static void job_release(Job *job)
{
    lease_stop(&job->lease);
    scratch_leave(job->options->scratch, &job->folder);
    gate_move(job->pass, GATE_AWAY);
    gate_doubt(job->pass, false);
    if (job->in_hand)
        log_context_pop(&job->outer);
    job->magic = 0;
}

void job_run(JobShared *shared, WebClient *client, GatePass *pass)
{
    Error error = {0};
    _cleanup_(job_release) Job job = {.magic = JOB_MAGIC,
                                      .shared = shared,
                                      .options = shared->options,
                                      .client = client,
                                      .pass = pass,
                                      .folder = SCRATCH_JOB_NONE};
    if (job_run_steps(&job, &error)) {
        const TransferResult *result = &job.folder.result;
        TransferFile made = transfer_main_file(result);
        log_info("Delivered %.1f seconds of %s, %lld bytes.", result->duration,
                 transfer_file_kinds[made].word, (long long)result->files[made].size);
        pacing_went_well(&shared->pacing);
    } else if (job.in_hand) {
        job_end(&job, &error);
    } else if (error.code != ERROR_CANCELLED) {
        pacing_claim_failed(&shared->pacing, &error, shared->options->timing.claim_ms,
                            web_client_retry_after_ms(client));
    }
}
