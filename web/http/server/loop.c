#include "web/http/server/loop.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/http/server/linger.h"

#define TICK_MS        250 /* the hooks' tick, lingering sockets, draining */
#define EVENTS_MAX     64
#define CUT_GRACE_MS   3000 /* from cutting every socket to giving up on a stuck worker */
#define MHD_STRICTNESS (MHD_VERSION >= 0x01000000 ? 1 : -1)
#define LOOP_MAGIC     0x4c4f4f50u /* "LOOP" */
#define ACCEPTED_MAGIC 0x41435054u /* "ACPT" */

typedef struct SocketList {
    Socket *first, **last;
} SocketList;

struct Loop {
    unsigned magic;
    /* immutable after start */
    const LoopShared *shared;
    pthread_t thread;
    int epoll_fd, event_fd;
    struct MHD_Daemon *daemon;
    void *memory;
    /* loop thread */
    Lingerers *lingerers;
    SocketList idle, busy;         /* the idle ones in the order of quiet_since_ms */
    const struct Accepted *adding; /* during MHD_add_connection */
    int64_t next_tick_ms;
    bool cut;
    /* any thread */
    atomic_bool draining;
    atomic_llong cut_ms;
    atomic_llong idle_since_ms;
    atomic_ullong slowest_rate;
    atomic_uint leaving; /* connections that are to give way */
    pthread_mutex_t lock;
    LoopMessage *first, **last; /* the mailbox; guarded by lock */
};

const void *loop_context(const Loop *loop)
{
    return loop->shared->context;
}

