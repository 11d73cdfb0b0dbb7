#include "web/http/exchange/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/url.h"
#include "web/access/access.h"
#include "web/http/message/field.h"

static const HttpOptions *options_of(const Request *request)
{
    return loop_shared(request->loop)->options;
}

/* --- what handlers see --- */

void *request_app(const Request *request)
{
    return options_of(request)->app;
}

const char *request_id(const Request *request)
{
    return request->id;
}

HttpMethod request_method(const Request *request)
{
    return (HttpMethod)request->method;
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

bool request_has_etag(const Request *request, const char *etag)
{
    Conditions conditions = {.reading = true,
                             .if_none_match = request_header(request, "If-None-Match")};
    Validators validators = {.etag = etag};
    return conditional_evaluate(&conditions, &validators) == CONDITION_NOT_MODIFIED;
}

bool request_query_is(const Request *request, const char *name, const char *value)
{
    size_t name_length = strlen(name), value_length = strlen(value);
    const char *query = strchr(request->target, '?');
    while (query && *query) {
        query++;
        size_t length = strcspn(query, "&");
        if (length == name_length + 1 + value_length && memcmp(query, name, name_length) == 0 &&
            query[name_length] == '=' && memcmp(query + name_length + 1, value, value_length) == 0)
            return true;
        query += length;
    }
    return false;
}

const json_t *request_json(const Request *request)
{
    return request->json;
}

uint64_t request_length(const Request *request)
{
    return request->framing.length;
}

const char *request_path(const Request *request)
{
    static _Thread_local char path[256];
    size_t length = strcspn(request->target, "?");
    snprintf(path, sizeof path, "%.*s", (int)MIN_OF(length, sizeof path - 1), request->target);
    return path;
}

bool request_peer_gone(const Request *request)
{
    char byte;
    ssize_t got = recv(request->socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* --- on workers --- */

static void run_handler(Work *work);
static void run_open(Work *work);
static void run_feed(Work *work);
static void run_finish(Work *work);
static void run_close(Work *work);
static void run_resolve(Work *work);

static Workers *workers_for(const Request *request)
{
    const LoopShared *shared = loop_shared(request->loop);
    const Route *route = request->match.route;
    return route->form || route->work == WORK_SLOW ? shared->slow_workers : shared->workers;
}

static void dispatch(Request *request, void (*run)(Work *work))
{
    request->work.run = run;
    workers_push(workers_for(request), &request->work);
}

/* The connection sleeps until loop_ready(). */
static void hand_over(Request *request, RequestState state, void (*run)(Work *work))
{
    request->state = state;
    request->away = true;
    MHD_suspend_connection(request->connection);
    dispatch(request, run);
}

Response *request_park(Request *request, int64_t wait_ms)
{
    request->park_deadline_ms = clock_monotonic_ms() + wait_ms;
    return &response_parked;
}

bool request_expired(const Request *request)
{
    return request->expired;
}

/* Changes the park state from one value to another; false when it was another one. */
static bool park_change(Request *request, ParkState from, ParkState to)
{
    int expected = from;
    return atomic_compare_exchange_strong(&request->park, &expected, to);
}

void http_unpark(Request *request)
{
    /* The worker may move it from NONE to WAITING between two looks. */
    while (atomic_load(&request->park) != PARK_POKED) {
        if (park_change(request, PARK_WAITING, PARK_NONE)) {
            dispatch(request, run_handler);
            return;
        }
        if (park_change(request, PARK_NONE, PARK_POKED))
            return;
    }
}

void request_expire_park(Request *request)
{
    if (atomic_load(&request->park) != PARK_WAITING ||
        (clock_monotonic_ms() < request->park_deadline_ms && !loop_draining(request->loop)))
        return;
    if (park_change(request, PARK_WAITING, PARK_NONE)) {
        request->expired = true;
        dispatch(request, run_handler);
    }
}

/* An unexplained failure would leave the client without a word. */
static void require_answer(Request *request)
{
    if (!request->response && request->error.code == ERROR_NONE)
        error_set(&request->error, ERROR_INTERNAL, "The request failed without a reason.");
}

static void run_handler(Work *work)
{
    Request *request = (Request *)work;
    LOG_CONTEXT(.request_id = request->id);
    for (;;) {
        atomic_store(&request->park, PARK_NONE);
        request->response = request->match.route->handle(request, &request->error);
        if (request->response != &response_parked)
            break;
        request->response = NULL;
        if (park_change(request, PARK_NONE, PARK_WAITING))
            return; /* from here on the request may already run elsewhere */
    }
    require_answer(request);
    request->state = REQUEST_READY;
    loop_ready(request->loop, request);
}

static void run_open(Work *work)
{
    Request *request = (Request *)work;
    LOG_CONTEXT(.request_id = request->id);
    stream_open(request->stream, request, &request->error);
    request->state = REQUEST_OPENED;
    loop_ready(request->loop, request);
}

static void run_feed(Work *work)
{
    Request *request = (Request *)work;
    LOG_CONTEXT(.request_id = request->id);
    if (!stream_feed(request->stream, &request->error))
        stream_close(request->stream);
    request->state = REQUEST_FED;
    loop_ready(request->loop, request);
}

static void run_finish(Work *work)
{
    Request *request = (Request *)work;
    LOG_CONTEXT(.request_id = request->id);
    request->response = stream_finish(request->stream, request, &request->error);
    stream_close(request->stream);
    require_answer(request);
    request->state = REQUEST_READY;
    loop_ready(request->loop, request);
}

static void run_resolve(Work *work)
{
    Request *request = (Request *)work;
    LOG_CONTEXT(.request_id = request->id);
    const char *path = request->match.params[0];
    ServedFile file = {.fd = -1};
    if (request->match.route->resolve(request_app(request), path, &file, &request->error))
        request->media = media_file_load(path, &file, &request->error);
    request->state = REQUEST_READY;
    loop_ready(request->loop, request);
}

static void request_free(Request *request)
{
    if (request->media)
        media_file_release(request->media);
    response_free(request->response);
    stream_free(request->stream);
    buffer_release(&request->text);
    json_decref(request->json);
    free(request->target);
    free(request);
}

static void run_close(Work *work)
{
    Request *request = (Request *)work;
    LOG_CONTEXT(.request_id = request->id);
    stream_close(request->stream);
    request_free(request);
}

/* --- on the loop --- */

void *request_on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    Request *request = NEW(Request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->loop = cls;
    request->connection = connection;
    request->socket = info->socket_context;
    request->socket->request = request;
    request->target = base_strdup(target);
    request->started_ms = clock_monotonic_ms();
    request->text = BUFFER(HTTP_SMALL_BODY_MAX);
    id_request(request->id);
    return request;
}

/* An answer for the bare socket; HEAD gets none of its content. Owned by the caller. */
static char *wire_answer(Request *request)
{
    request->status = error_http_status(request->error.code);
    char *answer = response_problem_wire(&request->error, request->id, request_path(request),
                                         request->allowed);
    if (request->method == HTTP_HEAD)
        strstr(answer, "\r\n\r\n")[4] = '\0';
    return answer;
}

/* Ends a request whose body would still come: answers on the socket itself, which lingers after
 * libmicrohttpd has let go. */
static enum MHD_Result refuse(Request *request)
{
    _cleanup_free_ char *answer = wire_answer(request);
    int fd = dup(request->socket->fd);
    if (fd >= 0)
        loop_linger(request->loop, fd, answer);
    return MHD_NO;
}

void request_cut_slow(Request *request)
{
    error_set(&request->error, ERROR_TIMEOUT,
              "The content came slower than %d bytes a second and was not waited for.",
              HTTP_BODY_RATE_MIN);
    _cleanup_free_ char *answer = wire_answer(request);
    if (send(request->socket->fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_debug("The client cut for its slowness could not be told.");
    shutdown(request->socket->fd, SHUT_RDWR);
}

static enum MHD_Result queue_answer(Request *request)
{
    if (!request->response)
        request->response =
            response_problem(&request->error, request->id, request_path(request), request->allowed);
    Response *response = request->response;
    request->status = response->status;
    MHD_add_response_header(response->body, "X-Request-Id", request->id);
    return MHD_queue_response(request->connection, (unsigned)response->status, response->body);
}

typedef struct FieldList {
    HeaderField fields[HTTP_HEADER_COUNT_MAX + 1];
    size_t count;
} FieldList;

static enum MHD_Result collect_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                     size_t name_length, const char *value, size_t value_length)
{
    FieldList *list = cls;
    (void)kind;
    if (list->count == ARRAY_SIZE(list->fields))
        return MHD_NO;
    list->fields[list->count++] = (HeaderField){name, name_length, value, value_length};
    return MHD_YES;
}

static bool check_framing(Request *request, const char *version)
{
    FieldList list; /* not cleared: this is the way of every request */
    list.count = 0;
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, collect_field, &list);
    return framing_check(version, list.fields, list.count, &request->framing, &request->error);
}

static bool check_route(Request *request, const char *method)
{
    request->method = router_method(method);
    if (request->method == 0) {
        request->allowed = HTTP_GET | HTTP_HEAD | HTTP_POST;
        return error_set(&request->error, ERROR_METHOD, "That method is not known here.");
    }
    return router_match(options_of(request)->tables, request->method, request->target,
                        &request->match, &request->allowed, &request->error);
}

static bool check_json_body(Request *request)
{
    const char *type = request_header(request, "Content-Type");
    if (!type || !field_is(type, "application/json"))
        return error_set(&request->error, ERROR_MEDIA_TYPE, "This address takes application/json.");
    if (!request->framing.chunked && request->framing.length > HTTP_SMALL_BODY_MAX)
        return error_set(&request->error, ERROR_TOO_LARGE, "The request is larger than %d bytes.",
                         HTTP_SMALL_BODY_MAX);
    return true;
}

static bool check_stream_body(Request *request, uint64_t limit)
{
    const Route *route = request->match.route;
    if (!request->framing.chunked && request_header(request, "Content-Length") == NULL)
        return error_set(&request->error, ERROR_LENGTH_REQUIRED, "Content-Length is missing.");
    if (!request->framing.chunked && request->framing.length > limit)
        return error_set(&request->error, ERROR_TOO_LARGE,
                         "The file is too large: at most %llu MB are accepted.",
                         (unsigned long long)(limit / MIB));
    request->stream =
        stream_new(route->form, request_header(request, "Content-Type"), limit, &request->error);
    return request->stream != NULL;
}

static bool check_body(Request *request)
{
    switch (request->match.route->body) {
    case BODY_NONE:
        return !request->framing.has_body ||
               error_set(&request->error, ERROR_TOO_LARGE, "This address takes no content.");
    case BODY_JSON:
        return check_json_body(request);
    case BODY_UPLOAD:
        return check_stream_body(request, options_of(request)->upload_limit);
    case BODY_DELIVERY:
        return check_stream_body(request, options_of(request)->delivery_limit);
    case BODY_UNSET:
        break;
    }
    UNREACHABLE();
}

static bool check_access(Request *request)
{
    if (request->match.route->access == ACCESS_PUBLIC)
        return true;
    const HttpOptions *options = options_of(request);
    return access_check_bearer(request_header(request, "Authorization"), options->token,
                               options->token_previous, &request->error);
}

static bool check_load(Request *request)
{
    if (workers_waiting(workers_for(request)) < HTTP_WORK_QUEUE_MAX)
        return true;
    return error_set(&request->error, ERROR_UNAVAILABLE, "The server is busy; try again shortly.");
}

/* The first call: everything is decided before a byte of the body is taken. */
static enum MHD_Result on_header(Request *request, const char *method, const char *version)
{
    if (!check_framing(request, version))
        return refuse(request);
    bool good = check_route(request, method) && check_access(request) && check_body(request) &&
                check_load(request);
    if (!good && (request->framing.has_body || request->method == 0))
        return refuse(request);
    if (good && request->stream)
        hand_over(request, REQUEST_OPENING, run_open);
    else
        request->state = good ? REQUEST_BODY : REQUEST_READY;
    return MHD_YES;
}

/* Media is answered from the loop's cache; only a file not seen yet costs a worker. */
static enum MHD_Result answer_media(Request *request)
{
    MediaCache *cache = loop_cache(request->loop);
    MediaFile *file = media_cache_find(cache, request->match.params[0]);
    if (!file) {
        request->forget_generation = loop_forget_generation(request->loop);
        hand_over(request, REQUEST_WORKING, run_resolve);
        return MHD_YES;
    }
    request->response = media_file_answer(file, request);
    return queue_answer(request);
}

static enum MHD_Result on_ready(Request *request)
{
    if (request->media) {
        bool unchanged = request->forget_generation == loop_forget_generation(request->loop);
        MediaFile *file = request->media;
        if (unchanged)
            file = media_cache_put(loop_cache(request->loop), TAKE_PTR(request->media));
        request->response = media_file_answer(file, request);
    }
    return queue_answer(request);
}

static enum MHD_Result on_end(Request *request)
{
    const Route *route = request->match.route;
    if (request->stream) {
        hand_over(request, REQUEST_WORKING, run_finish);
        return MHD_YES;
    }
    if (route->resolve)
        return answer_media(request);
    if (route->body == BODY_JSON) {
        request->json = json_parse_object(request->text.data ? request->text.data : "",
                                          request->text.length, &request->error);
        if (!request->json)
            return queue_answer(request);
    }
    if (route->work == WORK_ON_LOOP) {
        request->response = route->handle(request, &request->error);
        require_answer(request);
        return queue_answer(request);
    }
    hand_over(request, REQUEST_WORKING, run_handler);
    return MHD_YES;
}

static enum MHD_Result on_data(Request *request, const char *data, size_t *size)
{
    size_t taken = *size;
    bool good = request->stream
                    ? stream_fill(request->stream, data, *size, &taken, &request->error)
                    : buffer_append(&request->text, data, *size) ||
                          error_set(&request->error, ERROR_TOO_LARGE,
                                    "The request is larger than %d bytes.", HTTP_SMALL_BODY_MAX);
    if (!good)
        return refuse(request);
    *size -= taken;
    request->received += taken;
    request->socket->window_bytes += taken;
    if (request->stream && stream_full(request->stream))
        hand_over(request, REQUEST_FEEDING, run_feed);
    return MHD_YES;
}

enum MHD_Result request_on_call(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **pointer)
{
    Request *request = *pointer;
    (void)cls, (void)connection, (void)url;
    switch (request->state) {
    case REQUEST_NEW:
        return on_header(request, method, version);
    case REQUEST_OPENED:
        if (request->error.code != ERROR_NONE)
            return refuse(request);
        request->state = REQUEST_BODY;
        return MHD_YES;
    case REQUEST_FED:
        if (request->error.code != ERROR_NONE)
            return *size > 0 ? refuse(request) : queue_answer(request);
        request->state = REQUEST_BODY;
        /* fall through */
    case REQUEST_BODY:
        return *size > 0 ? on_data(request, data, size) : on_end(request);
    case REQUEST_READY:
        return on_ready(request);
    case REQUEST_OPENING:
    case REQUEST_FEEDING:
    case REQUEST_WORKING:
        break;
    }
    UNREACHABLE();
}

/* Media hits are too many to log each; whatever else happens is one line. */
static void log_request(const Request *request, bool cut)
{
    LOG_CONTEXT(.request_id = request->id);
    bool routine = request->match.route && request->match.route->resolve && request->status < 400;
    if (routine && !log_enabled(LOG_DEBUG))
        return;
    log_write(routine ? LOG_DEBUG : LOG_INFO, "%s %s %d in %lld ms, %llu bytes received%s",
              router_method_name(request->method), request_path(request), request->status,
              (long long)(clock_monotonic_ms() - request->started_ms),
              (unsigned long long)request->received, cut ? ", cut off" : "");
}

void request_on_completed(void *cls, struct MHD_Connection *connection, void **pointer,
                          enum MHD_RequestTerminationCode code)
{
    Request *request = TAKE_PTR(*pointer);
    (void)cls, (void)connection;
    if (!request)
        return;
    log_request(request, code != MHD_REQUEST_TERMINATED_COMPLETED_OK && request->status == 0);
    request->socket->request = NULL;
    request->socket->quiet_since_ms = clock_monotonic_ms();
    if (loop_draining(request->loop))
        shutdown(request->socket->fd, SHUT_RD);
    if (stream_is_open(request->stream))
        dispatch(request, run_close);
    else
        request_free(request);
}
