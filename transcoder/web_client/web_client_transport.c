#include "transcoder/web_client/web_client_transport.h"

#include <ctype.h>
#include <strings.h>

#include "common/transfer/transfer.h"

#define CONNECT_SECONDS   10
#define STALL_BYTES       1024L         /* per second; below it nothing is moving */
#define PIECE_BYTES       (256L * 1024) /* of an original or a result at a time */
#define POLL_MILLISECONDS 1000
#define REQUEST_PATH_MAX  600
#define USER_AGENT        "reelkeep-transcoder/" REELKEEP_VERSION
#define PROBLEM_TYPE      "application/problem+json"

static bool transport_is_success(long status)
{
    return status >= 200 && status < 300;
}

static void transport_answer_clear(WebAnswer *answer)
{
    Buffer body = answer->body;
    *answer = (WebAnswer){.body = body};
    buffer_clear(&answer->body);
}

bool web_transport_good(CURLcode code, Error *error)
{
    return code == CURLE_OK || error_set(error, ERROR_INTERNAL, "libcurl failed to prepare: %s.",
                                         curl_easy_strerror(code));
}

/* The body of an answer that is no success is kept for its words only: beyond the limit the
 * exchange ends, the status is known by then. */
static size_t transport_on_body(char *data, size_t size, size_t count, void *context)
{
    WebClient *client = CAST_OBJECT(WebClient, context, WEB_CLIENT_MAGIC);
    const WebRequest *request = client->request;
    size_t length = size * count;
    long status = 0;
    if (!web_transport_good(curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status),
                            &client->fault))
        return 0;
    if (transport_is_success(status) && request->sink)
        return request->sink(request->sink_context, data, length, &client->fault) ? length : 0;
    if (buffer_append(&client->answer.body, data, length))
        return length;
    client->answer.body_cut = true;
    return 0;
}

/* Copies the value of a header line into a fixed field; one that does not fit counts as absent. */
static void transport_copy_value(char *field, size_t size, const char *value, size_t length)
{
    while (length > 0 && isspace((unsigned char)*value))
        value++, length--;
    while (length > 0 && isspace((unsigned char)value[length - 1]))
        length--;
    if (length < size)
        snprintf(field, size, "%.*s", (int)length, value);
}

static size_t transport_on_header(char *line, size_t size, size_t count, void *context)
{
    WebAnswer *answer = &CAST_OBJECT(WebClient, context, WEB_CLIENT_MAGIC)->answer;
    const struct {
        const char *name;
        char *field;
        size_t size;
    } wanted[] = {
        {"ETag:", answer->etag, sizeof answer->etag},
        {"Content-Type:", answer->content_type, sizeof answer->content_type},
        {"Content-Range:", answer->content_range, sizeof answer->content_range},
        {"Repr-Digest:", answer->repr_digest, sizeof answer->repr_digest},
        {"Retry-After:", answer->retry_after, sizeof answer->retry_after},
        {"X-Railway-Fallback:", answer->fallback, sizeof answer->fallback},
    };
    size_t length = size * count;
    if (length > 5 && strncasecmp(line, "HTTP/", 5) == 0)
        transport_answer_clear(answer);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        size_t name = strlen(wanted[i].name);
        if (length > name && strncasecmp(line, wanted[i].name, name) == 0)
            transport_copy_value(wanted[i].field, wanted[i].size, line + name, length - name);
    }
    return length;
}

static void transport_free_headers(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}
#define _cleanup_headers_ _cleanup_(transport_free_headers)

static bool transport_add_header(struct curl_slist **list, const char *line, Error *error)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return web_transport_good(CURLE_OUT_OF_MEMORY, error);
    *list = longer;
    return true;
}

