/*
 * reelkeep-transcoder: reads the command line and the settings, wires the parts together, and waits
 * for the signal to end.
 */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/sandbox/sandbox_probe.h"
#include "common/sandbox/zygote.h"
#include "common/settings/settings.h"
#include "transcoder/check.h"
#include "transcoder/encoder/child/encoder_child.h"
#include "transcoder/encoder/encoder_message.h"
#include "transcoder/pipeline/libav_versions.h"
#include "transcoder/worker/worker.h"

#define PROGRAM       "reelkeep-transcoder"
#define EXIT_USAGE    64 /* sysexits.h: EX_USAGE */
#define EXIT_SETTINGS 78 /* EX_CONFIG */

typedef struct Command {
    const char *name;
    int (*run)(const Settings *settings);
    const char *help;
} Command;

static void ignore(int signal_number)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    REQUIRE(sigaction(signal_number, &action, NULL) == 0);
}

/* SIGTERM and SIGINT end the program: blocked here and read from a descriptor, so that no code runs
 * inside a signal. A vanished reader and a file beyond its limit are errors of a call instead. */
static int take_signals(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    REQUIRE(sigprocmask(SIG_BLOCK, &ending, NULL) == 0);
    ignore(SIGPIPE);
    ignore(SIGXFSZ);
    int fd = signalfd(-1, &ending, SFD_CLOEXEC);
    REQUIRE(fd >= 0);
    return fd;
}

/* Consumes the signal that made the descriptor readable. */
static void take_signal(int signal_fd)
{
    struct signalfd_siginfo taken;
    REQUIRE(read(signal_fd, &taken, sizeof taken) == sizeof taken);
}

static void wait_for_signal(int signal_fd)
{
    struct pollfd waiting = {.fd = signal_fd, .events = POLLIN};
    while (poll(&waiting, 1, -1) <= 0)
        ;
    take_signal(signal_fd);
}

/* Deliveries may go on for the time given; a second signal ends that. */
static void end_workers(Workers *workers, int signal_fd, int64_t seconds)
{
    struct pollfd waiting[] = {{.fd = signal_fd, .events = POLLIN},
                               {.fd = workers_ended(workers)->fd, .events = POLLIN}};
    int64_t end = clock_monotonic_ms() + seconds * 1000;
    log_info("Stopping, within %lld seconds.", (long long)seconds);
    workers_stop(workers);
    for (;;) {
        int64_t left = end - clock_monotonic_ms();
        int ready = left > 0 ? poll(waiting, ARRAY_SIZE(waiting), (int)left) : 0;
        if (ready > 0 || left <= 0)
            break;
    }
    workers_cut(workers);
}

/* A name that tells one transcoder from another in web's log. */
static void make_name(char name[WORKER_NAME_MAX])
{
    char host[65] = "", id[SHORT_ID_SIZE];
    gethostname(host, sizeof host - 1);
    id_short(id);
    snprintf(name, WORKER_NAME_MAX, "%s-%s", *host ? host : PROGRAM, id);
}

static EncoderPolicy make_policy(const Settings *settings)
{
    int64_t cores = MAX_OF(sysconf(_SC_NPROCESSORS_ONLN), 1);
    EncoderPolicy policy = {.max_short_side = settings->video_max_short_side.number,
                            .crf = settings->video_crf.number,
                            .threads = MAX_OF(cores / settings->transcoder_jobs.number, 1),
                            .remux_bit_rate = settings->remux_max_bitrate.number,
                            .max_pixels = settings->encode_max_pixels.number,
                            .max_streams = settings->encode_max_streams.number,
                            .max_seconds = settings->encode_max_seconds.number,
                            .max_output = settings->encode_max_output.number,
                            .max_cpu_ratio = settings->encode_max_cpu_ratio.number,
                            .max_wall_ratio = settings->encode_max_wall_ratio.number,
                            .stall_seconds = settings->encode_stall_seconds.number};
    REQUIRE(base_copy(policy.preset, sizeof policy.preset, settings->video_preset.text));
    return policy;
}

