#include "common/program/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "common/base/digest.h"
#include "common/base/id.h"
#include "common/base/log.h"

#define EXIT_USAGE    64 /* sysexits.h: EX_USAGE */
#define EXIT_SETTINGS 78 /* EX_CONFIG */

static int program_print_help(const Program *program)
{
    printf("Usage: %s [--env-file PATH] [COMMAND]\n\nCommands:\n", program->name);
    for (const ProgramCommand *const *command = program->commands; *command; command++)
        printf("  %-34s %s\n", (*command)->name, (*command)->help);
    printf("\nOptions:\n");
    printf("  %-34s %s\n", "--env-file PATH", "read settings from a file too");
    printf("  %-34s %s\n", "--help", "print this");
    printf("  %-34s %s\n\n", "--version", "print the versions of the program and libraries");
    settings_print_help(program->settings, stdout);
    return EXIT_SUCCESS;
}

static int program_usage_fault(const Program *program, const char *what, const char *argument)
{
    fprintf(stderr, "%s: %s%s. See --help.\n", program->name, what, argument);
    return EXIT_USAGE;
}

/* A reader that hangs up is an error of a call, not the end of the program. */
static void program_ignore_broken_pipes(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    REQUIRE(sigaction(SIGPIPE, &ignore, NULL) == 0);
}

/* Where one of the three was closed by whoever started the program, the next file opened would take
 * its place, and the log would be written into it. */
static bool program_open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

static int program_run(const Program *program, const ProgramCommand *command, const char *env_file)
{
    static Settings settings; /* it holds secrets, which are wiped at the end */
    SandboxReport sandbox;
    Error error = {0};
    SettingsSource environment = settings_environment();
    if (!settings_read(&settings, program->settings, &environment, env_file, stderr))
        return EXIT_SETTINGS;
    if (program->complete && !program->complete(&settings, &environment, &error)) {
        fprintf(stderr, "%s\n", error.detail);
        return EXIT_SETTINGS;
    }
    LogFormat format = isatty(STDOUT_FILENO) ? LOG_TEXT : LOG_JSON;
    if (*settings.log_format.text)
        format = (LogFormat)settings.log_format.number;
    log_init(program->name, format, (LogLevel)settings.log_level.number);
    id_init();
    program_ignore_broken_pipes();
    int status = EXIT_SETTINGS;
    if (sandbox_start(settings.sandbox.number == SETTING_SANDBOX_REQUIRED, &sandbox))
        status = command->run(&settings, &sandbox);
    zygote_stop();
    sodium_memzero(&settings, sizeof settings);
    return status;
}

static const ProgramCommand *program_find_command(const Program *program, const char *name)
{
    const ProgramCommand *const *command = program->commands;
    while (*command && !streq((*command)->name, name))
        command++;
    return *command;
}

int program_main(const Program *program, int argc, char **argv)
{
    const ProgramCommand *command = NULL;
    const char *env_file = NULL;
    if (!program_open_standard())
        return EXIT_FAILURE;
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(program->child_tasks);
    for (int i = 1; i < argc; i++) {
        if (streq(argv[i], "--help"))
            return program_print_help(program);
        if (streq(argv[i], "--version")) {
            printf("%s %s\n", program->name, REELKEEP_VERSION);
            program->print_libraries(stdout);
            return EXIT_SUCCESS;
        }
        if (streq(argv[i], "--env-file")) {
            if (++i == argc)
                return program_usage_fault(program, "--env-file needs a path", "");
            env_file = argv[i];
        } else if (command || !(command = program_find_command(program, argv[i]))) {
            return program_usage_fault(program, "unknown argument ", argv[i]);
        }
    }
    return program_run(program, command ? command : program->commands[0], env_file);
}