static bool transport_make_headers(const WebClient *client, const WebRequest *request,
                                   struct curl_slist **out, Error *error)
{
    _cleanup_headers_ struct curl_slist *list = NULL;
    bool added = transport_add_header(&list, client->authorization, error);
    for (size_t i = 0; added && i < WEB_REQUEST_HEADERS_MAX && request->headers[i]; i++)
        added = transport_add_header(&list, request->headers[i], error);
    if (added && request->json)
        added = transport_add_header(&list, "Content-Type: application/json", error);
    if (added)
        *out = TAKE_PTR(list);
    return added;
}

/* The first option that is refused is the verdict on all. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))

/* HTTP/1.1: an upload that is refused early ends with its answer. Quick exit: a flag that ends a
 * request does not wait for a name being looked up. */
static bool transport_set_options(WebClient *client, const WebRequest *request,
                                  struct curl_slist *headers, Error *error)
{
    CURL *easy = client->easy;
    CURLcode code = CURLE_OK;
    char url[SETTING_VALUE_MAX + REQUEST_PATH_MAX];
    snprintf(url, sizeof url, "%s%s", client->base_url, request->path);
    curl_easy_reset(easy);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_ERRORBUFFER, client->message);
    SET(CURLOPT_USERAGENT, USER_AGENT);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    SET(CURLOPT_WRITEFUNCTION, transport_on_body);
    SET(CURLOPT_WRITEDATA, client);
    SET(CURLOPT_HEADERFUNCTION, transport_on_header);
    SET(CURLOPT_HEADERDATA, client);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_TIMEOUT, (long)request->total_seconds);
    if (request->stall_seconds > 0) {
        SET(CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
        SET(CURLOPT_LOW_SPEED_TIME, (long)request->stall_seconds);
    }
    if (request->json) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->json));
        SET(CURLOPT_POSTFIELDS, request->json);
    }
    if (request->sink)
        SET(CURLOPT_BUFFERSIZE, PIECE_BYTES);
    if (request->mime) {
        SET(CURLOPT_MIMEPOST, request->mime);
        SET(CURLOPT_UPLOAD_BUFFERSIZE, PIECE_BYTES);
    }
    return web_transport_good(code, error);
}

/* Runs the transfer to its end, which is in *result; false when a flag ended it. */
static bool transport_drive(WebClient *client, CURLcode *result, Error *error)
{
    struct pollfd polled[FLAG_SET_MAX];
    struct curl_waitfd extra[FLAG_SET_MAX];
    size_t count = flag_set_poll(&client->abort, polled);
    int running = 1, left;
    for (size_t i = 0; i < count; i++)
        extra[i] = (struct curl_waitfd){.fd = polled[i].fd, .events = CURL_WAIT_POLLIN};
    while (running > 0) {
        if (flag_set_raised(&client->abort))
            return error_set(error, ERROR_CANCELLED, "The transfer was called off.");
        CURLMcode code = curl_multi_perform(client->multi, &running);
        if (code == CURLM_OK && running > 0)
            code = curl_multi_poll(client->multi, extra, (unsigned)count, POLL_MILLISECONDS, NULL);
        if (code != CURLM_OK)
            return error_set(error, ERROR_INTERNAL, "libcurl failed to go on: %s.",
                             curl_multi_strerror(code));
    }
    const CURLMsg *message = curl_multi_info_read(client->multi, &left);
    REQUIRE(message && message->msg == CURLMSG_DONE);
    *result = message->data.result;
    return true;
}

