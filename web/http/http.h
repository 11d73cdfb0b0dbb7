/*
 * What the rest of web sees of HTTP: routes, requests and responses. No other room includes
 * microhttpd.h.
 *
 * The life of a request: the event loop reads the header and checks it (framing, route, method,
 * access, length); then a worker thread runs the route's handler, which may block; the loop sends
 * what the handler returned. Handlers run on worker threads, one at a time per request. A Request
 * belongs to http and lives until its answer is sent.
 */
#pragma once

#include <stdatomic.h>

#include "common/base/json.h"
#include "common/settings/settings.h"

typedef struct Http Http;
typedef struct Request Request;
typedef struct Response Response;

typedef enum HttpMethod {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_PUT = 8,
    HTTP_PATCH = 16,
    HTTP_DELETE = 32,
    HTTP_OPTIONS = 64,
} HttpMethod;

/* Who may use a route. Decided before any byte of the body is taken. */
typedef enum RouteAccess {
    ACCESS_UNSET, /* a forgotten column: refused at start */
    ACCESS_PUBLIC,
    ACCESS_TRANSCODER, /* Authorization: Bearer TRANSCODING_UPLOAD_TOKEN (RFC 6750 §2.1) */
} RouteAccess;

typedef enum RouteBody {
    BODY_UNSET,    /* refused at start */
    BODY_NONE,     /* a body is 413 */
    BODY_JSON,     /* an object of at most HTTP_SMALL_BODY_MAX bytes, collected before `handle` */
    BODY_UPLOAD,   /* multipart/form-data streamed to `form`, at most HttpOptions.upload_limit bytes
                    */
    BODY_DELIVERY, /* the same, at most HttpOptions.delivery_limit bytes */
} RouteBody;

/* One part of multipart/form-data (RFC 7578) as its header told. Valid during the call. */
typedef struct FormPart {
    const char *name;
    const char *file_name;    /* decoded (filename*, RFC 8187, wins); NULL for a plain field */
    const char *content_type; /* as the client says, "" if it does not: never to be trusted */
} FormPart;

/*
 * Takes a streamed form. Every call runs on a worker; false or NULL with *error ends the request
 * there and then. `open` comes before any byte of the body is taken; `close` always comes, exactly
 * once after a successful open, also when the client is cut off, and then drops whatever was
 * staged.
 */
typedef struct FormHandler {
    void *(*open)(Request *request, Error *error);
    bool (*part)(void *form, const FormPart *part, Error *error);
    bool (*data)(void *form, const void *bytes, size_t length, Error *error);
    bool (*part_end)(void *form, Error *error);
    Response *(*finish)(void *form, Request *request, Error *error);
    void (*close)(void *form);
} FormHandler;

/* A file to be sent, with ranges and conditions (RFC 9110 §13, §14) applied by http. */
typedef struct ServedFile {
    int fd; /* owned; taken by whoever gets the struct successfully */
    uint64_t size;
    int64_t modified_ms;
    char etag[80]; /* strong, quoted */
    char content_type[64];
    char download_name[FILE_NAME_MAX + 1]; /* for Content-Disposition; UTF-8 */
    bool attachment;                       /* never shown inline, whatever the client wants */
    const char *cache_control;             /* static text */
    char repr_digest[96];                  /* RFC 9530 field value, or "" */
} ServedFile;

/* Where `handle` runs. Forms always run where slow work does: many uploads waiting for the disk
 * must not hold up the rest. */
typedef enum RouteWork {
    WORK_QUICK,   /* on a worker: may wait for the database */
    WORK_SLOW,    /* on a worker of those for long transfers: may read or write whole files */
    WORK_ON_LOOP, /* at once on the loop: must not block at all */
} RouteWork;

typedef struct Route {
    unsigned methods; /* HttpMethod bits; GET brings HEAD */
    const char *path; /* "/api/uploads/{}": {} is one segment, a final {*} the rest */
    RouteAccess access;
    RouteBody body;
    Response *(*handle)(Request *request, Error *error); /* NULL result: *error is answered */
    const FormHandler *form; /* for streamed bodies, instead of handle */
    /* For files that never change under their name: called on a cache miss with the decoded {*}.
     * Instead of handle. */
    bool (*resolve)(void *app, const char *path, ServedFile *file, Error *error);
    RouteWork work; /* of `handle` */
} Route;

/* --- requests --- */

void *request_app(const Request *request); /* HttpOptions.app */
const char *request_id(const Request *request);
HttpMethod request_method(const Request *request);

/* The index-th {} of the route, percent-decoded. */
const char *request_param(const Request *request, size_t index);

/* The field's value; NULL when absent. */
const char *request_header(const Request *request, const char *name);

/* Whether If-None-Match names this entity tag: answer 304. */
bool request_has_etag(const Request *request, const char *etag);

/* Whether the query has this parameter with this value. */
bool request_query_is(const Request *request, const char *name, const char *value);

/* The body of a BODY_JSON route; borrowed. */
const json_t *request_json(const Request *request);

/* Bytes declared by Content-Length; UINT64_MAX when the body is chunked. */
uint64_t request_length(const Request *request);

/*
 * Long poll. A handler that has nothing to say yet returns request_park(): it is called again after
 * http_unpark() or after the wait has passed (then request_expired() is true), whichever is first.
 * Only `handle` may do so.
 */
Response *request_park(Request *request, int64_t wait_ms);
bool request_expired(const Request *request);

/* Whether the client has closed its connection meanwhile: what is given to it would be lost. */
bool request_peer_gone(const Request *request);

/* Calls the handler of a parked request again. Any thread. Allowed between the parking handler's
 * return of request_park() and its next call; a call too early or too many is remembered or
 * ignored, never lost. */
void http_unpark(Request *request);

/* --- responses: made by a handler, taken by http --- */

/* Takes over `value`. Cache-Control: no-store. */
Response *response_json(int status, json_t *value);
Response *response_empty(int status);

/* Bytes that live as long as the program; the caller adds Cache-Control and validators. */
Response *response_static(int status, const char *content_type, const void *data, size_t size);

/* Takes over file->fd. Answers the request's Range, If-* fields. */
Response *response_file(const Request *request, ServedFile *file);
void response_header(Response *response, const char *name, const char *value);

/* --- the server --- */

typedef struct HttpOptions {
    const char *host;
    int port; /* 0: any; see http_port */
    const Route *const
        *tables;       /* NULL-terminated list of tables, each ending in a row without path */
    const char *token; /* of ACCESS_TRANSCODER */
    const char *token_previous;            /* "" for none */
    uint64_t upload_limit, delivery_limit; /* bytes of a whole request body */
    int shutdown_seconds;
    atomic_bool *time_up; /* becomes true when what is under way is cut; NULL: nobody asks */
    void *app;
} HttpOptions;

/* Checks the tables, listens, starts loops and workers. Options and what they point to are borrowed
 * until http_stop. */
Http *http_start(const HttpOptions *options, Error *error);
int http_port(const Http *http);

/* libmicrohttpd's version, for --version. */
const char *http_library_version(void);

/* Whether the server is on its way out: /readyz says so to load balancers. */
bool http_stopping(const Http *http);

/* Stops accepting, lets what is under way finish within shutdown_seconds, cuts the rest, frees
 * everything. */
void http_stop(Http *http);

/* A file left the volume: no loop serves it from its cache any more. Any thread. */
void http_forget_file(Http *http, const char *media_path);
