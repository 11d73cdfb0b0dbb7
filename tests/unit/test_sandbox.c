/* What a sandboxed child can and cannot do. The test program is its own zygote. */

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "common/base/id.h"
#include "common/sandbox/child.h"
#include "common/sandbox/sandbox_probe.h"
#include "common/sandbox/zygote.h"

#define NOBODYS_GROUP 4321 /* which no child may be in */

enum { ESCAPED = 42, HELD = 0 };

enum { INPUT = 3, FILE_GIVEN, STREAM, GIVEN_END }; /* what the child of an attempt is given */

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
    for (int fd = GIVEN_END; fd < 64; fd++)
        if (fcntl(fd, F_GETFL) >= 0)
            return ESCAPED;
    return HELD;
}

/* Where the program's log may be. */
static int try_log(void)
{
    struct stat status;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
            return ESCAPED;
    return HELD;
}

static int try_write_input(void)
{
    return outcome(write(INPUT, "", 0));
}

static int try_empty_input(void)
{
    return outcome(ftruncate(INPUT, 0));
}

static int try_become_root(void)
{
    return outcome(setresuid(0, 0, 0));
}

static int try_environment(void)
{
    return environ[0] ? ESCAPED : HELD;
}

static int try_ioctl(void)
{
    int waiting;
    return outcome(ioctl(STREAM, FIONREAD, &waiting));
}

static int try_limit(void)
{
    const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    return outcome(setrlimit(RLIMIT_FSIZE, &more));
}

static int try_replace_descriptor(void)
{
    return outcome(dup2(STREAM, FILE_GIVEN));
}

static int try_fchmod(void)
{
    return outcome(fchmod(FILE_GIVEN, 0777));
}

static int try_more_memory(void)
{
    return malloc(3 * GIB) ? ESCAPED : HELD;
}

static int try_read(void)
{
    char byte;
    return outcome(pread(FILE_GIVEN, &byte, 1, 0));
}

static void *thread_main(void *argument)
{
    *(int *)argument = 1;
    return NULL;
}

static int try_compute(void)
{
    int ran = 0;
    pthread_t thread;
    char *memory = malloc(32 * MIB);
    if (!memory)
        return HELD;
    memset(memory, 1, 32 * MIB);
    free(memory);
    if (pthread_create(&thread, NULL, thread_main, &ran) != 0 || pthread_join(thread, NULL) != 0)
        return HELD;
    return ran ? ESCAPED : HELD;
}

static int try_answer(void)
{
    return outcome(write(STREAM, "x", 1));
}

static int try_write_file(void)
{
    return outcome(write(FILE_GIVEN, "x", 1));
}

static int try_overwrite(void)
{
    return outcome(pwrite(FILE_GIVEN, "x", 1, 0));
}

static int try_empty(void)
{
    return outcome(ftruncate(FILE_GIVEN, 0));
}

static int try_large_file(void)
{
    return outcome(ftruncate(FILE_GIVEN, 64 << 20));
}

static int try_flush(void)
{
    return outcome(fdatasync(FILE_GIVEN));
}

#define ATTEMPT(name, answers)                                                                     \
    {                                                                                              \
#name, try_##name, answers                                                                 \
    }

/* The answer of each profile in the order of the enum: A allowed, R refused, K killed. */
static const struct {
    const char *name;
    int (*attempt)(void);
    const char *answers; /* trial, probe, verify, encode */
} attempts[] = {
    ATTEMPT(read, "AAAA"),
    ATTEMPT(compute, "AAAA"),
    ATTEMPT(answer, "AAAA"),
    ATTEMPT(write_file, "RRRA"),
    ATTEMPT(overwrite, "RKKA"),
    ATTEMPT(empty, "AKKA"),
    ATTEMPT(large_file, "RKKR"),
    ATTEMPT(flush, "AKKA"),
    ATTEMPT(more_memory, "RRRR"),
    ATTEMPT(other_descriptors, "RRRR"),
    ATTEMPT(log, "RRRR"),
    ATTEMPT(write_input, "RRRR"),
    ATTEMPT(empty_input, "RKKR"),
    ATTEMPT(become_root, "KKKK"),
    ATTEMPT(environment, "RRRR"),
    ATTEMPT(open, "RRRR"),
    ATTEMPT(open_proc, "RRRR"),
    ATTEMPT(create, "RRRR"),
    ATTEMPT(readlink, "RRRR"),
    ATTEMPT(unlink, "RRRR"),
    ATTEMPT(ioctl, "RRRR"),
    ATTEMPT(limit, "RRRR"),
    ATTEMPT(replace_descriptor, "KKKK"),
    ATTEMPT(fchmod, "KKKK"),
    ATTEMPT(socket, "KKKK"),
    ATTEMPT(unix_socket, "KKKK"),
    ATTEMPT(exec, "KKKK"),
    ATTEMPT(fork, "KKKK"),
    ATTEMPT(vfork, "KKKK"),
    ATTEMPT(clone_process, "KKKK"),
    ATTEMPT(new_namespace, "KKKK"),
    ATTEMPT(ptrace, "KKKK"),
    ATTEMPT(read_parent, "KKKK"),
    ATTEMPT(kill, "KKKK"),
    ATTEMPT(io_uring, "KKKK"),
    ATTEMPT(map_executable, "KKKK"),
    ATTEMPT(make_executable, "KKKK"),
    ATTEMPT(memfd, "KKKK"),
    ATTEMPT(bpf, "KKKK"),
    ATTEMPT(userfault, "KKKK"),
    ATTEMPT(keyring, "KKKK"),
    ATTEMPT(mount, "KKKK"),
    ATTEMPT(chmod, "KKKK"),
};