/* True when an answer came, whatever its status. */
static bool transport_perform(WebClient *client, const WebRequest *request, Error *error)
{
    _cleanup_headers_ struct curl_slist *headers = NULL;
    WebAnswer *answer = &client->answer;
    CURLcode result = CURLE_OK;
    REQUIRE(strlen(request->path) < REQUEST_PATH_MAX);
    client->request = request;
    client->fault = (Error){0};
    *client->message = '\0';
    transport_answer_clear(answer);
    if (!transport_make_headers(client, request, &headers, error) ||
        !transport_set_options(client, request, headers, error))
        return false;
    REQUIRE(curl_multi_add_handle(client->multi, client->easy) == CURLM_OK);
    bool ended = transport_drive(client, &result, error);
    REQUIRE(curl_multi_remove_handle(client->multi, client->easy) == CURLM_OK);
    if (!ended ||
        !web_transport_good(
            curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &answer->status), error))
        return false;
    if (client->fault.code != ERROR_NONE) {
        *error = client->fault;
        return false;
    }
    if (result == CURLE_OK || (answer->body_cut && !transport_is_success(answer->status)))
        return true;
    if (answer->body_cut)
        return error_set(error, ERROR_BAD_REQUEST, "Web's answer to %s is too long.",
                         request->what);
    return error_set(error, ERROR_NETWORK, "Web could not be reached for %s: %s.", request->what,
                     *client->message ? client->message : curl_easy_strerror(result));
}

/* Which fields web finds fault with (docs/http-api.md, "errors"). */
static void transport_read_fields(const json_t *problem, Error *error)
{
    const json_t *fields = json_object_get(problem, "errors");
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *entry = json_array_get(fields, i);
        const char *name = json_string_value(json_object_get(entry, "field"));
        const char *detail = json_string_value(json_object_get(entry, "detail"));
        if (name && detail)
            error_add_field(error, error->code, name, "%s", detail);
    }
}

/* By its status; of several codes that share one, by the document's word. */
static ErrorCode transport_code(const WebAnswer *answer, const json_t *problem)
{
    const char *word = json_string_value(json_object_get(problem, "code"));
    ErrorCode found = ERROR_NONE;
    if (answer->status >= 500)
        return ERROR_UNAVAILABLE;
    for (ErrorCode i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        bool named = word && streq(error_word(i), word);
        if (error_http_status(i) == answer->status && (named || found == ERROR_NONE))
            found = i;
    }
    return found == ERROR_NONE ? ERROR_BAD_REQUEST : found;
}

/* The error that an answer without success is, in the problem document's own words if it has any.
 * Web's own verdicts about a job are such documents; what stands in front of it uses the same
 * numbers for a web that is away, or for limits of its own. */
static bool transport_refused(const WebAnswer *answer, const char *what, Error *error)
{
    static const int verdicts[] = {404, 405, 409, 410, 413};
    bool is_problem = strncasecmp(answer->content_type, PROBLEM_TYPE, strlen(PROBLEM_TYPE)) == 0;
    const char *detail = NULL;
    Error ignored = {0};
    if (answer->status < 400)
        return error_set(error, ERROR_SETTING,
                         "Web answered %s with %ld, not with a result; WEB_SERVICE_URL must be "
                         "the address of web itself.",
                         what, answer->status);
    for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
        if (answer->status == verdicts[i] && (*answer->fallback || !is_problem))
            return error_set(error, ERROR_UNAVAILABLE,
                             "Web is away: something in front of it answered %s with status %ld.",
                             what, answer->status);
    _cleanup_json_ json_t *problem =
        is_problem ? json_parse_object(answer->body.data, answer->body.length, &ignored) : NULL;
    ErrorCode code = transport_code(answer, problem);
    if (!problem || !json_get_string(problem, "detail", &detail, &ignored) || !*detail)
        return error_set(error, code, "Web answered %s with status %ld.", what, answer->status);
    error_set(error, code, "%s", detail);
    transport_read_fields(problem, error);
    return false;
}

bool web_transport_request(WebClient *client, const WebRequest *request, Error *error)
{
    return transport_perform(client, request, error) &&
           (transport_is_success(client->answer.status) ||
            transport_refused(&client->answer, request->what, error));
}

json_t *web_transport_object(const WebClient *client, Error *error)
{
    const Buffer *body = &client->answer.body;
    if (body->length > 0)
        return json_parse_object(body->data, body->length, error);
    error_set(error, ERROR_BAD_REQUEST, "Web's answer to %s is empty.", client->request->what);
    return NULL;
}