static int work_until_signal(const WorkerOptions *options, int signal_fd, int64_t shutdown_seconds)
{
    Error error = {0};
    _cleanup_(workers_free) Workers *workers = NULL;
    if (!workers_start(options, &workers, &error)) {
        log_error("%s", error.detail);
        return EXIT_FAILURE;
    }
    log_info("Version %s works for %s as %s, %d at once.", REELKEEP_VERSION, options->web_url,
             options->name, options->jobs);
    wait_for_signal(signal_fd);
    end_workers(workers, signal_fd, shutdown_seconds);
    return EXIT_SUCCESS;
}

static int run(const Settings *settings)
{
    char name[WORKER_NAME_MAX];
    Error error = {0};
    _cleanup_close_ int signal_fd = take_signals();
    _cleanup_(scratch_close) Scratch *scratch = NULL;
    if (!scratch_open(settings->work_dir.text, &scratch, &error)) {
        log_error("%s", error.detail);
        return EXIT_FAILURE;
    }
    make_name(name);
    WorkerOptions options = {.web_url = settings->web_service_url.text,
                             .token = settings->token.text,
                             .name = name,
                             .scratch = scratch,
                             .min_free_space = (uint64_t)settings->min_free_space.number,
                             .jobs = (int)settings->transcoder_jobs.number,
                             .policy = make_policy(settings),
                             .encode = encoder_run,
                             .timing = worker_timing_standard};
    int status = work_until_signal(&options, signal_fd, settings->shutdown_seconds.number);
    log_info("Stopped.");
    return status;
}

static int check(const Settings *settings)
{
    EncoderPolicy policy = make_policy(settings);
    return check_run(settings, &policy, stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const Command commands[] = {
    {"run", run, "claim and transcode until SIGTERM (the default)"},
    {"check", check, "tell what is wrong with the settings, WORK_DIR and the way to web"},
};

static int print_help(FILE *out)
{
    fprintf(out, "Usage: %s [--env-file PATH] [COMMAND]\n\nCommands:\n", PROGRAM);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "  %-34s %s\n", commands[i].name, commands[i].help);
    fputs("\nOptions:\n", out);
    fprintf(out, "  %-34s %s\n", "--env-file PATH", "read settings from a file too");
    fprintf(out, "  %-34s %s\n", "--help", "print this");
    fprintf(out, "  %-34s %s\n\n", "--version", "print the versions of the program and libraries");
    settings_print_help(SETTING_TRANSCODER, out);
    return EXIT_SUCCESS;
}

static int print_versions(FILE *out)
{
    fprintf(out, "%s %s\n", PROGRAM, REELKEEP_VERSION);
    fprintf(out, "%s\n", web_client_library());
    fprintf(out, "libsodium %s\n", sodium_version_string());
    fprintf(out, "jansson %s\n", jansson_version_str());
    libav_print_versions(out);
    return EXIT_SUCCESS;
}

static int usage_fault(const char *what, const char *argument)
{
    fprintf(stderr, "%s: %s%s. See --help.\n", PROGRAM, what, argument);
    return EXIT_USAGE;
}

static int start(const Command *command, const char *env_file)
{
    static Settings settings;
    SandboxReport sandbox;
    SettingsSource environment = settings_environment();
    if (!settings_read(&settings, SETTING_TRANSCODER, &environment, env_file, stderr))
        return EXIT_SETTINGS;
    LogFormat format = isatty(STDOUT_FILENO) ? LOG_TEXT : LOG_JSON;
    if (*settings.log_format.text)
        format = (LogFormat)settings.log_format.number;
    log_init(PROGRAM, format, (LogLevel)settings.log_level.number);
    id_init();
    int status = EXIT_SETTINGS;
    if (sandbox_start(settings.sandbox.number == SETTING_SANDBOX_REQUIRED, &sandbox)) {
        web_client_global_init();
        status = command->run(&settings);
        web_client_global_release();
    }
    zygote_stop();
    sodium_memzero(&settings, sizeof settings);
    return status;
}

static const ZygoteTask child_tasks[] = {
    {ENCODER_CHILD_COMMAND, encoder_child_main},
    {0},
};

static const Command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (streq(commands[i].name, name))
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const Command *command = NULL;
    const char *env_file = NULL;
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(child_tasks);
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
    return start(command ? command : &commands[0], env_file);
}
