/* The HTTP server as a whole, with a small application behind it and plain sockets in front. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "tests/unit/http_client.h"
#include "web/http/http.h"

#define TOKEN      "0123456789abcdef0123456789abcdef"
#define PATIENCE_S CLIENT_PATIENCE_S

/* What the test application shares with the test. */
static struct {
    Http *http;
    char folder[64];
    int folder_fd;
    atomic_uint opened, closed, finished;
    atomic_ullong received;
    sem_t parked, fed;
    _Atomic(Request *) waiting;
    atomic_bool time_up, let_go;
    atomic_ullong refused_audience; /* nobody may read its files */
    atomic_int last_status;         /* of the last request of the route "hello", on any loop */
    atomic_ullong last_sent;
    atomic_uint ended, unrouted; /* requests that are over; those without a route */
    sem_t held;                  /* handlers of /hold wait for it */
} app;

/* The columns of the routes, as this application means them. */
enum { OPEN_TO_ALL = 1, WITH_TOKEN };

/* --- the application --- */

static Response *get_hello(Request *request, Error *error)
{
    (void)error;
    return response_json(200, json_pack("{s:s}", "name", request_param(request, 0)));
}

static Response *post_echo(Request *request, Error *error)
{
    (void)error;
    return response_json(200, json_incref((json_t *)request_json(request)));
}

static Response *post_wait(Request *request, Error *error)
{
    (void)error;
    if (request_expired(request) || request_peer_gone(request))
        return response_empty(204);
    if (atomic_exchange(&app.waiting, request) == request)
        return response_json(200, json_pack("{s:b}", "woken", 1));
    sem_post(&app.parked);
    return request_park(request, json_integer_value(json_object_get(request_json(request), "ms")));
}

/* Waits again whenever it is woken, until it is let go. */
static Response *get_again(Request *request, Error *error)
{
    (void)error;
    if (atomic_load(&app.let_go))
        return response_empty(204);
    atomic_store(&app.waiting, request);
    sem_post(&app.parked);
    return request_park(request, PATIENCE_S * 1000);
}

/* Goes on until it is called off. */
static Response *get_work(Request *request, Error *error)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    (void)request;
    sem_post(&app.parked);
    while (!atomic_load(&app.time_up))
        nanosleep(&moment, NULL);
    atomic_fetch_add(&app.finished, 1);
    error_set(error, ERROR_CANCELLED, "The program is being stopped.");
    return NULL;
}

/* Holds a worker of its pool until the test lets go. */
static Response *get_hold(Request *request, Error *error)
{
    (void)request, (void)error;
    sem_post(&app.parked);
    sem_wait(&app.held);
    return response_empty(204);
}

/* Tells what it was asked. */
static Response *get_facts(Request *request, Error *error)
{
    char query[64] = "-", cookie[64] = "-", client[NETWORK_TEXT_MAX];
    (void)error;
    if (!request_query(request, "q", query, sizeof query))
        base_copy(query, sizeof query, "-");
    if (!request_cookie(request, "session", cookie, sizeof cookie))
        base_copy(cookie, sizeof cookie, "-");
    request_client(request, client);
    return response_json(200,
                         json_pack("{s:s, s:s, s:s, s:i, s:s}", "query", query, "cookie", cookie,
                                   "client", client, "viewer", (int)request_viewer(request)->kind,
                                   "route", request_route(request)->name));
}

static Response *get_busy(Request *request, Error *error)
{
    request_problem_header(request, "Retry-After", "77");
    request_problem_header(request, "Upload-Offset", "12");
    error_set(error, ERROR_BUSY, "Not now.");
    return NULL;
}

static void *form_open(Request *request, Error *error)
{
    if (request_header(request, "X-Full")) {
        error_set(error, ERROR_NO_SPACE, "The volume is full.");
        return NULL;
    }
    atomic_fetch_add(&app.opened, 1);
    return &app;
}

static bool form_part(void *form, const FormPart *part, Error *error)
{
    (void)form;
    return !streq(part->name, "wrong") ||
           error_add_field(error, ERROR_INVALID, part->name, "This field is not wanted.");
}

static bool form_data(void *form, const void *bytes, size_t length, Error *error)
{
    (void)form, (void)bytes, (void)error;
    atomic_fetch_add(&app.received, length);
    sem_post(&app.fed);
    return true;
}

static bool form_part_end(void *form, Error *error)
{
    (void)form, (void)error;
    return true;
}

static Response *form_finish(void *form, Request *request, Error *error)
{
    (void)form, (void)request, (void)error;
    atomic_fetch_add(&app.finished, 1);
    return response_json(201, json_pack("{s:I}", "bytes", (json_int_t)app.received));
}

static void form_close(void *form)
{
    (void)form;
    atomic_fetch_add(&app.closed, 1);
}

static bool media_resolve(void *context, const char *path, ServedFile *file, Error *error)
{
    (void)context;
    int fd = file_open_beneath(app.folder_fd, path, O_RDONLY, 0);
    if (fd < 0)
        return error_set(error, ERROR_NOT_FOUND, "There is no file %s.", path);
    StoredFile *content = stored_file_adopt(fd, path, error);
    if (!content)
        return false;
    *file = (ServedFile){.content = content,
                         .audience = strncmp(path, "secret", 6) == 0 ? 7 : 1,
                         .modified_ms = 784111777000,
                         .etag = "\"tag\"",
                         .content_type = "text/plain",
                         .download_name = "name.txt",
                         .cache_control = "public, max-age=31536000, immutable"};
    return true;
}

/* The same file by a handler of its own. */
static Response *get_file(Request *request, Error *error)
{
    ServedFile file;
    if (!media_resolve(NULL, "secret", &file, error))
        return NULL;
    return response_file(request, &file, error);
}

/* --- its guard --- */

static bool guard_authorize(void *context, const RequestFacts *facts, unsigned access,
                            Viewer *viewer, Error *error)
{
    assert_ptr_equal(context, &app);
    *viewer = (Viewer){.kind = access};
    if (access == OPEN_TO_ALL)
        return true;
    if (!facts->authorization)
        return error_set(error, ERROR_UNAUTHENTICATED, "A token is needed.");
    return streq(facts->authorization, "Bearer " TOKEN) ||
           error_set(error, ERROR_FORBIDDEN, "That is another token.");
}

static bool guard_may_read(void *context, const Viewer *viewer, uint64_t audience, Error *error)
{
    (void)context, (void)viewer;
    return audience != atomic_load(&app.refused_audience) ||
           error_set(error, ERROR_FORBIDDEN, "This is not for you.");
}

