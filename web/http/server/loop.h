/*
 * One event loop: a thread with a libmicrohttpd daemon of its own in external polling, one per
 * core. It never blocks: it waits for sockets and for its mailbox, where the acceptor leaves new
 * sockets and the workers leave finished requests.
 */
#pragma once

#include <netinet/in.h>

#include "web/http/http.h"
#include "web/http/server/workers.h"

typedef struct Loop Loop;
typedef struct MediaCache MediaCache;

/* A client's connection. Loop thread. */
typedef struct Socket {
    int fd; /* belongs to libmicrohttpd */
    Loop *loop;
    unsigned address_bucket; /* of the listener's count */
    Request *request;        /* under way; NULL between requests */
    uint64_t window_bytes;   /* body bytes since window_start_ms: a minimum rate is enforced */
    int64_t window_start_ms;
    int64_t quiet_since_ms; /* when it was accepted, or its last request ended */
    struct Socket *next, **link;
} Socket;

/* What all loops share; immutable while they run. */
typedef struct LoopShared {
    const HttpOptions *options;
    Workers *workers, *slow_workers;
    void (*on_close)(void *context, unsigned address_bucket); /* any loop's thread */
    void *context;
} LoopShared;

Loop *loop_start(const LoopShared *shared, Error *error);

/* Asks the loop to end: idle connections at once, others when done, all at cut_ms (monotonic). */
void loop_drain(Loop *loop, int64_t cut_ms);

/* Waits for the end of the thread and frees. */
void loop_join(Loop *loop);

/* Mailbox. Any thread. */
void loop_accept(Loop *loop, int fd, const struct sockaddr_in6 *address, unsigned address_bucket);
void loop_ready(Loop *loop, Request *request);
void loop_forget(Loop *loop, const char *media_path);

/* Loop thread only. */
const LoopShared *loop_shared(const Loop *loop);
MediaCache *loop_cache(Loop *loop);
unsigned loop_forget_generation(const Loop *loop);
bool loop_draining(const Loop *loop);
void loop_linger(Loop *loop, int fd, const char *answer);
