#include "web/http/exchange/errand.h"

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/http/exchange/memory.h"
#include "web/http/exchange/pace.h"

void errand_dispatch(Request *request, WorkPool pool, void (*run)(void *object))
{
    request->work.run = run;
    workers_push(request_shared(request)->pools[pool], &request->work);
}

void errand_return_block(Request *request)
{
    if (!request->body)
        return;
    Request *next = blocks_take_back(exchange_memory(request->loop)->blocks, request);
    if (next) {
        next->connection->phase = CONNECTION_BODY;
        pace_resume(next->connection, loop_now_ms(request->loop));
        loop_schedule(next->connection->socket);
    }
}

Step errand_begin(Request *request, WorkPool pool, void (*run)(void *object),
                  Step (*then)(Request *request))
{
    request->then = then;
    request->connection->phase = CONNECTION_AWAY;
    pace_pause(request->connection, loop_now_ms(request->loop));
    blocks_leave(exchange_memory(request->loop)->blocks, request);
    errand_dispatch(request, pool, run);
    return STEP_WAIT;
}

static void errand_deliver(Loop *loop, void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    (void)loop;
    errand_return_block(request);
    pace_resume(request->connection, loop_now_ms(request->loop));
    request->connection->phase = CONNECTION_BACK;
    loop_schedule(request->connection->socket);
}

void errand_done(Request *request)
{
    request->message.deliver = errand_deliver;
    loop_post(request->loop, &request->message);
}

void errand_require_answer(Request *request)
{
    if (!request->response && request->error.code == ERROR_NONE)
        error_set(&request->error, ERROR_INTERNAL, "The request failed without a reason.");
}

/* --- handlers, and those that wait --- */

/* Changes the park state from one value to another; false when it was another one. */
static bool errand_park_change(Request *request, ParkState from, ParkState to)
{
    int expected = from;
    return atomic_compare_exchange_strong(&request->park, &expected, to);
}

static void errand_run_handler(void *object)
{
    Request *request = CAST_OBJECT(Request, object, REQUEST_MAGIC);
    LOG_CONTEXT(.request_id = request->id);
    for (;;) {
        atomic_store(&request->park, PARK_NONE);
        request->response = request->match.route->handle(request, &request->error);
        if (request->response != &response_parked)
            break;
        request->response = NULL;
        if (errand_park_change(request, PARK_NONE, PARK_WAITING))
            return; /* from here on the request may already run elsewhere */
    }
    errand_require_answer(request);
    errand_done(request);
}

Step errand_handle(Request *request, Step (*then)(Request *request))
{
    return errand_begin(request, request->match.route->pool, errand_run_handler, then);
}

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
        if (errand_park_change(request, PARK_WAITING, PARK_NONE)) {
            errand_dispatch(request, request->match.route->pool, errand_run_handler);
            return;
        }
        if (errand_park_change(request, PARK_NONE, PARK_POKED))
            return;
    }
}

void errand_expire_park(Request *request, int64_t now_ms)
{
    if (atomic_load(&request->park) != PARK_WAITING ||
        (now_ms < atomic_load(&request->park_deadline_ms) && !loop_draining(request->loop)))
        return;
    if (errand_park_change(request, PARK_WAITING, PARK_NONE)) {
        request->expired = true;
        errand_dispatch(request, request->match.route->pool, errand_run_handler);
    }
}
