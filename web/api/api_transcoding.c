/* What a transcoder asks: a job, its original, and what it says while it holds the job. The result
 * comes by api_delivery.c. */
#include <errno.h>
#include <fcntl.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/api/api_delivery.h"

/* --- claim --- */

typedef struct ClaimBody {
    char worker[WORKER_NAME_MAX + 1];
    int64_t wait_seconds;
} ClaimBody;

static bool read_claim(const json_t *json, ClaimBody *body, Error *error)
{
    if (!json_copy_string(json, "worker", body->worker, sizeof body->worker, error) ||
        !json_get_integer(json, "wait_seconds", &body->wait_seconds, error))
        return false;
    if (body->wait_seconds < 0 || body->wait_seconds > CLAIM_WAIT_SECONDS_MAX)
        return error_add_field(error, ERROR_INVALID, "wait_seconds",
                               "wait_seconds must be between 0 and %d.", CLAIM_WAIT_SECONDS_MAX);
    return true;
}

/* NULL when there is no job for it. */
static Response *try_claim(const App *app, const char *worker, Error *error)
{
    TransferJob job;
    bool claimed = false;
    if (!jobs_claim(&app->jobs, worker, clock_wall_ms(), &job, &claimed, error) || !claimed)
        return NULL;
    return response_json(200, transfer_job_encode(&job));
}

/* A job that cannot be handed to this request is offered to the next one that waits; so is one
 * announced to it since it looked. */
static Response *leave(const App *app, Request *request, Response *response, bool pass_on)
{
    bool woken = waiters_leave(app->waiters, request);
    if (pass_on || woken)
        jobs_announce(&app->jobs);
    return response;
}

static Response *claim(Request *request, Error *error)
{
    const App *app = request_app(request);
    ClaimBody body;
    WaitersAnswer next;
    int64_t remaining;
    if (!read_claim(request_json(request), &body, error))
        return NULL;
    WaiterSpec spec = {request, clock_monotonic_ms(), body.wait_seconds * 1000};
    if (!waiters_join(app->waiters, &spec, &next, &remaining, error))
        return NULL;
    if (request_peer_gone(request))
        return leave(app, request, response_empty(204), true);
    Response *response = try_claim(app, body.worker, error);
    if (response)
        return leave(app, request, response, false);
    if (error->code != ERROR_NONE)
        return leave(app, request, NULL, true);
    if (next == WAITERS_LEAVE)
        return leave(app, request, response_empty(204), false);
    return request_park(request, remaining);
}

/* --- original --- */

static Response *no_lease(Error *error)
{
    error_set(error, ERROR_LEASE_LOST, "The header %s must hold the job's lease token.",
              TRANSFER_HEADER_LEASE);
    return NULL;
}

static bool job_param(const Request *request, const char **job_id, Error *error)
{
    *job_id = request_param(request, 0);
    return id_uuid_valid(*job_id) ||
           error_set(error, ERROR_NOT_FOUND, "The job is unknown: drop it.");
}

static Response *original(Request *request, Error *error)
{
    const App *app = request_app(request);
    const char *token = request_header(request, TRANSFER_HEADER_LEASE);
    JobSpeaker speaker = {.lease_token = token, .now = clock_wall_ms()};
    char media_id[UUID_SIZE];
    FileRow file;
    ServedFile served;
    _cleanup_stored_file_ StoredFile *stored = NULL;
    if (!job_param(request, &speaker.job_id, error))
        return NULL;
    if (!token)
        return no_lease(error);
    if (!jobs_check_holder(&app->jobs, &speaker, media_id, error) ||
        !library_open_original(&app->library, media_id, &file, &stored, error))
        return NULL;
    served.fd = fcntl(stored_file_lend_fd(stored, error), F_DUPFD_CLOEXEC, 0);
    if (served.fd < 0) {
        error_set_errno(error, errno, "The original could not be opened");
        return NULL;
    }
    api_describe_file(&file, &served);
    served.cache_control = "no-store";
    digest_format(DIGEST_SHA256, &file.sha256, served.repr_digest);
    return response_file(request, &served);
}

/* --- what the holder says --- */

typedef struct Word {
    JobSpeaker speaker;
    char token[TOKEN_SIZE];
    const json_t *body;
} Word;

static bool read_word(const Request *request, Word *word, Error *error)
{
    word->body = request_json(request);
    word->speaker = (JobSpeaker){.lease_token = word->token, .now = clock_wall_ms()};
    return job_param(request, &word->speaker.job_id, error) &&
           json_copy_string(word->body, TRANSFER_FIELD_LEASE, word->token, sizeof word->token,
                            error);
}

static Response *progress(Request *request, Error *error)
{
    const App *app = request_app(request);
    Word word;
    char stage[STAGE_NAME_MAX + 1];
    double percent;
    if (!read_word(request, &word, error) ||
        !json_copy_string(word.body, "stage", stage, sizeof stage, error) ||
        !json_get_number(word.body, "percent", &percent, error) ||
        !jobs_progress(&app->jobs, &word.speaker, stage, percent, error))
        return NULL;
    return response_json(200,
                         json_pack("{s:I}", "lease_seconds", (json_int_t)app->jobs.lease_seconds));
}

static Response *release(Request *request, Error *error)
{
    const App *app = request_app(request);
    Word word;
    char reason[JOB_ERROR_MAX + 1];
    if (!read_word(request, &word, error) ||
        !json_copy_string(word.body, "reason", reason, sizeof reason, error) ||
        !jobs_release(&app->jobs, &word.speaker, reason, error))
        return NULL;
    return response_empty(204);
}

static Response *fail(Request *request, Error *error)
{
    const App *app = request_app(request);
    Word word;
    char sentence[JOB_ERROR_MAX + 1];
    if (!read_word(request, &word, error) ||
        !json_copy_string(word.body, "error", sentence, sizeof sentence, error))
        return NULL;
    const json_t *retryable = json_object_get(word.body, "retryable");
    if (!json_is_boolean(retryable)) {
        error_add_field(error, ERROR_INVALID, "retryable",
                        "The field retryable must be true or false.");
        return NULL;
    }
    if (!jobs_fail(&app->jobs, &word.speaker, sentence, json_is_true(retryable), error))
        return NULL;
    return response_empty(204);
}

#define JOB_ROUTE(verb) "/api/transcoding/jobs/{}/" verb

const Route api_transcoding_routes[] = {
    {HTTP_POST, TRANSFER_PATH_CLAIM, ACCESS_TRANSCODER, BODY_JSON, .handle = claim},
    {HTTP_GET, JOB_ROUTE("original"), ACCESS_TRANSCODER, BODY_NONE, .handle = original,
     .work = WORK_SLOW},
    {HTTP_POST, JOB_ROUTE("progress"), ACCESS_TRANSCODER, BODY_JSON, .handle = progress},
    {HTTP_POST, JOB_ROUTE("release"), ACCESS_TRANSCODER, BODY_JSON, .handle = release},
    {HTTP_POST, JOB_ROUTE("fail"), ACCESS_TRANSCODER, BODY_JSON, .handle = fail},
    {HTTP_POST, TRANSFER_PATH_UPLOAD, ACCESS_TRANSCODER, BODY_DELIVERY, .form = &api_delivery_form},
    {0},
};
