/* reelkeep-transcoder: wires the parts together and waits for the signal to end. */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/program/program.h"
#include "transcoder/check.h"
#include "transcoder/encoder/child/encoder_child.h"
#include "transcoder/encoder/encoder_message.h"
#include "transcoder/pipeline/pipeline.h"
#include "transcoder/worker/worker.h"

#define PROGRAM "reelkeep-transcoder"

/* SIGTERM and SIGINT end the program: blocked here and read from a descriptor, so that no code runs
 * inside a signal. A file beyond its limit is an error of a call instead. */
static int transcoder_open_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    REQUIRE(sigprocmask(SIG_BLOCK, &ending, NULL) == 0);
    REQUIRE(sigaction(SIGXFSZ, &ignore, NULL) == 0);
    int fd = signalfd(-1, &ending, SFD_CLOEXEC);
    REQUIRE(fd >= 0);
    return fd;
}

static void transcoder_wait_for_signal(int signal_fd)
{
    struct pollfd waiting = {.fd = signal_fd, .events = POLLIN};
    struct signalfd_siginfo consumed;
    while (poll(&waiting, 1, -1) <= 0)
        ;
    REQUIRE(read(signal_fd, &consumed, sizeof consumed) == sizeof consumed);
}

/* Deliveries may go on for the time given; a second signal ends that. */
static void transcoder_end_workers(Workers *workers, int signal_fd, int64_t seconds)
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
static void transcoder_make_name(char name[WORKER_NAME_MAX])
{
    char host[65] = "", id[SHORT_ID_SIZE];
    gethostname(host, sizeof host - 1);
    id_short(id);
    snprintf(name, WORKER_NAME_MAX, "%s-%s", *host ? host : PROGRAM, id);
}

static EncoderPolicy transcoder_make_policy(const Settings *settings)
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

/* Until a signal, and then to the end of what is in hand. */
static bool transcoder_run_until_signal(const Settings *settings, Error *error)
{
    char name[WORKER_NAME_MAX];
    _cleanup_close_ int signal_fd = transcoder_open_signals();
    _cleanup_(scratch_close) Scratch *scratch = NULL;
    _cleanup_(workers_free) Workers *workers = NULL;
    if (!scratch_open(settings->work_dir.text, &scratch, error))
        return false;
    transcoder_make_name(name);
    JobOptions options = {.web_url = settings->web_service_url.text,
                          .token = settings->token.text,
                          .name = name,
                          .scratch = scratch,
                          .min_free_space = (uint64_t)settings->min_free_space.number,
                          .jobs = (int)settings->transcoder_jobs.number,
                          .policy = transcoder_make_policy(settings),
                          .encode = encoder_run,
                          .timing = job_timing_standard};
    if (!workers_start(&options, &workers, error))
        return false;
    log_info("Version %s works for %s as %s, %d at once.", REELKEEP_VERSION, options.web_url, name,
             options.jobs);
    transcoder_wait_for_signal(signal_fd);
    transcoder_end_workers(workers, signal_fd, settings->shutdown_seconds.number);
    return true;
}

static int transcoder_run(const Settings *settings, const SandboxReport *sandbox)
{
    Error error = {0};
    (void)sandbox;
    web_client_global_init();
    bool good = transcoder_run_until_signal(settings, &error);
    if (good)
        log_info("Stopped.");
    else
        log_error("%s", error.detail);
    web_client_global_release();
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int transcoder_check(const Settings *settings, const SandboxReport *sandbox)
{
    EncoderPolicy policy = transcoder_make_policy(settings);
    web_client_global_init();
    bool good = check_run(settings, sandbox, &policy, stdout);
    web_client_global_release();
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const ProgramCommand command_run = {"run", "claim and transcode until SIGTERM (the default)",
                                           transcoder_run};
static const ProgramCommand command_check = {
    "check", "tell what is wrong with the settings, WORK_DIR and the way to web", transcoder_check};

static const ProgramCommand *const commands[] = {&command_run, &command_check, NULL};

static const ZygoteTask child_tasks[] = {
    {ENCODER_CHILD_COMMAND, encoder_child_main},
    {SANDBOX_PROBE_TASK, sandbox_probe_main},
    {0},
};

static void transcoder_print_libraries(FILE *out)
{
    fprintf(out, "%s\n", web_client_library());
    digest_print_libraries(out);
    fprintf(out, "jansson %s\n", jansson_version_str());
    pipeline_print_libraries(out);
}

int main(int argc, char **argv)
{
    const Program program = {.name = PROGRAM,
                             .settings = SETTING_TRANSCODER,
                             .commands = commands,
                             .child_tasks = child_tasks,
                             .print_libraries = transcoder_print_libraries};
    return program_main(&program, argc, argv);
}
