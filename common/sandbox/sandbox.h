/*
 * Locking a child process down before it reads the first byte of an uploaded file: resource limits,
 * no_new_privs, Landlock without any rule, and a seccomp allow-list whose default is death. What is
 * left: the descriptors it was given, memory, threads, clocks. Only the zygote's children call
 * sandbox_enter (common/sandbox/zygote.h).
 */
#pragma once

#include "common/base/error.h"

typedef struct SandboxLimits {
    uint64_t data_bytes;  /* RLIMIT_DATA */
    uint64_t file_bytes;  /* RLIMIT_FSIZE: the largest output */
    unsigned cpu_seconds; /* RLIMIT_CPU: SIGXCPU ends it */
    int niceness;         /* added; transfers and other programs go first */
} SandboxLimits;

/* Which of the walls stand. */
typedef enum SandboxWall {
    SANDBOX_LIMITS = 1,
    SANDBOX_LANDLOCK = 2,
    SANDBOX_SECCOMP = 4,
    SANDBOX_ALL = 7,
} SandboxWall;

/* Locks the calling single-threaded process down and returns the walls that stand (SandboxWall
 * bits). */
unsigned sandbox_enter(const SandboxLimits *limits);

/* The walls that sandbox_enter() put up in this process; 0 before. */
unsigned sandbox_walls(void);

/* "resource limits, Landlock, seccomp" for the log and for check. */
void sandbox_describe(unsigned standing, char *text, size_t size);