static int run_attempt(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(attempts); i++)
        if (streq(attempts[i].name, argv[1]))
            return attempts[i].attempt();
    return HELD + 1;
}

/* Tells that it is locked in, and waits for its input to end. */
static int run_wait(int argc, char **argv)
{
    char byte;
    (void)argc, (void)argv;
    return write(4, "x", 1) == 1 && read(3, &byte, 1) == 0 ? 0 : 1;
}

static int run_forever(int argc, char **argv)
{
    volatile bool forever = true;
    (void)argc, (void)argv;
    while (forever)
        ;
    return 0;
}

/* Reads its input, computes with a thread and much memory, writes its answer. */
static int run_work(int argc, char **argv)
{
    char text[8] = "";
    (void)argc, (void)argv;
    if (pread(3, text, 5, 0) != 5 || lseek(3, 0, SEEK_END) < 5)
        return 1;
    return try_compute() == ESCAPED && write(4, text, 5) == 5 ? 7 : 2;
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
    {"wait", run_wait},
    {"forever", run_forever},
    {"work", run_work},
    {"walls", run_walls},
    {SANDBOX_PROBE_TASK, sandbox_probe_main},
    {0},
};

/* --- the tests --- */

static ChildExit run_child(const ChildSpec *spec)
{
    Child child = CHILD_NONE;
    ChildExit end;
    Error error = {0};
    if (!child_start(spec, &child, &error))
        fail_msg("%s", error.detail);
    assert_true(child_wait(&child, -1, &end));
    return end;
}

static ChildExit run(const char *task, const int *fds, size_t count)
{
    const char *arguments[] = {task, NULL};
    return run_child(
        &(ChildSpec){.arguments = arguments, .fds = fds, .fd_count = count, .order = ORDER});
}

/* A sanitizer's runtime needs what the sandbox forbids. */
static void skip_without_walls(void)
{
    if (!(run("walls", NULL, 0).status & SANDBOX_SECCOMP))
        skip();
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

static char answer_of(ChildExit end)
{
    if (end.signalled)
        return end.status == SIGSYS ? 'K' : '?';
    return end.status == ESCAPED ? 'A' : end.status == HELD ? 'R' : '?';
}

static void each_profile_has_its_calls_and_no_other(void **state)
{
    int ends[2];
    (void)state;
    skip_without_walls();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    _unused_ _cleanup_close_ int reader = ends[0];
    _cleanup_close_ int writer = ends[1];
    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
        char found[PROFILE_COUNT + 1] = "";
        for (Profile profile = 0; profile < PROFILE_COUNT; profile++) {
            _cleanup_close_ int input = scratch_file("hello"), file = scratch_file("hello");
            const char *arguments[] = {"attempt", attempts[i].name, NULL};
            const int fds[] = {input, file, writer};
            ChildSpec spec = {.arguments = arguments,
                              .fds = fds,
                              .fd_count = ARRAY_SIZE(fds),
                              .reads_first = true,
                              .order = ORDER};
            spec.order.profile = profile;
            found[profile] = answer_of(run_child(&spec));
        }
        if (!streq(found, attempts[i].answers))
            fail_msg("%s: %s and not %s", attempts[i].name, found, attempts[i].answers);
    }
}

/* A child that is locked in, and waits. */
typedef struct Waiting {
    Child child;
    int input[2], output[2];
    pid_t pid;
} Waiting;

