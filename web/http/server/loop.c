#include "web/http/server/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/http/exchange/media_cache.h"
#include "web/http/exchange/request.h"
#include "web/http/server/linger.h"

#define TICK_MS        250 /* parked requests, slow bodies, lingering sockets, draining */
#define EVENTS_MAX     64
#define CUT_GRACE_MS   3000 /* from cutting every socket to giving up on a stuck worker */
#define MHD_STRICTNESS (MHD_VERSION >= 0x01000000 ? 1 : -1)

typedef struct Accepted {
    int fd;
    unsigned address_bucket;
    struct sockaddr_in6 address;
    struct Accepted *next;
} Accepted;

typedef struct Forgotten {
    char *path;
    struct Forgotten *next;
} Forgotten;

typedef struct Mailbox {
    Accepted *accepted;
    Request *ready;
    Forgotten *forgotten;
} Mailbox;

struct Loop {
    /* immutable after start */
    const LoopShared *shared;
    pthread_t thread;
    int epoll_fd, event_fd;
    struct MHD_Daemon *daemon;
    /* loop thread */
    Lingerers *lingerers;
    MediaCache *cache;
    Socket *sockets;
    const Accepted *adding; /* during MHD_add_connection */
    unsigned forget_generation;
    int64_t next_tick_ms;
    bool cut;
    /* any thread */
    atomic_bool draining;
    atomic_llong cut_ms;
    pthread_mutex_t lock;
    Mailbox mailbox; /* guarded by lock; newest first */
};

const LoopShared *loop_shared(const Loop *loop)
{
    return loop->shared;
}

MediaCache *loop_cache(Loop *loop)
{
    return loop->cache;
}

unsigned loop_forget_generation(const Loop *loop)
{
    return loop->forget_generation;
}

bool loop_draining(const Loop *loop)
{
    return atomic_load(&loop->draining);
}

void loop_linger(Loop *loop, int fd, const char *answer)
{
    linger_start(loop->lingerers, fd, answer, strlen(answer), clock_monotonic_ms());
}

/* --- mailbox: any thread --- */

static void wake(Loop *loop)
{
    uint64_t one = 1;
    REQUIRE(write(loop->event_fd, &one, sizeof one) == sizeof one);
}

void loop_accept(Loop *loop, int fd, const struct sockaddr_in6 *address, unsigned address_bucket)
{
    Accepted *accepted = NEW(Accepted);
    *accepted = (Accepted){.fd = fd, .address_bucket = address_bucket, .address = *address};
    pthread_mutex_lock(&loop->lock);
    accepted->next = loop->mailbox.accepted;
    loop->mailbox.accepted = accepted;
    pthread_mutex_unlock(&loop->lock);
    wake(loop);
}

void loop_ready(Loop *loop, Request *request)
{
    pthread_mutex_lock(&loop->lock);
    request->next_ready = loop->mailbox.ready;
    loop->mailbox.ready = request;
    pthread_mutex_unlock(&loop->lock);
    wake(loop);
}

void loop_forget(Loop *loop, const char *media_path)
{
    Forgotten *forgotten = NEW(Forgotten);
    forgotten->path = base_strdup(media_path);
    pthread_mutex_lock(&loop->lock);
    forgotten->next = loop->mailbox.forgotten;
    loop->mailbox.forgotten = forgotten;
    pthread_mutex_unlock(&loop->lock);
    wake(loop);
}

void loop_drain(Loop *loop, int64_t cut_ms)
{
    atomic_store(&loop->cut_ms, cut_ms);
    atomic_store(&loop->draining, true);
    wake(loop);
}

/* --- loop thread --- */

static void add_accepted(Loop *loop, Accepted *accepted)
{
    while (accepted) {
        Accepted *next = accepted->next;
        loop->adding = accepted;
        if (MHD_add_connection(loop->daemon, accepted->fd,
                               (const struct sockaddr *)&accepted->address,
                               sizeof accepted->address) != MHD_YES)
            log_warning("A connection could not be taken: %s.", strerror(errno));
        if (loop->adding) /* never became a Socket, so nobody else counts its end */
            loop->shared->on_close(loop->shared->context, accepted->address_bucket);
        loop->adding = NULL;
        free(accepted);
        accepted = next;
    }
}

static void resume_ready(Request *request)
{
    while (request) {
        Request *next = request->next_ready;
        request->away = false;
        request->socket->window_start_ms = 0;
        MHD_resume_connection(request->connection);
        request = next;
    }
}

static void forget_files(Loop *loop, Forgotten *forgotten)
{
    while (forgotten) {
        Forgotten *next = forgotten->next;
        media_cache_forget(loop->cache, forgotten->path);
        loop->forget_generation++;
        free(forgotten->path);
        free(forgotten);
        forgotten = next;
    }
}

static void read_mailbox(Loop *loop)
{
    uint64_t count;
    if (read(loop->event_fd, &count, sizeof count) < 0)
        REQUIRE(errno == EAGAIN);
    pthread_mutex_lock(&loop->lock);
    Mailbox mailbox = loop->mailbox;
    loop->mailbox = (Mailbox){0};
    pthread_mutex_unlock(&loop->lock);
    forget_files(loop, mailbox.forgotten);
    add_accepted(loop, mailbox.accepted);
    resume_ready(mailbox.ready);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    Loop *loop = cls;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        Socket *socket = NEW(Socket);
        *socket = (Socket){.fd = loop->adding->fd,
                           .loop = loop,
                           .address_bucket = loop->adding->address_bucket,
                           .quiet_since_ms = clock_monotonic_ms(),
                           .next = loop->sockets,
                           .link = &loop->sockets};
        if (socket->next)
            socket->next->link = &socket->next;
        loop->sockets = socket;
        loop->adding = NULL;
        *context = socket;
        return;
    }
    Socket *socket = *context;
    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
    loop->shared->on_close(loop->shared->context, socket->address_bucket);
    free(socket);
}

