/*
 * The sandbox tries itself out at start: children are asked to do what no child may, and what
 * stopped them, what did not, and what could not be tried is reported. For the log, for `check` and
 * for /readyz. Any thread, once the zygote runs.
 */
#pragma once

#include "common/base/error.h"
#include "common/sandbox/sandbox.h"

/* A zygote's task for this stands in every program's table. */
#define SANDBOX_PROBE_TASK "sandbox-probe"

typedef struct SandboxReport {
    unsigned walls; /* SandboxWall bits that stand in a child */
    bool held;      /* every attempt was made and stopped */
    char text[400]; /* the same in a sentence */
} SandboxReport;

/* False where no child could be started at all. */
_must_check_ bool sandbox_probe(SandboxReport *report, Error *error);

/* Starts the zygote, tries the sandbox out and says in the log what stands. False, logged, where no
 * child could be started, or where it does not suffice and is required. */
_must_check_ bool sandbox_start(bool required, SandboxReport *report);

/* Whether the report is good enough for SANDBOX=required. */
bool sandbox_suffices(const SandboxReport *report);

/* The task in the child: one attempt. */
int sandbox_probe_main(int argc, char **argv);
