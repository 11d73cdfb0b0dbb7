/*
 * Locking a child process down before it reads the first byte of an uploaded file: no rights of
 * root, resource limits, no_new_privs, Landlock without any rule, and a seccomp allow-list whose
 * default is death. What is left: the descriptors it was given, memory, threads, clocks, as the
 * profile allows (common/sandbox/profiles.h). Only the zygote's children call this
 * (common/sandbox/zygote.h).
 */
#pragma once

#include "common/sandbox/profiles.h"

/* What a child is ordered to be. The numbers count where its profile leaves them open. */
typedef struct SandboxOrder {
    Profile profile;
    uint64_t file_bytes;  /* the largest output */
    uint32_t cpu_seconds; /* beyond them SIGXCPU ends it */
} SandboxOrder;

/* Which of the walls stand. */
typedef enum SandboxWall {
    SANDBOX_LIMITS = 1,
    SANDBOX_LANDLOCK = 2,
    SANDBOX_SECCOMP = 4,
    SANDBOX_USER = 8,  /* not root, and no capability */
    SANDBOX_TOLD = 16, /* a child has told of itself; without it nothing is known */
    SANDBOX_ALL = 31,
} SandboxWall;

/* First in the child's process: it gives up all capabilities and, where it would be root, becomes a
 * user without rights; its folder is /, and it is the first to go when memory is short. What is
 * open stays usable. The kernel forgets PR_SET_PDEATHSIG over it. */
void sandbox_step_down(void);

/* Locks the calling single-threaded process down, as far as this system can. */
void sandbox_enter(const SandboxOrder *order);

/* The walls that sandbox_enter() put up in this process; 0 before. */
unsigned sandbox_walls(void);

/* "resource limits, an unprivileged user, Landlock, seccomp" for the log and for check; "what
 * is not known" without SANDBOX_TOLD. */
void sandbox_describe(unsigned standing, char *text, size_t size);
