#include "web/http/exchange/exchange.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/http/exchange/head.h"
#include "web/http/exchange/memory.h"

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
        next->away = false;
        next->socket->window_start_ms = 0;
        MHD_resume_connection(next->connection);
    }
}

/* The connection sleeps until exchange_give_back(). */
static void exchange_hand_over(Request *request, RequestState state, WorkPool pool,
                               void (*run)(void *object))
{
    request->state = state;
    request->away = true;
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    MHD_suspend_connection(request->connection);
    exchange_dispatch(request, pool, run);
}

static void exchange_resume(Loop *loop, void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    (void)loop;
    exchange_return_block(request);
    request->away = false;
    request->socket->window_start_ms = 0;
    MHD_resume_connection(request->connection);
}

static void exchange_give_back(Request *request, RequestState state)
{
    request->state = state;
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
    exchange_give_back(request, REQUEST_READY);
}

static void exchange_run_open(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    if (!body_open(request->body, request, &request->error))
        exchange_require_answer(request);
    exchange_give_back(request, REQUEST_OPENED);
}

static void exchange_run_feed(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    if (!body_flush(request->body, &request->error)) {
        exchange_require_answer(request);
        body_close(request->body);
    }
    exchange_give_back(request, REQUEST_FED);
}

static void exchange_run_finish(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    request->response = body_finish(request->body, request, &request->error);
    body_close(request->body);
    exchange_require_answer(request);
    exchange_give_back(request, REQUEST_READY);
}