static void on_ended(const RequestOutcome *outcome)
{
    if (outcome->route && streq(outcome->route->name, "hello")) {
        atomic_store(&app.last_status, outcome->status);
        atomic_store(&app.last_sent, outcome->sent);
        atomic_fetch_add(&app.ended, 1);
    }
    if (!outcome->route)
        atomic_fetch_add(&app.unrouted, 1);
}

/* A body of any bytes; it counts as a form does. */
static bool bytes_data(void *body, const void *bytes, size_t length, Error *error)
{
    (void)body;
    atomic_fetch_add(&app.received, length);
    return !memmem(bytes, length, "poison", 6) ||
           error_set(error, ERROR_INVALID, "That is not wanted.");
}

static uint64_t body_max(const void *context)
{
    (void)context;
    return 64 * MIB;
}

static const BodySink bytes_sink = {form_open, bytes_data, form_finish, form_close};
static const FormHandler form = {form_open,     form_part,   form_data,
                                 form_part_end, form_finish, form_close};
#define WORK OPEN_TO_ALL, BODY_NONE, POOL_API
static const Route routes[] = {
    {HTTP_GET, "/hello/{}", "hello", WORK, .handle = get_hello},
    {HTTP_POST, "/echo", "echo", WITH_TOKEN, BODY_JSON, POOL_API, .handle = post_echo},
    {HTTP_POST, "/wait", "wait", OPEN_TO_ALL, BODY_JSON, POOL_API, .handle = post_wait},
    {HTTP_GET, "/again", "again", WORK, .handle = get_again},
    {HTTP_GET, "/work", "work", WORK, .handle = get_work},
    {HTTP_GET, "/facts", "facts", WORK, .handle = get_facts},
    {HTTP_GET, "/busy", "busy", WORK, .handle = get_busy},
    {HTTP_GET, "/file", "file", WORK, .handle = get_file},
    {HTTP_GET, "/hold", "hold", OPEN_TO_ALL, BODY_NONE, POOL_CHILDREN, .handle = get_hold},
    {HTTP_POST, "/form", "form", OPEN_TO_ALL, BODY_FORM, POOL_TRANSFER, POOL_CHILDREN,
     .form = &form, .body_max = body_max},
    {HTTP_PUT, "/bytes", "bytes", WITH_TOKEN, BODY_BYTES, POOL_TRANSFER, .sink = &bytes_sink,
     .body_max = body_max},
    {HTTP_GET, "/media/{*}", "media", OPEN_TO_ALL, BODY_NONE, POOL_MEDIA, .resolve = media_resolve},
    {0},
};
static const Route *const tables[] = {routes, NULL};

static int start_with(int shutdown_seconds, unsigned connections_max)
{
    Error error = {0};
    HttpOptions options = {.host = "127.0.0.1",
                           .tables = tables,
                           .guard = {guard_authorize, guard_may_read, &app},
                           .ended = on_ended,
                           .shutdown_seconds = shutdown_seconds,
                           .connections_max = connections_max,
                           .time_up = &app.time_up};
    assert_true(network_parse_list("127.0.0.1", &options.trusted_proxies));
    memset(&app, 0, sizeof app);
    sem_init(&app.held, 0, 0);
    sem_init(&app.parked, 0, 0);
    sem_init(&app.fed, 0, 0);
    unit_folder(app.folder);
    app.folder_fd = open(app.folder, O_RDONLY | O_DIRECTORY);
    app.http = http_start(&options, &error);
    if (!app.http)
        fail_msg("%s", error.detail);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_with(3, 0);
}

/* For what must not wait for the deadline: a test that does runs into its own. */
static int start_patient(void **state)
{
    (void)state;
    return start_with(3600, 0);
}

#define FEW 6 /* connections, until one has to give way */
static int start_small(void **state)
{
    (void)state;
    return start_with(3, FEW);
}

static int stop(void **state)
{
    (void)state;
    if (app.http)
        http_stop(app.http);
    close(app.folder_fd);
    return file_remove_tree(AT_FDCWD, app.folder, NULL) ? 0 : -1;
}

/* --- the client --- */

static int dial_from(in_addr_t from)
{
    return client_dial(http_port(app.http), from);
}

static int dial(void)
{
    return dial_from(INADDR_LOOPBACK);
}

static const char *ask(const char *request)
{
    return client_ask(http_port(app.http), request);
}

static void write_file(const char *name, size_t size)
{
    _cleanup_free_ char *bytes = base_calloc(1, size + 1);
    memset(bytes, 'x', size);
    assert_true(file_replace(app.folder_fd, name, bytes, size, NULL));
}

/* --- the stories --- */

static void a_connection_serves_one_request_after_another(void **state)
{
    (void)state;
    int fd = dial();
    for (int i = 0; i < 3; i++) {
        client_say(fd, "GET /hello/caf%C3%A9 HTTP/1.1\r\nHost: a\r\n\r\n");
        const char *answer = client_hear(fd);
        client_expect(answer, "HTTP/1.1 200");
        client_expect(answer, "X-Request-Id: ");
        client_expect(answer, "{\"name\":\"caf\xC3\xA9\"}");
        client_say(fd, "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
        client_expect(client_hear(fd), "HTTP/1.1 404");
    }
    close(fd);
}

static void a_refusal_says_why(void **state)
{
    static const struct {
        const char *request, *status, *word;
    } rows[] = {
        {"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "404", "\"code\":\"not_found\""},
        {"POST /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "405",
         "Allow: GET, HEAD"},
        {"BREW /hello/a HTTP/1.1\r\nHost: a\r\n\r\n", "405", "\"code\":\"method_not_allowed\""},
        {"GET /hello/%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400", "wrongly escaped"},
        {"GET /hello/a%00b HTTP/1.1\r\nHost: a\r\n\r\n", "400", "wrongly escaped"},
        {"GET /hello/a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400", "given twice"},
        {"GET /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", "413",
         "takes no content"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "401",
         "WWW-Authenticate: Bearer"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}",
         "403", "\"code\":\"forbidden\""},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
         "\r\nContent-Length: 2\r\n\r\n{}",
         "415", "application/json"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
         "\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n[",
         "400", "malformed"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
         "\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n",
         "413", "larger than"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx", "415",
         "multipart/form-data"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n",
         "411", "Content-Length is missing"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
         "Content-Length: 99999999999\r\n\r\n",
         "413", "too large"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
         "Content-Length: 5\r\n\r\n--c\r\n",
         "400", "boundary"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nX-Full: 1\r\nContent-Type: multipart/form-data; "
         "boundary=b\r\n"
         "Content-Length: 5\r\n\r\n",
         "507", "The volume is full."},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *answer = ask(rows[i].request);
        char status[40];
        snprintf(status, sizeof status, "HTTP/1.1 %s ", rows[i].status);
        client_expect(answer, status);
        client_expect(answer, rows[i].word);
        client_expect(answer, "application/problem+json");
        client_expect(answer, "\"request_id\":\"");
    }
    client_expect(ask("POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                      "\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"),
                  "{\"a\":1}");
}

