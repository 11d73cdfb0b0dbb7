/*
 * A web that does what a test's table says: each request takes the first unused answer of its
 * route. It listens on loopback, serves each connection in a thread of its own, and remembers what
 * it was asked. Everything declared here is for the test's own thread.
 */
#pragma once

#include "common/base/base.h"

#define SCRIPTED_ANSWERS_MAX  32
#define SCRIPTED_REQUESTS_MAX 4096
#define SCRIPTED_BODY_KEPT    65536 /* bytes of a request's body */

typedef struct ScriptedAnswer {
    const char *route;   /* method, space and the end of the path: "POST /claim" */
    int status;          /* 0: the connection is closed instead */
    const char *headers; /* further lines, each ended by \r\n; or NULL */
    const char *body;    /* or NULL */
    size_t length;       /* of the body; 0: it is a text */
    bool undeclared;     /* no Content-Length: the connection's end is the body's */
    size_t cut_at;       /* the connection is closed after so many bytes of the body; 0: never */
    bool early;          /* answers before the request's body has come, and closes */
    bool hold;           /* only after scripted_server_open, or never */
    bool repeat;         /* serves every further request of its route too */
} ScriptedAnswer;

typedef struct ScriptedRequest {
    char *head;                    /* request line and header fields */
    char body[SCRIPTED_BODY_KEPT]; /* its beginning */
    size_t body_length;            /* as received */
} ScriptedRequest;

typedef struct ScriptedServer ScriptedServer;

/* The table ends with a NULL route; bodies are borrowed until the stop. */
ScriptedServer *scripted_server_start(const ScriptedAnswer *answers);
void scripted_server_stop(ScriptedServer **server);

const char *scripted_server_url(const ScriptedServer *server);

/* Answers held are given now, also those that come later. */
void scripted_server_open(ScriptedServer *server);

/* Waits until so many requests of the route have come (whole, unless answered early); fails the
 * test when they do not. */
void scripted_server_await(ScriptedServer *server, const char *route, size_t count);

size_t scripted_server_count(ScriptedServer *server, const char *route);

/* The request of the route with this index, from 0; it must have come. Valid until the stop. */
const ScriptedRequest *scripted_server_request(ScriptedServer *server, const char *route,
                                               size_t index);

/* How many requests no answer was written for: each got a 500. */
size_t scripted_server_unscripted(ScriptedServer *server);
