#include "web/http/exchange/exchange.h"

#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/http/exchange/admission.h"
#include "web/http/exchange/memory.h"
#include "web/http/exchange/pace.h"

#define STEPS_MAX 16 /* of one connection, before others have their turn */

static void exchange_go_on(Connection *connection, Step step);

/* --- between the loop and the workers --- */

static void exchange_dispatch(Request *request, WorkPool pool, void (*run)(void *object))
{
    request->work.run = run;
    workers_push(request_shared(request)->pools[pool], &request->work);
}

/* The body's block goes to who has waited for longest. */
static void exchange_return_block(Request *request)
{
    if (!request->body)
        return;
    Request *next = blocks_take_back(exchange_memory(request->loop)->blocks, request);
    if (next) {
        next->connection->phase = CONNECTION_BODY;
        pace_restart(next->connection);
        loop_schedule(next->connection->socket);
    }
}

/* The connection is left alone until exchange_give_back(). */
static Step exchange_hand_over(Request *request, WorkPool pool, void (*run)(void *object),
                               Step (*then)(Request *request))
{
    request->then = then;
    request->connection->phase = CONNECTION_AWAY;
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    exchange_dispatch(request, pool, run);
    return STEP_WAIT;
}

static void exchange_resume(Loop *loop, void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    Connection *connection = request->connection;
    (void)loop;
    exchange_return_block(request);
    pace_restart(connection);
    exchange_go_on(connection, request->then(request)); /* of which the request may be no more */
}

static void exchange_give_back(Request *request)
{
    request->message.deliver = exchange_resume;
    loop_post(request->loop, &request->message);
}

/* An unexplained failure would leave the client without a word. */
static void exchange_require_answer(Request *request)
{
    if (!request->response && request->error.code == ERROR_NONE)
        error_set(&request->error, ERROR_INTERNAL, "The request failed without a reason.");
}

/* Changes the park state from one value to another; false when it was another one. */
static bool exchange_park_change(Request *request, ParkState from, ParkState to)
{
    int expected = from;
    return atomic_compare_exchange_strong(&request->park, &expected, to);
}

static void exchange_run_handler(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    for (;;) {
        atomic_store(&request->park, PARK_NONE);
        request->response = request->match.route->handle(request, &request->error);
        if (request->response != &response_parked)
            break;
        request->response = NULL;
        if (exchange_park_change(request, PARK_NONE, PARK_WAITING))
            return; /* from here on the request may already run elsewhere */
    }
    exchange_require_answer(request);
    exchange_give_back(request);
}

static void exchange_run_open(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    if (!body_open(request->body, request, &request->error))
        exchange_require_answer(request);
    exchange_give_back(request);
}

static void exchange_run_feed(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    if (!body_flush(request->body, &request->error)) {
        exchange_require_answer(request);
        body_close(request->body);
    }
    exchange_give_back(request);
}

static void exchange_run_finish(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    request->response = body_finish(request->body, request, &request->error);
    body_close(request->body);
    exchange_require_answer(request);
    exchange_give_back(request);
}

static void exchange_run_resolve(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    const char *path = request->match.params[0];
    ServedFile file = {0};
    if (request->match.route->resolve(request_app(request), path, &file, &request->error))
        request->media = media_file_load(path, &file, &request->error);
    exchange_give_back(request);
}

static void exchange_run_read(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    const Response *response = request->response;
    pages_read(response->pages, response->first + request->connection->sent);
    exchange_give_back(request);
}

static void exchange_run_close(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    body_close(request->body);
    request_free(request);
}

/* --- parking --- */

Response *request_park(Request *request, int64_t wait_ms)
{
    atomic_store(&request->park_deadline_ms, clock_monotonic_ms() + wait_ms);
    return &response_parked;
}

void http_unpark(Request *request)
{
    REQUIRE(request->magic == REQUEST_MAGIC); /* the caller kept it behind a void pointer */
    /* The worker may move it from NONE to WAITING between two looks. */
    while (atomic_load(&request->park) != PARK_POKED) {
        if (exchange_park_change(request, PARK_WAITING, PARK_NONE)) {
            exchange_dispatch(request, request->match.route->pool, exchange_run_handler);
            return;
        }
        if (exchange_park_change(request, PARK_NONE, PARK_POKED))
            return;
    }
}

