#include "common/sandbox/task.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/base/log.h"

#define READ_BLOCK 4096

bool task_fault(const TaskFault *faults, TaskEnd end, Error *error)
{
    REQUIRE(faults[end].sentence);
    return error_set(error, faults[end].code, "%s", faults[end].sentence);
}

/* Orders the child; *status_fd gets the reading end of its status pipe. */
static bool task_start(const TaskSpec *spec, Child *child, int *status_fd, Error *error)
{
    ChildSpec order = spec->child;
    int fds[ZYGOTE_FDS_MAX], ends[2];
    REQUIRE(order.fd_count < ZYGOTE_FDS_MAX);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(error, errno, "%s", spec->not_started);
    _cleanup_close_ int reader = ends[0], writer = ends[1];
    REQUIRE(fcntl(reader, F_SETFL, O_NONBLOCK) == 0);
    memcpy(fds, order.fds, order.fd_count * sizeof *fds);
    fds[order.fd_count++] = writer;
    order.fds = fds;
    /* Ours of the writing end is closed on return: the child's must be the last. */
    if (!child_start(&order, child, error))
        return false;
    *status_fd = TAKE_FD(reader);
    return true;
}

/* Reads what is there and hands on the lines in it; *open becomes false at the end of the pipe. */
static bool task_read(const TaskSpec *spec, int fd, Buffer *lines, bool *open, Error *error)
{
    size_t room = MIN_OF(READ_BLOCK, spec->line_max - lines->length);
    if (room == 0)
        return task_fault(spec->faults, TASK_DAMAGED, error);
    char *block = buffer_reserve(lines, room), *end;
    ssize_t got = read(fd, block, room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    *open = got > 0;
    lines->length += got > 0 ? (size_t)got : 0;
    while (lines->length > 0 && (end = memchr(lines->data, '\n', lines->length))) {
        size_t length = (size_t)(end - lines->data);
        if (!spec->line(spec->context, lines->data, length, error))
            return false;
        buffer_consume(lines, length + 1);
    }
    return true;
}

/* Until the child has closed its end of the pipe, which it does at the latest by ending. */
static bool task_follow(const TaskSpec *spec, int fd, TaskExit *exit, Error *error)
{
    _cleanup_buffer_ Buffer lines = BUFFER(spec->line_max);
    int64_t due = clock_monotonic_ms();
    bool open = true;
    while (open) {
        int64_t now = clock_monotonic_ms();
        if (now >= due) {
            if (!spec->slice(spec->context, error))
                return false;
            due = now + spec->slice_ms;
        }
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        if (poll(&waiting, 1, (int)(due - now)) > 0 && !task_read(spec, fd, &lines, &open, error))
            return false;
    }
    exit->cut = lines.length > 0;
    return true;
}

static TaskEnd task_end_of(const ChildExit *child)
{
    if (child->lost)
        return TASK_LOST;
    if (!child->signalled)
        return TASK_DONE;
    switch (child->status) {
    case SIGKILL:
    case SIGTERM:
        return TASK_KILLED;
    case SIGSYS:
        return TASK_FORBIDDEN;
    case SIGXCPU:
        return TASK_OVERTIME;
    case SIGXFSZ:
        return TASK_OVERSIZE;
    default:
        return TASK_CRASHED;
    }
}

bool task_run(const TaskSpec *spec, Error *error)
{
    static atomic_uint forbidden;
    _cleanup_child_ Child child = CHILD_NONE;
    _cleanup_close_ int status_fd = -1;
    TaskExit exit = {.end = TASK_CALLED_OFF};
    ChildExit told;
    if (!task_start(spec, &child, &status_fd, error))
        return false;
    bool good = task_follow(spec, status_fd, &exit, error);
    if (good && !child_wait(&child, spec->linger_ms, &told)) {
        exit.end = TASK_LINGERED;
        good = task_fault(spec->faults, exit.end, error);
    } else if (good) {
        exit.end = task_end_of(&told);
        exit.status = told.status;
        good = spec->ended(spec->context, &exit, error);
    }
    /* Every child that was started comes by here once: its profile, its end and the verdict. */
    if (exit.end == TASK_FORBIDDEN)
        log_error("The sandbox stopped a forbidden system call of a child (%s), %u so far.",
                  profiles[spec->child.order.profile].word, atomic_fetch_add(&forbidden, 1) + 1);
    return good;
}
