#include "transcoder/web_client/web_client.h"

#include "common/base/clock.h"
#include "transcoder/web_client/web_client_transport.h"

#define SMALL_REQUEST_SECONDS 20 /* a lease must not run out behind one dead connection */
#define CLAIM_GRACE_SECONDS   15 /* beyond the wait that was asked for */
#define JOB_PATH_MAX          128

/* More digits than this are no wait anybody means; it also keeps the product in range. */
#define RETRY_AFTER_DIGITS_MAX 9

void web_client_global_init(void)
{
    REQUIRE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

void web_client_global_release(void)
{
    curl_global_cleanup();
}

const char *web_client_library(void)
{
    return curl_version();
}

bool web_client_new(const char *base_url, const char *token, WebClient **out, Error *error)
{
    _cleanup_web_client_ WebClient *client = NEW(WebClient);
    size_t length = strlen(base_url);
    if (!base_copy(client->base_url, sizeof client->base_url, base_url) ||
        strlen(token) >= SETTING_VALUE_MAX)
        return error_set(error, ERROR_SETTING, "The address of web or the token is too long.");
    if (length > 0 && base_url[length - 1] == '/')
        client->base_url[length - 1] = '\0';
    snprintf(client->authorization, sizeof client->authorization, "Authorization: Bearer %s",
             token);
    client->magic = WEB_CLIENT_MAGIC;
    client->answer.body = BUFFER(TRANSFER_JSON_MAX);
    client->multi = curl_multi_init();
    client->easy = curl_easy_init();
    REQUIRE(client->multi && client->easy);
    *out = TAKE_PTR(client);
    return true;
}

void web_client_free(WebClient **client)
{
    if (!*client)
        return;
    curl_easy_cleanup((*client)->easy);
    curl_multi_cleanup((*client)->multi);
    buffer_release(&(*client)->answer.body);
    sodium_memzero((*client)->authorization, sizeof(*client)->authorization);
    (*client)->magic = 0;
    free(*client);
    *client = NULL;
}

void web_client_abort_on(WebClient *client, FlagSet flags)
{
    client->abort = flags;
}

FlagSet web_client_abort_flags(const WebClient *client)
{
    return client->abort;
}

bool web_client_is_transient(ErrorCode code)
{
    return error_retry_class(code) == RETRY_REQUEST;
}

int64_t web_client_retry_after_ms(const WebClient *client)
{
    return web_client_parse_retry_after(client->answer.retry_after, clock_wall_ms());
}

int64_t web_client_parse_retry_after(const char *text, int64_t now_wall_ms)
{
    size_t digits = strspn(text, "0123456789");
    int64_t date;
    if (digits > 0 && digits <= RETRY_AFTER_DIGITS_MAX && !text[digits])
        return strtoll(text, NULL, 10) * 1000;
    if (clock_parse_http_date(text, &date))
        return MAX_OF(date - now_wall_ms, 0);
    return WEB_CLIENT_UNASKED;
}

bool web_client_claim(WebClient *client, const WebClaim *claim, TransferJob *job, bool *found,
                      Error *error)
{
    _cleanup_json_ json_t *body = json_pack("{s:o, s:i}", "worker", json_text(claim->worker),
                                            "wait_seconds", claim->wait_seconds);
    _cleanup_free_ char *text = json_print(body);
    WebRequest request = {.path = TRANSFER_PATH_CLAIM,
                          .what = "the claim",
                          .json = text,
                          .total_seconds = claim->wait_seconds + CLAIM_GRACE_SECONDS};
    if (!web_transport_request(client, &request, error))
        return false;
    if (client->answer.status == 204) {
        *found = false;
        return true;
    }
    _cleanup_json_ json_t *answer = web_transport_object(client, error);
    if (!answer || !transfer_job_decode(answer, job, error))
        return false;
    *found = true;
    return true;
}

/* One of the small posts about a job: takes the body over and adds the lease token. */
static bool web_client_post(WebClient *client, const TransferJob *job, const char *path,
                            json_t *body_taken, Error *error)
{
    _cleanup_json_ json_t *body = body_taken;
    json_object_set_new(body, TRANSFER_FIELD_LEASE, json_text(job->lease_token));
    _cleanup_free_ char *text = json_print(body);
    WebRequest request = {
        .path = path, .what = "a report", .json = text, .total_seconds = SMALL_REQUEST_SECONDS};
    return web_transport_request(client, &request, error);
}

bool web_client_progress(WebClient *client, const TransferJob *job, const char *stage, int percent,
                         Error *error)
{
    char path[JOB_PATH_MAX];
    json_t *body = json_pack("{s:s, s:i}", "stage", stage, "percent", percent);
    snprintf(path, sizeof path, TRANSFER_PATH_PROGRESS, job->job_id);
    return web_client_post(client, job, path, body, error);
}

bool web_client_release(WebClient *client, const TransferJob *job, const char *reason, Error *error)
{
    char path[JOB_PATH_MAX];
    json_t *body = json_pack("{s:o}", "reason", json_text(reason));
    snprintf(path, sizeof path, TRANSFER_PATH_RELEASE, job->job_id);
    return web_client_post(client, job, path, body, error);
}

bool web_client_fail(WebClient *client, const TransferJob *job, const WebFailure *failure,
                     Error *error)
{
    char path[JOB_PATH_MAX];
    json_t *body = json_pack("{s:o, s:b}", "error", json_text(failure->sentence), "retryable",
                             (int)failure->retryable);
    snprintf(path, sizeof path, TRANSFER_PATH_FAIL, job->job_id);
    return web_client_post(client, job, path, body, error);
}

/* Progress of a job that cannot exist: an accepted token is told so, another is refused first. */
bool web_client_check(WebClient *client, Error *error)
{
    TransferJob nobody = {0};
    Error answer = {0};
    id_uuid(nobody.job_id);
    id_token(nobody.lease_token);
    if (web_client_progress(client, &nobody, TRANSFER_STAGE_FETCH, 0, &answer))
        return error_set(error, ERROR_SETTING,
                         "What answers at WEB_SERVICE_URL accepts anything; it is not web.");
    if (answer.code == ERROR_NOT_FOUND || answer.code == ERROR_GONE)
        return true;
    *error = answer;
    return false;
}