/* Runs the handler of a parked request whose wait is over. */
static void exchange_expire_park(Request *request, int64_t now_ms)
{
    if (atomic_load(&request->park) != PARK_WAITING ||
        (now_ms < atomic_load(&request->park_deadline_ms) && !loop_draining(request->loop)))
        return;
    if (exchange_park_change(request, PARK_WAITING, PARK_NONE)) {
        request->expired = true;
        exchange_dispatch(request, request->match.route->pool, exchange_run_handler);
    }
}

/* --- the end of a request --- */

/* Media hits are too many to log each, and so is what comes too often: whoever refuses it tells how
 * much there was. Whatever else happens is one line. A failure of ours is an error, with its
 * reason. */
static void exchange_log(const Request *request, bool cut)
{
    const Route *route = request->match.route;
    const Error *error = &request->error;
    bool routine = (route && route->resolve && request->status < 400) || request->status == 429;
    bool failed = request->status >= 500;
    LogLevel level = failed ? LOG_ERROR : routine ? LOG_DEBUG : LOG_INFO;
    LOG_CONTEXT(.request_id = request->id);
    if (routine && !log_enabled(LOG_DEBUG))
        return;
    char reason[sizeof error->detail + sizeof error->file + 64] = "";
    if (failed)
        snprintf(reason, sizeof reason, ": %s: %s%s%s", error_word(error->code), error->detail,
                 *error->file ? " File: " : "", error->file);
    log_write(level, "%s %s %d in %lld ms, %llu bytes received%s (%s)%s",
              router_method_name(request->method), request_path(request), request->status,
              (long long)(clock_monotonic_ms() - request->started_ms),
              (unsigned long long)request->received, cut ? ", cut off" : "",
              route ? route->name : "no route", reason);
}

/* The request is over; a sink that is still open is closed by a worker. */
static void exchange_end(Request *request, bool cut)
{
    const HttpOptions *options = request_shared(request)->options;
    exchange_log(request, cut);
    if (options->ended)
        options->ended(&(RequestOutcome){.route = request->match.route,
                                         .status = request->status,
                                         .received = request->received,
                                         .sent = request->sent,
                                         .cache = request->cache});
    request->connection->request = NULL;
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    exchange_return_block(request);
    if (body_is_open(request->body))
        exchange_dispatch(request, request->match.route->pool, exchange_run_close);
    else
        request_free(request);
}

static void exchange_close(Connection *connection)
{
    Socket *socket = connection->socket;
    if (connection->request)
        exchange_end(connection->request, connection->request->status == 0);
    if (connection->phase == CONNECTION_LINGER)
        exchange_memory(socket->loop)->lingering--;
    connection_free(connection);
    loop_close(socket);
}

/* The client still sends, or may. Closing now would reset the connection and could destroy the
 * answer before it is read, so the rest is read for a bounded time and length (RFC 9112 §9.6). */
static Step exchange_linger(Connection *connection)
{
    ExchangeMemory *memory = exchange_memory(connection->socket->loop);
    if (shutdown(connection->socket->fd, SHUT_WR) < 0 || memory->lingering == HTTP_LINGERERS_MAX)
        return STEP_CLOSE;
    memory->lingering++;
    connection->phase = CONNECTION_LINGER;
    connection->linger_until_ms =
        loop_now_ms(connection->socket->loop) + HTTP_LINGER_SECONDS * 1000;
    return STEP_AGAIN;
}

static Step exchange_drain(Connection *connection)
{
    ExchangeMemory *memory = exchange_memory(connection->socket->loop);
    size_t got;
    ConnectionIn in = connection_read(connection, memory->scratch, sizeof memory->scratch, &got);
    if (in != IN_BYTES)
        return in == IN_WAIT ? STEP_WAIT : STEP_CLOSE;
    connection->drained += got;
    return connection->drained > HTTP_LINGER_BYTES ? STEP_CLOSE : STEP_AGAIN;
}

/* --- answers --- */

static Step exchange_after_read(Request *request)
{
    request->connection->phase = CONNECTION_ANSWER;
    request->connection->unlooked = true;
    return STEP_AGAIN;
}

