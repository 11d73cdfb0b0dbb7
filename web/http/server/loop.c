#include "web/http/server/loop.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"

#define TICK_MS        250 /* the hooks' tick, draining */
#define EVENTS_MAX     256
#define CUT_GRACE_MS   3000        /* from cutting every socket to giving up on a stuck worker */
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
    void *memory;
    /* loop thread */
    SocketList idle, busy; /* the idle ones in the order of quiet_since_ms */
    SocketList turns;      /* scheduled, by turn_next */
    Socket *dead;          /* closed, by turn_next; freed when nobody looks at them any more */
    int64_t now_ms, next_tick_ms;
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

int64_t loop_now_ms(const Loop *loop)
{
    return loop->now_ms;
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

/* The hooks find its end and close it; until then it counts as busy. */
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

/* --- mailbox: loop thread --- */

static void loop_read_mailbox(Loop *loop)
{
    uint64_t count;
    if (read(loop->event_fd, &count, sizeof count) < 0)
        REQUIRE(errno == EAGAIN);
    pthread_mutex_lock(&loop->lock);
    LoopMessage *message = TAKE_PTR(loop->first);
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    /* Before the newcomer for whom somebody leaves: it would be the idle one. */
    loop_let_leave(loop);
    while (message) {
        LoopMessage *next = message->next;
        message->deliver(loop, message->object);
        message = next;
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
    Socket *socket = NEW(Socket);
    *socket = (Socket){.magic = SOCKET_MAGIC,
                       .fd = accepted->fd,
                       .loop = loop,
                       .peer = accepted->peer,
                       .address_bucket = accepted->address_bucket,
                       .quiet_since_ms = loop->now_ms,
                       .read_rate = UINT64_MAX};
    loop_list(socket, false);
    loop_publish_idle(loop);
    loop->shared->hooks->opened(socket);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = socket};
    REQUIRE(epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, socket->fd, &event) == 0);
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

void loop_schedule(Socket *socket)
{
    if (socket->scheduled || socket->closed)
        return;
    socket->scheduled = true;
    socket->turn_next = NULL;
    *socket->loop->turns.last = socket;
    socket->loop->turns.last = &socket->turn_next;
}

void loop_close(Socket *socket)
{
    Loop *loop = socket->loop;
    REQUIRE(!socket->closed);
    socket->closed = true;
    close(TAKE_FD(socket->fd));
    loop_unlist(socket);
    loop_publish_idle(loop);
    loop->shared->closed(loop->shared->listener, socket->address_bucket);
    if (!socket->scheduled) {
        socket->turn_next = loop->dead;
        loop->dead = socket;
    }
}

/* Those that are scheduled meanwhile have to wait for the next round. */
static void loop_take_turns(Loop *loop)
{
    Socket *socket = TAKE_PTR(loop->turns.first);
    loop->turns.last = &loop->turns.first;
    while (socket) {
        Socket *next = socket->turn_next;
        socket->scheduled = false;
        if (socket->closed) {
            socket->turn_next = loop->dead;
            loop->dead = socket;
        } else {
            loop->shared->hooks->ready(socket);
        }
        socket = next;
    }
}

static void loop_bury(Loop *loop)
{
    while (loop->dead) {
        Socket *socket = loop->dead;
        loop->dead = socket->turn_next;
        socket->magic = 0;
        free(socket);
    }
}

/* Idle connections go at once; when the time is up, all do. */
static void loop_drain_sockets(Loop *loop, int64_t now_ms)
{
    bool cut = now_ms >= atomic_load(&loop->cut_ms);
    if (cut && loop->shared->time_up)
        atomic_store(loop->shared->time_up, true);
    for (Socket *socket = loop->idle.first; socket; socket = socket->next)
        shutdown(socket->fd, SHUT_RD);
    for (Socket *socket = loop->busy.first; socket && cut; socket = socket->next)
        shutdown(socket->fd, SHUT_RDWR);
    if (now_ms >= atomic_load(&loop->cut_ms) + CUT_GRACE_MS) {
        log_error("A worker is stuck; the program ends without it.");
        log_stop();
        _exit(EXIT_FAILURE);
    }
}

/* --- the thread --- */

static void loop_tick_list(const SocketList *list, const LoopHooks *hooks, int64_t now_ms)
{
    for (Socket *next, *socket = list->first; socket; socket = next) {
        next = socket->next; /* the hook may close it */
        hooks->tick(socket, now_ms);
    }
}

static void loop_tick(Loop *loop)
{
    int64_t now_ms = loop->now_ms;
    if (now_ms < loop->next_tick_ms)
        return;
    loop->next_tick_ms = now_ms + TICK_MS;
    loop_tick_list(&loop->busy, loop->shared->hooks, now_ms);
    loop_tick_list(&loop->idle, loop->shared->hooks, now_ms);
    loop_find_slowest(loop);
    if (loop_draining(loop))
        loop_drain_sockets(loop, now_ms);
}

static void loop_notice(Loop *loop, const struct epoll_event *event)
{
    if (event->data.ptr == loop) {
        loop_read_mailbox(loop);
        return;
    }
    Socket *socket = CAST_OBJECT(Socket, event->data.ptr, SOCKET_MAGIC);
    const uint32_t broken = EPOLLERR | EPOLLHUP, ended = EPOLLRDHUP | broken;
    socket->readable = socket->readable || event->events & (EPOLLIN | ended);
    socket->writable = socket->writable || event->events & (EPOLLOUT | broken);
    socket->ended = socket->ended || event->events & ended;
    loop_schedule(socket);
}

static void *loop_main(void *argument)
{
    Loop *loop = CAST_OBJECT(Loop, argument, LOOP_MAGIC);
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        if (loop_draining(loop)) {
            loop_read_mailbox(loop); /* nobody is accepted any more, but some were just now */
            if (!loop->idle.first && !loop->busy.first)
                break;
        }
        int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, loop->turns.first ? 0 : TICK_MS);
        loop->now_ms = clock_monotonic_ms();
        for (int i = 0; i < count; i++)
            loop_notice(loop, &events[i]);
        loop_take_turns(loop);
        loop_tick(loop);
        loop_bury(loop);
    }
    loop_take_turns(loop);
    loop_bury(loop);
    return NULL;
}

Loop *loop_start(const LoopShared *shared)
{
    Loop *loop = NEW(Loop);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    loop->magic = LOOP_MAGIC;
    loop->shared = shared;
    loop->last = &loop->first;
    loop->idle.last = &loop->idle.first;
    loop->busy.last = &loop->busy.first;
    loop->turns.last = &loop->turns.first;
    atomic_store(&loop->idle_since_ms, INT64_MAX);
    atomic_store(&loop->slowest_rate, UINT64_MAX);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    REQUIRE(loop->epoll_fd >= 0 && loop->event_fd >= 0);
    REQUIRE(epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->event_fd, &event) == 0);
    pthread_mutex_init(&loop->lock, NULL);
    loop->now_ms = clock_monotonic_ms();
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
