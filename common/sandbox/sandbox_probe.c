#include "common/sandbox/sandbox_probe.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "common/base/log.h"
#include "common/sandbox/child.h"
#include "common/sandbox/zygote.h"

#define ESCAPED 64 /* exit status of an attempt that got through; beyond the bits of the walls */

static int try_open(void)
{
    return open("/proc/self/environ", O_RDONLY) >= 0 ? ESCAPED : 0;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? ESCAPED : 0;
}

static int try_execute(void)
{
    char *const nothing[] = {NULL};
    close(STDERR_FILENO); /* where it succeeds, the program would complain of missing settings */
    execve("/proc/self/exe", nothing, nothing);
    return 0;
}

static int tell_walls(void)
{
    return (int)sandbox_walls();
}

static const struct {
    const char *name;
    int (*attempt)(void);
} attempts[] = {
    {"walls", tell_walls}, {"open", try_open}, {"socket", try_socket}, {"execute", try_execute}};

int sandbox_probe_main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(attempts); i++)
        if (streq(attempts[i].name, argv[1]))
            return attempts[i].attempt();
    return ESCAPED;
}

static bool ask(const char *attempt, ChildExit *out, Error *error)
{
    const char *arguments[] = {SANDBOX_PROBE_TASK, attempt, NULL};
    ChildSpec spec = {.arguments = arguments,
                      .limits = {.data_bytes = 64 * MIB, .file_bytes = 0, .cpu_seconds = 5}};
    _cleanup_child_ Child child = CHILD_NONE;
    if (!child_start(&spec, &child, error))
        return false;
    while (!child_wait(&child, -1, out))
        ;
    return true;
}

bool sandbox_probe(SandboxReport *report, Error *error)
{
    SandboxReport found = {.held = true};
    ChildExit end;
    char walls[100];
    if (!ask("walls", &end, error))
        return false;
    found.walls = end.signalled ? 0 : (unsigned)end.status;
    for (size_t i = 1; i < ARRAY_SIZE(attempts); i++) {
        if (!ask(attempts[i].name, &end, error))
            return false;
        found.held = found.held && (end.signalled || end.status == 0);
    }
    sandbox_describe(found.walls, walls, sizeof walls);
    snprintf(found.text, sizeof found.text, "Media is opened behind %s; %s.", walls,
             found.held ? "opening files, sockets and programs was tried and stopped"
                        : "some of opening files, sockets and programs is possible");
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
