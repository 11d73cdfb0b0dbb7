/*
 * What both programs are around their commands: arguments, --help, --version, settings, the log,
 * the sandbox, and the exit status. Main thread.
 *
 * Where stdin, stdout or stderr is closed, /dev/null is opened there before anything else.
 *
 * Exit status: the command's own; 64 for wrong arguments and 78 for wrong settings or a sandbox
 * that does not suffice (EX_USAGE and EX_CONFIG of sysexits.h).
 */
#pragma once

#include "common/sandbox/sandbox_probe.h"
#include "common/sandbox/zygote.h"
#include "common/settings/settings.h"

typedef struct ProgramCommand {
    const char *name;
    const char *help;
    /* Returns the exit status. The log works, SIGPIPE is ignored, and children can be started in
     * the sandbox told of. */
    int (*run)(const Settings *settings, const SandboxReport *sandbox);
} ProgramCommand;

/* All static. */
typedef struct Program {
    const char *name;
    SettingPrograms settings;              /* one of the two */
    const ProgramCommand *const *commands; /* the first is the default; NULL ends them */
    const ZygoteTask *child_tasks;         /* for the children's processes, see zygote_main */
    void (*print_libraries)(FILE *out);    /* for --version, a line each */
    /* Fills in what a setting left out means. NULL: nothing to do. */
    bool (*complete)(Settings *settings, const SettingsSource *environment, Error *error);
} Program;

/* The whole of main: returns the exit status. */
int program_main(const Program *program, int argc, char **argv);
