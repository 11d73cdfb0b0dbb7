#include "web/http/server/linger.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/base/limits.h"

#define LINGERING_MAGIC 0x4c494e47u /* "LING" */

typedef struct Lingering {
    unsigned magic;
    int fd;
    int64_t deadline_ms;
    uint64_t drained;
    struct Lingering *next;
} Lingering;

struct Lingerers {
    int epoll_fd;
    size_t count;
    Lingering *first;
};

Lingerers *lingerers_new(int epoll_fd)
{
    Lingerers *lingerers = NEW(Lingerers);
    lingerers->epoll_fd = epoll_fd;
    return lingerers;
}

static void linger_end(Lingerers *lingerers, Lingering *lingering)
{
    Lingering **link = &lingerers->first;
    while (*link != lingering)
        link = &(*link)->next;
    *link = lingering->next;
    lingerers->count--;
    close(lingering->fd);
    lingering->magic = 0;
    free(lingering);
}

void lingerers_free(Lingerers *lingerers)
{
    while (lingerers->first)
        linger_end(lingerers, lingerers->first);
    free(lingerers);
}

void linger_start(Lingerers *lingerers, int fd, const char *answer, size_t length, int64_t now_ms)
{
    _cleanup_close_ int owned = fd;
    bool sent = send(fd, answer, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length;
    shutdown(fd, SHUT_WR);
    if (!sent || lingerers->count == HTTP_LINGERERS_MAX)
        return;
    Lingering *lingering = NEW(Lingering);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = lingering};
    *lingering = (Lingering){.magic = LINGERING_MAGIC,
                             .fd = TAKE_FD(owned),
                             .deadline_ms = now_ms + HTTP_LINGER_SECONDS * 1000,
                             .next = lingerers->first};
    lingerers->first = lingering;
    lingerers->count++;
    if (epoll_ctl(lingerers->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        linger_end(lingerers, lingering);
}

void linger_drain(Lingerers *lingerers, void *pointer)
{
    Lingering *lingering = CAST_OBJECT(Lingering, pointer, LINGERING_MAGIC);
    char scratch[65536];
    ssize_t got = recv(lingering->fd, scratch, sizeof scratch, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        lingering->drained += (uint64_t)got;
    if (got <= 0 || lingering->drained > HTTP_LINGER_BYTES)
        linger_end(lingerers, lingering);
}

void linger_expire(Lingerers *lingerers, int64_t now_ms)
{
    Lingering *next;
    for (Lingering *lingering = lingerers->first; lingering; lingering = next) {
        next = lingering->next;
        if (now_ms >= lingering->deadline_ms)
            linger_end(lingerers, lingering);
    }
}
