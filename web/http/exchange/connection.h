/*
 * A connection: bytes of requests on the way in, of an answer on the way out. What they mean is
 * exchange.h's. What came and cannot be used yet is kept here, and only that: an idle connection
 * costs no buffer. Loop thread.
 */
#pragma once

#include "web/http/exchange/response.h"
#include "web/http/message/head.h"
#include "web/http/server/loop.h"

typedef enum ConnectionPhase {
    CONNECTION_HEAD, /* a request is awaited, or the rest of its head */
    CONNECTION_BODY,
    CONNECTION_AWAY, /* a worker has the request, or its body waits for a block */
    CONNECTION_BACK, /* the worker has given it back: the loop goes on with `then` */
    CONNECTION_ANSWER,
    CONNECTION_LINGER, /* the answer is out, but the client may still send */
} ConnectionPhase;

#define CONNECTION_MAGIC 0x434f4e4eu /* "CONN" */

typedef struct Connection {
    unsigned magic;
    ConnectionPhase phase;
    Socket *socket;
    Request *request; /* under way; NULL between requests */
    /* in */
    /* Bytes that all connections of the loop keep beyond HTTP_HEAD_READ of each; at most so many.
     */
    size_t *excess, excess_max;
    char *input; /* came and not used; NULL: nothing is */
    size_t input_length;
    HeadScan scan;         /* of the head in it */
    int64_t head_since_ms; /* when its first byte came; 0: none has */
    /* out */
    char *head; /* of the answer, or what is left of it; NULL: it is out, or has not begun */
    size_t head_length;
    bool begun;       /* the answer is on its way */
    bool unlooked;    /* the next window of its pages was read just now: it goes out as it is */
    uint64_t sent;    /* of its content */
    uint64_t acked;   /* bytes that the client had acknowledged when that was looked at last */
    int64_t moved_ms; /* when the last byte went, or might have begun to */
    /* pace (pace.h) */
    uint64_t window_bytes;   /* body bytes since window_start_ms */
    int64_t window_start_ms; /* 0: from the next look on */
    int64_t away_since_ms;
    uint64_t read_bytes;   /* that the client had acknowledged at read_start_ms */
    int64_t read_start_ms; /* 0: no answer is under way */
    /* the end */
    int64_t linger_until_ms;
    uint64_t drained;
} Connection;

Connection *connection_new(Socket *socket, size_t *excess, size_t excess_max);

/* Frees it; closing the socket is the caller's. */
void connection_free(Connection *connection);

typedef enum ConnectionIn { IN_BYTES, IN_WAIT, IN_END } ConnectionIn;

/* Up to `size` bytes, what is kept first. IN_END: the client has closed, or the connection is
 * broken. */
_must_check_ ConnectionIn connection_read(Connection *connection, char *into, size_t size,
                                          size_t *got);

/* Keeps bytes for connection_read(), before those that are kept already. False: the loop keeps too
 * much of what is longer than HTTP_HEAD_READ. */
_must_check_ bool connection_put_back(Connection *connection, const char *bytes, size_t length);

typedef enum ConnectionOut {
    OUT_DONE,
    OUT_MORE, /* others should have their turn */
    OUT_WAIT,
    OUT_COLD,   /* pages_read() from `sent` on, then set `unlooked` */
    OUT_FAULT,  /* the disk does not give the content; errno */
    OUT_BROKEN, /* the client is gone */
} ConnectionOut;

/* Sends the answer, or goes on with it; of its content only where `content` is set. The delivery is
 * looked at in the first call only. */
_must_check_ ConnectionOut connection_send(Connection *connection, const Response *response,
                                           const Delivery *delivery, bool content);

/* After the answer: ready for the next request. */
void connection_reset(Connection *connection);

/* 100 Continue, RFC 9110 §15.2.1. Whoever does not get it sends after a while without it. */
void connection_say_continue(const Connection *connection);
