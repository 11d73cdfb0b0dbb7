/*
 * What the rest of web sees of HTTP: routes, who asks, requests, responses, the server. Nothing
 * here knows what a route is about.
 *
 * The life of a request: the event loop reads the header and decides what can be decided without
 * the body (framing, route, method, access, length); then a worker of the route's pool runs the
 * handler, which may block; the loop sends what the handler returned. Handlers run one at a time
 * per request. A Request belongs to http and lives until its answer is sent.
 */
#pragma once

#include <stdatomic.h>

#include "common/base/id.h"
#include "common/base/json.h"
#include "common/base/network.h"
#include "web/storage/stored_file.h"

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

/* --- who asks, and what for --- */

/* What a request says of itself before anything of its body is taken. Borrowed. */
typedef struct RequestFacts {
    HttpMethod method;
    const char *target;        /* as sent: path and query, percent-encoded */
    const char *authorization; /* the fields as sent; NULL when absent */
    const char *cookie;        /* field_cookie() finds one in it */
    /* Host, Origin (RFC 6454), Sec-Fetch-Site (Fetch Metadata); not looked up for GET and HEAD. */
    const char *host, *origin, *fetch_site;
    struct in6_addr client; /* the socket's, or what a trusted proxy tells */
} RequestFacts;

/* Who the program took the client for: its own words, which http only carries along. */
typedef struct Viewer {
    unsigned kind;
    char id[UUID_SIZE]; /* "" for nobody in particular */
} Viewer;

/*
 * Decides who may what. Both run on the event loops, before the cache is looked at and before a
 * byte of a body is taken: from memory, without a lock held across I/O and without the database.
 * may_read also runs on the worker that makes a response_file().
 */
typedef struct HttpGuard {
    /* Whether the request may use a route of this access (Route.access); fills *viewer. False with
     * ERROR_UNAUTHENTICATED or ERROR_FORBIDDEN, or with ERROR_BUSY and error->retry_seconds. */
    bool (*authorize)(void *context, const RequestFacts *facts, unsigned access, Viewer *viewer,
                      Error *error);
    /* Whether the viewer may have files of this audience (ServedFile.audience). NULL: everybody
     * may. */
    bool (*may_read)(void *context, const Viewer *viewer, uint64_t audience, Error *error);
    void *context;
} HttpGuard;

/* --- where work is done --- */

/* Kinds of work that must not hold each other up: a pool of threads for each. X(pool, word) */
#define WORK_POOLS(X)                                                                              \
    X(POOL_API, "api")           /* short questions: wait for the database at most */              \
    X(POOL_TRANSFER, "transfer") /* bodies to the disk, whole files read */                        \
    X(POOL_MEDIA, "media")       /* files opened and mapped for the caches */                      \
    X(POOL_PAGES, "pages")       /* what is sent read ahead, from a disk that may be slow */       \
    X(POOL_CHILDREN, "children") /* waits for child processes */

typedef enum WorkPool {
    POOL_UNSET, /* a forgotten column: refused at start */
    POOL_LOOP,  /* at once on the loop: must not block at all */
#define X(pool, word) pool,
    WORK_POOLS(X)
#undef X
        POOL_COUNT
} WorkPool;

/* --- bodies --- */

/*
 * Takes a body as it comes. Every call runs on a worker; false or NULL with *error ends the request
 * there and then. `open` comes before any byte of the body is taken; `data` gets all of it in
 * order, in pieces of any size; `close` always comes, exactly once after a successful open, also
 * when the client is cut off, and then drops whatever was staged.
 */
typedef struct BodySink {
    void *(*open)(Request *request, Error *error);
    bool (*data)(void *body, const void *bytes, size_t length, Error *error);
    Response *(*finish)(void *body, Request *request, Error *error);
    void (*close)(void *body);
} BodySink;

/* One part of multipart/form-data (RFC 7578) as its header told. Valid during the call. */
typedef struct FormPart {
    const char *name;
    const char *file_name;    /* decoded (filename*, RFC 8187, wins); NULL for a plain field */
    const char *content_type; /* as the client says, "" if it does not: never to be trusted */
} FormPart;

/* Takes a form part by part; otherwise as a BodySink. */
typedef struct FormHandler {
    void *(*open)(Request *request, Error *error);
    bool (*part)(void *form, const FormPart *part, Error *error);
    bool (*data)(void *form, const void *bytes, size_t length, Error *error);
    bool (*part_end)(void *form, Error *error);
    Response *(*finish)(void *form, Request *request, Error *error);
    void (*close)(void *form);
} FormHandler;

/* --- routes --- */

typedef enum RouteBody {
    BODY_UNSET, /* refused at start */
    BODY_NONE,  /* a body is 413 */
    BODY_JSON,  /* an object of at most HTTP_SMALL_BODY_MAX bytes, collected before `handle` */
    BODY_FORM,  /* multipart/form-data for `form`, at most `body_max` bytes */
    BODY_BYTES, /* any bytes for `sink`, at most `body_max` */
} RouteBody;

/* A file to be sent, with ranges and conditions (RFC 9110 §13, §14) applied by http. */
typedef struct ServedFile {
    StoredFile *content; /* owned; taken by whoever gets the struct successfully */
    int64_t modified_ms;
    char etag[80]; /* strong, quoted */
    char content_type[64];
    char download_name[FILE_NAME_MAX + 1]; /* for Content-Disposition; UTF-8 */
    bool attachment;                       /* never shown inline, whatever the client wants */
    const char *cache_control;             /* static text */
    char repr_digest[96];                  /* RFC 9530 field value, or "" */
    uint64_t audience;                     /* for HttpGuard.may_read */
} ServedFile;

