#include "common/sandbox/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

#define OWN_PROCESS UINT64_MAX /* stands for the process's number, known in the child only */

typedef struct CallRow {
    int call;
    CallGroup group;
    uint32_t answer;
    unsigned compared;             /* arguments: 0 or 1 */
    struct scmp_arg_cmp condition; /* of that argument */
} CallRow;

#define ALLOW(group, name)                                                                         \
    {                                                                                              \
        SCMP_SYS(name), group, .answer = SCMP_ACT_ALLOW                                            \
    }
#define REFUSE(group, name, error)                                                                 \
    {                                                                                              \
        SCMP_SYS(name), group, .answer = SCMP_ACT_ERRNO(error)                                     \
    }
#define ALLOW_EQUAL(group, name, argument, value)                                                  \
    {                                                                                              \
        SCMP_SYS(name), group, SCMP_ACT_ALLOW, 1,                                                  \
        {                                                                                          \
            argument, SCMP_CMP_EQ, value, 0                                                        \
        }                                                                                          \
    }
#define ALLOW_MASKED(group, name, argument, mask, value)                                           \
    {                                                                                              \
        SCMP_SYS(name), group, SCMP_ACT_ALLOW, 1,                                                  \
        {                                                                                          \
            argument, SCMP_CMP_MASKED_EQ, mask, value                                              \
        }                                                                                          \
    }

static const CallRow calls[] = {
    ALLOW(CALLS_READ, read),
    ALLOW(CALLS_READ, readv),
    ALLOW(CALLS_READ, pread64),
    ALLOW(CALLS_READ, lseek),
    ALLOW(CALLS_READ, close),
    ALLOW(CALLS_READ, dup),
    ALLOW(CALLS_READ, fstat),
    ALLOW_MASKED(CALLS_READ, newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH),
    ALLOW_EQUAL(CALLS_READ, fcntl, 1, F_GETFL),

    ALLOW(CALLS_ANSWER, write),
    ALLOW(CALLS_ANSWER, writev),

    ALLOW(CALLS_FILES, pwrite64),
    ALLOW(CALLS_FILES, ftruncate),
    ALLOW(CALLS_FILES, fdatasync),

    ALLOW(CALLS_COMPUTE, brk),
    ALLOW_MASKED(CALLS_COMPUTE, mmap, 2, PROT_EXEC, 0),
    ALLOW_MASKED(CALLS_COMPUTE, mprotect, 2, PROT_EXEC, 0),
    ALLOW(CALLS_COMPUTE, munmap),
    ALLOW(CALLS_COMPUTE, mremap),
    ALLOW(CALLS_COMPUTE, madvise),
    ALLOW_EQUAL(CALLS_COMPUTE, clone, 0, THREAD_FLAGS),
    /* The C library falls back to clone, whose flags can be seen. */
    REFUSE(CALLS_COMPUTE, clone3, ENOSYS),
    ALLOW(CALLS_COMPUTE, futex),
    ALLOW(CALLS_COMPUTE, set_robust_list),
    ALLOW(CALLS_COMPUTE, rseq),
    ALLOW(CALLS_COMPUTE, gettid),
    ALLOW(CALLS_COMPUTE, getpid),
    ALLOW(CALLS_COMPUTE, sched_yield),
    ALLOW(CALLS_COMPUTE, sched_getaffinity),
    ALLOW_EQUAL(CALLS_COMPUTE, prctl, 0, PR_SET_NAME),
    ALLOW(CALLS_COMPUTE, rt_sigprocmask),
    ALLOW(CALLS_COMPUTE, rt_sigreturn),
    ALLOW(CALLS_COMPUTE, rt_sigaction),
    ALLOW(CALLS_COMPUTE, sigaltstack),
    ALLOW_EQUAL(CALLS_COMPUTE, tgkill, 0, OWN_PROCESS),
    ALLOW(CALLS_COMPUTE, restart_syscall),
    ALLOW(CALLS_COMPUTE, clock_gettime),
    ALLOW(CALLS_COMPUTE, clock_getres),
    ALLOW(CALLS_COMPUTE, clock_nanosleep),
    ALLOW(CALLS_COMPUTE, nanosleep),
    ALLOW(CALLS_COMPUTE, gettimeofday),
    ALLOW(CALLS_COMPUTE, time),
    ALLOW(CALLS_COMPUTE, getrandom),
    ALLOW(CALLS_COMPUTE, exit),
    ALLOW(CALLS_COMPUTE, exit_group),

    /* Asked by libraries that live with a no. */
    REFUSE(CALLS_COMPUTE, open, EACCES),
    REFUSE(CALLS_COMPUTE, openat, EACCES),
    REFUSE(CALLS_COMPUTE, stat, EACCES),
    REFUSE(CALLS_COMPUTE, lstat, EACCES),
    REFUSE(CALLS_COMPUTE, statx, EACCES),
    REFUSE(CALLS_COMPUTE, access, EACCES),
    REFUSE(CALLS_COMPUTE, faccessat, EACCES),
    REFUSE(CALLS_COMPUTE, faccessat2, EACCES),
    REFUSE(CALLS_COMPUTE, readlink, EACCES),
    REFUSE(CALLS_COMPUTE, readlinkat, EACCES),
    REFUSE(CALLS_COMPUTE, unlink, EPERM),
    REFUSE(CALLS_COMPUTE, umask, EPERM),
    REFUSE(CALLS_COMPUTE, uname, EPERM),
    REFUSE(CALLS_COMPUTE, sysinfo, EPERM),
    REFUSE(CALLS_COMPUTE, prlimit64, EPERM),
    REFUSE(CALLS_COMPUTE, sched_setscheduler, EPERM),
    REFUSE(CALLS_COMPUTE, ioctl, ENOTTY),
    REFUSE(CALLS_COMPUTE, getpeername, ENOTSOCK),
};

static void calls_release(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

bool calls_enter(unsigned groups)
{
    if (SANITIZED)
        return false;
    _cleanup_(calls_release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        CallRow row = calls[i];
        if (!(row.group & groups))
            continue;
        if (row.condition.datum_a == OWN_PROCESS)
            row.condition.datum_a = (scmp_datum_t)getpid();
        int result =
            seccomp_rule_add_array(filter, row.answer, row.call, row.compared, &row.condition);
        /* A call that this architecture never had needs no answer. */
        if (result != 0 && result != -EDOM && result != -EOPNOTSUPP)
            return false;
    }
    return seccomp_load(filter) == 0;
}
