#include "transcoder/web_client/web_client_transport.h"

#include <ctype.h>
#include <strings.h>

#define CONNECT_SECONDS   10
#define STALL_BYTES       1024L         /* per second; below it nothing is moving */
#define PIECE_BYTES       (256L * 1024) /* of an original or a result at a time */
#define POLL_MILLISECONDS 1000
#define REQUEST_PATH_MAX  600
#define USER_AGENT        "reelkeep-transcoder/" REELKEEP_VERSION
#define PROBLEM_TYPE      "application/problem+json"

static bool is_success(long status)
{
    return status >= 200 && status < 300;
}

static void answer_clear(WebAnswer *answer)
{
    Buffer body = answer->body;
    *answer = (WebAnswer){.body = body};
    buffer_clear(&answer->body);
}

/* The body of an answer that is no success is kept for its words only: beyond the limit the
 * exchange ends, the status is known by then. */
static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    WebClient *client = context;
    const WebRequest *request = client->request;
    size_t length = size * count;
    long status = 0;
    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_success(status) && request->sink)
        return request->sink(request->sink_context, data, length, &client->fault) ? length : 0;
    if (buffer_append(&client->answer.body, data, length))
        return length;
    client->answer.body_cut = true;
    return 0;
}

/* Copies the value of a header line into a fixed field; one that does not fit counts as absent. */
static void copy_value(char *field, size_t size, const char *value, size_t length)
{
    while (length > 0 && isspace((unsigned char)*value))
        value++, length--;
    while (length > 0 && isspace((unsigned char)value[length - 1]))
        length--;
    if (length < size)
        snprintf(field, size, "%.*s", (int)length, value);
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    WebAnswer *answer = &((WebClient *)context)->answer;
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
        answer_clear(answer);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        size_t name = strlen(wanted[i].name);
        if (length > name && strncasecmp(line, wanted[i].name, name) == 0)
            copy_value(wanted[i].field, wanted[i].size, line + name, length - name);
    }
    return length;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);
    REQUIRE(longer);
    return longer;
}

static struct curl_slist *make_headers(const WebClient *client, const WebRequest *request)
{
    struct curl_slist *list = add_header(NULL, client->authorization);
    for (size_t i = 0; i < WEB_REQUEST_HEADERS_MAX && request->headers[i]; i++)
        list = add_header(list, request->headers[i]);
    if (request->json)
        list = add_header(list, "Content-Type: application/json");
    return list;
}

static void free_headers(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

/* What holds for every request. HTTP/1.1: an upload that is refused early ends with its answer.
 * Quick exit: a flag that ends a request does not wait for a name being looked up. */
static void set_common(WebClient *client)
{
    CURL *easy = client->easy;
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->message);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, client);
}

static void set_request(WebClient *client, const WebRequest *request)
{
    CURL *easy = client->easy;
    char url[SETTING_VALUE_MAX + REQUEST_PATH_MAX];
    snprintf(url, sizeof url, "%s%s", client->base_url, request->path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)request->total_seconds);
    if (request->stall_seconds > 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)request->stall_seconds);
    }
    if (request->json) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->json));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->json);
    }
    if (request->sink)
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, PIECE_BYTES);
    if (request->mime) {
        curl_easy_setopt(easy, CURLOPT_MIMEPOST, request->mime);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, PIECE_BYTES);
    }
}

/* Runs the transfer to its end; false when a flag ended it. */
static bool drive(WebClient *client)
{
    struct pollfd polled[FLAG_SET_MAX];
    struct curl_waitfd extra[FLAG_SET_MAX];
    size_t count = flag_set_poll(&client->abort, polled);
    for (size_t i = 0; i < count; i++)
        extra[i] = (struct curl_waitfd){.fd = polled[i].fd, .events = CURL_WAIT_POLLIN};
    for (;;) {
        int running = 0;
        if (flag_set_raised(&client->abort))
            return false;
        REQUIRE(curl_multi_perform(client->multi, &running) == CURLM_OK);
        if (running == 0)
            return true;
        curl_multi_poll(client->multi, extra, (unsigned)count, POLL_MILLISECONDS, NULL);
    }
}

static CURLcode take_result(WebClient *client)
{
    int left;
    CURLMsg *message = curl_multi_info_read(client->multi, &left);
    REQUIRE(message && message->msg == CURLMSG_DONE);
    return message->data.result;
}

