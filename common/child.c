#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define FIRST_FD      3
#define FD_COUNT_MAX  8
#define ARGUMENTS_MAX 16

/* In the child, between fork and exec: async-signal-safe calls only. Sources are first moved out of
 * the way of targets. */
static void place_fds(const int *fds, size_t count)
{
    int moved[FD_COUNT_MAX];
    int null = open("/dev/null", O_RDWR);
    for (size_t i = 0; i < count; i++)
        moved[i] = fcntl(fds[i], F_DUPFD, FIRST_FD + FD_COUNT_MAX);
    dup2(null, 0);
    dup2(null, 1);
    for (size_t i = 0; i < count; i++)
        dup2(moved[i], FIRST_FD + (int)i);
    syscall(SYS_close_range, FIRST_FD + (unsigned)count, ~0U, 0);
}

_Noreturn static void become_child(const ChildSpec *spec, char **arguments, pid_t parent)
{
    static char *empty[] = {NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    place_fds(spec->fds, spec->fd_count);
    execve("/proc/self/exe", arguments, empty);
    _exit(127);
}

bool child_start(const ChildSpec *spec, Child *out, Error *error)
{
    static char name[] = "reelkeep-child";
    char *arguments[ARGUMENTS_MAX] = {name};
    REQUIRE(spec->fd_count <= FD_COUNT_MAX);
    for (size_t i = 0; spec->arguments[i]; i++) {
        REQUIRE(i + 2 < ARGUMENTS_MAX);
        arguments[i + 1] = (char *)spec->arguments[i];
    }
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return error_set_errno(error, errno, "A child process could not be started");
    if (pid == 0)
        become_child(spec, arguments, parent);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    REQUIRE(pidfd >= 0);
    *out = (Child){.pid = pid, .pidfd = pidfd};
    return true;
}

bool child_wait(Child *child, int timeout_ms, ChildExit *out)
{
    struct pollfd waiting = {.fd = child->pidfd, .events = POLLIN};
    int status;
    REQUIRE(child->pid > 0);
    if (poll(&waiting, 1, timeout_ms) <= 0)
        return false;
    while (waitpid(child->pid, &status, 0) < 0)
        REQUIRE(errno == EINTR);
    close(child->pidfd);
    *child = CHILD_NONE;
    if (out)
        *out = (ChildExit){.signalled = WIFSIGNALED(status),
                           .status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
    return true;
}

void child_kill(Child *child)
{
    if (child->pid > 0)
        syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

void child_release(Child *child)
{
    if (child->pid == 0)
        return;
    child_kill(child);
    while (!child_wait(child, -1, NULL))
        ;
}
