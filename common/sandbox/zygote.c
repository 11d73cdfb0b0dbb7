#include "common/sandbox/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ZYGOTE_FD    3  /* the zygote's end of the socket */
#define FIRST_FD     3  /* where a child finds its descriptors */
#define CHILDREN_MAX 64 /* more than any program asks for at once; further orders are dropped */

/* ---- the zygote's own process: one thread ---- */

typedef struct Running {
    pid_t pid;
    int pidfd;
    int control; /* hung up: kill it; its end is told there */
} Running;

typedef struct Zygote {
    const ZygoteTask *tasks;
    Running children[CHILDREN_MAX];
    size_t count;
} Zygote;

/* In the child: moves the descriptors to their places, the sources first out of the way of targets,
 * closes all others, locks itself down and runs. */
_Noreturn static void zygote_become_child(const ZygoteTask *task, const ZygoteMessage *message,
                                          int argc, char **argv, pid_t parent)
{
    const int *fds = message->fds + 1;
    size_t count = message->fd_count - 1;
    int moved[ZYGOTE_FDS_MAX];
    sandbox_step_down();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    for (size_t i = 0; i < count; i++)
        moved[i] = fcntl(fds[i], F_DUPFD, FIRST_FD + ZYGOTE_FDS_MAX);
    for (size_t i = 0; i < count; i++)
        dup2(moved[i], FIRST_FD + (int)i);
    syscall(SYS_close_range, FIRST_FD + (unsigned)count, ~0U, 0);
    /* The zygote's own words go to the program's log; a sanitizer's report needs the same way. */
    if (!SANITIZED)
        dup2(STDIN_FILENO, STDERR_FILENO);
    sandbox_enter(&message->order);
    _exit(task->run(argc, argv));
}

/* Follows one order; false when the program has gone. An order that cannot be followed closes its
 * control socket, which its giver sees. */
static bool zygote_take_order(Zygote *zygote)
{
    ZygoteMessage message;
    char *argv[ZYGOTE_WORDS_MAX + 1];
    if (!zygote_message_receive(ZYGOTE_FD, &message))
        return errno == EINTR;
    int argc = zygote_message_words(&message, argv);
    const ZygoteTask *task = zygote->tasks;
    while (task->name && (argc == 0 || !streq(task->name, argv[0])))
        task++;
    pid_t pid = -1, parent = getpid();
    if (task->name && message.fd_count > 0 && message.order.profile < PROFILE_COUNT &&
        zygote->count < CHILDREN_MAX)
        pid = fork();
    if (pid == 0)
        zygote_become_child(task, &message, argc, argv, parent);
    if (pid > 0) {
        int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        REQUIRE(pidfd >= 0);
        zygote->children[zygote->count++] =
            (Running){.pid = pid, .pidfd = pidfd, .control = message.fds[0]};
    }
    for (size_t i = pid > 0 ? 1 : 0; i < message.fd_count; i++)
        close(message.fds[i]);
    return true;
}