static Step exchange_after_answer(Connection *connection)
{
    Request *request = connection->request;
    bool last = request->last, refused = request->status >= 400;
    exchange_end(request, false);
    loop_set_idle(connection->socket, loop_now_ms(connection->socket->loop));
    connection_reset(connection);
    if (!last && !loop_draining(connection->socket->loop))
        return STEP_AGAIN;
    return refused || connection->input_length > 0 ? exchange_linger(connection) : STEP_CLOSE;
}

static Step exchange_send(Connection *connection)
{
    Request *request = connection->request;
    Response *response = request->response;
    Delivery delivery = {.request_id = request->id,
                         .now_ms = clock_wall_ms(),
                         .close = request->last,
                         .keep = !request->last && streq(request->head.version, "HTTP/1.0")};
    bool content = request->method != HTTP_HEAD && response->status != 304;
    ConnectionOut out = connection_send(connection, response, &delivery, content);
    response->lent = NULL;
    switch (out) {
    case OUT_DONE:
        return exchange_after_answer(connection);
    case OUT_MORE:
        return STEP_YIELD;
    case OUT_WAIT:
        return STEP_WAIT;
    case OUT_COLD:
        return exchange_hand_over(request, POOL_PAGES, exchange_run_read, exchange_after_read);
    case OUT_BROKEN:
        return STEP_CLOSE;
    }
    UNREACHABLE();
}

/* Sends the request's response, or else its error. */
static Step exchange_answer(Request *request)
{
    exchange_require_answer(request);
    if (!request->response) {
        Problem problem = request_problem(request);
        request->response = response_problem(&problem);
    }
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    exchange_return_block(request);
    Response *response = request->response;
    bool refused = response->status >= 400 && response->status < 500;
    request->status = response->status;
    request->sent = request->method == HTTP_HEAD || response->status == 304 ? 0 : response->length;
    /* Where a body was refused its sender may see another end of it. */
    request->last = request->last || !request->framing.persistent || !request_is_whole(request) ||
                    (request->framing.has_body && refused) || loop_draining(request->loop);
    request->connection->phase = CONNECTION_ANSWER;
    return exchange_send(request->connection);
}

/* Answers with the error before the request has come to its end, and closes. */
static Step exchange_refuse(Request *request)
{
    request->last = true;
    return exchange_answer(request);
}

/* The file's audience is asked for at every answer, whether it comes from the cache or not. */
static Step exchange_answer_file(Request *request, MediaFile *file)
{
    if (request_may_read(request, media_file_audience(file), &request->error)) {
        FileAsk ask = request_file_ask(request);
        request->response = media_file_answer(file, &ask);
    }
    return exchange_answer(request);
}

/* A file that was forgotten while it was being loaded is sent to who asked and not kept. */
static Step exchange_after_load(Request *request)
{
    ExchangeMemory *memory = exchange_memory(request->loop);
    MediaFile *file = request->media;
    if (file && request->forget_generation == memory->forget_generation)
        file = media_cache_put(memory->cache, TAKE_PTR(request->media));
    return file ? exchange_answer_file(request, file) : exchange_answer(request);
}

/* --- the body and what comes after it --- */

static bool exchange_check_load(Request *request, WorkPool pool)
{
    Workers *workers = request_shared(request)->pools[pool];
    return !workers || workers_waiting(workers) < HTTP_WORK_QUEUE_MAX ||
           error_set(&request->error, ERROR_UNAVAILABLE, "The server is busy; try again shortly.");
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
        return exchange_answer(request);
    request->forget_generation = memory->forget_generation;
    return exchange_hand_over(request, route->pool, exchange_run_resolve, exchange_after_load);
}

static Step exchange_after_feed(Request *request)
{
    request->feeding = false;
    request->connection->phase = CONNECTION_BODY;
    body_advance(request->body);
    return request->error.code != ERROR_NONE ? exchange_answer(request) : STEP_AGAIN;
}

/* A worker takes the block; reading goes on. */
static Step exchange_feed(Request *request)
{
    request->feeding = true;
    exchange_hand_over(request, request->match.route->pool, exchange_run_feed, exchange_after_feed);
    return STEP_AGAIN;
}

/* What a worker is doing with the last block is not known, so nothing is decided here: whatever
 * ends the body is found again when that is back. Chunks may be faulty, and are left for later. */
