#include "common/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define FILES_MAX 16 /* descriptors: input, outputs, status and a few of the C library's own */

#define CPU_GRACE_SECONDS 5 /* from SIGXCPU to SIGKILL */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Newer than Debian 12's headers; the kernel's ABI says which of them it knows. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define ACCESS_FS_IOCTL_DEV (1ULL << 15)
#define ACCESS_NET_ALL      3ULL /* bind and connect TCP */
#define SCOPE_ALL           3ULL /* abstract sockets, signals */

/* The kernel's struct as of ABI 6; older kernels are given a shorter length. */
typedef struct LandlockRuleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
} LandlockRuleset;

static bool limit(int resource, uint64_t value)
{
    struct rlimit both = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(resource, &both) == 0;
}

/* Where both limits are the same the kernel sends SIGKILL, which could mean anything. */
static bool limit_cpu(unsigned seconds)
{
    struct rlimit both = {.rlim_cur = seconds, .rlim_max = seconds + CPU_GRACE_SECONDS};
    return setrlimit(RLIMIT_CPU, &both) == 0;
}

static bool enter_limits(const SandboxLimits *limits)
{
    /* A sanitizer's shadow memory alone is beyond any limit. */
    bool data = SANITIZED || limit(RLIMIT_DATA, limits->data_bytes);
    bool size = limit(RLIMIT_FSIZE, limits->file_bytes);
    bool cpu = limit_cpu(limits->cpu_seconds);
    bool files = limit(RLIMIT_NOFILE, FILES_MAX);
    bool core = limit(RLIMIT_CORE, 0);
    return data && size && cpu && files && core;
}

/* What each ABI of Landlock added (Documentation/userspace-api/landlock.rst). */
static size_t ruleset_for(int abi, LandlockRuleset *ruleset)
{
    uint64_t files = (1ULL << 13) - 1;
    if (abi >= 2)
        files |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        files |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (abi >= 5)
        files |= ACCESS_FS_IOCTL_DEV;
    *ruleset = (LandlockRuleset){.handled_access_fs = files,
                                 .handled_access_net = abi >= 4 ? ACCESS_NET_ALL : 0,
                                 .scoped = abi >= 6 ? SCOPE_ALL : 0};
    return abi >= 6   ? sizeof *ruleset
           : abi >= 4 ? offsetof(LandlockRuleset, scoped)
                      : offsetof(LandlockRuleset, handled_access_net);
}

/* A ruleset that handles everything and allows nothing. */
static bool enter_landlock(void)
{
    LandlockRuleset ruleset;
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    size_t size = ruleset_for(abi, &ruleset);
    _cleanup_close_ int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
    return fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
}

/* Needed to read, compute and write. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(dup),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fdatasync),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
};

/* Asked by libraries that live with a no. */
static const struct {
    int call;
    int answer;
} refused[] = {
    {SCMP_SYS(clone3), ENOSYS}, /* the C library falls back to clone, whose flags can be seen */
    {SCMP_SYS(open), EACCES},      {SCMP_SYS(openat), EACCES},
    {SCMP_SYS(stat), EACCES},      {SCMP_SYS(lstat), EACCES},
    {SCMP_SYS(statx), EACCES},     {SCMP_SYS(access), EACCES},
    {SCMP_SYS(faccessat), EACCES}, {SCMP_SYS(faccessat2), EACCES},
    {SCMP_SYS(readlink), EACCES},  {SCMP_SYS(readlinkat), EACCES},
    {SCMP_SYS(ioctl), ENOTTY},     {SCMP_SYS(getpeername), ENOTSOCK},
    {SCMP_SYS(umask), EPERM},      {SCMP_SYS(unlink), EPERM},
    {SCMP_SYS(uname), EPERM},      {SCMP_SYS(sysinfo), EPERM},
    {SCMP_SYS(prlimit64), EPERM},  {SCMP_SYS(sched_setscheduler), EPERM},
};

#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* Calls allowed with certain arguments only. */
static bool allow_by_argument(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_EQ, THREAD_FLAGS, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                            SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                            SCMP_A1(SCMP_CMP_EQ, F_GETFL, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                            SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)) == 0;
}

static bool fill_filter(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
            return false;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)refused[i].answer),
                                      refused[i].call, 0);
        /* A call this architecture never had needs no answer. */
        if (result != 0 && result != -EDOM && result != -EOPNOTSUPP)
            return false;
    }
    return allow_by_argument(filter);
}

static void release_filter(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

static bool enter_seccomp(void)
{
    if (SANITIZED) /* the sanitizers' own runtime reads /proc and maps what it likes */
        return false;
    _cleanup_(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    return filter && fill_filter(filter) && seccomp_load(filter) == 0;
}

static unsigned walls; /* of this process */

unsigned sandbox_walls(void)
{
    return walls;
}

unsigned sandbox_enter(const SandboxLimits *limits)
{
    setpriority(PRIO_PROCESS, 0, limits->niceness);
    prctl(PR_SET_DUMPABLE, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return 0;
    walls |= enter_landlock() ? SANDBOX_LANDLOCK : 0;
    walls |= enter_limits(limits) ? SANDBOX_LIMITS : 0;
    walls |= enter_seccomp() ? SANDBOX_SECCOMP : 0;
    return walls;
}

void sandbox_describe(unsigned standing, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s",
             standing & SANDBOX_LIMITS ? "resource limits" : "no resource limits",
             standing & SANDBOX_LANDLOCK ? ", Landlock" : ", no Landlock",
             standing & SANDBOX_SECCOMP ? ", seccomp" : ", no seccomp");
}
