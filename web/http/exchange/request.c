#include "web/http/exchange/request.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/url.h"
#include "web/http/message/field.h"
#include "web/http/message/forwarded.h"

const ExchangeShared *request_shared(const Request *request)
{
    return CAST_OBJECT(const ExchangeShared, loop_context(request->loop), EXCHANGE_SHARED_MAGIC);
}

Request *request_new(Socket *socket, struct MHD_Connection *connection, const char *target)
{
    Request *request = NEW(Request);
    request->magic = REQUEST_MAGIC;
    request->work.object = request->message.object = request;
    request->loop = socket->loop;
    request->connection = connection;
    request->socket = socket;
    request->target = base_strdup(target);
    request->started_ms = clock_monotonic_ms();
    request->text = BUFFER(HTTP_SMALL_BODY_MAX);
    id_request(request->id);
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
    free(request->target);
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

const char *request_param(const Request *request, size_t index)
{
    REQUIRE(index < request->match.param_count);
    return request->match.params[index];
}

const char *request_header(const Request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

bool request_query(const Request *request, const char *name, char *out, size_t size)
{
    return url_query_value(request->target, name, out, size);
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
    ssize_t got = recv(request->socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

Response *response_file(const Request *request, ServedFile *file, Error *error)
{
    _cleanup_stored_file_ StoredFile *content = TAKE_PTR(file->content);
    uint64_t size = stored_file_size(content);
    if (!request_may_read(request, file->audience, error))
        return NULL;
    FileAsk ask = request_file_ask(request);
    FilePlan plan = file_plan(&ask, file, size);
    if (plan.length == 0)
        return file_response_empty(&ask, file, &plan, size);
    int lent = stored_file_lend_fd(content, error);
    if (lent < 0)
        return NULL;
    int fd = fcntl(lent, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        error_set_errno(error, errno, "The file could not be sent");
        return NULL;
    }
    return file_response(&ask, file, &plan, size,
                         MHD_create_response_from_fd_at_offset64(plan.length, fd, plan.first));
}

/* --- what web/http sees --- */

const char *request_path(const Request *request)
{
    static _Thread_local char path[256];
    size_t length = strcspn(request->target, "?");
    snprintf(path, sizeof path, "%.*s", (int)MIN_OF(length, sizeof path - 1), request->target);
    return path;
}

#define FIELD_JOIN_MAGIC 0x4a4f494eu /* "JOIN" */

typedef struct FieldJoin {
    unsigned magic;
    const char *name;
    Buffer value;
    bool whole; /* everything fitted */
} FieldJoin;

static enum MHD_Result request_join_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                          const char *value)
{
    FieldJoin *join = CAST_OBJECT(FieldJoin, cls, FIELD_JOIN_MAGIC);
    (void)kind;
    if (strcasecmp(name, join->name) == 0)
        join->whole = join->whole &&
                      (join->value.length == 0 || buffer_append_text(&join->value, ",")) &&
                      buffer_append_text(&join->value, value ? value : "");
    return MHD_YES;
}

struct in6_addr request_find_client(const Request *request)
{
    const NetworkList *trusted = &request_shared(request)->options->trusted_proxies;
    struct in6_addr peer = network_of_peer(&request->socket->peer);
    if (!network_list_has(trusted, &peer))
        return peer;
    FieldJoin join = {FIELD_JOIN_MAGIC, "X-Forwarded-For", BUFFER(HTTP_FORWARDED_MAX), true};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, request_join_field, &join);
    struct in6_addr client = forwarded_client(trusted, &peer, join.whole ? join.value.data : "",
                                              request_header(request, "X-Real-IP"));
    buffer_release(&join.value);
    return client;
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
        .target = request->target,
    };
}

Problem request_problem(const Request *request)
{
    return (Problem){.error = &request->error,
                     .request_id = request->id,
                     .target = request->target,
                     .allowed = request->allowed,
                     .fields = request->problem_fields,
                     .field_count = request->problem_field_count};
}
