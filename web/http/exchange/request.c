#include "web/http/exchange/request.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/url.h"
#include "web/http/message/field.h"
#include "web/http/message/forwarded.h"

const ExchangeShared *request_shared(const Request *request)
{
    return CAST_OBJECT(const ExchangeShared, loop_context(request->loop), EXCHANGE_SHARED_MAGIC);
}

/* The bytes behind their fields, in one piece. */
bool request_take_head(Request *request, const char *bytes, const HeadScan *scan)
{
    size_t fields = MIN_OF(scan->fields, (size_t)HTTP_HEADER_COUNT_MAX) * sizeof(HeadField);
    request->memory = base_calloc(1, fields + scan->size);
    memcpy(request->memory + fields, bytes, scan->size);
    return head_parse(request->memory + fields, scan, (HeadField *)(void *)request->memory,
                      &request->head, &request->error);
}

Request *request_new(Connection *connection)
{
    Request *request = NEW(Request);
    request->magic = REQUEST_MAGIC;
    request->work.object = request->message.object = request;
    request->loop = connection->socket->loop;
    request->connection = connection;
    request->head = (Head){.method = "", .target = "", .version = ""};
    request->started_ms = loop_now_ms(request->loop);
    request->text = BUFFER(HTTP_SMALL_BODY_MAX);
    id_request(request->id);
    connection->request = request;
    return request;
}

void request_free(Request *request)
{
    if (request->media)
        media_file_release(request->media);
    response_free(request->response);
    body_free(request->body);
    buffer_release(&request->text);
    json_decref(request->json);
    free(request->memory);
    request->magic = 0;
    free(request);
}

/* --- what handlers see --- */

void *request_app(const Request *request)
{
    return request_shared(request)->options->app;
}

const char *request_id(const Request *request)
{
    return request->id;
}

const Route *request_route(const Request *request)
{
    return request->match.route;
}

const Viewer *request_viewer(const Request *request)
{
    return &request->viewer;
}

void request_client(const Request *request, char text[NETWORK_TEXT_MAX])
{
    network_format(&request->client, text);
}

struct in6_addr request_address(const Request *request)
{
    return request->client;
}

const char *request_param(const Request *request, size_t index)
{
    REQUIRE(index < request->match.param_count);
    return request->match.params[index];
}

const char *request_header(const Request *request, const char *name)
{
    return head_field(&request->head, name);
}

bool request_query(const Request *request, const char *name, char *out, size_t size)
{
    return url_query_value(request->head.target, name, out, size);
}

bool request_cookie(const Request *request, const char *name, char *out, size_t size)
{
    return field_cookie(request_header(request, "Cookie"), name, out, size);
}

bool request_has_etag(const Request *request, const char *etag)
{
    Conditions conditions = {.reading = true,
                             .if_none_match = request_header(request, "If-None-Match")};
    Validators validators = {.etag = etag};
    return conditional_evaluate(&conditions, &validators) == CONDITION_NOT_MODIFIED;
}

const json_t *request_json(const Request *request)
{
    return request->json;
}

uint64_t request_length(const Request *request)
{
    return request->framing.length;
}

void request_problem_header(Request *request, const char *name, const char *value)
{
    REQUIRE(request->problem_field_count < HTTP_PROBLEM_FIELDS_MAX);
    ProblemField *field = &request->problem_fields[request->problem_field_count++];
    field->name = name;
    REQUIRE(base_copy(field->value, sizeof field->value, value));
}

bool request_expired(const Request *request)
{
    return request->expired;
}

bool request_peer_gone(const Request *request)
{
    char byte;
    REQUIRE(request->magic == REQUEST_MAGIC); /* as in http_unpark */
    ssize_t got = recv(request->connection->socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

Response *response_file(const Request *request, ServedFile *file, Error *error)
{
    _cleanup_stored_file_ StoredFile *content = TAKE_PTR(file->content);
    if (!request_may_read(request, file->audience, error))
        return NULL;
    Pages *pages = pages_open(TAKE_PTR(content), error);
    if (!pages)
        return NULL;
    FileAsk ask = request_file_ask(request);
    FilePlan plan = file_plan(&ask, file, pages_size(pages));
    Response *response = file_response(&ask, file, &plan, pages);
    pages_release(pages);
    return response;
}

/* --- what web/http sees --- */

const char *request_path(const Request *request)
{
    static _Thread_local char path[256];
    size_t length = strcspn(request->head.target, "?");
    snprintf(path, sizeof path, "%.*s", (int)MIN_OF(length, sizeof path - 1), request->head.target);
    return path;
}

bool request_is_whole(const Request *request)
{
    return request->framing.chunked ? request->chunked.state == CHUNKED_END
                                    : request->body_left == 0;
}

/* All fields of that name as one (RFC 9110 §5.2); "" where that is too long. */
static void request_join(const Request *request, const char *name, Buffer *out)
{
    const Head *head = &request->head;
    bool fits = true;
    for (size_t i = 0; i < head->count && fits; i++)
        if (strcasecmp(head->bytes + head->fields[i].name, name) == 0)
            fits = (out->length == 0 || buffer_append_text(out, ",")) &&
                   buffer_append_text(out, head->bytes + head->fields[i].value);
    if (!fits)
        buffer_clear(out);
}

struct in6_addr request_find_client(const Request *request)
{
    const NetworkList *trusted = &request_shared(request)->options->trusted_proxies;
    struct in6_addr peer = network_of_peer(&request->connection->socket->peer);
    if (!network_list_has(trusted, &peer))
        return peer;
    _cleanup_buffer_ Buffer chain = BUFFER(HTTP_FORWARDED_MAX);
    request_join(request, "X-Forwarded-For", &chain);
    return forwarded_client(trusted, &peer, chain.data, request_header(request, "X-Real-IP"));
}

bool request_may_read(const Request *request, uint64_t audience, Error *error)
{
    const HttpGuard *guard = &request_shared(request)->options->guard;
    return !guard->may_read || guard->may_read(guard->context, &request->viewer, audience, error);
}

FileAsk request_file_ask(const Request *request)
{
    char download[2];
    return (FileAsk){
        .conditions = {.if_match = request_header(request, "If-Match"),
                       .if_unmodified_since = request_header(request, "If-Unmodified-Since"),
                       .if_none_match = request_header(request, "If-None-Match"),
                       .if_modified_since = request_header(request, "If-Modified-Since"),
                       .if_range = request_header(request, "If-Range"),
                       .reading = true},
        .range = request->method == HTTP_GET ? request_header(request, "Range") : NULL,
        .download =
            request_query(request, "download", download, sizeof download) && streq(download, "1"),
        .request_id = request->id,
        .target = request->head.target,
    };
}

Problem request_problem(const Request *request)
{
    return (Problem){.error = &request->error,
                     .request_id = request->id,
                     .target = request->head.target,
                     .allowed = request->allowed,
                     .fields = request->problem_fields,
                     .field_count = request->problem_field_count};
}
