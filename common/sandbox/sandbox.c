#include "common/sandbox/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/sandbox/calls.h"

#define FILES_MAX 16 /* descriptors: input, outputs, status and a few of the C library's own */

#define NOBODY 65534 /* user and group of a child that would be root */

#define OOM_SCORE "1000" /* when memory is short, a child goes before every other process */

#define CPU_GRACE_SECONDS 5 /* from SIGXCPU to SIGKILL */

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

static bool sandbox_limit(int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit both = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit(resource, &both) == 0;
}

static unsigned walls; /* of this process */

/* Into another user, where that is to be had: this one may change to it, and its parent may still
 * kill what it has become. RLIMIT_NPROC never counted for root, and now it would, for all children
 * together. */
static void sandbox_leave_root(unsigned capabilities)
{
    const unsigned needed = 1U << CAP_KILL | 1U << CAP_SETUID | 1U << CAP_SETGID;
    if ((capabilities & needed) != needed)
        return;
    IGNORE_RESULT(sandbox_limit(RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY));
    IGNORE_RESULT(setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
                  setresuid(NOBODY, NOBODY, NOBODY) != 0);
}

void sandbox_step_down(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {0};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    uid_t real, effective, saved;
    _cleanup_close_ int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    IGNORE_RESULT(score >= 0 && write(score, OOM_SCORE, strlen(OOM_SCORE)) > 0);
    IGNORE_RESULT(chdir("/") == 0);
    syscall(SYS_capget, &header, held);
    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    if (getresuid(&real, &effective, &saved) == 0 && (real == 0 || effective == 0 || saved == 0))
        sandbox_leave_root(held[0].effective);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none) == 0 && getresuid(&real, &effective, &saved) == 0 &&
        real != 0 && effective != 0 && saved != 0)
        walls |= SANDBOX_USER;
}

static bool sandbox_enter_limits(const SandboxOrder *order)
{
    const ProfileRow *profile = &profiles[order->profile];
    uint64_t file = profile->file_bytes, cpu = profile->cpu_seconds;
    if (file == PROFILE_ORDERED)
        file = order->file_bytes;
    if (cpu == PROFILE_ORDERED)
        cpu = order->cpu_seconds;
    /* A sanitizer's shadow memory alone is beyond any limit. */
    bool data = SANITIZED || sandbox_limit(RLIMIT_DATA, profile->data_bytes, profile->data_bytes);
    bool size = sandbox_limit(RLIMIT_FSIZE, file, file);
    /* Where both limits are the same the kernel sends SIGKILL, which could mean anything. */
    bool time = sandbox_limit(RLIMIT_CPU, cpu, cpu + CPU_GRACE_SECONDS);
    bool files = sandbox_limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
    bool core = sandbox_limit(RLIMIT_CORE, 0, 0);
    return data && size && time && files && core;
}

/* A ruleset that handles everything and allows nothing. What each ABI of Landlock added:
 * Documentation/userspace-api/landlock.rst of the kernel. */
static bool sandbox_enter_landlock(void)
{
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    LandlockRuleset ruleset = {.handled_access_fs = (1ULL << 13) - 1};
    size_t size = offsetof(LandlockRuleset, handled_access_net);
    if (abi >= 2)
        ruleset.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        ruleset.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (abi >= 4) {
        ruleset.handled_access_net = ACCESS_NET_ALL;
        size = offsetof(LandlockRuleset, scoped);
    }
    if (abi >= 5)
        ruleset.handled_access_fs |= ACCESS_FS_IOCTL_DEV;
    if (abi >= 6) {
        ruleset.scoped = SCOPE_ALL;
        size = sizeof ruleset;
    }
    _cleanup_close_ int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
    return fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
}

void sandbox_enter(const SandboxOrder *order)
{
    const ProfileRow *profile = &profiles[order->profile];
    walls |= SANDBOX_TOLD;
    setpriority(PRIO_PROCESS, 0, profile->niceness);
    prctl(PR_SET_DUMPABLE, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return;
    walls |= sandbox_enter_landlock() ? SANDBOX_LANDLOCK : 0;
    walls |= sandbox_enter_limits(order) ? SANDBOX_LIMITS : 0;
    walls |= calls_enter(profile->calls) ? SANDBOX_SECCOMP : 0;
}

unsigned sandbox_walls(void)
{
    return walls;
}

void sandbox_describe(unsigned standing, char *text, size_t size)
{
    if (!(standing & SANDBOX_TOLD)) {
        snprintf(text, size, "what is not known");
        return;
    }
    snprintf(text, size, "%s%s%s%s",
             standing & SANDBOX_LIMITS ? "resource limits" : "no resource limits",
             standing & SANDBOX_USER ? ", an unprivileged user" : ", no unprivileged user",
             standing & SANDBOX_LANDLOCK ? ", Landlock" : ", no Landlock",
             standing & SANDBOX_SECCOMP ? ", seccomp" : ", no seccomp");
}
