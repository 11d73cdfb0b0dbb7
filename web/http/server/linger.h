/*
 * The end of a refused upload: the answer is out, but the client still sends. Closing now would
 * reset the connection and could destroy the answer before it is read, so the rest is drained for a
 * bounded time and length (RFC 9112 §9.6). One Lingerers belongs to one event loop and is used on
 * its thread only.
 */
#pragma once

#include "common/base/base.h"

typedef struct Lingerers Lingerers;

Lingerers *lingerers_new(int epoll_fd);
void lingerers_free(Lingerers *lingerers); /* closes all */

/* Takes over the socket, writes the answer and shuts down the sending side. */
void linger_start(Lingerers *lingerers, int fd, const char *answer, size_t length, int64_t now_ms);

/* An epoll event whose data.ptr is not one of the loop's own marks is a lingering socket's. */
void linger_drain(Lingerers *lingerers, void *lingering);

/* Closes those whose time is up. */
void linger_expire(Lingerers *lingerers, int64_t now_ms);
