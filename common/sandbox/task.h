/*
 * The parent's half of a task in a child: orders the child, hands every line it writes to its
 * status pipe to the caller, asks the caller at every slice of time whether to go on, waits for its
 * end, and tells the ends apart. What the lines mean, how long it may take and in which words it
 * has failed is the caller's. Any thread once the zygote runs; task_run blocks until the child has
 * ended.
 */
#pragma once

#include "common/sandbox/child.h"

typedef enum TaskEnd {
    TASK_CALLED_OFF, /* it never came to an end: the caller had no more use for it */
    TASK_DAMAGED,    /* it said more in one line than it may, or what no sane child says */
    TASK_LINGERED,   /* it closed its pipe and did not end in time */
    TASK_LOST,       /* its zygote went */
    TASK_KILLED,     /* from outside, or at the limit behind the one that SIGXCPU tells of */
    TASK_FORBIDDEN,  /* a system call that its profile does not have: SIGSYS */
    TASK_OVERTIME,   /* the profile's seconds of computing: SIGXCPU */
    TASK_OVERSIZE,   /* the profile's largest file: SIGXFSZ */
    TASK_CRASHED,    /* any other signal */
    TASK_DONE,       /* it ended by itself */
    TASK_END_COUNT
} TaskEnd;

/* What an end means to the one who hears of it. */
typedef struct TaskFault {
    ErrorCode code;
    const char *sentence;
} TaskFault;

typedef struct TaskExit {
    TaskEnd end;
    int status; /* of one that ended by itself */
    bool cut;   /* its last line has no end, and was not handed on */
} TaskExit;

typedef struct TaskSpec {
    ChildSpec child;         /* its descriptors are followed by that of the status pipe */
    const char *not_started; /* a sentence without its full stop */
    const TaskFault *faults; /* TASK_END_COUNT; TASK_DAMAGED and TASK_LINGERED are used here */
    size_t line_max;         /* bytes of a line, its end included */
    int slice_ms, linger_ms; /* between two slices; from a closed pipe to the end */
    void *context;           /* of what follows; each may end the task: false with *error */
    bool (*line)(void *context, const char *line, size_t length,
                 Error *error);                 /* without its end */
    bool (*slice)(void *context, Error *error); /* at the start, and then once a slice */
    bool (*ended)(void *context, const TaskExit *exit, Error *error); /* the verdict */
} TaskSpec;

/* True when `ended` says so. False with what a callback said, the fault of the child's end, or why
 * it could not be started. *error must be there. */
_must_check_ bool task_run(const TaskSpec *spec, Error *error);

/* Fills *error with what that end means; always false. */
bool task_fault(const TaskFault *faults, TaskEnd end, Error *error);
