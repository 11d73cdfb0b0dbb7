#include "web/http/exchange/exchange.h"

#include "common/base/log.h"
#include "web/http/exchange/admission.h"
#include "web/http/exchange/answer.h"
#include "web/http/exchange/errand.h"
#include "web/http/exchange/intake.h"
#include "web/http/exchange/memory.h"
#include "web/http/exchange/pace.h"

#define STEPS_MAX 16 /* of one connection, before others have their turn */

static bool exchange_check_load(Request *request, WorkPool pool)
{
    Workers *workers = request_shared(request)->pools[pool];
    return !workers || workers_waiting(workers) < HTTP_WORK_QUEUE_MAX ||
           error_set(&request->error, ERROR_UNAVAILABLE, "The server is busy; try again shortly.");
}

/* --- files --- */

/* The file's audience is asked for at every answer, whether it comes from the cache or not. */
static Step exchange_answer_file(Request *request, MediaFile *file)
{
    if (request_may_read(request, media_file_audience(file), &request->error)) {
        FileAsk ask = request_file_ask(request);
        request->response = media_file_answer(file, &ask);
    }
    return answer_begin(request);
}

static void exchange_run_resolve(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    const char *path = request->match.params[0];
    ServedFile file = {0};
    if (request->match.route->resolve(request_app(request), path, &file, &request->error))
        request->media = media_file_load(path, &file, &request->error);
    errand_done(request);
}

/* A file that was forgotten while it was being loaded is sent to who asked and not kept. */
static Step exchange_after_load(Request *request)
{
    ExchangeMemory *memory = exchange_memory(request->loop);
    MediaFile *file = request->media;
    if (file && request->forget_generation == memory->forget_generation)
        file = media_cache_put(memory->cache, TAKE_PTR(request->media));
    return file ? exchange_answer_file(request, file) : answer_begin(request);
}

/* Media is answered from the loop's cache; only a file not seen yet costs a worker. */
static Step exchange_find_file(Request *request)
{
    const Route *route = request->match.route;
    ExchangeMemory *memory = exchange_memory(request->loop);
    MediaFile *file = media_cache_find(memory->cache, request->match.params[0]);
    request->cache = file ? CACHE_HIT : CACHE_MISS;
    if (file)
        return exchange_answer_file(request, file);
    if (!exchange_check_load(request, route->pool))
        return answer_begin(request);
    request->forget_generation = memory->forget_generation;
    return errand_begin(request, route->pool, exchange_run_resolve, exchange_after_load);
}

/* --- a request that is whole --- */

static void exchange_run_finish(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    request->response = body_finish(request->body, request, &request->error);
    body_close(request->body);
    errand_require_answer(request);
    errand_done(request);
}

static Step exchange_on_whole(Request *request)
{
    const Route *route = request->match.route;
    if (request->body && body_has_block(request->body) && route->finish_pool != POOL_UNSET)
        /* That pool may take minutes: the block does not wait there. */
        return intake_feed(request);
    if (request->body) {
        WorkPool pool = route->finish_pool != POOL_UNSET ? route->finish_pool : route->pool;
        return errand_begin(request, pool, exchange_run_finish, answer_begin);
    }
    if (route->resolve)
        return exchange_find_file(request);
    if (route->body == BODY_JSON) {
        request->json = json_parse_object(request->text.data ? request->text.data : "",
                                          request->text.length, &request->error);
        if (!request->json)
            return answer_begin(request);
    }
    if (route->pool == POOL_LOOP) {
        request->response = route->handle(request, &request->error);
        return answer_begin(request);
    }
    return errand_handle(request, answer_begin);
}

/* --- the head --- */

static Step exchange_begin_body(Request *request)
{
    const char *expected = request_header(request, "Expect");
    request->connection->phase = CONNECTION_BODY;
    pace_restart(request->connection);
    if (expected && strcasecmp(expected, "100-continue") == 0 && request->framing.has_body &&
        request->connection->input_length == 0 && !streq(request->head.version, "HTTP/1.0"))
        connection_say_continue(request->connection);
    return STEP_AGAIN;
}

static void exchange_run_open(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    if (!body_open(request->body, request, &request->error))
        errand_require_answer(request);
    errand_done(request);
}

static Step exchange_after_open(Request *request)
{
    return request->error.code != ERROR_NONE ? answer_begin(request) : exchange_begin_body(request);
}

static Step exchange_on_head(Request *request)
{
    if (!admission_check(request) || (!request->match.route->resolve &&
                                      !exchange_check_load(request, request->match.route->pool)))
        return answer_begin(request);
    if (request->body)
        return errand_begin(request, request->match.route->pool, exchange_run_open,
                            exchange_after_open);
    return exchange_begin_body(request);
}

