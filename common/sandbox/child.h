/*
 * Child processes that get descriptors and nothing else. They are forked by the zygote
 * (common/sandbox/zygote.h), which has no secrets, and run one of its tasks in the sandbox, with
 * the given descriptors from 3 upwards (0, 1 and 2 are /dev/null: a log could be forged or erased
 * through them; built for a sanitizer, 2 is the program's). Any thread; the caller owns the Child
 * and releases it, which kills what still runs. A child also dies with the program. Who follows
 * what a child says uses common/sandbox/task.h.
 */
#pragma once

#include "common/base/error.h"
#include "common/sandbox/zygote_message.h"

typedef struct ChildSpec {
    const char *const *arguments; /* NULL-terminated; the task's name first */
    const int *fds;               /* borrowed; become 3, 4, … in the child */
    size_t fd_count;
    bool reads_first; /* the first is handed on for reading alone, however it was opened */
    SandboxOrder order;
} ChildSpec;

typedef struct Child {
    int control; /* -1: none; its end is told here, and hanging up kills it */
} Child;

#define CHILD_NONE ((Child){.control = -1})

_must_check_ bool child_start(const ChildSpec *spec, Child *out, Error *error);

/* Waits up to the time-out (-1: for ever); false while it still runs. Afterwards the Child is none.
 * `out` may be NULL. */
_must_check_ bool child_wait(Child *child, int timeout_ms, ChildExit *out);

/* SIGKILL; its end still has to be waited for. */
void child_kill(Child *child);

/* Kills what still runs and waits for its end. */
void child_release(Child *child);
#define _cleanup_child_ _cleanup_(child_release)
