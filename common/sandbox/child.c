#include "common/sandbox/child.h"

#include <poll.h>
#include <sys/socket.h>

#include "common/sandbox/zygote.h"

bool child_start(const ChildSpec *spec, Child *out, Error *error)
{
    int control = zygote_order(spec, error);
    if (control < 0)
        return false;
    *out = (Child){.control = control};
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
