/* reelkeep-web: reads arguments and settings, then runs one command. */
#include "web/commands/command.h"

#include <signal.h>

#include "common/base/digest.h"
#include "common/base/id.h"
#include "common/base/json.h"
#include "common/base/log.h"
#include "common/sandbox/zygote.h"
#include "web/decoder/child/decoder_child.h"
#include "web/http/http.h"
#include "web/storage/volume/root.h"
#include "web/store/store.h"

static const Command *const commands[] = {
    &command_serve, /* the default */
    &command_check,
};

static int print_help(FILE *out)
{
    fprintf(out, "Usage: %s [--env-file PATH] [COMMAND]\n\nCommands:\n", PROGRAM);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "  %-34s %s\n", commands[i]->name, commands[i]->help);
    fputs("\nOptions:\n", out);
    fprintf(out, "  %-34s %s\n", "--env-file PATH", "read settings from a file too");
    fprintf(out, "  %-34s %s\n", "--help", "print this");
    fprintf(out, "  %-34s %s\n\n", "--version", "print the versions of the program and libraries");
    settings_print_help(SETTING_WEB, out);
    return EXIT_SUCCESS;
}

static int print_versions(FILE *out)
{
    fprintf(out, "%s %s\n", PROGRAM, REELKEEP_VERSION);
    fprintf(out, "libmicrohttpd %s\n", http_library_version());
    fprintf(out, "SQLite %s\n", store_library_version());
    fprintf(out, "libsodium %s\n", sodium_version_string());
    fprintf(out, "jansson %s\n", jansson_version_str());
    fprintf(out, "FFmpeg %s\n", decoder_child_library());
    return EXIT_SUCCESS;
}

static int usage_fault(const char *what, const char *argument)
{
    fprintf(stderr, "%s: %s%s. See --help.\n", PROGRAM, what, argument);
    return EXIT_USAGE;
}

/* Settings and the volume they mean. */
static bool read_settings(Settings *settings, const char *env_file)
{
    Error error = {0};
    char root[SETTING_VALUE_MAX];
    SettingsSource environment = settings_environment();
    if (!settings_read(settings, SETTING_WEB, &environment, env_file, stderr))
        return false;
    if (!root_choose(settings->media_root.text, &environment, root, sizeof root, &error)) {
        fprintf(stderr, "%s\n", error.detail);
        return false;
    }
    return base_copy(settings->media_root.text, sizeof settings->media_root.text, root);
}

/* A client that hangs up is an error of its request, not the end of the program. */
static void ignore_broken_pipes(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    REQUIRE(sigaction(SIGPIPE, &ignore, NULL) == 0);
}

static int start(const Command *command, const char *env_file)
{
    static Settings settings;
    SandboxReport sandbox;
    if (!read_settings(&settings, env_file))
        return EXIT_SETTINGS;
    LogFormat format = isatty(STDOUT_FILENO) ? LOG_TEXT : LOG_JSON;
    if (*settings.log_format.text)
        format = (LogFormat)settings.log_format.number;
    log_init(PROGRAM, format, (LogLevel)settings.log_level.number);
    id_init();
    ignore_broken_pipes();
    int status = EXIT_SETTINGS;
    if (sandbox_start(settings.sandbox.number == SETTING_SANDBOX_REQUIRED, &sandbox))
        status = command->run(&settings, &sandbox);
    zygote_stop();
    sodium_memzero(&settings, sizeof settings);
    return status;
}

static const Command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (streq(commands[i]->name, name))
            return commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const Command *command = NULL;
    const char *env_file = NULL;
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(decoder_child_tasks);
    for (int i = 1; i < argc; i++) {
        if (streq(argv[i], "--help"))
            return print_help(stdout);
        if (streq(argv[i], "--version"))
            return print_versions(stdout);
        if (streq(argv[i], "--env-file")) {
            if (++i == argc)
                return usage_fault("--env-file needs a path", "");
            env_file = argv[i];
        } else if (command || !(command = find_command(argv[i]))) {
            return usage_fault("unknown argument ", argv[i]);
        }
    }
    return start(command ? command : commands[0], env_file);
}
