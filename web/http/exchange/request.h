/*
 * A request's life inside web/http: the state machine between libmicrohttpd's callbacks (loop
 * thread) and the workers.
 *
 *   NEW ─▶ (OPENING ─▶ OPENED) ─▶ BODY ⇄ FEEDING/FED ─▶ WORKING ─▶ READY
 *
 * While a worker has it (OPENING, FEEDING, WORKING) its connection is suspended and the loop does
 * not touch it; a worker gives it back through loop_ready(). The loop thread owns it in every other
 * state.
 */
#pragma once

#include <microhttpd.h>
#include <stdatomic.h>

#include "common/base/buffer.h"
#include "web/http/exchange/media_cache.h"
#include "web/http/exchange/stream.h"
#include "web/http/message/framing.h"
#include "web/http/message/router.h"
#include "web/http/server/loop.h"
#include "web/http/server/workers.h"

typedef enum RequestState {
    REQUEST_NEW,
    REQUEST_OPENING,
    REQUEST_OPENED,
    REQUEST_BODY,
    REQUEST_FEEDING,
    REQUEST_FED,
    REQUEST_WORKING,
    REQUEST_READY,
} RequestState;

typedef enum ParkState {
    PARK_NONE,
    PARK_WAITING, /* no thread has it; whoever changes this state dispatches it */
    PARK_POKED,   /* woken while its handler still ran: run it again */
} ParkState;

struct Request {
    Work work; /* first: a Work is cast back to its Request */
    /* immutable after the header */
    Loop *loop;
    struct MHD_Connection *connection;
    Socket *socket;
    char id[REQUEST_ID_SIZE];
    char *target; /* as sent */
    unsigned method;
    Framing framing;
    RouteMatch match;
    int64_t started_ms;
    /* whoever has the request (see above) */
    RequestState state;
    Error error; /* set: the answer is a problem document */
    unsigned allowed;
    Response *response;
    Buffer text; /* a BODY_JSON body as it arrives */
    json_t *json;
    Stream *stream;
    MediaFile *media; /* loaded by a worker, not yet in the loop's cache */
    bool away;        /* loop thread: a worker has it */
    unsigned forget_generation;
    uint64_t received; /* body bytes */
    int status;        /* answered; 0 before */
    /* parking */
    atomic_int park;
    int64_t park_deadline_ms;
    bool expired;
    Request *next_ready; /* guarded by the loop's mailbox lock */
};

/* libmicrohttpd's callbacks; `cls` is the Loop. */
void *request_on_target(void *cls, const char *target, struct MHD_Connection *connection);
enum MHD_Result request_on_call(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **request);
void request_on_completed(void *cls, struct MHD_Connection *connection, void **request,
                          enum MHD_RequestTerminationCode code);

/* Loop thread: answers 408 to a body that comes too slowly, and closes. */
void request_cut_slow(Request *request);

/* The target without its query. Shortened for logs; valid until the thread's next call. */
const char *request_path(const Request *request);

/* Loop thread: runs the handler of a parked request whose wait is over. */
void request_expire_park(Request *request);
