#include "web/http/exchange/response.h"

#include "common/base/clock.h"
#include "web/http/message/router.h"

#define RETRY_AFTER_SECONDS 5    /* where the error does not know better */
#define FIELDS_MAX          6144 /* bytes; the rest of HTTP_ANSWER_HEAD_MAX is response_head's */

Response response_parked;

void response_add(Buffer *fields, const char *name, const char *value)
{
    REQUIRE(!strpbrk(value, "\r\n"));
    REQUIRE(buffer_append_text(fields, name) && buffer_append_text(fields, ": ") &&
            buffer_append_text(fields, value) && buffer_append_text(fields, "\r\n"));
}

void response_add_common(Buffer *fields)
{
    response_add(fields, "X-Content-Type-Options", "nosniff");
}

Response *response_new(int status)
{
    Response *response = NEW(Response);
    *response = (Response){.status = status, .fields = BUFFER(FIELDS_MAX)};
    return response;
}

void response_free(Response *response)
{
    if (!response || response == &response_parked)
        return;
    buffer_release(&response->fields);
    pages_release(response->pages);
    free(response->text);
    free(response);
}

void response_header(Response *response, const char *name, const char *value)
{
    response_add(&response->fields, name, value);
}

Response *response_text(int status, const char *content_type, char *text)
{
    Response *response = response_empty(status);
    response->bytes = response->text = text;
    response->length = strlen(text);
    response_header(response, "Content-Type", content_type);
    return response;
}

Response *response_json(int status, json_t *value)
{
    Response *response = response_text(status, "application/json", json_print(value));
    json_decref(value);
    return response;
}

Response *response_empty(int status)
{
    Response *response = response_new(status);
    response_add_common(&response->fields);
    response_header(response, "Cache-Control", "no-store");
    return response;
}

Response *response_static(int status, const char *content_type, const void *data, size_t size)
{
    Response *response = response_new(status);
    response->bytes = data;
    response->length = size;
    response_add_common(&response->fields);
    response_header(response, "Content-Type", content_type);
    return response;
}

/* --- the head --- */

/* RFC 9110 §15. A problem's title says more, but not in this place. */
static const char *response_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].status == status)
            return rows[i].reason;
    return ""; /* it may be missing, RFC 9112 §4 */
}

/* "Date: …" with its CR LF, made once a second by each thread. */
static const char *response_date(int64_t now_ms)
{
    static _Thread_local char line[48];
    static _Thread_local int64_t second;
    if (now_ms / 1000 != second) {
        char date[40];
        clock_http_date(now_ms, date, sizeof date);
        snprintf(line, sizeof line, "Date: %s\r\n", date);
        second = now_ms / 1000;
    }
    return line;
}

static void response_put(char **at, const char *end, const char *text, size_t length)
{
    REQUIRE(length <= (size_t)(end - *at));
    memcpy(*at, text, length);
    *at += length;
}

static void response_put_text(char **at, const char *end, const char *text)
{
    response_put(at, end, text, strlen(text));
}

/* Pieces are copied and not printed: this is the way of every answer. */
size_t response_head(const Response *response, const Delivery *delivery,
                     char head[HTTP_ANSWER_HEAD_MAX])
{
    const char *end = head + HTTP_ANSWER_HEAD_MAX;
    const Buffer *lent = response->lent, *own = &response->fields;
    char *at = head, number[24];
    snprintf(number, sizeof number, "%d ", response->status);
    response_put_text(&at, end, "HTTP/1.1 ");
    response_put_text(&at, end, number);
    response_put_text(&at, end, response_reason(response->status));
    response_put_text(&at, end, "\r\n");
    response_put_text(&at, end, response_date(delivery->now_ms));
    /* RFC 9110 §8.6: none with 204. With 304 it would be that of the whole, which says nothing. */
    if (response->status != 204 && response->status != 304) {
        snprintf(number, sizeof number, "%llu\r\n", (unsigned long long)response->length);
        response_put_text(&at, end, "Content-Length: ");
        response_put_text(&at, end, number);
    }
    response_put_text(&at, end, "X-Request-Id: ");
    response_put_text(&at, end, delivery->request_id);
    response_put_text(&at, end, "\r\n");
    if (delivery->close || delivery->keep)
        response_put_text(&at, end,
                          delivery->close ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
    if (lent)
        response_put(&at, end, lent->data, lent->length);
    if (own->length > 0)
        response_put(&at, end, own->data, own->length);
    response_put_text(&at, end, "\r\n");
    return (size_t)(at - head);
}

/* --- problems --- */

static char *problem_text(const Problem *problem)
{
    const Error *error = problem->error;
    char instance[256];
    size_t length = MIN_OF(strcspn(problem->target, "?"), sizeof instance - 1);
    snprintf(instance, sizeof instance, "%.*s", (int)length, problem->target);
    _cleanup_json_ json_t *value =
        json_pack("{s:s, s:s, s:i, s:o, s:o*, s:s, s:s}", "type", "about:blank", "title",
                  error_title(error->code), "status", error_http_status(error->code), "detail",
                  json_text(error->detail), "instance", length > 0 ? json_text(instance) : NULL,
                  "code", error_word(error->code), "request_id", problem->request_id);
    if (error->field_count > 0) {
        json_t *faults = json_array();
        for (size_t i = 0; i < error->field_count; i++)
            json_array_append_new(faults, json_pack("{s:s, s:o}", "field", error->fields[i].name,
                                                    "detail", json_text(error->fields[i].detail)));
        json_object_set_new(value, "errors", faults);
    }
    return json_print(value);
}

static bool problem_has(const Problem *problem, const char *name)
{
    for (size_t i = 0; i < problem->field_count; i++)
        if (strcasecmp(problem->fields[i].name, name) == 0)
            return true;
    return false;
}

/* Fields that belong to certain statuses, and those that the handler wants. */
static void problem_add_fields(const Problem *problem, Buffer *fields)
{
    int status = error_http_status(problem->error->code);
    char allow[80], seconds[12];
    if (status == 401 && !problem_has(problem, "WWW-Authenticate"))
        response_add(fields, "WWW-Authenticate", "Bearer");
    if ((status == 429 || status == 503) && !problem_has(problem, "Retry-After")) {
        unsigned wanted = problem->error->retry_seconds;
        snprintf(seconds, sizeof seconds, "%u", wanted ? wanted : RETRY_AFTER_SECONDS);
        response_add(fields, "Retry-After", seconds);
    }
    if (status == 405) {
        router_allow(problem->allowed, allow, sizeof allow);
        response_add(fields, "Allow", allow);
    }
    for (size_t i = 0; i < problem->field_count; i++)
        response_add(fields, problem->fields[i].name, problem->fields[i].value);
}

Response *response_problem(const Problem *problem)
{
    Response *response = response_text(error_http_status(problem->error->code),
                                       "application/problem+json", problem_text(problem));
    problem_add_fields(problem, &response->fields);
    return response;
}
