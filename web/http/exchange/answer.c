#include "web/http/exchange/answer.h"

#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/http/exchange/errand.h"
#include "web/http/exchange/memory.h"

/* --- the end of a request --- */

/* Media hits are too many to log each, and so is what comes too often: whoever refuses it tells how
 * much there was. Whatever else happens is one line. A failure of ours is an error, with its
 * reason. */
static void answer_log(const Request *request, bool cut)
{
    const Route *route = request->match.route;
    const Error *error = &request->error;
    bool routine = (route && route->resolve && request->status < 400) || request->status == 429 ||
                   (!route && request->status == 503);
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

static void answer_run_close(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    body_close(request->body);
    request_free(request);
}

/* The request is over; a sink that is still open is closed by a worker. */
static void answer_end(Request *request, bool cut)
{
    const HttpOptions *options = request_shared(request)->options;
    answer_log(request, cut);
    if (options->ended)
        options->ended(&(RequestOutcome){.route = request->match.route,
                                         .status = request->status,
                                         .received = request->received,
                                         .sent = request->sent,
                                         .cache = request->cache});
    request->connection->request = NULL;
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    errand_return_block(request);
    if (body_is_open(request->body))
        errand_dispatch(request, request->match.route->pool, answer_run_close);
    else
        request_free(request);
}

void answer_close(Connection *connection)
{
    Socket *socket = connection->socket;
    if (connection->request)
        answer_end(connection->request, connection->request->status == 0);
    if (connection->phase == CONNECTION_LINGER)
        exchange_memory(socket->loop)->lingering--;
    connection_free(connection);
    loop_close(socket);
}

/* The client still sends, or may. Closing now would reset the connection and could destroy the
 * answer before it is read, so the rest is read for a bounded time and length (RFC 9112 §9.6). */
static Step answer_linger(Connection *connection)
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

Step answer_drain(Connection *connection)
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

static void answer_run_read(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    const Response *response = request->response;
    pages_read(response->pages, response->first + request->connection->sent);
    errand_done(request);
}

static Step answer_after_read(Request *request)
{
    request->connection->phase = CONNECTION_ANSWER;
    request->connection->unlooked = true;
    return STEP_AGAIN;
}

static Step answer_after(Connection *connection)
{
    Request *request = connection->request;
    bool last = request->last, refused = request->status >= 400;
    answer_end(request, false);
    loop_set_idle(connection->socket, loop_now_ms(connection->socket->loop));
    connection_reset(connection);
    if (!last && !loop_draining(connection->socket->loop))
        return STEP_AGAIN;
    bool more = connection->input_length > 0 || connection->socket->readable;
    return refused || more ? answer_linger(connection) : STEP_CLOSE;
}

static void answer_log_fault(const Request *request)
{
    LOG_CONTEXT(.request_id = request->id);
    log_error("%s was cut off after %llu bytes: the disk does not give the rest.",
              request_path(request), (unsigned long long)request->connection->sent);
}

Step answer_go_on(Connection *connection)
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
        return answer_after(connection);
    case OUT_MORE:
        return STEP_YIELD;
    case OUT_WAIT:
        return STEP_WAIT;
    case OUT_COLD:
        return errand_begin(request, POOL_PAGES, answer_run_read, answer_after_read);
    case OUT_FAULT:
        answer_log_fault(request);
        return STEP_CLOSE;
    case OUT_BROKEN:
        return STEP_CLOSE;
    }
    UNREACHABLE();
}

Step answer_begin(Request *request)
{
    errand_require_answer(request);
    if (!request->response) {
        Problem problem = request_problem(request);
        request->response = response_problem(&problem);
    }
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    errand_return_block(request);
    Response *response = request->response;
    bool refused = response->status >= 400 && response->status < 500;
    request->status = response->status;
    request->sent = request->method == HTTP_HEAD || response->status == 304 ? 0 : response->length;
    /* Where a body was refused its sender may see another end of it. */
    request->last = request->last || !request->framing.persistent || !request_is_whole(request) ||
                    (request->framing.has_body && refused) || loop_draining(request->loop);
    request->connection->phase = CONNECTION_ANSWER;
    return answer_go_on(request->connection);
}

Step answer_refuse(Request *request)
{
    request->last = true;
    return answer_begin(request);
}
