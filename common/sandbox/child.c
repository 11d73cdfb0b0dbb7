#include "common/sandbox/child.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/sandbox/zygote.h"

bool child_start(const ChildSpec *spec, Child *out, Error *error)
{
    ZygoteMessage message = {.order = spec->order, .fd_count = spec->fd_count + 1};
    int ends[2];
    REQUIRE(spec->fd_count <= ZYGOTE_FDS_MAX && zygote_message_pack(&message, spec->arguments));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set_errno(error, errno, "A socket for a child process could not be made");
    _cleanup_close_ int control = ends[0], far = ends[1];
    message.fds[0] = far;
    for (size_t i = 0; i < spec->fd_count; i++)
        message.fds[1 + i] = spec->fds[i];
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