static void start_waiting(Profile profile, Waiting *out)
{
    const char *arguments[] = {"wait", NULL};
    char byte, path[64];
    *out = (Waiting){.child = CHILD_NONE};
    assert_int_equal(pipe2(out->input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out->output, O_CLOEXEC), 0);
    const int fds[] = {out->input[0], out->output[1]};
    ChildSpec spec = {.arguments = arguments, .fds = fds, .fd_count = 2, .order = ORDER};
    spec.order.profile = profile;
    assert_true(child_start(&spec, &out->child, NULL));
    close(out->output[1]);
    assert_int_equal(read(out->output[0], &byte, 1), 1);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote_pid(), (int)zygote_pid());
    _cleanup_fclose_ FILE *children = fopen(path, "re");
    assert_non_null(children);
    assert_int_equal(fscanf(children, "%d", &out->pid), 1);
}

static void end_waiting(Waiting *waiting)
{
    close(waiting->input[0]);
    close(waiting->input[1]);
    close(waiting->output[0]);
    child_release(&waiting->child);
}

/* What the kernel tells of a process in the line that begins with the name. */
static void read_line_of(pid_t pid, const char *file, const char *name, char *out, size_t size)
{
    char path[64], line[300];
    *out = '\0';
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    _cleanup_fclose_ FILE *lines = fopen(path, "re");
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines))
        if (strncmp(line, name, strlen(name)) == 0)
            base_copy_truncated(out, size, line + strlen(name));
    assert_true(*out);
}

static uint64_t limit_of(pid_t pid, const char *name)
{
    char text[200];
    read_line_of(pid, "limits", name, text, sizeof text);
    return strtoull(text, NULL, 10);
}

static void each_profile_has_its_limits(void **state)
{
    static const struct {
        Profile profile;
        uint64_t data, file, cpu;
        int niceness;
    } rows[PROFILE_COUNT] = {
        {PROFILE_TRIAL, 64 * MIB, 0, 5, 0},
        {PROFILE_PROBE, GIB, 0, 20, 5},
        {PROFILE_VERIFY, GIB, 0, 60, 5},
        {PROFILE_ENCODE, 2 * GIB, MIB, 1, 10},
    };
    (void)state;
    skip_without_walls();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *word = profiles[rows[i].profile].word;
        char score[16];
        Waiting waiting;
        start_waiting(rows[i].profile, &waiting);
        read_line_of(waiting.pid, "oom_score_adj", "", score, sizeof score);
        unit_check(limit_of(waiting.pid, "Max data size") == rows[i].data, word);
        unit_check(limit_of(waiting.pid, "Max file size") == rows[i].file, word);
        unit_check(limit_of(waiting.pid, "Max cpu time") == rows[i].cpu, word);
        unit_check(limit_of(waiting.pid, "Max core file size") == 0, word);
        unit_check(getpriority(PRIO_PROCESS, (id_t)waiting.pid) >= rows[i].niceness, word);
        unit_check(streq(score, "1000\n"), "it goes first when memory is short");
        end_waiting(&waiting);
    }
}

/* A child is not root, where its program can help it, and has no capability to use or to get. */
static void a_child_has_nobodys_rights(void **state)
{
    static const char *const sets[] = {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"};
    char text[300], folder[16] = "";
    unsigned ids[4];
    bool root = geteuid() == 0;
    const uint64_t needed = 1 << CAP_KILL | 1 << CAP_SETGID | 1 << CAP_SETUID;
    (void)state;
    skip_without_walls();
    read_line_of(getpid(), "status", "CapEff:", text, sizeof text);
    bool nobody = !root || (strtoull(text, NULL, 16) & needed) == needed;
    unit_check(!(run("walls", NULL, 0).status & SANDBOX_USER) == !nobody, "it tells of its user");
    Waiting waiting;
    start_waiting(PROFILE_PROBE, &waiting);
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        read_line_of(waiting.pid, "status", sets[i], text, sizeof text);
        /* What it could get is cut by root alone; others cannot get anything from it either. */
        unit_check(strtoull(text, NULL, 16) == 0 || (!root && streq(sets[i], "CapBnd:")), sets[i]);
    }
    for (int group = 0; nobody && group < (root ? 2 : 1); group++) {
        read_line_of(waiting.pid, "status", group ? "Gid:" : "Uid:", text, sizeof text);
        assert_int_equal(sscanf(text, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]), 4);
        for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
            unit_check(ids[i] != 0, group ? "it is in root's group" : "it is root");
    }
    if (root && nobody) {
        read_line_of(waiting.pid, "status", "Groups:", text, sizeof text);
        unit_check(strspn(text, " \t\n") == strlen(text), "it is in further groups");
        snprintf(text, sizeof text, "/proc/%d/cwd", (int)waiting.pid);
        assert_int_equal(readlink(text, folder, sizeof folder - 1), 1);
        assert_string_equal(folder, "/");
    }
    end_waiting(&waiting);
}

