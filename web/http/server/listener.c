#include "web/http/server/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/base/log.h"

#define BACKLOG         1024
#define NOTSENT_LOWAT   (256 * 1024) /* bytes: small answers stay quick beside big downloads */
#define ADDRESS_BUCKETS 4096
#define FULL_PAUSE_MS   20          /* out of descriptors or room: wait for some to come back */
#define LISTENER_MAGIC  0x4c53544eu /* "LSTN" */

struct Listener {
    unsigned magic;
    int fd, stop_fd;
    pthread_t thread;
    Loop *const *loops;
    size_t loop_count, next_loop;
    unsigned connections_max;
    uint64_t hash_key; /* random, so that nobody can aim for a neighbour's bucket */
    atomic_uint connections;
    atomic_uint
        per_address[ADDRESS_BUCKETS]; /* addresses that share a bucket share its allowance */
};

/* A bound and listening socket; -1 with errno and a sentence. */
static int listener_bind(const char *host, int port, Error *error)
{
    struct addrinfo *address = NULL,
                    hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST};
    char service[8];
    int on = 1, off = 0;
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &address) != 0) {
        error_set(error, ERROR_SETTING, "HOST must be an IP address, not \"%s\".", host);
        errno = EINVAL;
        return -1;
    }
    _cleanup_close_ int fd =
        socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ready = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                 (address->ai_family != AF_INET6 ||
                  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
                 bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    int cause = errno;
    freeaddrinfo(address);
    if (ready)
        return TAKE_FD(fd);
    error_set(error, ERROR_SETTING,
              "Listening on %s port %d failed: %s. Choose another PORT or HOST.", host, port,
              strerror(cause));
    errno = cause;
    return -1;
}

Listener *listener_open(const char *host, int port, Error *error)
{
    int fd = listener_bind(host, port, error);
    /* A machine without IPv6 still serves its IPv4. */
    if (fd < 0 && streq(host, "::") && errno == EAFNOSUPPORT)
        fd = listener_bind("0.0.0.0", port, error);
    if (fd < 0)
        return NULL;
    Listener *listener = NEW(Listener);
    listener->magic = LISTENER_MAGIC;
    listener->fd = fd;
    listener->stop_fd = eventfd(0, EFD_CLOEXEC);
    REQUIRE(listener->stop_fd >= 0);
    REQUIRE(getentropy(&listener->hash_key, sizeof listener->hash_key) == 0);
    return listener;
}

int listener_port(const Listener *listener)
{
    struct sockaddr_in6 address;
    socklen_t length = sizeof address;
    REQUIRE(getsockname(listener->fd, (struct sockaddr *)&address, &length) == 0);
    return ntohs(address.sin6_port); /* at the same offset in both families */
}

/* IPv6 clients own a /64 at least, so that is what is counted. */
static unsigned listener_bucket(const Listener *listener, const struct sockaddr_in6 *address)
{
    const unsigned char *bytes = (const unsigned char *)address;
    size_t from = address->sin6_family == AF_INET6 ? offsetof(struct sockaddr_in6, sin6_addr)
                                                   : offsetof(struct sockaddr_in, sin_addr);
    bool mapped = address->sin6_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->sin6_addr);
    size_t length = address->sin6_family != AF_INET6 ? 4 : mapped ? 16 : 8;
    uint64_t hash = listener->hash_key;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[from + i]) * 0x100000001b3u;
    return (unsigned)((hash ^ hash >> 32) % ADDRESS_BUCKETS);
}

void listener_closed(void *pointer, unsigned address_bucket)
{
    Listener *listener = CAST_OBJECT(Listener, pointer, LISTENER_MAGIC);
    atomic_fetch_sub(&listener->per_address[address_bucket], 1);
    atomic_fetch_sub(&listener->connections, 1);
}

unsigned listener_connections(const Listener *listener)
{
    return atomic_load(&listener->connections);
}

/* Asks the longest idle connection of all loops to give way, or else the slowest reader. False
 * when everybody is busy. */
static bool listener_make_room(const Listener *listener)
{
    Loop *idle = NULL, *slow = NULL;
    for (size_t i = 0; i < listener->loop_count; i++) {
        Loop *loop = listener->loops[i];
        if (loop_idle_since_ms(loop) < (idle ? loop_idle_since_ms(idle) : INT64_MAX))
            idle = loop;
        if (loop_slowest_rate(loop) < (slow ? loop_slowest_rate(slow) : UINT64_MAX))
            slow = loop;
    }
    if (idle || slow)
        loop_give_way(idle ? idle : slow);
    return idle || slow;
}

static void listener_take(Listener *listener, int fd, const struct sockaddr_in6 *address)
{
    int lowat = NOTSENT_LOWAT, on = 1;
    unsigned bucket = listener_bucket(listener, address);
    bool full = atomic_load(&listener->connections) >= listener->connections_max;
    if (atomic_load(&listener->per_address[bucket]) >= HTTP_CONNECTIONS_PER_ADDRESS_MAX ||
        (full && !listener_make_room(listener))) {
        log_debug("A connection was closed: too many are open.");
        close(fd);
        return;
    }
    atomic_fetch_add(&listener->per_address[bucket], 1);
    atomic_fetch_add(&listener->connections, 1);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof lowat);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    loop_accept(listener->loops[listener->next_loop++ % listener->loop_count], fd, address, bucket);
}

static void listener_accept_all(Listener *listener)
{
    for (;;) {
        if (atomic_load(&listener->connections) >=
            listener->connections_max + HTTP_GIVING_WAY_MAX) {
            poll(NULL, 0, FULL_PAUSE_MS);
            return;
        }
        struct sockaddr_in6 address = {0};
        socklen_t length = sizeof address;
        int fd = accept4(listener->fd, (struct sockaddr *)&address, &length,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            listener_take(listener, fd, &address);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            poll(NULL, 0, FULL_PAUSE_MS);
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

static void *listener_main(void *argument)
{
    Listener *listener = CAST_OBJECT(Listener, argument, LISTENER_MAGIC);
    struct pollfd waiting[] = {{.fd = listener->fd, .events = POLLIN},
                               {.fd = listener->stop_fd, .events = POLLIN}};
    while (waiting[1].revents == 0) {
        if (poll(waiting, ARRAY_SIZE(waiting), -1) > 0 && waiting[0].revents)
            listener_accept_all(listener);
    }
    return NULL;
}

void listener_start(Listener *listener, Loop *const *loops, size_t count, unsigned connections_max)
{
    listener->connections_max = connections_max;
    listener->loops = loops;
    listener->loop_count = count;
    REQUIRE(pthread_create(&listener->thread, NULL, listener_main, listener) == 0);
}

void listener_stop(Listener *listener)
{
    uint64_t one = 1;
    REQUIRE(write(listener->stop_fd, &one, sizeof one) == sizeof one);
    pthread_join(listener->thread, NULL);
    close(TAKE_FD(listener->fd));
}

void listener_free(Listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    close(listener->stop_fd);
    listener->magic = 0;
    free(listener);
}
