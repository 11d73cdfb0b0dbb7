/*
 * What a worker does for a request, because it may block: begun by the loop, given back by a
 * message, gone on with by `then` on the loop's thread. Meanwhile the connection is AWAY, and the
 * loop leaves it alone but for what is ahead of a body's block (intake.h).
 *
 * A handler may park its request: then it sleeps without a thread until http_unpark(), or until its
 * time has passed (http.h).
 */
#pragma once

#include "web/http/exchange/request.h"

/* Loop: the connection waits, and goes on with `then` once errand_done() was called. */
Step errand_begin(Request *request, WorkPool pool, void (*run)(void *object),
                  Step (*then)(Request *request));

/* The same with the route's handler. */
Step errand_handle(Request *request, Step (*then)(Request *request));

/* Worker: the last thing that is done with the request. */
void errand_done(Request *request);

/* Any thread that has the request: work without a way back. */
void errand_dispatch(Request *request, WorkPool pool, void (*run)(void *object));

/* An unexplained failure would leave the client without a word. */
void errand_require_answer(Request *request);

/* Loop: the body's block, if it has one, goes to who has waited for longest. */
void errand_return_block(Request *request);

/* Loop: runs the handler of a parked request whose wait is over. */
void errand_expire_park(Request *request, int64_t now_ms);
