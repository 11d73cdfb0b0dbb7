/*
 * The acceptor: one thread with the listening socket, which hands connections to the loops in turn
 * and keeps the global and per-address limits.
 */
#pragma once

#include "web/http/server/loop.h"

typedef struct Listener Listener;

/* Binds and listens; an IPv6 wildcard takes IPv4 too. ERROR_SETTING with a sentence when the
 * address is wrong or taken. */
_must_check_ Listener *listener_open(const char *host, int port, Error *error);
int listener_port(const Listener *listener);

/* Starts the thread. `loops` is borrowed until listener_stop; `connections_max` is what the
 * descriptors of the process allow. */
void listener_start(Listener *listener, Loop *const *loops, size_t count, unsigned connections_max);

/* Counts a closed connection (LoopShared.closed). Any thread. */
void listener_closed(void *listener, unsigned address_bucket);

/* Open at this moment. Any thread. */
unsigned listener_connections(const Listener *listener);

/* Stops accepting and ends the thread; counting goes on until listener_free. */
void listener_stop(Listener *listener);
void listener_free(Listener *listener);