/* On a connection that is in use sends a head ('~' stands for NUL), and behind it what would be
 * another request to whom the head's end or its body's length is another. It must be refused once,
 * and end the connection. */
static void expect_malformed(const char *head)
{
    static const char hidden[] = "GET /hello/hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    char text[4096];
    size_t length = 0, head_length = strlen(head);
    int fd = dial();
    client_say(fd, "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 200 ");
    snprintf(text, sizeof text, "%s%s", head, hidden);
    for (size_t i = 0; i < head_length; i++)
        text[i] = text[i] == '~' ? '\0' : text[i];
    assert_int_equal(send(fd, text, head_length + strlen(hidden), MSG_NOSIGNAL),
                     head_length + strlen(hidden));
    memset(text, 0, sizeof text);
    for (ssize_t got; (got = recv(fd, text + length, sizeof text - 1 - length, 0)) > 0;) {
        length += (size_t)got;
        if (strncmp(text, "HTTP/1.1 400 ", MIN_OF(length, 13)) != 0)
            fail_msg("expected 400 to \"%s\": %s", head, text);
    }
    const char *date = strstr(text, "\r\nDate: ");
    if (!date || strstr(date + 1, "\r\nDate: "))
        fail_msg("expected one answer to \"%s\": %s", head, text);
    close(fd);
}

static void a_folded_line_is_refused_whatever_it_frames(void **state)
{
    static const struct {
        const char *before, *after; /* the value */
    } folds[] = {
        {":\r\n ", "\r\n"},      {":\r\n\t", "\r\n"}, {": ", "\r\n \r\n"}, {": ", "\r\n\t 1\r\n"},
        {": ", "\r\n X: 1\r\n"}, {":\n ", "\r\n"},    {"\r\n : ", "\r\n"}, {": \r\n \r\n ", "\r\n"},
    };
    static const struct {
        const char *name, *value, *others;
    } fields[] = {
        {"Content-Length", "43", "Host: a\r\n"},
        {"Transfer-Encoding", "chunked", "Host: a\r\n"},
        {"Host", "a", ""},
        {"Connection", "keep-alive", "Host: a\r\n"},
        {"Expect", "100-continue", "Host: a\r\nContent-Length: 0\r\n"},
        {"X-Other", "a", "Host: a\r\n"},
    };
    static const char *const targets[] = {"GET /hello/a", "HEAD /hello/a", "POST /form"};
    char line[100], head[400];
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(fields); f++)
        for (size_t i = 0; i < ARRAY_SIZE(folds); i++)
            for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
                snprintf(line, sizeof line, "%s%s%s%s", fields[f].name, folds[i].before,
                         fields[f].value, folds[i].after);
                snprintf(head, sizeof head, "%s HTTP/1.1\r\n%s%s\r\n", targets[t], fields[f].others,
                         line);
                expect_malformed(head);
                snprintf(head, sizeof head, "%s HTTP/1.1\r\nAccept: a\r\n%s%s\r\n", targets[t],
                         line, fields[f].others);
                expect_malformed(head);
            }
}

static void a_head_with_other_line_ends_is_refused(void **state)
{
    static const char *const heads[] = {
        "GET /hello/a HTTP/1.1\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n\n",
        "GET /hello/a HTTP/1.1\nHost: a\n\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b\rContent-Length: 43\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX\r: b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n",
        "GET /hello/a?\r HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a\t HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /hello/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET~/b /hello/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a~b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a?~b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1~\r\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b~c\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b~\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX~: b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX:~ b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0~43\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n~\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
        expect_malformed(heads[i]);
}

/* Byte by byte, several at once, behind an empty line, and with more in it than the library reads
 * at first: what is refused for its line ends alone is never one of these. */
static void a_good_head_is_taken_however_it_arrives(void **state)
{
    static const char head[] = "\r\nGET /hello/a?q=%20&r&s=1 HTTP/1.1\r\nHost:a\r\nEmpty:\r\n"
                               "Blank: \t \r\nBlanks:\t a \t\r\nCookie: a=\"b\"; c=d\r\n"
                               "X: \xC3\xA9\r\n\r\n";
    static const char post[] = "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                               "\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
                               "\r\n{\"a\":1}";
    enum { LONG = 24000 };
    _cleanup_free_ char *filler = base_calloc(1, LONG + 1);
    int fd = dial();
    (void)state;
    for (size_t i = 0; head[i]; i++)
        client_say(fd, (char[2]){head[i]});
    client_expect(client_hear(fd), "HTTP/1.1 200 ");
    for (int i = 0; i < 3; i++) {
        client_say(fd, head);
        client_say(fd, post);
    }
    for (int i = 0; i < 3; i++) {
        client_expect(client_hear(fd), "{\"name\":\"a\"}");
        client_expect(client_hear(fd), "{\"a\":1}");
    }
    memset(filler, 'x', LONG);
    for (int i = 0; i < 2; i++) {
        client_say(fd, "GET /hello/a HTTP/1.1\r\nX: ");
        client_say(fd, filler);
        client_say(fd, "\r\nHost: a\r\n\r\n");
        client_expect(client_hear(fd), "HTTP/1.1 200 ");
    }
    close(fd);
}

static void a_refusal_without_a_body_leaves_the_connection_open(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd, "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 415 ");
    client_say(fd, "POST /form HTTP/1.1\r\nHost: a\r\nX-Full: 1\r\nContent-Length: 0\r\n"
                   "Content-Type: multipart/form-data; boundary=b\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 507 ");
    client_say(fd, "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 200 ");
    close(fd);
}

