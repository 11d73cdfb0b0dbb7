#include "common/sandbox/sandbox_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/base/log.h"
#include "common/sandbox/child.h"
#include "common/sandbox/zygote.h"

#define WALLS    "walls" /* the task's word for telling which stand */
#define INPUT_FD 3       /* where a child finds what it may read */
#define ESCAPED  64      /* exit status of an attempt that got through; beyond the walls' bits */

/* ---- in the child: true when it got through ---- */

static bool probe_file(void)
{
    return open("/proc/self/environ", O_RDONLY) >= 0;
}

static bool probe_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool probe_program(void)
{
    char *const nothing[] = {NULL};
    close(STDERR_FILENO); /* where it succeeds, the program complains of missing settings */
    return execve("/proc/self/exe", nothing, nothing) == 0;
}

/* What the program's log may be behind. */
static bool probe_log(void)
{
    struct stat status;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
            return true;
    return false;
}

static bool probe_input(void)
{
    return ftruncate(INPUT_FD, 0) == 0;
}

static bool probe_root(void)
{
    return !(sandbox_walls() & SANDBOX_USER) || setresuid(0, 0, 0) == 0;
}

static const struct {
    const char *word, *what; /* `what` for the report */
    bool (*escapes)(void);
} attempts[] = {
    {"file", "opening files", probe_file},           {"socket", "sockets", probe_socket},
    {"program", "programs", probe_program},          {"log", "reaching the log", probe_log},
    {"input", "changing what is read", probe_input}, {"root", "being root", probe_root},
};

int sandbox_probe_main(int argc, char **argv)
{
    const char *word = argc == 2 ? argv[1] : "";
    if (streq(word, WALLS))
        return (int)sandbox_walls();
    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
        if (streq(word, attempts[i].word))
            return attempts[i].escapes() ? ESCAPED : 0;
    return ESCAPED;
}

/* ---- the program's side ---- */

typedef enum ProbeVerdict { PROBE_STOPPED, PROBE_POSSIBLE, PROBE_UNKNOWN } ProbeVerdict;

static bool probe_ask(const char *word, int input, ChildExit *out, Error *error)
{
    const char *arguments[] = {SANDBOX_PROBE_TASK, word, NULL};
    ChildSpec spec = {.arguments = arguments,
                      .fds = &input,
                      .fd_count = 1,
                      .reads_first = true,
                      .order = {.profile = PROFILE_TRIAL}};
    _cleanup_child_ Child child = CHILD_NONE;
    if (!child_start(&spec, &child, error))
        return false;
    while (!child_wait(&child, -1, out))
        ;
    return true;
}

/* A child that was lost or killed tried nothing, for all that is known. */
static ProbeVerdict probe_judge(const ChildExit *end)
{
    if (end->lost || (end->signalled && end->status != SIGSYS))
        return PROBE_UNKNOWN;
    return end->signalled || end->status == 0 ? PROBE_STOPPED : PROBE_POSSIBLE;
}

/* Appends "; words: this, that", if there is any. */
static void probe_list(const ProbeVerdict *verdicts, ProbeVerdict which, const char *words,
                       SandboxReport *report)
{
    const char *before = "; ", *colon = ": ";
    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
        size_t length = strlen(report->text);
        if (verdicts[i] != which)
            continue;
        snprintf(report->text + length, sizeof report->text - length, "%s%s%s%s", before, words,
                 colon, attempts[i].what);
        before = ", ";
        words = colon = "";
    }
}

bool sandbox_probe(SandboxReport *report, Error *error)
{
    SandboxReport found = {.held = true};
    ProbeVerdict verdicts[ARRAY_SIZE(attempts)];
    ChildExit end;
    char walls[100];
    _cleanup_close_ int input = memfd_create("reelkeep-trial", MFD_CLOEXEC);
    if (input < 0)
        return error_set_errno(error, errno, "The sandbox could not be tried out");
    if (!probe_ask(WALLS, input, &end, error))
        return false;
    found.walls = end.lost || end.signalled ? 0 : (unsigned)end.status;
    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
        if (!probe_ask(attempts[i].word, input, &end, error))
            return false;
        verdicts[i] = probe_judge(&end);
        found.held = found.held && verdicts[i] == PROBE_STOPPED;
    }
    sandbox_describe(found.walls, walls, sizeof walls);
    snprintf(found.text, sizeof found.text, "Media is opened behind %s", walls);
    probe_list(verdicts, PROBE_STOPPED, "tried and stopped", &found);
    probe_list(verdicts, PROBE_POSSIBLE, "possible", &found);
    probe_list(verdicts, PROBE_UNKNOWN, "could not be tried", &found);
    size_t length = strlen(found.text);
    snprintf(found.text + length, sizeof found.text - length, ".");
    *report = found;
    return true;
}

bool sandbox_suffices(const SandboxReport *report)
{
    return report->held && report->walls == SANDBOX_ALL;
}

bool sandbox_start(bool required, SandboxReport *report)
{
    Error error = {0};
    if (!zygote_start(&error) || !sandbox_probe(report, &error)) {
        log_error("%s", error.detail);
        return false;
    }
    bool suffices = sandbox_suffices(report);
    log_write(suffices ? LOG_INFO : LOG_WARNING, "%s", report->text);
    if (!suffices && required)
        log_error(
            "SANDBOX=required: this system gives less than that, so the program does not run.");
    return suffices || !required;
}
