/*
 * One event loop: a thread with a libmicrohttpd daemon of its own in external polling, one per
 * core. It never blocks: it waits for sockets and for its mailbox, where other threads leave
 * messages. What is done with a connection is not its business: it calls the hooks it was given.
 */
#pragma once

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>

#include "common/base/error.h"

typedef struct Loop Loop;

#define SOCKET_MAGIC 0x534f434bu /* "SOCK" */

/* A client's connection. Loop thread; libmicrohttpd's socket context. */
typedef struct Socket {
    unsigned magic;
    int fd; /* belongs to libmicrohttpd */
    Loop *loop;
    struct sockaddr_in6 peer;
    unsigned address_bucket; /* of the listener's count */
    void *exchange;          /* the hooks' own: a request under way; NULL between requests */
    int64_t quiet_since_ms;  /* when it was accepted, or its last request ended */
    uint64_t window_bytes;   /* body bytes since window_start_ms: for the hooks' minimum rate */
    int64_t window_start_ms;
    uint64_t read_rate;    /* bytes a second, of a slow reader; UINT64_MAX: it is none */
    uint64_t read_bytes;   /* that the client had acknowledged at read_start_ms */
    int64_t read_start_ms; /* 0: no answer is under way */
    bool busy;             /* a whole header has come, and its answer is not out */
    struct Socket *next, **link;
} Socket;

/* Something for a loop's thread: an intrusive node, so that posting cannot fail. */
typedef struct LoopMessage {
    void (*deliver)(Loop *loop, void *object); /* loop thread; may free the object */
    void *object;
    struct LoopMessage *next;
} LoopMessage;

/* Called on the loop's thread. The first three are libmicrohttpd's callbacks; their first argument
 * is the Loop. */
typedef struct LoopHooks {
    void *(*target)(void *loop, const char *target, struct MHD_Connection *connection);
    enum MHD_Result (*call)(void *loop, struct MHD_Connection *connection, const char *url,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **exchange);
    void (*completed)(void *loop, struct MHD_Connection *connection, void **exchange,
                      enum MHD_RequestTerminationCode code);
    void (*closed)(Socket *socket); /* the connection is gone; its descriptor may be another's */
    void (*tick)(Socket *socket, int64_t now_ms); /* four times a second, for each connection */
    void *(*memory_new)(const void *context); /* what the hooks keep for each loop: loop_memory() */
    void (*memory_free)(void *memory);
} LoopHooks;

/* What all loops share; immutable while they run. */
typedef struct LoopShared {
    const LoopHooks *hooks;
    const void *context;  /* the hooks' own */
    atomic_bool *time_up; /* set when what is under way is cut; may be NULL */
    void (*closed)(void *listener, unsigned address_bucket); /* any loop's thread */
    void *listener;
} LoopShared;

_must_check_ Loop *loop_start(const LoopShared *shared, Error *error);

/* Asks the loop to end: idle connections at once, others when done, all at cut_ms (monotonic). */
void loop_drain(Loop *loop, int64_t cut_ms);

/* Waits for the end of the thread. */
void loop_join(Loop *loop);

/* Delivers what was posted since, then frees. Nobody may post any more. */
void loop_free(Loop *loop);

/* Any thread. Messages are delivered in order. */
void loop_post(Loop *loop, LoopMessage *message);
void loop_accept(Loop *loop, int fd, const struct sockaddr_in6 *peer, unsigned address_bucket);

/* Any thread: immutable, or made so by the loop. */
const void *loop_context(const Loop *loop);
void *loop_memory(const Loop *loop);
bool loop_draining(const Loop *loop);

/* Any thread. Who would give way: since when the longest idle connection is so, INT64_MAX without
 * one; how many bytes a second the slowest reader takes, UINT64_MAX without one. And closes the
 * former, or else the latter. */
int64_t loop_idle_since_ms(const Loop *loop);
uint64_t loop_slowest_rate(const Loop *loop);
void loop_give_way(Loop *loop);

/* Loop thread: a request has begun, or has ended at now_ms. Sockets are idle when they are new. */
void loop_set_busy(Socket *socket);
void loop_set_idle(Socket *socket, int64_t now_ms);

/* Loop thread: takes over the socket, sends the answer and drains what still comes (linger.h). */
void loop_linger(Loop *loop, int fd, const char *answer);
