/* What a sandboxed child can and cannot do. The test program is its own zygote. */

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/base/id.h"
#include "common/sandbox/child.h"
#include "common/sandbox/sandbox_probe.h"
#include "common/sandbox/zygote.h"

enum { ESCAPED = 42, HELD = 0 };

/* --- attempts, each in a child of its own: ESCAPED when it got through --- */

static int outcome(long result)
{
    return result >= 0 ? ESCAPED : HELD;
}

static int try_open(void)
{
    return outcome(open("/etc/passwd", O_RDONLY));
}

static int try_open_proc(void)
{
    return outcome(open("/proc/self/environ", O_RDONLY));
}

static int try_create(void)
{
    return outcome(open("/tmp/reelkeep-escaped", O_WRONLY | O_CREAT, 0600));
}

static int try_readlink(void)
{
    char text[16];
    return outcome(readlink("/proc/self/exe", text, sizeof text));
}

static int try_unlink(void)
{
    return outcome(unlink("/tmp/reelkeep-victim"));
}

static int try_socket(void)
{
    return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_unix_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_exec(void)
{
    char *const none[] = {NULL};
    return outcome(execve("/bin/true", none, none));
}

static int try_fork(void)
{
    return outcome(fork());
}

static int try_vfork(void)
{
    return outcome(syscall(SYS_vfork));
}

static int try_clone_process(void)
{
    return outcome(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int try_new_namespace(void)
{
    return outcome(syscall(SYS_unshare, 0x10000000));
}

static int try_ptrace(void)
{
    return outcome(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
}

static int try_read_parent(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    return outcome(syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0));
}

static int try_kill(void)
{
    return outcome(kill(getpid(), 0));
}

static int try_io_uring(void)
{
    struct io_uring_params parameters = {0};
    return outcome(syscall(SYS_io_uring_setup, 1, &parameters));
}

static int try_map_executable(void)
{
    void *memory =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED ? ESCAPED : HELD;
}

static int try_make_executable(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static int try_memfd(void)
{
    return outcome(syscall(SYS_memfd_create, "x", 0));
}

static int try_bpf(void)
{
    return outcome(syscall(SYS_bpf, 0, NULL, 0));
}

static int try_userfault(void)
{
    return outcome(syscall(SYS_userfaultfd, 0));
}

static int try_keyring(void)
{
    return outcome(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static int try_mount(void)
{
    return outcome(syscall(SYS_mount, "x", "/", "tmpfs", 0, NULL));
}

static int try_chmod(void)
{
    return outcome(syscall(SYS_chmod, "/tmp", 0777));
}

static int try_other_descriptors(void)
{
    for (int fd = 4; fd < 64; fd++)
        if (fcntl(fd, F_GETFL) >= 0)
            return ESCAPED;
    return HELD;
}

static int try_environment(void)
{
    return environ[0] ? ESCAPED : HELD;
}

static int try_more_memory(void)
{
    char *memory = malloc(3 * GIB);
    if (memory)
        memset(memory, 1, 3 * GIB);
    return memory ? ESCAPED : HELD;
}

static int try_large_file(void)
{
    return outcome(ftruncate(3, 64 << 20));
}

static int try_forever(void)
{
    volatile bool forever = true;
    while (forever)
        ;
    return ESCAPED;
}

#define ATTEMPT(name)                                                                              \
    {                                                                                              \
#name, try_##name                                                                          \
    }

static const struct {
    const char *name;
    int (*attempt)(void);
} attempts[] = {
    ATTEMPT(open),
    ATTEMPT(open_proc),
    ATTEMPT(create),
    ATTEMPT(readlink),
    ATTEMPT(unlink),
    ATTEMPT(socket),
    ATTEMPT(unix_socket),
    ATTEMPT(exec),
    ATTEMPT(fork),
    ATTEMPT(vfork),
    ATTEMPT(clone_process),
    ATTEMPT(new_namespace),
    ATTEMPT(ptrace),
    ATTEMPT(read_parent),
    ATTEMPT(kill),
    ATTEMPT(io_uring),
    ATTEMPT(map_executable),
    ATTEMPT(make_executable),
    ATTEMPT(memfd),
    ATTEMPT(bpf),
    ATTEMPT(userfault),
    ATTEMPT(keyring),
    ATTEMPT(mount),
    ATTEMPT(chmod),
    ATTEMPT(other_descriptors),
    ATTEMPT(environment),
    ATTEMPT(more_memory),
    ATTEMPT(large_file),
    ATTEMPT(forever),
};

static int run_attempt(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(attempts); i++)
        if (streq(attempts[i].name, argv[1]))
            return attempts[i].attempt();
    return ESCAPED;
}

/* --- what must go on working --- */

static void *thread_main(void *argument)
{
    *(int *)argument = 1;
    return NULL;
}

/* Reads its input, computes with a thread and much memory, writes its answer. */
static int run_work(int argc, char **argv)
{
    char text[8] = "";
    int ran = 0;
    pthread_t thread;
    (void)argc, (void)argv;
    if (pread(3, text, 5, 0) != 5 || lseek(3, 0, SEEK_END) < 5)
        return 1;
    char *memory = malloc(32 * MIB);
    if (!memory)
        return 2;
    memset(memory, 1, 32 * MIB);
    free(memory);
    if (pthread_create(&thread, NULL, thread_main, &ran) != 0 || pthread_join(thread, NULL) != 0)
        return 3;
    return ran && write(4, text, 5) == 5 ? 7 : 4;
}

static int run_walls(int argc, char **argv)
{
    (void)argc, (void)argv;
    return (int)sandbox_walls();
}

#define ORDER                                                                                      \
    {                                                                                              \
        .profile = PROFILE_ENCODE, .file_bytes = MIB, .cpu_seconds = 1                             \
    }

static const ZygoteTask tasks_list[] = {
    {"attempt", run_attempt},
    {"work", run_work},
    {"walls", run_walls},
    {SANDBOX_PROBE_TASK, sandbox_probe_main},
    {0},
};

/* --- the tests --- */

static ChildExit run(const char *task, const char *word, const int *fds, size_t count)
{
    const char *arguments[] = {task, word, NULL};
    ChildSpec spec = {.arguments = arguments, .fds = fds, .fd_count = count, .order = ORDER};
    Child child = CHILD_NONE;
    ChildExit end;
    Error error = {0};
    if (!child_start(&spec, &child, &error))
        fail_msg("%s", error.detail);
    assert_true(child_wait(&child, -1, &end));
    return end;
}

static int scratch_file(const char *text)
{
    char name[] = "/tmp/reelkeep-sandbox-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void every_escape_is_stopped(void **state)
{
    (void)state;
    _cleanup_close_ int file = scratch_file("");
    if (run("walls", NULL, NULL, 0).status != SANDBOX_ALL)
        skip(); /* a sanitizer's runtime needs what the sandbox forbids */
    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
        ChildExit end = run("attempt", attempts[i].name, &file, 1);
        bool stopped = end.signalled
                           ? end.status == SIGSYS || end.status == SIGKILL || end.status == SIGXCPU
                           : end.status == HELD;
        unit_check(stopped, attempts[i].name);
    }
}

static void honest_work_goes_on(void **state)
{
    char text[8] = "";
    (void)state;
    _cleanup_close_ int input = scratch_file("hello"), output = scratch_file("");
    const int fds[] = {input, output};
    ChildExit end = run("work", NULL, fds, 2);
    assert_false(end.signalled);
    assert_int_equal(end.status, 7);
    assert_int_equal(pread(output, text, 5, 0), 5);
    assert_string_equal(text, "hello");
}

static void a_child_can_be_killed(void **state)
{
    const char *arguments[] = {"attempt", "forever", NULL};
    ChildSpec spec = {.arguments = arguments, .order = ORDER};
    ChildExit end;
    (void)state;
    _cleanup_child_ Child child = CHILD_NONE;
    assert_true(child_start(&spec, &child, NULL));
    child_kill(&child);
    assert_true(child_wait(&child, -1, &end));
    assert_true(end.signalled && end.status == SIGKILL);
}

/* Not by a kill, which could also come from outside. */
static void a_child_that_computes_too_long_is_told_apart(void **state)
{
    (void)state;
    ChildExit end = run("attempt", "forever", NULL, 0);
    assert_true(end.signalled);
    assert_int_equal(end.status, SIGXCPU);
}

static void many_children_run_at_once(void **state)
{
    enum { COUNT = 20 };
    Child children[COUNT];
    (void)state;
    _cleanup_close_ int input = scratch_file("hello"), output = scratch_file("");
    const int fds[] = {input, output};
    const char *arguments[] = {"work", NULL};
    ChildSpec spec = {.arguments = arguments, .fds = fds, .fd_count = 2, .order = ORDER};
    for (size_t i = 0; i < COUNT; i++)
        assert_true(child_start(&spec, &children[i], NULL));
    for (size_t i = 0; i < COUNT; i++) {
        ChildExit end;
        assert_true(child_wait(&children[i], -1, &end));
        assert_int_equal(end.status, 7);
    }
}

static void an_unknown_task_ends_at_once(void **state)
{
    (void)state;
    assert_true(run("nonsense", NULL, NULL, 0).lost);
}

/* The zygote's process dies: its children with it, and the next order starts another. */
static void a_dead_zygote_is_replaced(void **state)
{
    const char *arguments[] = {"attempt", "forever", NULL};
    ChildSpec spec = {.arguments = arguments, .order = ORDER};
    ChildExit end;
    (void)state;
    _cleanup_child_ Child child = CHILD_NONE;
    assert_true(child_start(&spec, &child, NULL));
    assert_int_equal(kill(zygote_pid(), SIGKILL), 0);
    assert_true(child_wait(&child, -1, &end));
    assert_true(end.lost);
    /* An order may still reach the dying one; the next does not. */
    while (run("walls", NULL, NULL, 0).lost)
        ;
}

static void a_dead_zygote_is_noticed(void **state)
{
    (void)state;
    pid_t before = zygote_pid();
    assert_true(zygote_ensure(NULL));
    assert_int_equal(zygote_pid(), before);
    assert_int_equal(kill(before, SIGKILL), 0);
    while (zygote_pid() == before)
        assert_true(zygote_ensure(NULL));
    assert_false(run("walls", NULL, NULL, 0).lost);
}

static void the_start_tells_what_stands(void **state)
{
    SandboxReport report;
    (void)state;
    assert_true(sandbox_probe(&report, NULL));
    if (report.walls == SANDBOX_ALL)
        assert_true(report.held && sandbox_suffices(&report));
    else
        assert_false(sandbox_suffices(&report));
    assert_non_null(strstr(report.text, "Media is opened behind "));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_escape_is_stopped),
        cmocka_unit_test(honest_work_goes_on),
        cmocka_unit_test(a_child_can_be_killed),
        cmocka_unit_test(many_children_run_at_once),
        cmocka_unit_test(a_child_that_computes_too_long_is_told_apart),
        cmocka_unit_test(an_unknown_task_ends_at_once),
        cmocka_unit_test(a_dead_zygote_is_replaced),
        cmocka_unit_test(a_dead_zygote_is_noticed),
        cmocka_unit_test(the_start_tells_what_stands),
    };
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(tasks_list);
    id_init();
    if (!zygote_start(NULL))
        return 1;
    int failed = cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
    zygote_stop();
    return failed;
}