static bool judge(WebClient *client, CURLcode result, Error *error)
{
    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &client->answer.status);
    if (client->fault.code != ERROR_NONE) {
        *error = client->fault;
        return false;
    }
    if (result == CURLE_OK || (client->answer.body_cut && !is_success(client->answer.status)))
        return true;
    if (client->answer.body_cut)
        return error_set(error, ERROR_BAD_REQUEST, "Web's answer to %s is too long.",
                         client->request->what);
    return error_set(error, ERROR_NETWORK, "Web could not be reached for %s: %s.",
                     client->request->what,
                     *client->message ? client->message : curl_easy_strerror(result));
}

bool web_transport_perform(WebClient *client, const WebRequest *request, Error *error)
{
    REQUIRE(strlen(request->path) < REQUEST_PATH_MAX);
    client->request = request;
    client->fault = (Error){0};
    *client->message = '\0';
    answer_clear(&client->answer);
    set_common(client);
    set_request(client, request);
    _cleanup_(free_headers) struct curl_slist *headers = make_headers(client, request);
    curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, headers);
    REQUIRE(curl_multi_add_handle(client->multi, client->easy) == CURLM_OK);
    bool ended = drive(client);
    CURLcode result = ended ? take_result(client) : CURLE_OK;
    curl_multi_remove_handle(client->multi, client->easy);
    if (!ended)
        return error_set(error, ERROR_CANCELLED, "The transfer was called off.");
    return judge(client, result, error);
}

static ErrorCode code_of_status(long status)
{
    if (status >= 500)
        return ERROR_UNAVAILABLE;
    for (ErrorCode code = ERROR_NONE + 1; code < ERROR_COUNT; code++)
        if (error_http_status(code) == status)
            return code;
    return ERROR_BAD_REQUEST;
}

static bool has_type(const WebAnswer *answer, const char *type)
{
    return strncasecmp(answer->content_type, type, strlen(type)) == 0;
}

/* Web's own verdicts about a job are problem documents; what stands in front of it uses the same
 * numbers for a web that is away, or for limits of its own. */
static bool is_not_webs(const WebAnswer *answer)
{
    static const int verdicts[] = {404, 405, 409, 410, 413};
    for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
        if (answer->status == verdicts[i])
            return *answer->fallback || !has_type(answer, PROBLEM_TYPE);
    return false;
}

/* The problem document's own sentence; owned by the caller, NULL where there is none. */
static char *problem_detail(const WebAnswer *answer)
{
    Error ignored = {0};
    const char *detail = NULL;
    if (!has_type(answer, PROBLEM_TYPE))
        return NULL;
    _cleanup_json_ json_t *problem =
        json_parse_object(answer->body.data, answer->body.length, &ignored);
    if (!problem || !json_get_string(problem, "detail", &detail, &ignored) || !*detail)
        return NULL;
    return base_strdup(detail);
}

bool web_transport_accept(const WebClient *client, Error *error)
{
    const WebAnswer *answer = &client->answer;
    if (is_success(answer->status))
        return true;
    if (answer->status < 400)
        return error_set(error, ERROR_SETTING,
                         "Web answered %s with %ld, not with a result; WEB_SERVICE_URL must be "
                         "the address of web itself.",
                         client->request->what, answer->status);
    if (is_not_webs(answer))
        return error_set(error, ERROR_UNAVAILABLE,
                         "Web is away: something in front of it answered %s with status %ld.",
                         client->request->what, answer->status);
    ErrorCode code = code_of_status(answer->status);
    _cleanup_free_ char *detail = problem_detail(answer);
    if (detail)
        return error_set(error, code, "%s", detail);
    return error_set(error, code, "Web answered %s with status %ld.", client->request->what,
                     answer->status);
}

bool web_transport_request(WebClient *client, const WebRequest *request, Error *error)
{
    return web_transport_perform(client, request, error) && web_transport_accept(client, error);
}

json_t *web_transport_object(const WebClient *client, Error *error)
{
    const Buffer *body = &client->answer.body;
    if (body->length > 0)
        return json_parse_object(body->data, body->length, error);
    error_set(error, ERROR_BAD_REQUEST, "Web's answer to %s is empty.", client->request->what);
    return NULL;
}
