#include "common/sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/sandbox/zygote.h"

/* The same file once more, unless the descriptor cannot write anyhow: what a child could change
 * would be another file for the next one. */
static bool child_open_input(int fd, int *out, Error *error)
{
    char path[sizeof "/proc/self/fd/" + 10];
    int flags = fcntl(fd, F_GETFL), input;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY)
        input = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    else
        input = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (input < 0)
        return error_set_errno(error, errno, "A child's input could not be opened for reading");
    *out = input;
    return true;
}

bool child_start(const ChildSpec *spec, Child *out, Error *error)
{
    ZygoteMessage message = {.order = spec->order, .fd_count = spec->fd_count + 1};
    int ends[2];
    REQUIRE(spec->fd_count <= ZYGOTE_FDS_MAX && (spec->fd_count > 0 || !spec->reads_first) &&
            zygote_message_pack(&message, spec->arguments));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set_errno(error, errno, "A socket for a child process could not be made");
    _cleanup_close_ int control = ends[0], far = ends[1];
    message.fds[0] = far;
    for (size_t i = 0; i < spec->fd_count; i++)
        message.fds[1 + i] = spec->fds[i];
    _cleanup_close_ int input = -1;
    if (spec->reads_first && !child_open_input(spec->fds[0], &input, error))
        return false;
    if (spec->reads_first)
        message.fds[1] = input;
    if (!zygote_send(&message, error))
        return false;
    *out = (Child){.control = TAKE_FD(control)};
    return true;
}

bool child_wait(Child *child, int timeout_ms, ChildExit *out)
{
    ChildExit end, lost = {.lost = true};
    struct pollfd waiting = {.fd = child->control, .events = POLLIN};
    REQUIRE(child->control >= 0);
    if (poll(&waiting, 1, timeout_ms) <= 0)
        return false;
    if (recv(child->control, &end, sizeof end, 0) != sizeof end)
        end = lost;
    close(child->control);
    *child = CHILD_NONE;
    if (out)
        *out = end;
    return true;
}

void child_kill(Child *child)
{
    if (child->control >= 0)
        shutdown(child->control, SHUT_WR);
}

void child_release(Child *child)
{
    if (child->control < 0)
        return;
    child_kill(child);
    while (!child_wait(child, -1, NULL))
        ;
}