static void a_refusal_of_a_request_with_a_body_ends_the_connection(void **state)
{
    static const char *const requests[] = {
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n[",
        "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Type: application/json\r\nTransfer-Encoding: "
        "chunked\r\n\r\n1\r\n[\r\n0\r\n\r\n",
        "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Length: 6\r\n\r\npoison",
    };
    char byte;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        int fd = dial();
        client_say(fd, requests[i]);
        const char *answer = client_hear(fd);
        client_expect(answer, "HTTP/1.1 4");
        client_expect(answer, "Connection: close");
        if (recv(fd, &byte, 1, 0) != 0)
            fail_msg("the connection lives on after: %s", requests[i]);
        close(fd);
    }
}

/* Rules by path of a proxy see the escape and not the slash. */
static void an_escaped_slash_is_no_second_address(void **state)
{
    static const struct {
        const char *target, *status;
    } rows[] = {
        {"/media/a/b", "200"},   {"/media/a%2fb", "404"},   {"/media/a%2Fb", "404"},
        {"/media/%61/b", "200"}, {"/media%2fa/b", "404"},   {"/media/a%2f%zz", "404"},
        {"/hello/a%2Fb", "404"}, {"/hello/a%252fb", "200"}, {"/hello/a?q=%2f", "200"},
        {"/%2fhello/a", "404"},
    };
    (void)state;
    assert_int_equal(mkdirat(app.folder_fd, "a", 0700), 0);
    write_file("a/b", 10);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char request[100], wanted[40];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].target);
        snprintf(wanted, sizeof wanted, "HTTP/1.1 %s ", rows[i].status);
        client_expect(ask(request), wanted);
    }
}

static void a_refused_head_request_gets_no_content(void **state)
{
    (void)state;
    const char *answer = ask("HEAD /hello/a HTTP/1.1\r\n\r\n");
    client_expect(answer, "HTTP/1.1 400 ");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

/* A client that has sent all of 20 MB before it listens still hears the refusal: no reset destroys
 * it. */
static void a_refused_upload_hears_the_refusal(void **state)
{
    static const char part[] =
        "--b\r\nContent-Disposition: form-data; name=\"wrong\"; filename=\"f\"\r\n\r\n";
    enum { SIZE = 20 << 20 };
    _cleanup_free_ char *bytes = base_calloc(1, SIZE);
    char header[200];
    (void)state;
    int fd = dial();
    snprintf(header, sizeof header,
             "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
             "Content-Length: %zu\r\n\r\n",
             (size_t)SIZE + strlen(part));
    client_say(fd, header);
    client_say(fd, part);
    for (size_t sent = 0; sent < SIZE;) {
        ssize_t step = send(fd, bytes + sent, SIZE - sent, MSG_NOSIGNAL);
        assert_true(step > 0);
        sent += (size_t)step;
    }
    const char *answer = client_hear(fd);
    client_expect(answer, "HTTP/1.1 422 ");
    client_expect(answer, "\"errors\":[{\"field\":\"wrong\"");
    close(fd);
}

static void wait_for(const atomic_uint *counter, unsigned value)
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    while (atomic_load(counter) < value) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
    }
}

/* The delimiter behind the file lies before, across and behind the edge of a block. */
static void a_form_is_read_across_the_edges_of_blocks(void **state)
{
    static const char head[] =
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n";
    static const char tail[] =
        "\r\n--b\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\nx\r\n--b--\r\n";
    _cleanup_free_ char *bytes = base_calloc(1, HTTP_STREAM_BLOCK + 1000);
    (void)state;
    for (size_t edge = 0; edge <= strlen(tail) + 1; edge++) {
        char header[200];
        size_t size = HTTP_STREAM_BLOCK - strlen(head) - edge;
        size_t all = strlen(head) + size + strlen(tail);
        int fd = dial();
        memcpy(bytes, head, strlen(head));
        memset(bytes + strlen(head), '\r', size);
        memcpy(bytes + strlen(head) + size, tail, strlen(tail));
        snprintf(header, sizeof header,
                 "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; "
                 "boundary=b\r\nContent-Length: %zu\r\n\r\n",
                 all);
        atomic_store(&app.received, 0);
        client_say(fd, header);
        for (size_t sent = 0; sent < all;) {
            ssize_t step = send(fd, bytes + sent, all - sent, MSG_NOSIGNAL);
            assert_true(step > 0);
            sent += (size_t)step;
        }
        client_expect(client_hear(fd), "HTTP/1.1 201");
        assert_int_equal(app.received, size + 1);
        close(fd);
    }
}

static void a_form_cut_off_is_closed_once_and_never_finished(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd,
               "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
               "Content-Length: 1000\r\n\r\n--b\r\n");
    wait_for(&app.opened, 1);
    close(fd);
    wait_for(&app.closed, 1);
    assert_int_equal(app.finished, 0);
}

static void a_waiting_request_is_woken_at_once(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd, "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                   "Content-Length: 12\r\n\r\n{\"ms\":60000}");
    sem_wait(&app.parked);
    http_unpark(app.waiting); /* may come before the handler has returned: that is remembered */
    client_expect(client_hear(fd), "woken");
    close(fd);
}

/* So often that the loop looks at it several times meanwhile. */
static void a_request_may_be_woken_and_wait_again_without_end(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd, "GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 30000; i++) {
        sem_wait(&app.parked);
        for (int turn = 0; turn < 20; turn++) /* mostly it sleeps by then */
            sched_yield();
        http_unpark(app.waiting);
    }
    sem_wait(&app.parked);
    atomic_store(&app.let_go, true);
    http_unpark(app.waiting);
    client_expect(client_hear(fd), "HTTP/1.1 204");
    close(fd);
}

