#include "common/sandbox/sandbox_probe.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "common/base/log.h"
#include "common/sandbox/child.h"
#include "common/sandbox/zygote.h"

#define ESCAPED 64 /* exit status of an attempt that got through; beyond the bits of the walls */

/* The first tells the walls; the others try to get out. */
static const char *const attempts[] = {"walls", "open", "socket", "execute"};

int sandbox_probe_main(int argc, char **argv)
{
    const char *attempt = argc == 2 ? argv[1] : "";
    if (streq(attempt, "walls"))
        return (int)sandbox_walls();
    if (streq(attempt, "open"))
        return open("/proc/self/environ", O_RDONLY) >= 0 ? ESCAPED : 0;
    if (streq(attempt, "socket"))
        return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? ESCAPED : 0;
    if (streq(attempt, "execute")) {
        char *const nothing[] = {NULL};
        close(STDERR_FILENO); /* where it succeeds, the program complains of missing settings */
        execve("/proc/self/exe", nothing, nothing);
        return 0;
    }
    return ESCAPED;
}

bool sandbox_probe(SandboxReport *report, Error *error)
{
    SandboxReport found = {.held = true};
    char walls[100];
    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
        const char *arguments[] = {SANDBOX_PROBE_TASK, attempts[i], NULL};
        ChildSpec spec = {.arguments = arguments, .order = {.profile = PROFILE_TRIAL}};
        _cleanup_child_ Child child = CHILD_NONE;
        ChildExit end;
        if (!child_start(&spec, &child, error))
            return false;
        while (!child_wait(&child, -1, &end))
            ;
        if (i == 0)
            found.walls = end.signalled ? 0 : (unsigned)end.status;
        else
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