/* There will be no request: answers what has come of it. */
static Step exchange_refuse_head(Connection *connection, ErrorCode code, const char *sentence)
{
    Request *request = request_new(connection);
    loop_set_busy(connection->socket);
    error_set(&request->error, code, "%s", sentence);
    return answer_refuse(request);
}

static Step exchange_take_head(Connection *connection, const char *bytes, size_t length)
{
    HeadScan scan = connection->scan;
    connection->scan = (HeadScan){0};
    connection->head_since_ms = 0;
    if (!connection_put_back(connection, bytes + scan.size, length - scan.size))
        return exchange_refuse_head(connection, ERROR_UNAVAILABLE,
                                    "The server is busy; try again shortly.");
    Request *request = request_new(connection);
    loop_set_busy(connection->socket);
    return request_take_head(request, bytes, &scan) ? exchange_on_head(request)
                                                    : answer_refuse(request);
}

static Step exchange_read_head(Connection *connection)
{
    ExchangeMemory *memory = exchange_memory(connection->socket->loop);
    char *bytes = memory->scratch;
    size_t length = 0, got;
    for (;;) {
        size_t wanted = MIN_OF(MAX_OF(connection->input_length, (size_t)HTTP_HEAD_READ),
                               sizeof memory->scratch - length);
        ConnectionIn in = connection_read(connection, bytes + length, wanted, &got);
        if (in == IN_END)
            return STEP_CLOSE;
        if (in == IN_WAIT)
            break;
        length += got;
        HeadEnd end = head_scan(&connection->scan, bytes, length);
        if (end == HEAD_MALFORMED)
            return exchange_refuse_head(connection, ERROR_BAD_REQUEST,
                                        "That is no HTTP, or its lines do not end in CR LF.");
        if (end == HEAD_WHOLE && connection->scan.size <= HTTP_HEAD_MAX)
            return exchange_take_head(connection, bytes, length);
        if (end == HEAD_WHOLE || length >= HTTP_HEAD_MAX)
            return exchange_refuse_head(connection,
                                        connection->scan.begun ? ERROR_HEADERS : ERROR_URI_TOO_LONG,
                                        "The header of the request is too long.");
    }
    if (length > 0 && connection->head_since_ms == 0)
        connection->head_since_ms = loop_now_ms(connection->socket->loop);
    if (!connection_put_back(connection, bytes, length))
        return exchange_refuse_head(connection, ERROR_UNAVAILABLE,
                                    "The server is busy; try again shortly.");
    return STEP_WAIT;
}

/* --- the loop's hooks --- */

static Step exchange_step(Connection *connection)
{
    Request *request = connection->request;
    switch (connection->phase) {
    case CONNECTION_HEAD:
        return exchange_read_head(connection);
    case CONNECTION_BODY:
        return request_is_whole(request) ? exchange_on_whole(request) : intake_read(connection);
    case CONNECTION_AWAY:
        return intake_read_ahead(connection);
    case CONNECTION_BACK:
        return request->then(request);
    case CONNECTION_ANSWER:
        return connection->socket->writable ? answer_go_on(connection) : STEP_WAIT;
    case CONNECTION_LINGER:
        return answer_drain(connection);
    }
    UNREACHABLE();
}

static void exchange_go_on(Connection *connection, Step step)
{
    for (int i = 0; step == STEP_AGAIN; i++)
        step = i < STEPS_MAX ? exchange_step(connection) : STEP_YIELD;
    if (step == STEP_YIELD)
        loop_schedule(connection->socket);
    if (step == STEP_CLOSE)
        answer_close(connection);
}

static Connection *exchange_connection(const Socket *socket)
{
    return CAST_OBJECT(Connection, socket->connection, CONNECTION_MAGIC);
}

static void exchange_on_opened(Socket *socket)
{
    const ExchangeShared *shared =
        CAST_OBJECT(const ExchangeShared, loop_context(socket->loop), EXCHANGE_SHARED_MAGIC);
    socket->connection = connection_new(socket, &exchange_memory(socket->loop)->excess,
                                        HTTP_LONG_HEADS_MAX / shared->loops);
}

static void exchange_on_ready(Socket *socket)
{
    exchange_go_on(exchange_connection(socket), STEP_AGAIN);
}

static void exchange_on_tick(Socket *socket, int64_t now_ms)
{
    Connection *connection = exchange_connection(socket);
    switch (pace_check(connection, now_ms)) {
    case PACE_GOOD:
        if (connection->request)
            errand_expire_park(connection->request, now_ms);
        return;
    case PACE_SILENT:
        answer_close(connection);
        return;
    case PACE_SLOW:
        exchange_go_on(connection, answer_refuse(connection->request));
        return;
    }
}

const LoopHooks exchange_hooks = {
    .opened = exchange_on_opened,
    .ready = exchange_on_ready,
    .tick = exchange_on_tick,
    .memory_new = exchange_memory_new,
    .memory_free = exchange_memory_free,
};
