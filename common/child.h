/*
 * Child processes that get descriptors and nothing else: the program itself is executed again with
 * an empty environment, its arguments, and the given descriptors from 3 upwards (0 and 1 are
 * /dev/null, 2 is ours). The child dies with the thread that started it. Any thread; the caller
 * owns the Child and releases it, which kills what still runs.
 */
#pragma once

#include <sys/types.h>

#include "common/error.h"

typedef struct ChildSpec {
    const char *const *arguments; /* NULL-terminated, without the program's own name */
    const int *fds;               /* borrowed; become 3, 4, … in the child */
    size_t fd_count;
} ChildSpec;

typedef struct Child {
    pid_t pid; /* 0: none */
    int pidfd; /* readable when it has ended */
} Child;

typedef struct ChildExit {
    bool signalled;
    int status; /* exit status, or the signal's number */
} ChildExit;

#define CHILD_NONE ((Child){.pidfd = -1})

bool child_start(const ChildSpec *spec, Child *out, Error *error);

/* Waits up to the time-out (-1: for ever); false while it still runs. Reaps it. */
bool child_wait(Child *child, int timeout_ms, ChildExit *out);

void child_kill(Child *child);

/* Kills and reaps what still runs. */
void child_release(Child *child);
#define _cleanup_child_ _cleanup_(child_release)