/* One address. Exactly one of handle, form, sink and resolve. */
typedef struct Route {
    unsigned methods; /* HttpMethod bits; GET brings HEAD */
    const char *path; /* "/api/uploads/{}": {} is one segment, a final {*} the rest */
    const char *name; /* for logs and metrics: never changes, whatever the path */
    unsigned access;  /* the program's own word for HttpGuard.authorize; 0 is refused at start */
    RouteBody body;
    WorkPool pool;        /* of handle, and of a body's open and data */
    WorkPool finish_pool; /* of a body's finish; POOL_UNSET: as `pool` */
    Response *(*handle)(Request *request, Error *error); /* NULL result: *error is answered */
    const FormHandler *form;
    const BodySink *sink;
    uint64_t (*body_max)(const void *app); /* bytes of a whole form or body, by the settings */
    /* For files that never change under their name: called on a cache miss with the decoded {*}. */
    bool (*resolve)(void *app, const char *path, ServedFile *file, Error *error);
} Route;

/* --- requests --- */

void *request_app(const Request *request); /* HttpOptions.app */
const char *request_id(const Request *request);
const Route *request_route(const Request *request);
const Viewer *request_viewer(const Request *request);

/* The client's address as text; the socket's, or what a trusted proxy tells of it. */
void request_client(const Request *request, char text[NETWORK_TEXT_MAX]);
struct in6_addr request_address(const Request *request);

/* The index-th {} of the route, percent-decoded. */
const char *request_param(const Request *request, size_t index);

/* The field's value; NULL when absent. */
const char *request_header(const Request *request, const char *name);

/* A parameter of the query, decoded (url_query_value in common/base/url.h), and a cookie
 * (field_cookie in field.h). False where there is none or where it does not fit. */
_must_check_ bool request_query(const Request *request, const char *name, char *out, size_t size);
_must_check_ bool request_cookie(const Request *request, const char *name, char *out, size_t size);

/* Whether If-None-Match names this entity tag: answer 304. */
bool request_has_etag(const Request *request, const char *etag);

/* The body of a BODY_JSON route; borrowed. */
const json_t *request_json(const Request *request);

/* Bytes declared by Content-Length; UINT64_MAX when the body is chunked. */
uint64_t request_length(const Request *request);

/* Should this request end in a problem document, it carries this field too; `name` is static text.
 * Takes the place of a field that the status would bring (Retry-After). At most
 * HTTP_PROBLEM_FIELDS_MAX. */
void request_problem_header(Request *request, const char *name, const char *value);

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

/* Takes over `text`, which was allocated. Cache-Control: no-store. */
Response *response_text(int status, const char *content_type, char *text);
Response *response_empty(int status);

/* Bytes that live as long as the program; the caller adds Cache-Control and validators. */
Response *response_static(int status, const char *content_type, const void *data, size_t size);

/* Takes over file->content. Answers the request's Range and If-* fields, if the guard lets the
 * viewer have files of file->audience. NULL and *error. */
_must_check_ Response *response_file(const Request *request, ServedFile *file, Error *error);
void response_header(Response *response, const char *name, const char *value);

/* --- the server --- */

/* Where the file of a `resolve` route came from. */
typedef enum RequestCache { CACHE_UNUSED, CACHE_HIT, CACHE_MISS } RequestCache;

/* What a request was, told when it is over. Any loop's thread; must not block. */
typedef struct RequestOutcome {
    const Route *route;      /* NULL: none was found */
    int status;              /* 0: cut off before its answer */
    uint64_t received, sent; /* bytes of the bodies */
    RequestCache cache;
} RequestOutcome;

typedef struct HttpOptions {
    const char *host;
    int port; /* 0: any; see http_port */
    const Route *const
        *tables; /* NULL-terminated list of tables, each ending in a row without path */
    HttpGuard guard;
    NetworkList trusted_proxies;
    unsigned connections_max; /* 0: HTTP_CONNECTIONS_MAX, or what the descriptors allow */
    int shutdown_seconds;
    atomic_bool *time_up; /* becomes true when what is under way is cut; NULL: nobody asks */
    void (*ended)(const RequestOutcome *outcome); /* NULL: nobody counts */
    void *app;
} HttpOptions;

/* Checks the tables, listens, starts loops and workers. Options and what they point to are borrowed
 * until http_stop. */
_must_check_ Http *http_start(const HttpOptions *options, Error *error);
int http_port(const Http *http);

/* Whether the server is on its way out: /readyz says so to load balancers. */
bool http_stopping(const Http *http);

/* How it stands at this moment. Any thread. */
typedef struct HttpGauges {
    unsigned connections;
    size_t waiting[POOL_COUNT], threads[POOL_COUNT]; /* by pool */
    size_t cached_files;
    uint64_t cached_bytes;
} HttpGauges;
void http_gauges(Http *http, HttpGauges *out);

/* The words of the pools, by WorkPool; NULL where there is no pool. */
extern const char *const work_pool_words[POOL_COUNT];

/* Stops accepting, lets what is under way finish within shutdown_seconds, cuts the rest, frees
 * everything. */
void http_stop(Http *http);

/* A file left the volume: no loop serves it from its cache any more. Any thread. */
void http_forget_file(Http *http, const char *media_path);

/* Who belongs to an audience, or which files do, has changed: no loop serves one of these from its
 * cache without asking anew. Any thread. */
void http_forget_audience(Http *http, uint64_t audience);
