/* The program's commands: one file each, exporting one table row. Main thread. */
#pragma once

#include "common/settings.h"

#define PROGRAM "reelkeep-web"

#define EXIT_USAGE    64 /* sysexits.h: EX_USAGE */
#define EXIT_SETTINGS 78 /* EX_CONFIG */

typedef struct Command {
    const char *name;
    const char *help;
    int (*run)(const Settings *settings); /* returns the exit status */
} Command;

extern const Command command_serve;
extern const Command command_check;