void *loop_memory(const Loop *loop)
{
    return loop->memory;
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

static void loop_wake(Loop *loop)
{
    uint64_t one = 1;
    REQUIRE(write(loop->event_fd, &one, sizeof one) == sizeof one);
}

void loop_post(Loop *loop, LoopMessage *message)
{
    message->next = NULL;
    pthread_mutex_lock(&loop->lock);
    *loop->last = message;
    loop->last = &message->next;
    pthread_mutex_unlock(&loop->lock);
    loop_wake(loop);
}

void loop_drain(Loop *loop, int64_t cut_ms)
{
    atomic_store(&loop->cut_ms, cut_ms);
    atomic_store(&loop->draining, true);
    loop_wake(loop);
}

static void loop_read_mailbox(Loop *loop)
{
    uint64_t count;
    if (read(loop->event_fd, &count, sizeof count) < 0)
        REQUIRE(errno == EAGAIN);
    pthread_mutex_lock(&loop->lock);
    LoopMessage *message = TAKE_PTR(loop->first);
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    while (message) {
        LoopMessage *next = message->next;
        message->deliver(loop, message->object);
        message = next;
    }
}

/* --- giving way --- */

int64_t loop_idle_since_ms(const Loop *loop)
{
    return atomic_load_explicit(&loop->idle_since_ms, memory_order_relaxed);
}

uint64_t loop_slowest_rate(const Loop *loop)
{
    return atomic_load_explicit(&loop->slowest_rate, memory_order_relaxed);
}

void loop_give_way(Loop *loop)
{
    atomic_fetch_add(&loop->leaving, 1);
    loop_wake(loop);
}

static void loop_unlist(Socket *socket)
{
    SocketList *list = socket->busy ? &socket->loop->busy : &socket->loop->idle;
    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
    else
        list->last = socket->link;
}

static void loop_list(Socket *socket, bool busy)
{
    SocketList *list = busy ? &socket->loop->busy : &socket->loop->idle;
    socket->busy = busy;
    socket->next = NULL;
    socket->link = list->last;
    *list->last = socket;
    list->last = &socket->next;
}

static void loop_publish_idle(Loop *loop)
{
    const Socket *longest = loop->idle.first;
    atomic_store_explicit(&loop->idle_since_ms, longest ? longest->quiet_since_ms : INT64_MAX,
                          memory_order_relaxed);
}

void loop_set_busy(Socket *socket)
{
    loop_unlist(socket);
    loop_list(socket, true);
    loop_publish_idle(socket->loop);
}

void loop_set_idle(Socket *socket, int64_t now_ms)
{
    loop_unlist(socket);
    socket->quiet_since_ms = now_ms;
    loop_list(socket, false);
    loop_publish_idle(socket->loop);
}

static Socket *loop_find_slowest(Loop *loop)
{
    Socket *slowest = NULL;
    for (Socket *socket = loop->busy.first; socket; socket = socket->next)
        if (socket->read_rate < (slowest ? slowest->read_rate : UINT64_MAX))
            slowest = socket;
    atomic_store_explicit(&loop->slowest_rate, slowest ? slowest->read_rate : UINT64_MAX,
                          memory_order_relaxed);
    return slowest;
}

/* The socket is closed by libmicrohttpd, which then tells of it; until then it counts as busy. */
static void loop_let_leave(Loop *loop)
{
    for (unsigned count = atomic_exchange(&loop->leaving, 0); count > 0; count--) {
        Socket *leaving = loop->idle.first ? loop->idle.first : loop_find_slowest(loop);
        if (!leaving)
            return;
        bool slow = leaving->busy;
        log_debug("A connection was closed for another one: it %s.",
                  slow ? "read its answer slowly" : "was idle");
        loop_set_busy(leaving);
        leaving->read_rate = UINT64_MAX;
        if (slow)
            loop_find_slowest(loop);
        shutdown(leaving->fd, SHUT_RDWR);
    }
}

/* --- connections --- */

typedef struct Accepted {
    unsigned magic;
    LoopMessage message;
    int fd;
    unsigned address_bucket;
    struct sockaddr_in6 peer;
} Accepted;

static void loop_add_connection(Loop *loop, void *object)
{
    _cleanup_free_ Accepted *accepted = CAST_OBJECT(Accepted, object, ACCEPTED_MAGIC);
    loop->adding = accepted;
    if (MHD_add_connection(loop->daemon, accepted->fd, (const struct sockaddr *)&accepted->peer,
                           sizeof accepted->peer) != MHD_YES)
        log_warning("A connection could not be taken: %s.", strerror(errno));
    if (loop->adding) /* never became a Socket, so nobody else counts its end */
        loop->shared->closed(loop->shared->listener, accepted->address_bucket);
    loop->adding = NULL;
}

void loop_accept(Loop *loop, int fd, const struct sockaddr_in6 *peer, unsigned address_bucket)
{
    Accepted *accepted = NEW(Accepted);
    *accepted = (Accepted){.magic = ACCEPTED_MAGIC,
                           .message = {.deliver = loop_add_connection, .object = accepted},
                           .fd = fd,
                           .address_bucket = address_bucket,
                           .peer = *peer};
    loop_post(loop, &accepted->message);
}

static void loop_on_connection(void *cls, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    Loop *loop = CAST_OBJECT(Loop, cls, LOOP_MAGIC);
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const Accepted *accepted = TAKE_PTR(loop->adding);
        Socket *socket = NEW(Socket);
        *socket = (Socket){.magic = SOCKET_MAGIC,
                           .fd = accepted->fd,
                           .loop = loop,
                           .peer = accepted->peer,
                           .address_bucket = accepted->address_bucket,
                           .quiet_since_ms = clock_monotonic_ms(),
                           .read_rate = UINT64_MAX};
        loop_list(socket, false);
        loop_publish_idle(loop);
        *context = socket;
        return;
    }
    Socket *socket = CAST_OBJECT(Socket, *context, SOCKET_MAGIC);
    loop->shared->hooks->closed(socket);
    loop_unlist(socket);
    loop_publish_idle(loop);
    loop->shared->closed(loop->shared->listener, socket->address_bucket);
    socket->magic = 0;
    free(socket);
}

/* Idle connections go at once; when the time is up, all do. */
static void loop_drain_sockets(Loop *loop, int64_t now_ms)
{
    bool cut = now_ms >= atomic_load(&loop->cut_ms);
    if (cut && loop->shared->time_up)
        atomic_store(loop->shared->time_up, true);
    for (Socket *socket = loop->idle.first; socket; socket = socket->next)
        shutdown(socket->fd, SHUT_RD);
    for (Socket *socket = loop->busy.first; socket && cut && !loop->cut; socket = socket->next)
        shutdown(socket->fd, SHUT_RDWR);
    loop->cut = cut;
    if (now_ms >= atomic_load(&loop->cut_ms) + CUT_GRACE_MS) {
        log_error("A worker is stuck; the program ends without it.");
        log_stop();
        _exit(EXIT_FAILURE);
    }
}

