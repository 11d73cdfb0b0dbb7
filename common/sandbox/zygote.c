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

#include "common/sandbox/sandbox_probe.h"
#include "common/sandbox/zygote_message.h"

#define ZYGOTE_FD 3 /* the zygote's end of the socket */
#define CHILDREN_MAX                                                                               \
    64             /* more than any program asks for at once; beyond it an order is dropped        \
                    */
#define FIRST_FD 3 /* where a child finds its descriptors */

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

static const ZygoteTask *find_task(const ZygoteTask *tasks, const char *name)
{
    static const ZygoteTask probe = {SANDBOX_PROBE_TASK, sandbox_probe_main};
    if (streq(name, probe.name))
        return &probe;
    while (tasks->name && !streq(tasks->name, name))
        tasks++;
    return tasks->name ? tasks : NULL;
}

/* Moves the descriptors to their places and closes all others. Sources are first moved out of the
 * way of targets. */
static void place_fds(const int *fds, size_t count)
{
    int moved[ZYGOTE_FDS_MAX];
    for (size_t i = 0; i < count; i++)
        moved[i] = fcntl(fds[i], F_DUPFD, FIRST_FD + ZYGOTE_FDS_MAX);
    for (size_t i = 0; i < count; i++)
        dup2(moved[i], FIRST_FD + (int)i);
    syscall(SYS_close_range, FIRST_FD + (unsigned)count, ~0U, 0);
}

_Noreturn static void become_child(const ZygoteTask *task, ZygoteMessage *message, int argc,
                                   char **argv, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    place_fds(message->fds + 1, message->fd_count - 1);
    sandbox_enter(&message->limits);
    _exit(task->run(argc, argv));
}

static void close_fds(const ZygoteMessage *message, size_t from)
{
    for (size_t i = from; i < message->fd_count; i++)
        close(message->fds[i]);
}

static bool start_order(Zygote *zygote, ZygoteMessage *message)
{
    char *argv[ZYGOTE_WORDS_MAX + 1];
    int argc = zygote_message_words(message, argv);
    const ZygoteTask *task = argc > 0 ? find_task(zygote->tasks, argv[0]) : NULL;
    pid_t parent = getpid();
    if (!task || message->fd_count == 0 || zygote->count == CHILDREN_MAX)
        return false;
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0)
        become_child(task, message, argc, argv, parent);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    REQUIRE(pidfd >= 0);
    zygote->children[zygote->count++] =
        (Running){.pid = pid, .pidfd = pidfd, .control = message->fds[0]};
    return true;
}

/* An order that cannot be followed closes its control socket, which its giver sees. */
static bool take_order(Zygote *zygote)
{
    ZygoteMessage message;
    if (!zygote_message_receive(ZYGOTE_FD, &message))
        return errno == EINTR;
    bool started = start_order(zygote, &message);
    close_fds(&message, started ? 1 : 0);
    return true;
}

static void tell_end(Zygote *zygote, size_t index)
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

static void kill_hung_up(Running *child, short events)
{
    char byte;
    if (events && recv(child->control, &byte, 1, MSG_DONTWAIT) == 0)
        syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

/* A Ctrl-C reaches the whole group, but the program decides when its children end. A limit that is
 * met and a reader that is gone are errors of a call, not signals. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ};
    struct sigaction action = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
        sigaction(ignored[i], &action, NULL);
}

int zygote_main(const ZygoteTask *tasks)
{
    Zygote zygote = {.tasks = tasks};
    ignore_signals();
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
            kill_hung_up(&zygote.children[i], waiting[2 + 2 * i].revents);
            if (waiting[1 + 2 * i].revents)
                tell_end(&zygote, i);
        }
        if (waiting[0].revents && !take_order(&zygote))
            return 0; /* the children die with this process */
    }
}

/* ---- the program's side ---- */

static pthread_mutex_t link_lock = PTHREAD_MUTEX_INITIALIZER;
static int link_socket = -1; /* guarded by link_lock; -1: no zygote */
static pid_t link_pid;       /* guarded by link_lock */

_Noreturn static void become_zygote(int socket)
{
    static char name[] = "reelkeep-zygote", command[] = ZYGOTE_COMMAND;
    char *arguments[] = {name, command, NULL}, *empty[] = {NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(socket, ZYGOTE_FD);
    syscall(SYS_close_range, ZYGOTE_FD + 1, ~0U, 0);
    execve("/proc/self/exe", arguments, empty);
    _exit(127);
}

static bool start_locked(Error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set_errno(error, errno, "A socket for child processes could not be made");
    pid_t pid = fork();
    if (pid == 0)
        become_zygote(ends[1]);
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

static void stop_locked(void)
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
    bool started = start_locked(error);
    pthread_mutex_unlock(&link_lock);
    return started;
}

void zygote_stop(void)
{
    pthread_mutex_lock(&link_lock);
    stop_locked();
    pthread_mutex_unlock(&link_lock);
}

/* It never speaks, so that its end is all there is to be seen. */
static bool lives_locked(void)
{
    struct pollfd end = {.fd = link_socket, .events = POLLIN};
    return link_socket >= 0 && poll(&end, 1, 0) == 0;
}

bool zygote_ensure(Error *error)
{
    pthread_mutex_lock(&link_lock);
    bool lives = lives_locked();
    if (!lives) {
        stop_locked();
        lives = start_locked(error);
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
static bool send_order(const ZygoteMessage *message, Error *error)
{
    pthread_mutex_lock(&link_lock);
    bool sent = link_socket >= 0 && zygote_message_send(link_socket, message);
    if (!sent) {
        stop_locked();
        sent = start_locked(error) && zygote_message_send(link_socket, message);
    }
    pthread_mutex_unlock(&link_lock);
    return sent || error_set(error, ERROR_INTERNAL, "A child process could not be ordered.");
}

int zygote_order(const ChildSpec *spec, Error *error)
{
    ZygoteMessage message = {.limits = spec->limits, .fd_count = spec->fd_count + 1};
    int ends[2];
    REQUIRE(spec->fd_count <= ZYGOTE_FDS_MAX && zygote_message_pack(&message, spec->arguments));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        error_set_errno(error, errno, "A socket for a child process could not be made");
        return -1;
    }
    message.fds[0] = ends[1];
    for (size_t i = 0; i < spec->fd_count; i++)
        message.fds[1 + i] = spec->fds[i];
    bool sent = send_order(&message, error);
    close(ends[1]);
    if (sent)
        return ends[0];
    close(ends[0]);
    return -1;
}
