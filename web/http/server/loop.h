/*
 * One event loop: a thread that waits for its sockets (epoll, edge-triggered) and for its mailbox,
 * where other threads leave messages; one loop per core. It never blocks. What is done with a
 * connection is not its business: it calls the hooks it was given.
 */
#pragma once

#include <netinet/in.h>
#include <stdatomic.h>

#include "common/base/error.h"

typedef struct Loop Loop;

#define SOCKET_MAGIC 0x534f434bu /* "SOCK" */

/* A client's connection. Loop thread. */
typedef struct Socket {
    unsigned magic;
    int fd;
    Loop *loop;
    struct sockaddr_in6 peer;
    unsigned address_bucket; /* of the listener's count */
    void *connection;        /* the hooks' own, from opened() to loop_close() */
    /* What is known of it. Who meets EAGAIN clears it; the loop sets it again. */
    bool readable, writable;
    bool ended;             /* nothing comes behind what is there: told once, so never cleared */
    int64_t quiet_since_ms; /* when it was accepted, or its last request ended */
    uint64_t read_rate;     /* bytes a second, of a slow reader; UINT64_MAX: it is none */
    bool busy;              /* a whole header has come, and its answer is not out */
    bool scheduled, closed;
    struct Socket *next, **link;
    struct Socket *turn_next; /* among those that are scheduled, or closed */
} Socket;

/* Something for a loop's thread: an intrusive node, so that posting cannot fail. */
typedef struct LoopMessage {
    void (*deliver)(Loop *loop, void *object); /* loop thread; may free the object */
    void *object;
    struct LoopMessage *next;
} LoopMessage;

/* Called on the loop's thread. */
typedef struct LoopHooks {
    void (*opened)(Socket *socket);
    void (*ready)(Socket *socket); /* it became readable or writable, or was scheduled */
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

Loop *loop_start(const LoopShared *shared);

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

/* Loop thread: the monotonic clock when this round of the loop began. */
int64_t loop_now_ms(const Loop *loop);

/* Loop thread: calls ready() once more, after the others have had their turn. */
void loop_schedule(Socket *socket);

/* Loop thread, once: closes the descriptor. The socket may be looked at until its hook returns. */
void loop_close(Socket *socket);
