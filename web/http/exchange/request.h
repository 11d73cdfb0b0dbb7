/*
 * A request as web/http sees it: what came, where it stands, what will be answered. exchange.h
 * tells its life, and whose it is in which state.
 */
#pragma once

#include "web/http/exchange/body.h"
#include "web/http/exchange/connection.h"
#include "web/http/exchange/media_cache.h"
#include "web/http/message/chunked.h"
#include "web/http/message/framing.h"
#include "web/http/message/router.h"
#include "web/http/server/workers.h"

typedef enum ParkState {
    PARK_NONE,
    PARK_WAITING, /* no thread has it; whoever changes this state dispatches it */
    PARK_POKED,   /* woken while its handler still ran: run it again */
} ParkState;

/* What becomes of a connection. */
typedef enum Step {
    STEP_AGAIN, /* there may be more to do */
    STEP_WAIT,  /* for the socket, a worker or a block */
    STEP_YIELD, /* there is more to do, but others come first */
    STEP_CLOSE,
} Step;

/* Requests one behind the other (blocks.h). */
typedef struct BlockLine {
    Request *first, **last;
} BlockLine;

#define REQUEST_MAGIC 0x52455155u /* "REQU" */

struct Request {
    unsigned magic;
    Work work;           /* for a worker */
    LoopMessage message; /* for the way back to the loop */
    /* immutable after the header */
    Loop *loop;
    Connection *connection;
    char id[REQUEST_ID_SIZE];
    char *memory; /* of the head's fields and bytes */
    Head head;
    unsigned method;
    Framing framing;
    RouteMatch match;
    struct in6_addr client;
    Viewer viewer;
    int64_t started_ms;
    /* whoever has the request */
    Step (*then)(Request *request); /* what the loop does when a worker has given it back */
    Error error;                    /* set: the answer is a problem document */
    ProblemField problem_fields[HTTP_PROBLEM_FIELDS_MAX];
    size_t problem_field_count;
    unsigned allowed;
    Response *response;
    uint64_t body_left; /* bytes that have not come, of one that is not chunked */
    Chunked chunked;
    Buffer text; /* a BODY_JSON body as it arrives */
    json_t *json;
    Body *body;       /* of BODY_FORM and BODY_BYTES */
    MediaFile *media; /* loaded by a worker, not yet in the loop's cache */
    bool feeding;    /* loop thread: a worker has a block of the body, and the next may be filled */
    BlockLine *line; /* in which it stands; loop thread, as the next two */
    Request *line_next, **line_link;
    unsigned forget_generation;
    RequestCache cache;
    uint64_t received; /* body bytes */
    uint64_t sent;     /* of the answer's content, as planned */
    int status;        /* answered; 0 before */
    bool last;         /* the connection ends with it */
    /* parking */
    atomic_int park;
    atomic_llong park_deadline_ms; /* the loop may look while the handler sets the next one */
    bool expired;
};

#define EXCHANGE_SHARED_MAGIC 0x58534852u /* "XSHR" */

/* What all requests of a server share; immutable while it runs. */
typedef struct ExchangeShared {
    unsigned magic;
    const HttpOptions *options;
    Workers *pools[POOL_COUNT]; /* NULL for POOL_UNSET and POOL_LOOP */
    size_t loops;               /* share what there is so much of in the program */
} ExchangeShared;

const ExchangeShared *request_shared(const Request *request);

/* A new one for a connection, whose head is empty. Loop thread. */
Request *request_new(Connection *connection);

/* Takes a copy of the head that `scan` has found in the bytes. False with the request's error. */
_must_check_ bool request_take_head(Request *request, const char *bytes, const HeadScan *scan);

/* Its body's sink must have been closed. */
void request_free(Request *request);

/* Whether all of its body has come. */
bool request_is_whole(const Request *request);

/* The target without its query. Shortened for logs; valid until the thread's next call. */
const char *request_path(const Request *request);

/* Who is at the other end, once the header is there. */
struct in6_addr request_find_client(const Request *request);

/* Whether who asks may have files of this audience. Any thread. */
_must_check_ bool request_may_read(const Request *request, uint64_t audience, Error *error);

/* What it wants of a file. */
FileAsk request_file_ask(const Request *request);

/* The error it ends with. Borrowed. */
Problem request_problem(const Request *request);