static Step exchange_read_ahead(Connection *connection)
{
    Request *request = connection->request;
    size_t room, got;
    if (!request->feeding || request->framing.chunked || request->body_left == 0 ||
        (!connection->socket->readable && connection->input_length == 0))
        return STEP_WAIT;
    if (!body_has_ahead(request->body) &&
        !blocks_lend_ahead(exchange_memory(request->loop)->blocks, request))
        return STEP_WAIT;
    char *into = body_ahead_room(request->body, &room);
    room = (size_t)MIN_OF((uint64_t)room, request->body_left);
    if (room == 0 || connection_read(connection, into, room, &got) != IN_BYTES)
        return STEP_WAIT;
    body_ahead_filled(request->body, got);
    request->body_left -= got;
    request->received += got;
    connection->window_bytes += got;
    return STEP_AGAIN;
}

static Step exchange_on_whole(Request *request)
{
    const Route *route = request->match.route;
    if (request->body && body_has_block(request->body) && route->finish_pool != POOL_UNSET)
        /* That pool may take minutes: the block does not wait there. */
        return exchange_feed(request);
    if (request->body) {
        WorkPool pool = route->finish_pool != POOL_UNSET ? route->finish_pool : route->pool;
        return exchange_hand_over(request, pool, exchange_run_finish, exchange_answer);
    }
    if (route->resolve)
        return exchange_find_file(request);
    if (route->body == BODY_JSON) {
        request->json = json_parse_object(request->text.data ? request->text.data : "",
                                          request->text.length, &request->error);
        if (!request->json)
            return exchange_answer(request);
    }
    if (route->pool == POOL_LOOP) {
        request->response = route->handle(request, &request->error);
        return exchange_answer(request);
    }
    return exchange_hand_over(request, route->pool, exchange_run_handler, exchange_answer);
}

/* Reads some of the body and says how much of it is content; what is behind its end is put back. */
static ConnectionIn exchange_receive(Request *request, char *into, size_t room, size_t *content)
{
    Connection *connection = request->connection;
    size_t got, used;
    if (!request->framing.chunked)
        room = (size_t)MIN_OF((uint64_t)room, request->body_left);
    ConnectionIn in = connection_read(connection, into, room, &got);
    if (in != IN_BYTES)
        return in;
    used = *content = got;
    if (!request->framing.chunked)
        request->body_left -= got;
    else if (!chunked_decode(&request->chunked, into, got, &used, content, &request->error))
        return IN_BYTES;
    if (!connection_put_back(connection, into + used, got - used))
        error_set(&request->error, ERROR_UNAVAILABLE, "The server is busy; try again shortly.");
    request->received += *content;
    connection->window_bytes += *content;
    return IN_BYTES;
}

static Step exchange_collect_text(Request *request)
{
    ExchangeMemory *memory = exchange_memory(request->loop);
    size_t content;
    ConnectionIn in = exchange_receive(request, memory->scratch, sizeof memory->scratch, &content);
    if (in != IN_BYTES)
        return in == IN_WAIT ? STEP_WAIT : STEP_CLOSE;
    if (request->error.code == ERROR_NONE &&
        !buffer_append(&request->text, memory->scratch, content))
        error_set(&request->error, ERROR_TOO_LARGE, "The request is larger than %d bytes.",
                  HTTP_SMALL_BODY_MAX);
    return request->error.code == ERROR_NONE ? STEP_AGAIN : exchange_refuse(request);
}

/* The connection sleeps until exchange_return_block() of another one. Whoever keeps a block hands
 * its bytes on; those that workers have come back by themselves. */
static Step exchange_await_block(Request *request)
{
    Request *keeper = blocks_longest_keeper(exchange_memory(request->loop)->blocks);
    request->connection->phase = CONNECTION_AWAY;
    if (keeper)
        exchange_feed(keeper);
    return STEP_WAIT;
}