static void a_waiting_request_ends_with_its_time(void **state)
{
    (void)state;
    client_expect(ask("POST /wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                      "Content-Length: 8\r\n\r\n{\"ms\":1}"),
                  "HTTP/1.1 204");
}

static void a_file_is_served_from_the_cache_until_it_is_forgotten(void **state)
{
    static const char request[] = "GET /media/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    (void)state;
    write_file("a", 1000);
    client_expect(ask(request), "Content-Length: 1000");
    client_expect(ask(request), "Content-Length: 1000"); /* the other loop has it too */
    assert_true(file_remove(app.folder_fd, "a", NULL));
    client_expect(ask(request), "HTTP/1.1 200");
    http_forget_file(app.http, "a");
    client_expect(ask(request), "HTTP/1.1 404");
    client_expect(ask(request), "HTTP/1.1 404");
}

static void ranges_and_conditions_are_answered_on_the_wire(void **state)
{
    static const struct {
        const char *field, *status, *wanted;
    } rows[] = {
        {"Range: bytes=0-9", "206", "Content-Range: bytes 0-9/1000"},
        {"Range: bytes=-1", "206", "Content-Range: bytes 999-999/1000"},
        {"Range: bytes=1000-", "416", "Content-Range: bytes */1000"},
        {"Range: bytes=0-9\r\nIf-Range: \"tag\"", "206", "Content-Length: 10"},
        {"Range: bytes=0-9\r\nIf-Range: \"other\"", "200", "Content-Length: 1000"},
        {"If-None-Match: \"tag\"", "304", "ETag: \"tag\""},
        {"If-None-Match: \"other\"", "200", "Content-Length: 1000"},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "304",
         "Last-Modified: Sun, 06 Nov 1994"},
        {"If-Match: \"other\"", "412", "precondition_failed"},
        {"Accept: */*", "200", "Content-Disposition: inline; filename=\"name.txt\""},
    };
    (void)state;
    write_file("b", 1000);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char request[300], status[40];
        snprintf(request, sizeof request,
                 "GET /media/b HTTP/1.1\r\nHost: a\r\n%s\r\nConnection: close\r\n\r\n",
                 rows[i].field);
        snprintf(status, sizeof status, "HTTP/1.1 %s ", rows[i].status);
        const char *answer = ask(request);
        client_expect(answer, status);
        client_expect(answer, rows[i].wanted);
    }
    client_expect(ask("GET /media/b?download=1 HTTP/1.1\r\nHost: a\r\n\r\n"),
                  "attachment; filename=");
    client_expect(ask("GET /media/../b HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 404");
    client_expect(ask("GET /media/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 404");
}

static void *ask_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        char answer[256];
        client_say(fd, "GET /media/c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_true(recv(fd, answer, sizeof answer, MSG_WAITALL) > 0);
        assert_memory_equal(answer, "HTTP/1.1 200", 12);
        close(fd);
    }
    return NULL;
}

static void many_clients_are_served_while_files_come_and_go(void **state)
{
    pthread_t clients[8];
    (void)state;
    write_file("c", 20000);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        pthread_create(&clients[i], NULL, ask_many, NULL);
    for (int i = 0; i < 50; i++)
        http_forget_file(app.http, "c");
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        pthread_join(clients[i], NULL);
}