/* libmicrohttpd's time-out is about silence: what drips for ever is cut here. */
static void enforce_rate(Socket *socket, int64_t now_ms)
{
    Request *request = socket->request;
    if (!request || request->away || request->state != REQUEST_BODY || !request->framing.has_body) {
        socket->window_start_ms = 0;
        return;
    }
    if (request_peer_gone(request)) { /* the library may have overlooked the end of the stream */
        shutdown(socket->fd, SHUT_RDWR);
        return;
    }
    if (socket->window_start_ms == 0) {
        socket->window_start_ms = now_ms;
        socket->window_bytes = 0;
    }
    if (now_ms - socket->window_start_ms < HTTP_BODY_RATE_SECONDS * 1000)
        return;
    if (socket->window_bytes < (uint64_t)HTTP_BODY_RATE_MIN * HTTP_BODY_RATE_SECONDS) {
        request_cut_slow(request);
    }
    socket->window_start_ms = now_ms;
    socket->window_bytes = 0;
}

/* A header takes one packet or two; who needs longer than this holds a connection for nothing.
 * Without a request, the library's own time-out for silence comes first. */
static void enforce_header_time(Socket *socket, int64_t now_ms)
{
    const Request *request = socket->request;
    bool header = !request || (!request->away && request->state == REQUEST_NEW);
    int64_t limit = request ? HTTP_HEADER_SECONDS : HTTP_IDLE_SECONDS + HTTP_HEADER_SECONDS;
    if (header && now_ms - socket->quiet_since_ms > limit * 1000)
        shutdown(socket->fd, SHUT_RDWR);
}

/* Nothing, or not even a whole header, has been asked. */
static bool is_idle(const Socket *socket)
{
    const Request *request = socket->request;
    return !request || (!request->away && request->state == REQUEST_NEW);
}

/* Idle connections go at once; when the time is up, all do. */
static void drain_sockets(Loop *loop, int64_t now_ms)
{
    bool cut = now_ms >= atomic_load(&loop->cut_ms);
    atomic_bool *time_up = loop->shared->options->time_up;
    if (cut && time_up)
        atomic_store(time_up, true);
    for (Socket *socket = loop->sockets; socket; socket = socket->next) {
        if (is_idle(socket))
            shutdown(socket->fd, SHUT_RD);
        else if (cut && !loop->cut)
            shutdown(socket->fd, SHUT_RDWR);
    }
    loop->cut = cut;
    if (now_ms >= atomic_load(&loop->cut_ms) + CUT_GRACE_MS) {
        log_error("A worker is stuck; the program ends without it.");
        log_stop();
        _exit(EXIT_FAILURE);
    }
}

static void tick(Loop *loop)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < loop->next_tick_ms)
        return;
    loop->next_tick_ms = now_ms + TICK_MS;
    for (Socket *socket = loop->sockets; socket; socket = socket->next) {
        enforce_rate(socket, now_ms);
        enforce_header_time(socket, now_ms);
        if (socket->request)
            request_expire_park(socket->request);
    }
    linger_expire(loop->lingerers, now_ms);
    if (loop_draining(loop))
        drain_sockets(loop, now_ms);
}

static int wait_ms(const Loop *loop)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    if (MHD_get_timeout(loop->daemon, &timeout) == MHD_YES && timeout < TICK_MS)
        return (int)timeout;
    return TICK_MS;
}

static void *loop_main(void *argument)
{
    Loop *loop = argument;
    struct epoll_event events[EVENTS_MAX];
    while (!loop_draining(loop) || loop->sockets) {
        int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, wait_ms(loop));
        read_mailbox(loop);
        REQUIRE(MHD_run(loop->daemon) == MHD_YES);
        for (int i = 0; i < count; i++)
            if (events[i].data.ptr != loop)
                linger_drain(loop->lingerers, events[i].data.ptr);
        tick(loop);
    }
    read_mailbox(loop);
    MHD_stop_daemon(loop->daemon);
    lingerers_free(loop->lingerers);
    media_cache_free(loop->cache);
    return NULL;
}

/* Left alone: percent-decoding is the router's, once and with its own rules. */
static size_t unescape_nothing(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(Loop *loop)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        request_on_call, loop, MHD_OPTION_URI_LOG_CALLBACK, request_on_target, loop,
        MHD_OPTION_NOTIFY_COMPLETED, request_on_completed, loop, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, loop, MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, MHD_STRICTNESS, MHD_OPTION_END);
}

static bool watch(Loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

Loop *loop_start(const LoopShared *shared, Error *error)
{
    Loop *loop = NEW(Loop);
    loop->shared = shared;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    REQUIRE(loop->epoll_fd >= 0 && loop->event_fd >= 0);
    pthread_mutex_init(&loop->lock, NULL);
    loop->daemon = start_daemon(loop);
    if (!loop->daemon) {
        free(loop);
        error_set(error, ERROR_INTERNAL, "The HTTP library could not be started.");
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    REQUIRE(watch(loop, info->epoll_fd) && watch(loop, loop->event_fd));
    loop->lingerers = lingerers_new(loop->epoll_fd);
    loop->cache = media_cache_new();
    REQUIRE(pthread_create(&loop->thread, NULL, loop_main, loop) == 0);
    return loop;
}

void loop_join(Loop *loop)
{
    pthread_join(loop->thread, NULL);
    pthread_mutex_destroy(&loop->lock);
    close(loop->epoll_fd);
    close(loop->event_fd);
    free(loop);
}