/* --- the thread --- */

static void loop_tick(Loop *loop)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < loop->next_tick_ms)
        return;
    loop->next_tick_ms = now_ms + TICK_MS;
    for (Socket *socket = loop->idle.first; socket; socket = socket->next)
        loop->shared->hooks->tick(socket, now_ms);
    for (Socket *socket = loop->busy.first; socket; socket = socket->next)
        loop->shared->hooks->tick(socket, now_ms);
    loop_find_slowest(loop);
    linger_expire(loop->lingerers, now_ms);
    if (loop_draining(loop))
        loop_drain_sockets(loop, now_ms);
}

static void *loop_main(void *argument)
{
    Loop *loop = CAST_OBJECT(Loop, argument, LOOP_MAGIC);
    struct epoll_event events[EVENTS_MAX];
    while (!loop_draining(loop) || loop->idle.first || loop->busy.first) {
        MHD_UNSIGNED_LONG_LONG wait_ms;
        if (MHD_get_timeout(loop->daemon, &wait_ms) != MHD_YES || wait_ms > TICK_MS)
            wait_ms = TICK_MS;
        int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, (int)wait_ms);
        loop_let_leave(loop);
        loop_read_mailbox(loop);
        REQUIRE(MHD_run(loop->daemon) == MHD_YES);
        for (int i = 0; i < count; i++)
            if (events[i].data.ptr != loop)
                linger_drain(loop->lingerers, events[i].data.ptr);
        loop_tick(loop);
    }
    loop_read_mailbox(loop);
    MHD_stop_daemon(loop->daemon);
    lingerers_free(loop->lingerers);
    return NULL;
}

/* Left alone: percent-decoding is the router's, once and with its own rules. */
static size_t loop_unescape_nothing(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *loop_start_daemon(Loop *loop)
{
    const LoopHooks *hooks = loop->shared->hooks;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        hooks->call, loop, MHD_OPTION_URI_LOG_CALLBACK, hooks->target, loop,
        MHD_OPTION_NOTIFY_COMPLETED, hooks->completed, loop, MHD_OPTION_NOTIFY_CONNECTION,
        loop_on_connection, loop, MHD_OPTION_UNESCAPE_CALLBACK, loop_unescape_nothing, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX + HTTP_GIVING_WAY_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT,
        MHD_STRICTNESS, MHD_OPTION_END);
}

static bool loop_watch(Loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

Loop *loop_start(const LoopShared *shared, Error *error)
{
    Loop *loop = NEW(Loop);
    loop->magic = LOOP_MAGIC;
    loop->shared = shared;
    loop->last = &loop->first;
    loop->idle.last = &loop->idle.first;
    loop->busy.last = &loop->busy.first;
    atomic_store(&loop->idle_since_ms, INT64_MAX);
    atomic_store(&loop->slowest_rate, UINT64_MAX);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    REQUIRE(loop->epoll_fd >= 0 && loop->event_fd >= 0);
    pthread_mutex_init(&loop->lock, NULL);
    loop->daemon = loop_start_daemon(loop);
    if (!loop->daemon) {
        close(loop->epoll_fd);
        close(loop->event_fd);
        free(loop);
        error_set(error, ERROR_INTERNAL, "The HTTP library could not be started.");
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    REQUIRE(loop_watch(loop, info->epoll_fd) && loop_watch(loop, loop->event_fd));
    loop->lingerers = lingerers_new(loop->epoll_fd);
    loop->memory = shared->hooks->memory_new(shared->context);
    REQUIRE(pthread_create(&loop->thread, NULL, loop_main, loop) == 0);
    return loop;
}

void loop_join(Loop *loop)
{
    pthread_join(loop->thread, NULL);
}

void loop_free(Loop *loop)
{
    loop_read_mailbox(loop); /* what came since its thread has ended */
    loop->shared->hooks->memory_free(loop->memory);
    pthread_mutex_destroy(&loop->lock);
    close(loop->epoll_fd);
    close(loop->event_fd);
    loop->magic = 0;
    free(loop);
}