static void zygote_tell_end(Zygote *zygote, size_t index)
{
    Running *child = &zygote->children[index];
    int status;
    while (waitpid(child->pid, &status, 0) < 0)
        REQUIRE(errno == EINTR);
    ChildExit end = {.signalled = WIFSIGNALED(status),
                     .status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
    send(child->control, &end, sizeof end, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(child->control);
    close(child->pidfd);
    *child = zygote->children[--zygote->count];
}

int zygote_main(const ZygoteTask *tasks)
{
    /* A Ctrl-C reaches the whole group, but the program decides when its children end. A limit that
     * is met and a reader that is gone are errors of a call, not signals. */
    static const int ignored[] = {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    Zygote zygote = {.tasks = tasks};
    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
        sigaction(ignored[i], &ignore, NULL);
    for (;;) {
        struct pollfd waiting[1 + 2 * CHILDREN_MAX];
        size_t count = zygote.count;
        waiting[0] = (struct pollfd){.fd = ZYGOTE_FD, .events = POLLIN};
        for (size_t i = 0; i < count; i++) {
            waiting[1 + 2 * i] = (struct pollfd){.fd = zygote.children[i].pidfd, .events = POLLIN};
            waiting[2 + 2 * i] =
                (struct pollfd){.fd = zygote.children[i].control, .events = POLLIN};
        }
        if (poll(waiting, 1 + 2 * count, -1) < 0)
            continue;
        for (size_t i = count; i-- > 0;) {
            const Running *child = &zygote.children[i];
            char byte;
            if (waiting[2 + 2 * i].revents && recv(child->control, &byte, 1, MSG_DONTWAIT) == 0)
                syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
            if (waiting[1 + 2 * i].revents)
                zygote_tell_end(&zygote, i);
        }
        if (waiting[0].revents && !zygote_take_order(&zygote))
            return 0; /* the children die with this process */
    }
}

/* ---- the program's side ---- */

static pthread_mutex_t link_lock = PTHREAD_MUTEX_INITIALIZER;
static int link_socket = -1; /* guarded by link_lock; -1: no zygote */
static pid_t link_pid;       /* guarded by link_lock */

_Noreturn static void zygote_become(int socket)
{
    static char name[] = "reelkeep-zygote", command[] = ZYGOTE_COMMAND;
    char *arguments[] = {name, command, NULL}, *empty[] = {NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* It may stand where others belong, and what is put upon itself stays closed on execve. */
    socket = fcntl(socket, F_DUPFD, ZYGOTE_FD + 1);
    int null = open("/dev/null", O_RDWR);
    if (socket < 0 || null < 0)
        _exit(127); /* a child must not keep the program's */
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(socket, ZYGOTE_FD);
    syscall(SYS_close_range, ZYGOTE_FD + 1, ~0U, 0);
    execve("/proc/self/exe", arguments, empty);
    _exit(127);
}

static bool zygote_start_locked(Error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set_errno(error, errno, "A socket for child processes could not be made");
    pid_t pid = fork();
    if (pid == 0)
        zygote_become(ends[1]);
    int cause = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error_set_errno(error, cause, "The process for children could not be started");
    }
    link_socket = ends[0];
    link_pid = pid;
    return true;
}

static void zygote_stop_locked(void)
{
    if (link_socket < 0)
        return;
    close(TAKE_FD(link_socket));
    while (waitpid(link_pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

bool zygote_start(Error *error)
{
    pthread_mutex_lock(&link_lock);
    bool started = zygote_start_locked(error);
    pthread_mutex_unlock(&link_lock);
    return started;
}

void zygote_stop(void)
{
    pthread_mutex_lock(&link_lock);
    zygote_stop_locked();
    pthread_mutex_unlock(&link_lock);
}

bool zygote_ensure(Error *error)
{
    pthread_mutex_lock(&link_lock);
    /* It never speaks, so that its end is all there is to be seen. */
    struct pollfd end = {.fd = link_socket, .events = POLLIN};
    bool lives = link_socket >= 0 && poll(&end, 1, 0) == 0;
    if (!lives) {
        zygote_stop_locked();
        lives = zygote_start_locked(error);
    }
    pthread_mutex_unlock(&link_lock);
    return lives;
}

pid_t zygote_pid(void)
{
    pthread_mutex_lock(&link_lock);
    pid_t pid = link_socket >= 0 ? link_pid : 0;
    pthread_mutex_unlock(&link_lock);
    return pid;
}

/* A zygote that has died is started anew, once: its children are lost, the program is not. */
bool zygote_send(const ZygoteMessage *message, Error *error)
{
    pthread_mutex_lock(&link_lock);
    bool sent = link_socket >= 0 && zygote_message_send(link_socket, message);
    if (!sent) {
        zygote_stop_locked();
        sent = zygote_start_locked(error) && zygote_message_send(link_socket, message);
    }
    pthread_mutex_unlock(&link_lock);
    return sent || error_set(error, ERROR_INTERNAL, "A child process could not be ordered.");
}
