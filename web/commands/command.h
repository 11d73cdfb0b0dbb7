/* The program's commands: one file each, exporting one table row. Main thread. */
#pragma once

#include "common/sandbox/sandbox_probe.h"
#include "common/settings/settings.h"

#define PROGRAM "reelkeep-web"

#define EXIT_USAGE    64 /* sysexits.h: EX_USAGE */
#define EXIT_SETTINGS 78 /* EX_CONFIG */

typedef struct Command {
    const char *name;
    const char *help;
    /* Returns the exit status. Children of the zygote can be started, in the sandbox told of. */
    int (*run)(const Settings *settings, const SandboxReport *sandbox);
} Command;

extern const Command command_serve;
extern const Command command_check;