static void stopping_ends_waits_and_cuts_uploads(void **state)
{
    (void)state;
    int waiting = dial(), sending = dial(), idle = dial();
    client_say(waiting, "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        "Content-Length: 12\r\n\r\n{\"ms\":60000}");
    sem_wait(&app.parked);
    client_say(sending,
               "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
               "Content-Length: 1000\r\n\r\n--b\r\n");
    wait_for(&app.opened, 1);
    http_stop(TAKE_PTR(app.http));
    client_expect(client_hear(waiting), "HTTP/1.1 204");
    assert_int_equal(app.closed, 1);
    assert_int_equal(app.finished, 0);
    assert_string_equal(client_hear(idle), "");
    close(waiting);
    close(sending);
    close(idle);
}

/* A worker that does not end would take the program with it. */
static void stopping_calls_off_what_takes_long(void **state)
{
    (void)state;
    int working = dial();
    client_say(working, "GET /work HTTP/1.1\r\nHost: a\r\n\r\n");
    sem_wait(&app.parked);
    assert_false(app.time_up);
    http_stop(TAKE_PTR(app.http));
    assert_int_equal(app.finished, 1);
    close(working);
}

static void stopping_does_not_wait_for_the_silent(void **state)
{
    (void)state;
    int idle = dial(), served = dial(), half = dial();
    client_say(served, "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear(served), "HTTP/1.1 200");
    client_say(half, "GET /hello/a HTTP/1.1\r\nHo");
    http_stop(TAKE_PTR(app.http));
    assert_string_equal(client_hear(idle), "");
    assert_string_equal(client_hear(served), "");
    assert_string_equal(client_hear(half), "");
    close(idle);
    close(served);
    close(half);
}

static void *stop_server(void *http)
{
    http_stop(http);
    return NULL;
}

/* One loop waits for a handler, the others have ended: what they are told then is freed unread. */
static void files_may_be_forgotten_until_the_server_has_stopped(void **state)
{
    Http *http = app.http;
    pthread_t stopping;
    int idle[8], held = dial();
    (void)state;
    client_say(held, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    sem_wait(&app.parked);
    for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
        idle[i] = dial();
    app.http = NULL;
    assert_int_equal(pthread_create(&stopping, NULL, stop_server, http), 0);
    for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
        assert_string_equal(client_hear(idle[i]), "");
        close(idle[i]);
    }
    for (int i = 0; i < 1000; i++)
        http_forget_file(http, "a");
    sem_post(&app.held);
    client_expect(client_hear(held), "HTTP/1.1 204");
    close(held);
    pthread_join(stopping, NULL);
}

static void what_a_request_says_of_itself_is_read_once(void **state)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"GET /facts?a=1&q=caf%C3%A9+au+lait&q=2 HTTP/1.1\r\nHost: a\r\n"
         "Cookie: other=1; session=\"abc\"\r\n\r\n",
         "{\"query\":\"caf\xC3\xA9 au lait\",\"cookie\":\"abc\",\"client\":\"127.0.0.1\","
         "\"viewer\":1,\"route\":\"facts\"}"},
        {"GET /facts?q=%zz HTTP/1.1\r\nHost: a\r\n\r\n", "\"query\":\"-\",\"cookie\":\"-\""},
        {"GET /facts HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 192.0.2.7\r\n\r\n",
         "\"client\":\"192.0.2.7\""},
        {"GET /facts HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n"
         "X-Forwarded-For: 2001:db8::1, 127.0.0.1\r\n\r\n",
         "\"client\":\"2001:db8::1\""},
        {"GET /facts HTTP/1.1\r\nHost: a\r\nX-Real-IP: 192.0.2.8\r\n\r\n",
         "\"client\":\"192.0.2.8\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        client_expect(ask(rows[i].request), rows[i].answer);
}

static void a_handler_adds_fields_to_its_refusal(void **state)
{
    (void)state;
    const char *answer = ask("GET /busy HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(answer, "HTTP/1.1 429 ");
    client_expect(answer, "Retry-After: 77");
    client_expect(answer, "Upload-Offset: 12");
    if (strstr(answer, "Retry-After: 5"))
        fail_msg("Retry-After is given twice: %s", answer);
}

static void bytes_reach_their_sink_in_order_and_are_refused_in_their_middle(void **state)
{
    enum { SIZE = 3 << 20 };
    _cleanup_free_ char *bytes = base_calloc(1, SIZE);
    char header[200];
    (void)state;
    for (int poisoned = 0; poisoned < 2; poisoned++) {
        int fd = dial();
        snprintf(header, sizeof header,
                 "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                 "\r\nContent-Length: %d\r\n\r\n",
                 SIZE);
        if (poisoned)
            memcpy(bytes + SIZE / 2, "poison", 6);
        client_say(fd, header);
        for (size_t sent = 0; sent < SIZE;) {
            ssize_t step = send(fd, bytes + sent, SIZE - sent, MSG_NOSIGNAL);
            assert_true(step > 0);
            sent += (size_t)step;
        }
        client_expect(client_hear(fd), poisoned ? "HTTP/1.1 422 " : "\"bytes\":3145728}");
        close(fd);
    }
    assert_int_equal(app.closed, 2);
    assert_int_equal(app.finished, 1);
    client_expect(ask("PUT /bytes HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
                  "HTTP/1.1 401");
    assert_int_equal(app.opened, 2);
}

/* A cached file is judged at every request, and its audience can be called back from the caches. */
static void who_may_read_is_asked_before_the_cache(void **state)
{
    static const char request[] = "GET /media/secret HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char part[] = "GET /media/secret HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n";
    static const char unseen[] = "GET /media/secret2 HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char handled[] = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n";
    HttpGauges gauges;
    (void)state;
    write_file("secret", 100);
    write_file("secret2", 100);
    for (int i = 0; i < 4; i++) /* every loop has it */
        client_expect(ask(request), "HTTP/1.1 200");
    client_expect(ask(handled), "HTTP/1.1 200");
    atomic_store(&app.refused_audience, 7);
    for (int i = 0; i < 4; i++)
        client_expect(ask(request), "HTTP/1.1 403");
    client_expect(ask(part), "HTTP/1.1 403");
    client_expect(ask(unseen), "HTTP/1.1 403");
    client_expect(ask(handled), "HTTP/1.1 403");
    atomic_store(&app.refused_audience, 0);
    assert_true(file_remove(app.folder_fd, "secret", NULL));
    client_expect(ask(request), "HTTP/1.1 200");
    http_forget_audience(app.http, 1); /* another one */
    client_expect(ask(request), "HTTP/1.1 200");
    http_forget_audience(app.http, 7);
    for (int i = 0; i < 4; i++)
        client_expect(ask(request), "HTTP/1.1 404");
    http_gauges(app.http, &gauges);
    assert_int_equal(gauges.cached_files, 0);
    assert_int_equal(gauges.cached_bytes, 0);
}

/* Twice as many as the pool has threads wait for children, and a quick question is answered. */
static void what_waits_for_children_holds_up_nobody_else(void **state)
{
    enum { HELD = 2 * HTTP_CHILDREN_WORKERS };
    int held[HELD];
    HttpGauges gauges;
    (void)state;
    for (int i = 0; i < HELD; i++) {
        held[i] = dial();
        client_say(held[i], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (int i = 0; i < HTTP_CHILDREN_WORKERS; i++)
        sem_wait(&app.parked);
    write_file("d", 10);
    client_expect(ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
    client_expect(ask("GET /media/d HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
    http_gauges(app.http, &gauges);
    assert_int_equal(gauges.threads[POOL_CHILDREN], HTTP_CHILDREN_WORKERS);
    assert_true(gauges.connections >= HELD);
    for (int i = 0; i < HELD; i++)
        sem_post(&app.held);
    for (int i = 0; i < HELD; i++) {
        client_expect(client_hear(held[i]), "HTTP/1.1 204");
        close(held[i]);
    }
}

/* More than may wait for children ask from two addresses, each of which may have so many. */
static void beyond_the_queue_of_its_pool_a_request_is_told_to_come_again(void **state)
{
    enum { ASKING = HTTP_CHILDREN_WORKERS + HTTP_WORK_QUEUE_MAX };
    static const char request[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
    static int asking[ASKING];
    HttpGauges gauges = {0};
    (void)state;
    for (int i = 0; i < ASKING; i++) {
        asking[i] = dial_from(INADDR_LOOPBACK + (unsigned)i % 2);
        client_say(asking[i], request);
        if (i < HTTP_CHILDREN_WORKERS)
            sem_wait(&app.parked);
    }
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    while (gauges.waiting[POOL_CHILDREN] < HTTP_WORK_QUEUE_MAX) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
        http_gauges(app.http, &gauges);
    }
    const char *answer = ask(request);
    client_expect(answer, "HTTP/1.1 503 ");
    client_expect(answer, "Retry-After: 5");
    client_expect(ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
    for (int i = 0; i < ASKING; i++)
        sem_post(&app.held);
    for (int i = 0; i < ASKING; i++) {
        client_expect(client_hear(asking[i]), "HTTP/1.1 204");
        close(asking[i]);
    }
}

static void the_end_of_a_request_is_told_with_its_route(void **state)
{
    (void)state;
    client_expect(ask("GET /hello/abc HTTP/1.1\r\nHost: a\r\n\r\n"), "200");
    wait_for(&app.ended, 1);
    assert_int_equal(app.last_status, 200);
    assert_int_equal(app.last_sent, strlen("{\"name\":\"abc\"}"));
    client_expect(ask("HEAD /hello/abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "200");
    wait_for(&app.ended, 2);
    assert_int_equal(app.last_sent, 0);
}

/* There is no request yet, but its end is told, and the client is. */
static void a_head_without_an_end_is_refused_and_told(void **state)
{
    static const struct {
        const char *begin, *status;
    } rows[] = {
        {"GET /hello/a?", "414"},
        {"GET /hello/a HTTP/1.1\r\nHost: a\r\nX: ", "431"},
        {"GET /hello/a HTTP/1.1\r\n", "431"},
    };
    _cleanup_free_ char *filler = base_calloc(1, HTTP_HEAD_MAX + 1);
    (void)state;
    memset(filler, 'x', HTTP_HEAD_MAX);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        char wanted[20];
        int fd = dial();
        snprintf(wanted, sizeof wanted, "HTTP/1.1 %s ", rows[i].status);
        client_say(fd, rows[i].begin);
        client_say(fd, filler);
        const char *answer = client_hear(fd);
        client_expect(answer, wanted);
        client_expect(answer, "Connection: close");
        wait_for(&app.unrouted, i + 1);
        close(fd);
    }
    client_expect(ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
}

/* Whether the server has closed it, or does so soon. Reads what is still on its way. */
static bool is_closed(int fd)
{
    static char bytes[65536];
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        ;
    return got == 0 || errno == ECONNRESET;
}

static void wait_for_next_ms(void)
{
    int64_t now_ms = clock_monotonic_ms();
    while (clock_monotonic_ms() < now_ms + 2)
        sched_yield();
}

/* All are idle, but in another order than that in which they came. */
static void at_the_limit_the_longest_idle_gives_way(void **state)
{
    static const char facts[] = "GET /facts HTTP/1.1\r\nHost: a\r\n\r\n";
    static const int order[FEW] = {3, 1, 5, 0, 4, 2};
    int idle[FEW];
    (void)state;
    for (int i = 0; i < FEW; i++)
        idle[i] = dial();
    for (int i = 0; i < FEW; i++) {
        wait_for_next_ms();
        client_say(idle[order[i]], facts);
        client_expect(client_hear(idle[order[i]]), "HTTP/1.1 200");
    }
    for (int i = 0; i < 2; i++) {
        int newcomer = dial();
        client_say(newcomer, facts);
        client_expect(client_hear(newcomer), "HTTP/1.1 200");
        assert_true(is_closed(idle[order[i]]));
        close(idle[order[i]]);
        idle[order[i]] = newcomer;
    }
    for (int i = 0; i < FEW; i++) {
        client_say(idle[i], facts);
        client_expect(client_hear(idle[i]), "HTTP/1.1 200");
        close(idle[i]);
    }
}

/* Who asks, waits or sends is left alone; there the newcomer is the one too many. */
static void at_the_limit_nobody_busy_gives_way(void **state)
{
    static const char half[] = "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                               "\r\nContent-Length: 10\r\n\r\nhalf,";
    int busy[FEW];
    (void)state;
    for (int i = 0; i < FEW; i++) {
        busy[i] = dial();
        client_say(busy[i], i % 2 ? half : "GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
        if (i % 2 == 0)
            sem_wait(&app.parked);
    }
    wait_for(&app.opened, FEW / 2);
    int newcomer = dial();
    assert_true(is_closed(newcomer));
    close(newcomer);
    for (int i = 1; i < FEW; i += 2) {
        client_say(busy[i], "whole");
        client_expect(client_hear(busy[i]), "HTTP/1.1 201");
    }
    atomic_store(&app.let_go, true);
    for (int i = 0; i < FEW; i++)
        close(busy[i]);
}

/* Beside one who sends slowly and one who waits, the others ask for a file and do not read it. */
static void at_the_limit_the_slowest_reader_gives_way(void **state)
{
    enum { READERS = FEW - 2, SIZE = 32 << 20 };
    int fds[FEW], closed = 0;
    (void)state;
    write_file("large", SIZE);
    for (int i = 0; i < FEW; i++) {
        fds[i] = dial();
        client_say(fds[i], i < READERS ? "GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n"
                           : i == READERS
                               ? "GET /again HTTP/1.1\r\nHost: a\r\n\r\n"
                               : "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                                 "\r\nContent-Length: 10\r\n\r\nhalf,");
    }
    for (int i = 0; i < READERS; i++) {
        char byte;
        assert_int_equal(recv(fds[i], &byte, 1, MSG_PEEK), 1);
    }
    sem_wait(&app.parked);
    wait_for(&app.opened, 1);
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    for (bool served = false; !served;) {
        assert_true(clock_monotonic_ms() < deadline);
        int newcomer = dial();
        IGNORE_RESULT(send(newcomer, "GET /busy HTTP/1.1\r\nHost: a\r\n\r\n", 32, MSG_NOSIGNAL) <
                      0);
        served = strstr(client_hear(newcomer), "HTTP/1.1 429") != NULL;
        close(newcomer);
    }
    client_say(fds[FEW - 1], "whole");
    client_expect(client_hear(fds[FEW - 1]), "HTTP/1.1 201");
    for (int i = 0; i < READERS; i++) {
        static char bytes[65536];
        size_t length = 0;
        ssize_t got;
        while (length <= SIZE && (got = recv(fds[i], bytes, sizeof bytes, 0)) > 0)
            length += (size_t)got;
        closed += length < SIZE;
    }
    assert_int_equal(closed, 1);
    atomic_store(&app.let_go, true);
    for (int i = 0; i < FEW; i++)
        close(fds[i]);
}

/* The thread sanitizer keeps four bytes of its own for each. */
#ifdef __SANITIZE_THREAD__
#define MEMORY_FACTOR 5
#elif defined(__SANITIZE_ADDRESS__) /* and the address sanitizer room around each piece */
#define MEMORY_FACTOR 2
#else
#define MEMORY_FACTOR 1
#endif

/* Bytes of memory that belong to no file. */
static uint64_t anonymous_memory(void)
{
    static const char word[] = "RssAnon:";
    char text[4096] = "";
    _cleanup_close_ int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    const char *found = strstr(text, word);
    assert_non_null(found);
    return strtoul(found + strlen(word), NULL, 10) * KIB;
}

/* Each has sent more than a block and less than its whole. What they cost together does not grow
 * with what each has sent; and whoever goes on is done, though many more wait than there are
 * blocks.
 */
static void a_thousand_uploads_under_way_share_the_blocks(void **state)
{
    enum { UPLOADS = 1000, FIRST = HTTP_STREAM_BLOCK + 1000, REST = 1000 };
    enum { COST_MAX = HTTP_STREAM_BLOCKS * HTTP_STREAM_BLOCK + UPLOADS * 8 * 1024 };
    static int fds[UPLOADS];
    static char bytes[FIRST];
    char header[200];
    (void)state;
    snprintf(header, sizeof header,
             "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
             "\r\nContent-Length: %d\r\n\r\n",
             FIRST + REST);
    memset(bytes, 'x', sizeof bytes);
    uint64_t before = anonymous_memory();
    for (int i = 0; i < UPLOADS; i++) {
        fds[i] = dial_from(INADDR_LOOPBACK + (unsigned)i % 2);
        client_say(fds[i], header);
        assert_int_equal(send(fds[i], bytes, FIRST, MSG_NOSIGNAL), FIRST);
    }
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    uint64_t sure = (uint64_t)UPLOADS * FIRST - HTTP_STREAM_BLOCKS * HTTP_STREAM_BLOCK;
    while (atomic_load(&app.received) < sure) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
    }
    uint64_t cost = (anonymous_memory() - before) / MEMORY_FACTOR;
    if (cost > COST_MAX)
        fail_msg("a thousand uploads under way cost %llu MiB", (unsigned long long)(cost / MIB));
    for (int i = UPLOADS; i > 0; i--)
        assert_int_equal(send(fds[i - 1], bytes, REST, MSG_NOSIGNAL), REST);
    for (int i = 0; i < UPLOADS; i++) {
        client_expect(client_hear(fds[i]), "HTTP/1.1 201");
        close(fds[i]);
    }
    assert_int_equal(app.finished, UPLOADS);
    assert_int_equal(app.received, (uint64_t)UPLOADS * (FIRST + REST));
}

/* As many as may be open, of every kind that holds something. */
static void whatever_is_open_costs_little(void **state)
{
    enum { EACH = 1000, KINDS = 4, SOME = 20000, LARGE = 8 << 20, COST_MAX = 48 << 20 };
    static int fds[KINDS][EACH];
    static char bytes[SOME + 1];
    static const char *const begun[KINDS] = {
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: ",
        "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Length: 1000000\r\n\r\n",
        "GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    char byte;
    (void)state;
    memset(bytes, 'x', SOME);
    write_file("large", LARGE);
    uint64_t before = anonymous_memory();
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < EACH; i++) {
            int fd = fds[kind][i] = dial_from(INADDR_LOOPBACK + (unsigned)kind);
            client_say(fd, begun[kind]);
            if (kind == 0)
                client_expect(client_hear(fd), "HTTP/1.1 200");
            else if (kind == 3)
                assert_int_equal(recv(fd, &byte, 1, MSG_PEEK), 1);
            else
                client_say(fd, bytes);
        }
    wait_for(&app.opened, EACH);
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    uint64_t sure = (uint64_t)(EACH - HTTP_STREAM_BLOCKS) * SOME;
    while (atomic_load(&app.received) < sure) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
    }
    uint64_t cost = (anonymous_memory() - before) / MEMORY_FACTOR;
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < EACH; i++)
            close(fds[kind][i]);
    if (cost > COST_MAX)
        fail_msg("all that is open costs %llu MiB", (unsigned long long)(cost / MIB));
    print_message("all that is open costs %llu KiB\n", (unsigned long long)(cost / KIB));
}

static void an_incomplete_route_stops_the_start(void **state)
{
    static const Route rows[] = {
        {HTTP_GET, "/a", "a", 0, BODY_NONE, POOL_API, .handle = get_hello},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_UNSET, POOL_API, .handle = get_hello},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_UNSET, .handle = get_hello},
        {HTTP_GET, "/a", NULL, OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = get_hello},
        {0, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = get_hello},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, .pool = POOL_API},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = get_hello,
         .resolve = media_resolve},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_FORM, POOL_API, .form = &form},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_BYTES, POOL_API, .form = &form,
         .body_max = body_max},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_JSON, POOL_LOOP, .handle = post_echo},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, POOL_CHILDREN, .handle = get_hello},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const Route table[] = {rows[i], {0}};
        const Route *const list[] = {table, NULL};
        HttpOptions options = {.host = "127.0.0.1", .tables = list};
        Error error = {0};
        if (http_start(&options, &error))
            fail_msg("the incomplete route %zu is served", i);
        client_expect(error.detail, "/a");
    }
    static const Route twins[] = {
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = get_hello},
        {HTTP_GET, "/b", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = get_hello},
        {0},
    };
    const Route *const list[] = {twins, NULL};
    HttpOptions options = {.host = "127.0.0.1", .tables = list};
    Error error = {0};
    assert_null(http_start(&options, &error));
    client_expect(error.detail, "The route /b has the name of another one, a.");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_connection_serves_one_request_after_another),
        STORY(a_refusal_says_why),
        STORY(a_folded_line_is_refused_whatever_it_frames),
        STORY(a_head_with_other_line_ends_is_refused),
        STORY(a_good_head_is_taken_however_it_arrives),
        STORY(a_refusal_without_a_body_leaves_the_connection_open),
        STORY(a_refusal_of_a_request_with_a_body_ends_the_connection),
        STORY(an_escaped_slash_is_no_second_address),
        STORY(a_refused_head_request_gets_no_content),
        STORY(a_refused_upload_hears_the_refusal),
        STORY(a_form_is_read_across_the_edges_of_blocks),
        STORY(a_thousand_uploads_under_way_share_the_blocks),
        STORY(whatever_is_open_costs_little),
        STORY(a_form_cut_off_is_closed_once_and_never_finished),
        STORY(a_waiting_request_is_woken_at_once),
        STORY(a_request_may_be_woken_and_wait_again_without_end),
        STORY(a_waiting_request_ends_with_its_time),
        STORY(a_file_is_served_from_the_cache_until_it_is_forgotten),
        STORY(ranges_and_conditions_are_answered_on_the_wire),
        STORY(many_clients_are_served_while_files_come_and_go),
        STORY(stopping_ends_waits_and_cuts_uploads),
        STORY(stopping_calls_off_what_takes_long),
        STORY(what_a_request_says_of_itself_is_read_once),
        STORY(a_handler_adds_fields_to_its_refusal),
        STORY(bytes_reach_their_sink_in_order_and_are_refused_in_their_middle),
        STORY(who_may_read_is_asked_before_the_cache),
        STORY(what_waits_for_children_holds_up_nobody_else),
        STORY(beyond_the_queue_of_its_pool_a_request_is_told_to_come_again),
        STORY(the_end_of_a_request_is_told_with_its_route),
        STORY(a_head_without_an_end_is_refused_and_told),
        cmocka_unit_test_setup_teardown(stopping_does_not_wait_for_the_silent, start_patient, stop),
        cmocka_unit_test_setup_teardown(files_may_be_forgotten_until_the_server_has_stopped,
                                        start_patient, stop),
        cmocka_unit_test_setup_teardown(at_the_limit_the_longest_idle_gives_way, start_small, stop),
        cmocka_unit_test_setup_teardown(at_the_limit_nobody_busy_gives_way, start_small, stop),
        cmocka_unit_test_setup_teardown(at_the_limit_the_slowest_reader_gives_way, start_small,
                                        stop),
        cmocka_unit_test(an_incomplete_route_stops_the_start),
    };
    id_init();
    log_init("test", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
