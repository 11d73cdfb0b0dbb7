#include "tests/unit/http_app.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/file.h"

HttpApp app;

/* --- the application --- */

Response *http_app_hello(Request *request, Error *error)
{
    (void)error;
    return response_json(200, json_pack("{s:s}", "name", request_param(request, 0)));
}

Response *http_app_echo(Request *request, Error *error)
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
    return request_park(request, CLIENT_PATIENCE_S * 1000);
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

/* Holds a worker of its pool, or the loop, until the test lets go. */
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

bool http_app_resolve(void *context, const char *path, ServedFile *file, Error *error)
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
    if (!http_app_resolve(NULL, "secret", &file, error))
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

uint64_t http_app_body_max(const void *context)
{
    (void)context;
    return 64 * MIB;
}

static const BodySink bytes_sink = {form_open, bytes_data, form_finish, form_close};
const FormHandler http_app_form = {form_open,     form_part,   form_data,
                                   form_part_end, form_finish, form_close};
#define WORK OPEN_TO_ALL, BODY_NONE, POOL_API
static const Route routes[] = {
    {HTTP_GET, "/hello/{}", "hello", WORK, .handle = http_app_hello},
    {HTTP_POST, "/echo", "echo", WITH_TOKEN, BODY_JSON, POOL_API, .handle = http_app_echo},
    {HTTP_POST, "/wait", "wait", OPEN_TO_ALL, BODY_JSON, POOL_API, .handle = post_wait},
    {HTTP_GET, "/again", "again", WORK, .handle = get_again},
    {HTTP_GET, "/work", "work", WORK, .handle = get_work},
    {HTTP_GET, "/facts", "facts", WORK, .handle = get_facts},
    {HTTP_GET, "/busy", "busy", WORK, .handle = get_busy},
    {HTTP_GET, "/file", "file", WORK, .handle = get_file},
    {HTTP_GET, "/stall", "stall", OPEN_TO_ALL, BODY_NONE, POOL_LOOP, .handle = get_hold},
    {HTTP_GET, "/hold", "hold", OPEN_TO_ALL, BODY_NONE, POOL_CHILDREN, .handle = get_hold},
    {HTTP_POST, "/form", "form", OPEN_TO_ALL, BODY_FORM, POOL_TRANSFER, POOL_CHILDREN,
     .form = &http_app_form, .body_max = http_app_body_max},
    {HTTP_PUT, "/bytes", "bytes", WITH_TOKEN, BODY_BYTES, POOL_TRANSFER, .sink = &bytes_sink,
     .body_max = http_app_body_max},
    {HTTP_GET, "/media/{*}", "media", OPEN_TO_ALL, BODY_NONE, POOL_MEDIA,
     .resolve = http_app_resolve},
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

int http_app_start(void **state)
{
    (void)state;
    return start_with(3, 0);
}

/* For what must not wait for the deadline: a test that does runs into its own. */
int http_app_start_patient(void **state)
{
    (void)state;
    return start_with(3600, 0);
}

int http_app_start_small(void **state)
{
    cpu_set_t all, one;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    int failed = start_with(3, HTTP_APP_FEW);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    return failed;
}

int http_app_stop(void **state)
{
    (void)state;
    if (app.http)
        http_stop(app.http);
    close(app.folder_fd);
    return file_remove_tree(AT_FDCWD, app.folder, NULL) ? 0 : -1;
}

/* --- the client --- */

int dial_from(in_addr_t from)
{
    return client_dial(http_port(app.http), from);
}

int dial(void)
{
    return dial_from(INADDR_LOOPBACK);
}

const char *ask(const char *request)
{
    return client_ask(http_port(app.http), request);
}

void write_file(const char *name, size_t size)
{
    _cleanup_free_ char *bytes = base_calloc(1, size + 1);
    memset(bytes, 'x', size);
    assert_true(file_replace(app.folder_fd, name, bytes, size, NULL));
}

void wait_for(const atomic_uint *counter, unsigned value)
{
    int64_t deadline = clock_monotonic_ms() + CLIENT_PATIENCE_S * 1000;
    while (atomic_load(counter) < value) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
    }
}