static Step exchange_collect_block(Request *request)
{
    Blocks *blocks = exchange_memory(request->loop)->blocks;
    Connection *connection = request->connection;
    bool lent = body_has_block(request->body), begun = lent && !body_empty(request->body);
    size_t room, content;
    if (begun && (body_full(request->body) || blocks_wanted(blocks)))
        return exchange_feed(request);
    if (begun)
        blocks_keep(blocks, request);
    if (!connection->socket->readable && connection->input_length == 0) {
        if (!begun)
            exchange_return_block(request);
        return STEP_WAIT;
    }
    if (!lent && !blocks_lend(blocks, request))
        return exchange_await_block(request);
    char *into = body_room(request->body, &room);
    ConnectionIn in = exchange_receive(request, into, room, &content);
    if (in == IN_END)
        return STEP_CLOSE;
    if (in == IN_BYTES && request->error.code == ERROR_NONE)
        IGNORE_RESULT(body_filled(request->body, content, &request->error));
    if (request->error.code != ERROR_NONE)
        return exchange_refuse(request);
    if (body_empty(request->body)) {
        blocks_leave(blocks, request);
        exchange_return_block(request);
    }
    return STEP_AGAIN;
}

static Step exchange_read_body(Connection *connection)
{
    Request *request = connection->request;
    if (request_is_whole(request))
        return exchange_on_whole(request);
    return request->body ? exchange_collect_block(request) : exchange_collect_text(request);
}

/* --- the head --- */

static Step exchange_begin_body(Request *request)
{
    const char *expected = request_header(request, "Expect");
    request->connection->phase = CONNECTION_BODY;
    if (expected && strcasecmp(expected, "100-continue") == 0 && request->framing.has_body &&
        request->connection->input_length == 0 && streq(request->head.version, "HTTP/1.1"))
        connection_say_continue(request->connection);
    return STEP_AGAIN;
}

static Step exchange_after_open(Request *request)
{
    return request->error.code != ERROR_NONE ? exchange_answer(request)
                                             : exchange_begin_body(request);
}

static Step exchange_on_head(Request *request)
{
    request->method = router_method(request->head.method);
    if (!admission_check_framing(request))
        return exchange_refuse(request);
    if (!admission_check(request) || (!request->match.route->resolve &&
                                      !exchange_check_load(request, request->match.route->pool)))
        return request->method == 0 ? exchange_refuse(request) : exchange_answer(request);
    if (request->body)
        return exchange_hand_over(request, request->match.route->pool, exchange_run_open,
                                  exchange_after_open);
    return exchange_begin_body(request);
}

/* There will be no request: answers what has come of it. */
static Step exchange_refuse_head(Connection *connection, ErrorCode code, const char *sentence)
{
    Request *request;
    loop_set_busy(connection->socket);
    if (!request_new(connection, NULL, NULL, &request))
        error_set(&request->error, code, "%s", sentence);
    return exchange_refuse(request);
}

static Step exchange_take_head(Connection *connection, const char *bytes, size_t length)
{
    HeadScan scan = connection->scan;
    Request *request;
    connection->scan = (HeadScan){0};
    connection->head_since_ms = 0;
    if (!connection_put_back(connection, bytes + scan.size, length - scan.size))
        return exchange_refuse_head(connection, ERROR_UNAVAILABLE,
                                    "The server is busy; try again shortly.");
    loop_set_busy(connection->socket);
    return request_new(connection, bytes, &scan, &request) ? exchange_on_head(request)
                                                           : exchange_refuse(request);
}

static Step exchange_read_head(Connection *connection)
{
    char *bytes = exchange_memory(connection->socket->loop)->scratch;
    size_t length = 0, got;
    for (;;) {
        size_t wanted = MIN_OF(MAX_OF(connection->input_length, (size_t)HTTP_HEAD_READ),
                               sizeof exchange_memory(connection->socket->loop)->scratch - length);
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
    switch (connection->phase) {
    case CONNECTION_HEAD:
        return exchange_read_head(connection);
    case CONNECTION_BODY:
        return exchange_read_body(connection);
    case CONNECTION_AWAY:
        return exchange_read_ahead(connection);
    case CONNECTION_ANSWER:
        return connection->socket->writable ? exchange_send(connection) : STEP_WAIT;
    case CONNECTION_LINGER:
        return exchange_drain(connection);
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
        exchange_close(connection);
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
            exchange_expire_park(connection->request, now_ms);
        return;
    case PACE_SILENT:
        exchange_close(connection);
        return;
    case PACE_SLOW:
        exchange_go_on(connection, exchange_refuse(connection->request));
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
