#include "web/decoder/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/sandbox/child.h"
#include "web/decoder/decoder_message.h"

#define ANSWER_MAX  4096 /* bytes of the line, its end included */
#define SLICE_MS    100  /* between two looks at `stop` */
#define END_WAIT_MS 5000 /* for a child that has closed its pipe */

typedef struct Task {
    const char *name;
    unsigned cpu_seconds;
    int64_t wall_ms; /* beyond it the disk is to blame: computing alone ends earlier */
} Task;

static const Task probe_task = {DECODER_TASK_PROBE, 20, 90000};
static const Task verify_task = {DECODER_TASK_VERIFY, 60, 240000};

static atomic_int verifying; /* children that play a result, and who tries to add one */

typedef struct Question {
    const Task *task;
    int fd; /* borrowed */
    const atomic_bool *stop;
} Question;

typedef struct Answer {
    char text[ANSWER_MAX];
    size_t length;
} Answer;

static bool order_child(const Question *question, int status_fd, Child *child, Error *error)
{
    const char *arguments[] = {question->task->name, NULL};
    int fds[] = {question->fd, status_fd};
    ChildSpec spec = {
        .arguments = arguments,
        .fds = fds,
        .fd_count = ARRAY_SIZE(fds),
        .limits = {.data_bytes = GIB, .cpu_seconds = question->task->cpu_seconds, .niceness = 5}};
    return child_start(&spec, child, error);
}

static bool start_child(const Question *question, Child *child, int *status_fd, Error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(error, errno, "The decoder could not be started");
    _cleanup_close_ int reader = ends[0], writer = ends[1];
    REQUIRE(fcntl(reader, F_SETFL, O_NONBLOCK) == 0);
    bool started = order_child(question, writer, child, error);
    close(TAKE_FD(writer)); /* the child has it now: its end must be seen */
    if (!started)
        return false;
    *status_fd = TAKE_FD(reader);
    return true;
}

/* Reads what is there; *open becomes false at the end. An answer that is too long ends it too. */
static void read_answer(int fd, Answer *answer, bool *open)
{
    ssize_t got = read(fd, answer->text + answer->length, ANSWER_MAX - answer->length);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    answer->length += got > 0 ? (size_t)got : 0;
    *open = got > 0 && answer->length < ANSWER_MAX;
}

/* Until the child has closed its end of the pipe, which it does at the latest by ending. */
static bool follow(const Question *question, int fd, Answer *answer, Error *error)
{
    int64_t end = clock_monotonic_ms() + question->task->wall_ms;
    bool open = true;
    while (open) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        if (poll(&waiting, 1, SLICE_MS) > 0)
            read_answer(fd, answer, &open);
        if (question->stop && atomic_load(question->stop))
            return error_set(error, ERROR_CANCELLED, "The program is being stopped.");
        if (clock_monotonic_ms() >= end)
            return error_set(error, ERROR_UNAVAILABLE,
                             "Looking into the file took too long; the storage may be slow.");
    }
    return true;
}

static bool damaged_answer(Error *error)
{
    return error_set(error, ERROR_MEDIA,
                     "The file could not be read: the decoder gave a damaged answer.");
}

/* A kill comes from outside, or from the limit of time behind the one that SIGXCPU tells of. */
static bool explain_signal(int number, Error *error)
{
    static atomic_int forbidden;
    if (number == SIGKILL || number == SIGTERM)
        return error_set(error, ERROR_UNAVAILABLE,
                         "The decoder was ended from outside, perhaps for lack of memory.");
    if (number == SIGSYS)
        log_error("A decoder was stopped at a forbidden system call (SIGSYS), %d since the start.",
                  atomic_fetch_add(&forbidden, 1) + 1);
    if (number == SIGXCPU)
        return error_set(error, ERROR_MEDIA,
                         "The file could not be read: it takes more computing than is allowed.");
    return error_set(error, ERROR_MEDIA, "The file could not be read: the decoder crashed.");
}

