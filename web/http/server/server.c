/* Wires acceptor, loops and workers together: http_start to http_stop. */

#include <sched.h>
#include <sys/resource.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/http/message/router.h"
#include "web/http/server/listener.h"

/* Kept back from shutdown_seconds for what comes after the last connection: closing the database.
 */
#define CLOSING_MS 2000

#define DESCRIPTORS_RESERVED 1024

struct Http {
    HttpOptions options;
    LoopShared shared;
    Listener *listener;
    Workers *workers, *slow_workers;
    Loop *loops[HTTP_LOOPS_MAX];
    size_t loop_count;
    _Atomic bool stopping;
};

static size_t core_count(void)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) < 0)
        return 1;
    return (size_t)CPU_COUNT(&cores);
}

/* Raises the soft limit on descriptors, often 1024, and tells how many of them connections may use:
 * uploads in flight, the database and lingering connections need their own. */
static unsigned connections_allowed(void)
{
    struct rlimit limit;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t reserve = MIN_OF((rlim_t)DESCRIPTORS_RESERVED, limit.rlim_cur / 2);
    return (unsigned)MIN_OF(limit.rlim_cur - reserve, (rlim_t)HTTP_CONNECTIONS_MAX);
}

static bool start_loops(Http *http, Error *error)
{
    size_t wanted = MIN_OF(core_count(), (size_t)HTTP_LOOPS_MAX);
    for (; http->loop_count < wanted; http->loop_count++) {
        http->loops[http->loop_count] = loop_start(&http->shared, error);
        if (!http->loops[http->loop_count])
            return false;
    }
    return true;
}

static void end_loops(Http *http, int64_t cut_ms)
{
    for (size_t i = 0; i < http->loop_count; i++)
        loop_drain(http->loops[i], cut_ms);
    for (size_t i = 0; i < http->loop_count; i++)
        loop_join(http->loops[i]);
}

Http *http_start(const HttpOptions *options, Error *error)
{
    if (!router_check(options->tables, error))
        return NULL;
    Listener *listener = listener_open(options->host, options->port, error);
    if (!listener)
        return NULL;
    unsigned connections_max = connections_allowed();
    Http *http = NEW(Http);
    http->options = *options;
    http->listener = listener;
    http->workers = workers_start(HTTP_QUICK_WORKERS);
    http->slow_workers = workers_start(MAX_OF((size_t)HTTP_SLOW_WORKERS_MIN, 2 * core_count()));
    http->shared = (LoopShared){.options = &http->options,
                                .workers = http->workers,
                                .slow_workers = http->slow_workers,
                                .on_close = listener_on_close,
                                .context = listener};
    if (!start_loops(http, error)) {
        end_loops(http, 0);
        workers_stop(http->workers);
        workers_stop(http->slow_workers);
        listener_free(listener);
        free(http);
        return NULL;
    }
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
    end_loops(http, clock_monotonic_ms() + MAX_OF(grace_ms, 0));
    workers_stop(http->workers);
    workers_stop(http->slow_workers);
    listener_free(http->listener);
    free(http);
}

void http_forget_file(Http *http, const char *media_path)
{
    for (size_t i = 0; i < http->loop_count; i++)
        loop_forget(http->loops[i], media_path);
}