static void honest_work_goes_on(void **state)
{
    char text[8] = "";
    (void)state;
    _cleanup_close_ int input = scratch_file("hello"), output = scratch_file("");
    const int fds[] = {input, output};
    ChildExit end = run("work", fds, 2);
    assert_false(end.signalled);
    assert_int_equal(end.status, 7);
    assert_int_equal(pread(output, text, 5, 0), 5);
    assert_string_equal(text, "hello");
}

static void a_child_can_be_killed(void **state)
{
    const char *arguments[] = {"forever", NULL};
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
    ChildExit end = run("forever", NULL, 0);
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
    assert_true(run("nonsense", NULL, 0).lost);
}

/* The zygote's process dies: its children with it, and the next order starts another. */
static void a_dead_zygote_is_replaced(void **state)
{
    Waiting waiting;
    ChildExit end;
    char byte;
    (void)state;
    start_waiting(PROFILE_ENCODE, &waiting);
    assert_int_equal(kill(zygote_pid(), SIGKILL), 0);
    assert_true(child_wait(&waiting.child, -1, &end));
    assert_true(end.lost);
    assert_int_equal(read(waiting.output[0], &byte, 1), 0); /* nobody is there to write any more */
    end_waiting(&waiting);
    /* An order may still reach the dying one; the next does not. */
    while (run("walls", NULL, 0).lost)
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
    assert_false(run("walls", NULL, 0).lost);
}

/* A program may be started without the three that every program has: in a process of its own. */
static void a_zygote_starts_whatever_is_open(void **state)
{
    int expected = run("walls", NULL, 0).status;
    (void)state;
    for (int last = STDIN_FILENO; last <= STDERR_FILENO; last++) {
        int status;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            syscall(SYS_close_range, 0, last, 0);
            syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
            ChildExit end = {.lost = true};
            if (zygote_start(NULL))
                end = run("walls", NULL, 0);
            _exit(!end.lost && end.status == expected ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

/* Children beyond what a zygote has room for are lost; nothing is known from them. */
static void what_could_not_be_tried_is_not_known(void **state)
{
    enum { COUNT = 64 };
    Waiting *waiting = base_calloc(COUNT, sizeof *waiting);
    SandboxReport report;
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        start_waiting(PROFILE_ENCODE, &waiting[i]);
    assert_true(sandbox_probe(&report, NULL));
    for (size_t i = 0; i < COUNT; i++)
        end_waiting(&waiting[i]);
    free(waiting);
    assert_false(report.held || sandbox_suffices(&report));
    unit_check(strstr(report.text, "behind what is not known"), report.text);
    unit_check(!strstr(report.text, "stopped"), report.text);
    unit_check(strstr(report.text, "could not be tried: opening files, sockets"), report.text);
}

static void the_start_tells_what_stands(void **state)
{
    SandboxReport report;
    (void)state;
    assert_true(sandbox_probe(&report, NULL));
    if (report.walls == SANDBOX_ALL) {
        assert_true(report.held && sandbox_suffices(&report));
        assert_string_equal(report.text,
                            "Media is opened behind resource limits, an unprivileged user, "
                            "Landlock, seccomp; tried and stopped: opening files, sockets, "
                            "programs, reaching the log, changing what is read, being root.");
    } else {
        assert_false(sandbox_suffices(&report));
        assert_non_null(strstr(report.text, "Media is opened behind "));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_profile_has_its_calls_and_no_other),
        cmocka_unit_test(each_profile_has_its_limits),
        cmocka_unit_test(a_child_has_nobodys_rights),
        cmocka_unit_test(honest_work_goes_on),
        cmocka_unit_test(a_child_can_be_killed),
        cmocka_unit_test(many_children_run_at_once),
        cmocka_unit_test(a_child_that_computes_too_long_is_told_apart),
        cmocka_unit_test(an_unknown_task_ends_at_once),
        cmocka_unit_test(a_dead_zygote_is_replaced),
        cmocka_unit_test(a_dead_zygote_is_noticed),
        cmocka_unit_test(a_zygote_starts_whatever_is_open),
        cmocka_unit_test(what_could_not_be_tried_is_not_known),
        cmocka_unit_test(the_start_tells_what_stands),
    };
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(tasks_list);
    const gid_t further[] = {NOBODYS_GROUP};
    IGNORE_RESULT(setgroups(ARRAY_SIZE(further), further) == 0); /* as root; a child loses it */
    id_init();
    if (!zygote_start(NULL))
        return 1;
    int failed = cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
    zygote_stop();
    return failed;
}