/* A child that says too much has to be killed; one that has ended, and whose end is not told in
 * time, was on a machine that is too busy. */
static bool check_end(Child *child, const Answer *answer, Error *error)
{
    ChildExit end;
    if (answer->length == ANSWER_MAX)
        return damaged_answer(error);
    if (!child_wait(child, END_WAIT_MS, &end))
        return error_set(error, ERROR_UNAVAILABLE, "The decoder did not end in time.");
    if (end.lost)
        return error_set(error, ERROR_UNAVAILABLE, "The decoder was lost.");
    return !end.signalled || explain_signal(end.status, error);
}

static bool take_answer(const Answer *answer, DecoderFacts *out, Error *error)
{
    DecoderMessage message;
    if (answer->length == 0 || answer->text[answer->length - 1] != '\n' ||
        !decoder_message_read(answer->text, answer->length - 1, &message))
        return damaged_answer(error);
    if (!message.good) {
        *error = message.error;
        return false;
    }
    *out = message.facts;
    return true;
}

static bool ask(const Question *question, DecoderFacts *out, Error *error)
{
    _cleanup_child_ Child child = CHILD_NONE;
    _cleanup_close_ int status_fd = -1;
    Answer answer = {.length = 0};
    return start_child(question, &child, &status_fd, error) &&
           follow(question, status_fd, &answer, error) && check_end(&child, &answer, error) &&
           take_answer(&answer, out, error);
}

bool decoder_probe(int fd, const atomic_bool *stop, DecoderFacts *out, Error *error)
{
    Question question = {&probe_task, fd, stop};
    Error fault = {0}; /* error may be NULL, but the answer is copied */
    if (ask(&question, out, &fault))
        return true;
    return error_set(error, fault.code, "%s", fault.detail);
}

/* Many transcoders may finish at once, and a child may take much memory. */
static bool await_turn(const atomic_bool *stop, Error *error)
{
    while (atomic_fetch_add(&verifying, 1) >= DECODER_VERIFY_MAX) {
        atomic_fetch_sub(&verifying, 1);
        if (stop && atomic_load(stop))
            return error_set(error, ERROR_CANCELLED, "The program is being stopped.");
        clock_sleep_ms(SLICE_MS);
    }
    return true;
}

static bool play(const Question *question, DecoderFacts *out, Error *error)
{
    if (!await_turn(question->stop, error))
        return false;
    bool played = ask(question, out, error);
    atomic_fetch_sub(&verifying, 1);
    return played;
}

static bool check_length(double found, double expected, Error *error)
{
    double difference = fabs(found - expected);
    if (difference <= 1 || difference <= expected * 0.05)
        return true;
    return error_set(error, ERROR_MEDIA, "It plays %.1f seconds, not the %.1f that it should.",
                     found, expected);
}

static bool compare(const DecoderFacts *found, const DecoderExpectation *expected, Error *error)
{
    bool video = expected->kind == MEDIA_VIDEO;
    if (found->kind != expected->kind)
        return error_set(error, ERROR_MEDIA, "It holds %s.",
                         video ? "no moving picture" : "a moving picture, not sound alone");
    if (video && (found->width != expected->width || found->height != expected->height))
        return error_set(error, ERROR_MEDIA, "Its pictures have %d by %d pixels, not %lld by %lld.",
                         found->width, found->height, (long long)expected->width,
                         (long long)expected->height);
    if (video && found->has_audio != expected->has_audio)
        return error_set(error, ERROR_MEDIA, "It holds %s.",
                         found->has_audio ? "sound that it should not" : "no sound");
    return check_length(found->duration, expected->duration, error);
}

bool decoder_verify(int fd, const DecoderExpectation *expected, const atomic_bool *stop,
                    Error *error)
{
    Question question = {&verify_task, fd, stop};
    DecoderFacts found;
    Error fault = {0};
    if (play(&question, &found, &fault) && compare(&found, expected, &fault))
        return true;
    return error_set(error, fault.code, "%s", fault.detail);
}
