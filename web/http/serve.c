/* The server as a whole: acceptor, loops and workers wired together, http_start to http_stop. */
#include <sched.h>
#include <sys/resource.h>

#include "common/base/clock.h"
#include "web/http/exchange/exchange.h"
#include "web/http/exchange/memory.h"
#include "web/http/server/listener.h"

/* Kept back from shutdown_seconds for what comes after the last connection: closing the database.
 */
#define CLOSING_MS 2000

#define DESCRIPTORS_RESERVED 1024

struct Http {
    HttpOptions options;
    ExchangeShared exchange;
    LoopShared shared;
    Listener *listener;
    Loop *loops[HTTP_LOOPS_MAX];
    size_t loop_count;
    _Atomic bool stopping;
};

const char *const work_pool_words[POOL_COUNT] = {
#define X(pool, word) [pool] = word,
    WORK_POOLS(X)
#undef X
};

/* Raises the soft limit on descriptors, often 1024, and tells how many of them connections may use:
 * uploads in flight, the database and lingering connections need their own. */
static unsigned serve_connections_allowed(void)
{
    struct rlimit limit;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t reserve = MIN_OF((rlim_t)DESCRIPTORS_RESERVED, limit.rlim_cur / 2);
    return (unsigned)MIN_OF(limit.rlim_cur - reserve, (rlim_t)HTTP_CONNECTIONS_MAX);
}

static void serve_end(Http *http, int64_t cut_ms)
{
    for (size_t i = 0; i < http->loop_count; i++)
        loop_drain(http->loops[i], cut_ms);
    for (size_t i = 0; i < http->loop_count; i++)
        loop_join(http->loops[i]);
    for (size_t i = 0; i < POOL_COUNT; i++)
        workers_stop(http->exchange.pools[i]);
    /* A handler may have looked at any loop up to its end. */
    for (size_t i = 0; i < http->loop_count; i++)
        loop_free(http->loops[i]);
    listener_free(http->listener);
    free(http);
}

Http *http_start(const HttpOptions *options, Error *error)
{
    cpu_set_t set;
    size_t cores = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    if (!router_check(options->tables, error))
        return NULL;
    Listener *listener = listener_open(options->host, options->port, error);
    if (!listener)
        return NULL;
    unsigned connections_max =
        options->connections_max ? options->connections_max : serve_connections_allowed();
    Http *http = NEW(Http);
    http->options = *options;
    http->listener = listener;
    http->exchange.magic = EXCHANGE_SHARED_MAGIC;
    http->exchange.options = &http->options;
    http->exchange.pools[POOL_API] = workers_start(HTTP_API_WORKERS);
    http->exchange.pools[POOL_TRANSFER] =
        workers_start(MAX_OF((size_t)HTTP_TRANSFER_WORKERS_MIN, 2 * cores));
    http->exchange.pools[POOL_MEDIA] = workers_start(HTTP_MEDIA_WORKERS);
    http->exchange.pools[POOL_PAGES] = workers_start(HTTP_PAGES_WORKERS);
    http->exchange.pools[POOL_CHILDREN] = workers_start(HTTP_CHILDREN_WORKERS);
    size_t loops = MIN_OF(cores, (size_t)HTTP_LOOPS_MAX);
    http->exchange.loops = loops;
    http->shared = (LoopShared){.hooks = &exchange_hooks,
                                .context = &http->exchange,
                                .time_up = options->time_up,
                                .closed = listener_closed,
                                .listener = listener};
    for (; http->loop_count < loops; http->loop_count++)
        http->loops[http->loop_count] = loop_start(&http->shared);
    listener_start(listener, http->loops, http->loop_count, connections_max);
    return http;
}

int http_port(const Http *http)
{
    return listener_port(http->listener);
}

bool http_stopping(const Http *http)
{
    return http->stopping;
}

void http_stop(Http *http)
{
    int64_t grace_ms = (int64_t)http->options.shutdown_seconds * 1000 - CLOSING_MS;
    http->stopping = true;
    listener_stop(http->listener);
    serve_end(http, clock_monotonic_ms() + MAX_OF(grace_ms, 0));
}

void http_gauges(Http *http, HttpGauges *out)
{
    *out = (HttpGauges){.connections = listener_connections(http->listener)};
    for (size_t i = 0; i < POOL_COUNT; i++)
        if (http->exchange.pools[i]) {
            out->waiting[i] = workers_waiting(http->exchange.pools[i]);
            out->threads[i] = workers_threads(http->exchange.pools[i]);
        }
    for (size_t i = 0; i < http->loop_count; i++) {
        size_t files;
        uint64_t bytes;
        exchange_gauges(http->loops[i], &files, &bytes);
        out->cached_files += files;
        out->cached_bytes += bytes;
    }
}

void http_forget_file(Http *http, const char *media_path)
{
    for (size_t i = 0; i < http->loop_count; i++)
        exchange_forget_file(http->loops[i], media_path);
}

void http_forget_audience(Http *http, uint64_t audience)
{
    for (size_t i = 0; i < http->loop_count; i++)
        exchange_forget_audience(http->loops[i], audience);
}