static void exchange_run_resolve(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    const char *path = request->match.params[0];
    ServedFile file = {0};
    if (request->match.route->resolve(request_app(request), path, &file, &request->error))
        request->media = media_file_load(path, &file, &request->error);
    exchange_give_back(request, REQUEST_READY);
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

/* --- answers --- */

/* The error as bytes for the bare socket; HEAD gets none of its content. Owned by the caller. */
static char *exchange_wire_answer(Request *request)
{
    Problem problem = request_problem(request);
    request->status = error_http_status(request->error.code);
    char *answer = response_problem_wire(&problem);
    if (request->method == HTTP_HEAD)
        strstr(answer, "\r\n\r\n")[4] = '\0';
    return answer;
}

/* Ends a request whose body would still come: answers on the socket itself, which lingers after
 * libmicrohttpd has let go. */
static enum MHD_Result exchange_refuse(Request *request)
{
    _cleanup_free_ char *answer = exchange_wire_answer(request);
    int fd = fcntl(request->socket->fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        loop_linger(request->loop, fd, answer);
    return MHD_NO;
}

/* Answers 408 to a body that comes too slowly, and closes. */
static void exchange_cut_slow(Request *request, uint64_t rate)
{
    error_set(&request->error, ERROR_TIMEOUT,
              "The content came slower than %llu bytes a second and was not waited for.",
              (unsigned long long)rate);
    _cleanup_free_ char *answer = exchange_wire_answer(request);
    if (send(request->socket->fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_debug("The client cut for its slowness could not be told.");
    shutdown(request->socket->fd, SHUT_RDWR);
}

static enum MHD_Result exchange_queue_answer(Request *request)
{
    exchange_require_answer(request);
    if (!request->response) {
        Problem problem = request_problem(request);
        request->response = response_problem(&problem);
    }
    Response *response = request->response;
    request->status = response->status;
    request->sent = request->method == HTTP_HEAD || response->status == 304 ? 0 : response->length;
    response_header(response, "X-Request-Id", request->id);
    if (request->framing.has_body && response->status >= 400 && response->status < 500)
        response_header(response, "Connection", "close"); /* its sender may see another end of it */
    return MHD_queue_response(request->connection, (unsigned)response->status, response->body);
}

/* The file's audience is asked for at every answer, whether it comes from the cache or not. */
static enum MHD_Result exchange_answer_file(Request *request, MediaFile *file)
{
    if (request_may_read(request, media_file_audience(file), &request->error)) {
        FileAsk ask = request_file_ask(request);
        request->response = media_file_answer(file, &ask);
    }
    return exchange_queue_answer(request);
}

/* --- the header --- */

static bool exchange_check_load(Request *request, WorkPool pool)
{
    Workers *workers = request_shared(request)->pools[pool];
    return !workers || workers_waiting(workers) < HTTP_WORK_QUEUE_MAX ||
           error_set(&request->error, ERROR_UNAVAILABLE, "The server is busy; try again shortly.");
}

static enum MHD_Result exchange_on_header(Request *request, HeadPlace *place)
{
    loop_set_busy(request->socket);
    request->method = router_method(place->method);
    if (!head_check_framing(request, place))
        return exchange_refuse(request);
    bool good = head_check(request) && (request->match.route->resolve ||
                                        exchange_check_load(request, request->match.route->pool));
    if (!good && (request->framing.has_body || request->method == 0))
        return exchange_refuse(request);
    if (good && request->body)
        exchange_hand_over(request, REQUEST_OPENING, request->match.route->pool, exchange_run_open);
    else
        request->state = good ? REQUEST_BODY : REQUEST_READY;
    return MHD_YES;
}

/* --- the body and what comes after it --- */

/* Others wait for the blocks that are not full: they are handed on as they are. */
static void exchange_collect_blocks(Loop *loop, void *object)
{
    ExchangeMemory *memory = CAST_OBJECT(ExchangeMemory, object, MEMORY_MAGIC);
    (void)loop;
    for (; memory->wanted > 0; memory->wanted--) {
        Request *keeper = blocks_longest_keeper(memory->blocks);
        if (keeper)
            exchange_hand_over(keeper, REQUEST_FEEDING, keeper->match.route->pool,
                               exchange_run_feed);
    }
}

/* The connection sleeps until exchange_return_block() of another one. Each who waits has one block
 * handed on; those that workers have come back by themselves. */
static void exchange_await_block(Request *request)
{
    ExchangeMemory *memory = exchange_memory(request->loop);
    request->away = true;
    MHD_suspend_connection(request->connection);
    if (memory->wanted++ == 0) {
        memory->collect.deliver = exchange_collect_blocks;
        loop_post(request->loop, &memory->collect);
    }
}

static enum MHD_Result exchange_on_data(Request *request, const char *data, size_t *size)
{
    Blocks *blocks = exchange_memory(request->loop)->blocks;
    size_t taken = *size;
    if (request->body && !body_has_block(request->body) && !blocks_lend(blocks, request)) {
        exchange_await_block(request);
        return MHD_YES;
    }
    bool good = request->body
                    ? body_fill(request->body, data, *size, &taken, &request->error)
                    : buffer_append(&request->text, data, *size) ||
                          error_set(&request->error, ERROR_TOO_LARGE,
                                    "The request is larger than %d bytes.", HTTP_SMALL_BODY_MAX);
    if (!good)
        return exchange_refuse(request);
    *size -= taken;
    request->received += taken;
    request->socket->window_bytes += taken;
    if (request->body && (body_full(request->body) || blocks_wanted(blocks)))
        exchange_hand_over(request, REQUEST_FEEDING, request->match.route->pool, exchange_run_feed);
    else if (request->body)
        blocks_keep(blocks, request);
    return MHD_YES;
}

/* The request is whole. Media is answered from the loop's cache; only a file not seen yet costs a
 * worker. */
static enum MHD_Result exchange_on_end(Request *request)
{
    const Route *route = request->match.route;
    if (request->body && body_has_block(request->body) && route->finish_pool != POOL_UNSET) {
        /* That pool may take minutes: the block does not wait there. */
        exchange_hand_over(request, REQUEST_FEEDING, route->pool, exchange_run_feed);
        return MHD_YES;
    }
    if (request->body) {
        WorkPool pool = route->finish_pool != POOL_UNSET ? route->finish_pool : route->pool;
        exchange_hand_over(request, REQUEST_WORKING, pool, exchange_run_finish);
        return MHD_YES;
    }
    if (route->resolve) {
        ExchangeMemory *memory = exchange_memory(request->loop);
        MediaFile *file = media_cache_find(memory->cache, request->match.params[0]);
        request->cache = file ? CACHE_HIT : CACHE_MISS;
        if (file)
            return exchange_answer_file(request, file);
        if (!exchange_check_load(request, route->pool))
            return exchange_queue_answer(request);
        request->forget_generation = memory->forget_generation;
        exchange_hand_over(request, REQUEST_WORKING, route->pool, exchange_run_resolve);
        return MHD_YES;
    }
    if (route->body == BODY_JSON) {
        request->json = json_parse_object(request->text.data ? request->text.data : "",
                                          request->text.length, &request->error);
        if (!request->json)
            return exchange_queue_answer(request);
    }
    if (route->pool == POOL_LOOP) {
        request->response = route->handle(request, &request->error);
        return exchange_queue_answer(request);
    }
    exchange_hand_over(request, REQUEST_WORKING, route->pool, exchange_run_handler);
    return MHD_YES;
}

/* A file that was forgotten while it was being loaded is sent to who asked and not kept. */
static enum MHD_Result exchange_on_ready(Request *request)
{
    if (!request->media)
        return exchange_queue_answer(request);
    ExchangeMemory *memory = exchange_memory(request->loop);
    MediaFile *file = request->media;
    if (request->forget_generation == memory->forget_generation)
        file = media_cache_put(memory->cache, TAKE_PTR(request->media));
    return exchange_answer_file(request, file);
}

/* --- libmicrohttpd's callbacks --- */

static void *exchange_on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    Socket *socket = CAST_OBJECT(Socket, info->socket_context, SOCKET_MAGIC);
    Request *request = request_new(socket, connection, target);
    (void)cls;
    socket->exchange = request;
    return request;
}

static enum MHD_Result exchange_on_call(void *cls, struct MHD_Connection *connection,
                                        const char *url, const char *method, const char *version,
                                        const char *data, size_t *size, void **pointer)
{
    Request *request = CAST_OBJECT(Request, *pointer, REQUEST_MAGIC);
    (void)cls, (void)connection;
    switch (request->state) {
    case REQUEST_NEW:
        return exchange_on_header(
            request, &(HeadPlace){.method = method, .target = url, .version = version});
    case REQUEST_OPENED:
        if (request->error.code != ERROR_NONE && request->framing.has_body)
            return exchange_refuse(request);
        request->state = request->error.code == ERROR_NONE ? REQUEST_BODY : REQUEST_READY;
        return MHD_YES;
    case REQUEST_FED:
        if (request->error.code != ERROR_NONE)
            return *size > 0 ? exchange_refuse(request) : exchange_queue_answer(request);
        request->state = REQUEST_BODY;
        /* fall through */
    case REQUEST_BODY:
        return *size > 0 ? exchange_on_data(request, data, size) : exchange_on_end(request);
    case REQUEST_READY:
        return exchange_on_ready(request);
    case REQUEST_OPENING:
    case REQUEST_FEEDING:
    case REQUEST_WORKING:
        break;
    }
    UNREACHABLE();
}

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
    request->socket->exchange = NULL;
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    exchange_return_block(request);
    if (body_is_open(request->body))
        exchange_dispatch(request, request->match.route->pool, exchange_run_close);
    else
        request_free(request);
}

static void exchange_on_completed(void *cls, struct MHD_Connection *connection, void **pointer,
                                  enum MHD_RequestTerminationCode code)
{
    (void)cls, (void)connection;
    if (!*pointer)
        return;
    Request *request = CAST_OBJECT(Request, TAKE_PTR(*pointer), REQUEST_MAGIC);
    Socket *socket = request->socket;
    exchange_end(request, code != MHD_REQUEST_TERMINATED_COMPLETED_OK && request->status == 0);
    loop_set_idle(socket, clock_monotonic_ms());
    if (loop_draining(socket->loop))
        shutdown(socket->fd, SHUT_RD);
}

/* A target with more parameters than the connection's memory holds is dropped by libmicrohttpd
 * without a word about the request that it has announced. */
static void exchange_on_closed(Socket *socket)
{
    if (socket->exchange)
        exchange_end(CAST_OBJECT(Request, socket->exchange, REQUEST_MAGIC), true);
}

/* --- time --- */

/* How fast the client takes its answer, for who gives way at the limit of connections: what it has
 * acknowledged. What goes out between two ticks costs nothing. */
static void exchange_measure_reading(Socket *socket, const Request *request, int64_t now_ms)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    if (request->status == 0 || getsockopt(socket->fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 ||
        length < offsetof(struct tcp_info, tcpi_bytes_received)) {
        socket->read_start_ms = 0;
        socket->read_rate = UINT64_MAX;
        return;
    }
    int64_t passed_ms = now_ms - socket->read_start_ms;
    if (socket->read_start_ms != 0 && passed_ms >= HTTP_READ_RATE_MS) {
        uint64_t rate = (info.tcpi_bytes_acked - socket->read_bytes) * 1000 / (uint64_t)passed_ms;
        socket->read_rate = rate < HTTP_READ_RATE_MIN ? rate : UINT64_MAX;
    }
    if (socket->read_start_ms == 0 || passed_ms >= 10 * HTTP_READ_RATE_MS) {
        socket->read_start_ms = now_ms;
        socket->read_bytes = info.tcpi_bytes_acked;
    }
}

/* libmicrohttpd's time-out is about silence: what drips for ever is cut here. Who announces much
 * has to send faster. */
static void exchange_enforce_rate(Socket *socket, Request *request, int64_t now_ms)
{
    if (request->away || request->state != REQUEST_BODY || !request->framing.has_body) {
        socket->window_start_ms = 0;
        return;
    }
    if (request_peer_gone(request)) { /* the library may have overlooked the end of the stream */
        shutdown(socket->fd, SHUT_RDWR);
        return;
    }
    if (socket->window_start_ms != 0) {
        if (now_ms - socket->window_start_ms < HTTP_BODY_RATE_SECONDS * 1000)
            return;
        uint64_t announced = request->framing.chunked ? 0 : request->framing.length;
        uint64_t rate = MAX_OF(HTTP_BODY_RATE_MIN, announced / HTTP_BODY_SECONDS_MAX);
        if (socket->window_bytes < rate * HTTP_BODY_RATE_SECONDS)
            exchange_cut_slow(request, rate);
    }
    socket->window_start_ms = now_ms;
    socket->window_bytes = 0;
}

/* A header takes one packet or two; who needs longer than this holds a connection for nothing.
 * Without a request, the library's own time-out for silence comes first. */
static void exchange_tick(Socket *socket, int64_t now_ms)
{
    int64_t header_ms =
        (socket->exchange ? HTTP_HEADER_SECONDS : HTTP_IDLE_SECONDS + HTTP_HEADER_SECONDS) * 1000;
    if (!socket->busy && now_ms - socket->quiet_since_ms > header_ms)
        shutdown(socket->fd, SHUT_RDWR);
    if (!socket->exchange) {
        socket->window_start_ms = socket->read_start_ms = 0;
        socket->read_rate = UINT64_MAX;
        return;
    }
    Request *request = CAST_OBJECT(Request, socket->exchange, REQUEST_MAGIC);
    exchange_measure_reading(socket, request, now_ms);
    exchange_enforce_rate(socket, request, now_ms);
    exchange_expire_park(request, now_ms);
}

const LoopHooks exchange_hooks = {
    .target = exchange_on_target,
    .call = exchange_on_call,
    .completed = exchange_on_completed,
    .closed = exchange_on_closed,
    .tick = exchange_tick,
    .memory_new = exchange_memory_new,
    .memory_free = exchange_memory_free,
};
