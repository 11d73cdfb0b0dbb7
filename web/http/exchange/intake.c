#include "web/http/exchange/intake.h"

#include "common/base/log.h"
#include "web/http/exchange/answer.h"
#include "web/http/exchange/errand.h"
#include "web/http/exchange/memory.h"
#include "web/http/exchange/pace.h"

static void intake_run_feed(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    if (!body_flush(request->body, &request->error)) {
        errand_require_answer(request);
        body_close(request->body);
    }
    errand_done(request);
}

static Step intake_after_feed(Request *request)
{
    request->feeding = false;
    request->connection->phase = CONNECTION_BODY;
    body_advance(request->body);
    return request->error.code != ERROR_NONE ? answer_begin(request) : STEP_AGAIN;
}

Step intake_feed(Request *request)
{
    request->feeding = true;
    errand_begin(request, request->match.route->pool, intake_run_feed, intake_after_feed);
    return STEP_AGAIN;
}

/* What a worker is doing with the last block is not known, so nothing is decided here: whatever
 * ends the body is found again when that is back. Chunks may be faulty, and are left for later. */
Step intake_read_ahead(Connection *connection)
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

/* Reads some of the body and says how much of it is content; what is behind its end is put back. */
static ConnectionIn intake_receive(Request *request, char *into, size_t room, size_t *content)
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

static Step intake_collect_text(Request *request)
{
    ExchangeMemory *memory = exchange_memory(request->loop);
    size_t content;
    ConnectionIn in = intake_receive(request, memory->scratch, sizeof memory->scratch, &content);
    if (in != IN_BYTES)
        return in == IN_WAIT ? STEP_WAIT : STEP_CLOSE;
    if (request->error.code == ERROR_NONE &&
        !buffer_append(&request->text, memory->scratch, content))
        error_set(&request->error, ERROR_TOO_LARGE, "The request is larger than %d bytes.",
                  HTTP_SMALL_BODY_MAX);
    return request->error.code == ERROR_NONE ? STEP_AGAIN : answer_refuse(request);
}

/* The connection sleeps until errand_return_block() of another one. Whoever keeps a block hands
 * its bytes on; those that workers have come back by themselves. */
static Step intake_await_block(Request *request)
{
    Request *keeper = blocks_longest_keeper(exchange_memory(request->loop)->blocks);
    request->connection->phase = CONNECTION_AWAY;
    pace_pause(request->connection, loop_now_ms(request->loop));
    if (keeper)
        intake_feed(keeper);
    return STEP_WAIT;
}

static Step intake_collect_block(Request *request)
{
    Blocks *blocks = exchange_memory(request->loop)->blocks;
    Connection *connection = request->connection;
    bool lent = body_has_block(request->body), begun = lent && !body_empty(request->body);
    size_t room, content;
    if (begun && (body_full(request->body) || blocks_wanted(blocks)))
        return intake_feed(request);
    if (begun)
        blocks_keep(blocks, request);
    if (!connection->socket->readable && connection->input_length == 0) {
        if (!begun)
            errand_return_block(request);
        return STEP_WAIT;
    }
    if (!lent && !blocks_lend(blocks, request))
        return intake_await_block(request);
    char *into = body_room(request->body, &room);
    ConnectionIn in = intake_receive(request, into, room, &content);
    if (in == IN_END)
        return STEP_CLOSE;
    if (in == IN_BYTES && request->error.code == ERROR_NONE)
        IGNORE_RESULT(body_filled(request->body, content, &request->error));
    if (request->error.code != ERROR_NONE)
        return answer_refuse(request);
    if (body_empty(request->body)) {
        blocks_leave(blocks, request);
        errand_return_block(request);
    }
    return STEP_AGAIN;
}

Step intake_read(Connection *connection)
{
    Request *request = connection->request;
    return request->body ? intake_collect_block(request) : intake_collect_text(request);
}
