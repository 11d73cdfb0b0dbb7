/*
 * The zygote: this program executed once more at start, with an empty environment, its libraries
 * loaded, no secrets and one socket. It forks a child per file, which locks itself down
 * (common/sandbox/sandbox.h) before it runs one of the program's tasks on the descriptors it was
 * given. Forking costs 2 ms where executing would cost 50, and the child inherits nothing worth
 * stealing.
 *
 *   main ─▶ zygote_start ─▶ [zygote process: zygote_main] ─fork▶ [child: task]
 *   any thread: child_start / child_wait / child_kill (common/sandbox/child.h) talk to it
 */
#pragma once

#include <sys/types.h>

#include "common/base/error.h"
#include "common/sandbox/zygote_message.h"

/* What a child may be asked to do; `run` gets the descriptors from 3 upwards and its arguments,
 * argv[0] being the name. */
typedef struct ZygoteTask {
    const char *name;
    int (*run)(int argc, char **argv); /* the child's exit status */
} ZygoteTask;

/* The command word by which a program must hand over to zygote_main before it does anything else.
 */
#define ZYGOTE_COMMAND "zygote"

/* The zygote's process. `tasks` ends with a row without name. Returns the exit status when the
 * program has gone. */
int zygote_main(const ZygoteTask *tasks);

/* Executes the zygote. Main thread, before others are started, after which any thread may start
 * children. */
_must_check_ bool zygote_start(Error *error);

/* Whether it lives; one that has died is started anew. Any thread. */
_must_check_ bool zygote_ensure(Error *error);

/* Ends it and every child. */
void zygote_stop(void);

/* The zygote's process id, for whoever watches processes; 0 when there is none. */
pid_t zygote_pid(void);

/* Sends an order, to a new zygote where the last one has died; used by common/sandbox/child.c only.
 * The child's end will be told on the other side of the message's first descriptor; where nothing
 * can be started, that is just closed. */
_must_check_ bool zygote_send(const ZygoteMessage *message, Error *error);
