/* What a transcoder asks: a job, its original, and what it says while it holds the job. The result
 * comes by api_delivery.c. */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/api/api.h"

/* --- claim --- */

/* The request is answered: it waits no more. A job that cannot be handed to it is offered to the
 * next one that waits; so is one announced to it since it looked. */
static Response *claim_leave(const App *app, Request *request, Response *response, bool pass_on)
{
    bool woken = waiters_leave(app->waiters, request);
    if (pass_on || woken)
        jobs_announce(&app->jobs);
    return response;
}

/* Called again after each wake and when the wait is over. Joins before it looks: a job that comes
 * between the look and the parking wakes it. */
static Response *transcoding_claim(Request *request, Error *error)
{
    const App *app = app_of(request);
    const json_t *body = request_json(request);
    char worker[WORKER_NAME_MAX + 1];
    int64_t wait_seconds, remaining;
    WaitersAnswer next;
    TransferJob job;
    bool claimed = false;
    if (!json_copy_string(body, "worker", worker, sizeof worker, error) ||
        !json_get_integer(body, "wait_seconds", &wait_seconds, error))
        return NULL;
    if (wait_seconds < 0 || wait_seconds > CLAIM_WAIT_SECONDS_MAX) {
        error_add_field(error, ERROR_INVALID, "wait_seconds",
                        "wait_seconds must be between 0 and %d.", CLAIM_WAIT_SECONDS_MAX);
        return NULL;
    }
    WaiterSpec spec = {request, clock_monotonic_ms(), wait_seconds * 1000};
    if (!waiters_join(app->waiters, &spec, &next, &remaining, error))
        return NULL;
    if (request_peer_gone(request))
        return claim_leave(app, request, response_empty(204), true);
    if (!jobs_claim(&app->jobs, worker, clock_wall_ms(), &job, &claimed, error))
        return claim_leave(app, request, NULL, true);
    if (claimed)
        return claim_leave(app, request, response_json(200, transfer_job_encode(&job)), false);
    if (next == WAITERS_LEAVE)
        return claim_leave(app, request, response_empty(204), false);
    return request_park(request, remaining);
}

/* --- original --- */

static bool job_param(const Request *request, const char **job_id, Error *error)
{
    *job_id = request_param(request, 0);
    return id_uuid_valid(*job_id) ||
           error_set(error, ERROR_NOT_FOUND, "The job is unknown: drop it.");
}

static Response *transcoding_original(Request *request, Error *error)
{
    const App *app = app_of(request);
    const char *token = request_header(request, TRANSFER_HEADER_LEASE);
    JobSpeaker speaker = {.lease_token = token, .now = clock_wall_ms()};
    char media_id[UUID_SIZE];
    FileRow row;
    StoredFile *file;
    ServedFile served;
    if (!job_param(request, &speaker.job_id, error))
        return NULL;
    if (!token) {
        error_set(error, ERROR_LEASE_LOST, "The header %s must hold the job's lease token.",
                  TRANSFER_HEADER_LEASE);
        return NULL;
    }
    if (!jobs_check_holder(&app->jobs, &speaker, media_id, error) ||
        !library_open_original(&app->library, media_id, &row, &file, error))
        return NULL;
    api_describe_file(&row, file, &served);
    served.cache_control = "no-store";
    if (row.has_sha256)
        digest_format(DIGEST_SHA256, &row.sha256, served.repr_digest);
    return response_file(request, &served, error);
}

/* --- what the holder says --- */

/* Job and lease of every such message. */
typedef struct Holder {
    JobSpeaker speaker;
    char token[TOKEN_SIZE];
} Holder;

static bool holder_read(const Request *request, Holder *holder, Error *error)
{
    holder->speaker = (JobSpeaker){.lease_token = holder->token, .now = clock_wall_ms()};
    return job_param(request, &holder->speaker.job_id, error) &&
           json_copy_string(request_json(request), TRANSFER_FIELD_LEASE, holder->token,
                            sizeof holder->token, error);
}

static Response *transcoding_progress(Request *request, Error *error)
{
    const App *app = app_of(request);
    const json_t *body = request_json(request);
    Holder holder;
    char stage[STAGE_NAME_MAX + 1];
    double percent;
    if (!holder_read(request, &holder, error) ||
        !json_copy_string(body, "stage", stage, sizeof stage, error) ||
        !json_get_number(body, "percent", &percent, error) ||
        !jobs_progress(&app->jobs, &holder.speaker, stage, percent, error))
        return NULL;
    return response_json(200,
                         json_pack("{s:I}", "lease_seconds", (json_int_t)app->jobs.lease_seconds));
}

static Response *transcoding_release(Request *request, Error *error)
{
    const App *app = app_of(request);
    Holder holder;
    char reason[JOB_ERROR_MAX + 1];
    if (!holder_read(request, &holder, error) ||
        !json_copy_string(request_json(request), "reason", reason, sizeof reason, error) ||
        !jobs_release(&app->jobs, &holder.speaker, reason, error))
        return NULL;
    return response_empty(204);
}

static Response *transcoding_fail(Request *request, Error *error)
{
    const App *app = app_of(request);
    const json_t *body = request_json(request);
    Holder holder;
    char sentence[JOB_ERROR_MAX + 1];
    if (!holder_read(request, &holder, error) ||
        !json_copy_string(body, "error", sentence, sizeof sentence, error))
        return NULL;
    const json_t *retryable = json_object_get(body, "retryable");
    if (!json_is_boolean(retryable)) {
        error_add_field(error, ERROR_INVALID, "retryable",
                        "The field retryable must be true or false.");
        return NULL;
    }
    if (!jobs_fail(&app->jobs, &holder.speaker, sentence, json_is_true(retryable), error))
        return NULL;
    return response_empty(204);
}

#define JOB_ROUTE(verb) "/api/transcoding/jobs/{}/" verb

const Route api_transcoding_routes[] = {
    {HTTP_POST, TRANSFER_PATH_CLAIM, "jobs.claim", ACCESS_TRANSCODER, BODY_JSON, POOL_API,
     .handle = transcoding_claim},
    {HTTP_GET, JOB_ROUTE("original"), "jobs.original", ACCESS_TRANSCODER, BODY_NONE, POOL_TRANSFER,
     .handle = transcoding_original},
    {HTTP_POST, JOB_ROUTE("progress"), "jobs.progress", ACCESS_TRANSCODER, BODY_JSON, POOL_API,
     .handle = transcoding_progress},
    {HTTP_POST, JOB_ROUTE("release"), "jobs.release", ACCESS_TRANSCODER, BODY_JSON, POOL_API,
     .handle = transcoding_release},
    {HTTP_POST, JOB_ROUTE("fail"), "jobs.fail", ACCESS_TRANSCODER, BODY_JSON, POOL_API,
     .handle = transcoding_fail},
    {HTTP_POST, TRANSFER_PATH_UPLOAD, "results.deliver", ACCESS_TRANSCODER, BODY_FORM,
     POOL_TRANSFER, POOL_CHILDREN, .form = &api_delivery_form, .body_max = api_delivery_max},
    {0},
};
