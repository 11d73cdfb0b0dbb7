#include "transcoder/encoder/encoder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/sandbox/child.h"
#include "transcoder/encoder/encoder_message.h"

#define REPORT_EVERY_MS 1000
#define READ_BLOCK      4096

typedef struct Watch {
    const EncoderJob *job;
    int status_fd; /* owned */
    Buffer lines;
    EncoderProgress progress;
    int64_t reported_ms;
    int64_t started_ms, advanced_ms;
    struct timespec written; /* the latest time that one of the files was */
    bool ended;              /* a result or an error came */
    EncoderMessage last;
} Watch;

static void watch_release(Watch *watch)
{
    base_close(&watch->status_fd);
    buffer_release(&watch->lines);
}

static bool report(Watch *watch, Error *error)
{
    watch->reported_ms = clock_monotonic_ms();
    if (watch->job->progress(watch->job->context, watch->progress.percent))
        return true;
    return error_set(error, ERROR_CANCELLED, "The encode was called off.");
}

static bool damaged_answer(Error *error)
{
    return error_set(error, ERROR_MEDIA,
                     "The video could not be read: the decoder gave a damaged answer.");
}

static bool take_line(Watch *watch, const char *line, size_t length, Error *error)
{
    EncoderMessage message;
    if (watch->ended || !encoder_message_read(line, length, &message))
        return damaged_answer(error);
    if (message.kind != ENCODER_MESSAGE_PROGRESS) {
        watch->ended = true;
        watch->last = message;
        return true;
    }
    if (message.progress.seconds > watch->progress.seconds ||
        message.progress.percent > watch->progress.percent)
        watch->advanced_ms = clock_monotonic_ms();
    bool grown = message.progress.percent > watch->progress.percent;
    watch->progress.seconds = MAX_OF(message.progress.seconds, watch->progress.seconds);
    watch->progress.percent = MAX_OF(message.progress.percent, watch->progress.percent);
    return !grown || report(watch, error);
}

static bool take_lines(Watch *watch, Error *error)
{
    Buffer *lines = &watch->lines;
    char *end;
    while (lines->length > 0 && (end = memchr(lines->data, '\n', lines->length))) {
        size_t length = (size_t)(end - lines->data);
        if (!take_line(watch, lines->data, length, error))
            return false;
        buffer_consume(lines, length + 1);
    }
    return true;
}

/* Reads what is there; *open becomes false at the end. */
static bool read_status(Watch *watch, bool *open, Error *error)
{
    char *room = buffer_reserve(&watch->lines, READ_BLOCK);
    if (!room)
        return damaged_answer(error);
    ssize_t got = read(watch->status_fd, room, READ_BLOCK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    *open = got > 0;
    watch->lines.length += got > 0 ? (size_t)got : 0;
    return take_lines(watch, error);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Moving the index to the front says nothing for long, but writes all the time. */
static void look_at_files(Watch *watch)
{
    struct stat status;
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (fstat(watch->job->fds[i], &status) == 0 && is_later(&status.st_mtim, &watch->written)) {
            watch->written = status.st_mtim;
            watch->advanced_ms = clock_monotonic_ms();
        }
}

static int64_t grace_of(const EncoderJob *job)
{
    return job->grace_seconds ? job->grace_seconds : ENCODER_GRACE_SECONDS;
}

static bool check_time(Watch *watch, Error *error)
{
    const EncoderJob *job = watch->job;
    int64_t now = clock_monotonic_ms();
    look_at_files(watch);
    if (now - watch->advanced_ms >= job->policy.stall_seconds * 1000)
        return error_set(error, ERROR_MEDIA, "The video could not be read: the decoder got stuck.");
    if (now - watch->started_ms >=
        encoder_limits_wall_ms(&job->policy, grace_of(job), watch->progress.seconds))
        return error_set(error, ERROR_MEDIA,
                         "The file takes longer to encode than is allowed (ENCODE_MAX_WALL_RATIO); "
                         "a shorter or smaller one may work.");
    return true;
}

/* Until the child has closed its end of the pipe, which it does at the latest by ending. */
static bool follow(Watch *watch, Error *error)
{
    bool open = true;
    watch->started_ms = watch->advanced_ms = clock_monotonic_ms();
    while (open) {
        struct pollfd waiting = {.fd = watch->status_fd, .events = POLLIN};
        int64_t due = watch->reported_ms + REPORT_EVERY_MS - clock_monotonic_ms();
        int ready = poll(&waiting, 1, (int)MAX_OF(due, 0));
        if (ready > 0 && !read_status(watch, &open, error))
            return false;
        if (clock_monotonic_ms() - watch->reported_ms >= REPORT_EVERY_MS &&
            (!report(watch, error) || !check_time(watch, error)))
            return false;
    }
    return true;
}

static const SandboxLimits child_limits = {.data_bytes = 2 * GIB, .niceness = 10};

#define CHILD_FDS (TRANSFER_FILE_COUNT + 2)

static bool order_child(const EncoderJob *job, int status_fd, Child *child, Error *error)
{
    EncoderArguments words;
    const char *arguments[ENCODER_ARGUMENTS + 2] = {ENCODER_CHILD_COMMAND};
    int fds[CHILD_FDS] = {job->original_fd};
    encoder_message_arguments(&job->policy, words);
    for (size_t i = 0; i < ENCODER_ARGUMENTS; i++)
        arguments[i + 1] = words[i];
    memcpy(fds + 1, job->fds, sizeof job->fds);
    fds[CHILD_FDS - 1] = status_fd;
    ChildSpec spec = {
        .arguments = arguments, .fds = fds, .fd_count = CHILD_FDS, .limits = child_limits};
    spec.limits.file_bytes = (uint64_t)job->policy.max_output;
    spec.limits.cpu_seconds = encoder_limits_cpu_seconds(&job->policy, grace_of(job));
    return child_start(&spec, child, error);
}

static bool start_child(const EncoderJob *job, Child *child, int *status_fd, Error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(error, errno, "The encoder could not be started");
    _cleanup_close_ int reader = ends[0], writer = ends[1];
    REQUIRE(fcntl(reader, F_SETFL, O_NONBLOCK) == 0);
    bool started = order_child(job, writer, child, error);
    close(TAKE_FD(writer)); /* the child has it now: its end must be seen */
    if (!started)
        return false;
    *status_fd = TAKE_FD(reader);
    return true;
}

static bool empty_outputs(const EncoderJob *job, Error *error)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (ftruncate(job->fds[i], 0) < 0)
            return error_set_errno(error, errno, "The scratch files could not be emptied");
    return true;
}

static atomic_uint sandbox_stops;

unsigned encoder_sandbox_stops(void)
{
    return atomic_load(&sandbox_stops);
}

static void note_sandbox_stop(const ChildExit *end)
{
    if (end->signalled && end->status == SIGSYS)
        log_error("The sandbox stopped a system call of the encoder's child, %u so far.",
                  atomic_fetch_add(&sandbox_stops, 1) + 1);
}

/* To the child a limit on the size of files looks like a disk that is full. */
static bool is_as_large_as_allowed(const EncoderJob *job)
{
    struct stat status;
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (fstat(job->fds[i], &status) == 0 && status.st_size >= job->policy.max_output)
            return true;
    return false;
}

static bool check_end(const Watch *watch, ChildExit end, Error *error)
{
    bool told = watch->ended && watch->last.kind == ENCODER_MESSAGE_ERROR;
    note_sandbox_stop(&end);
    if (told && watch->last.error.code == ERROR_NO_SPACE && is_as_large_as_allowed(watch->job))
        end = (ChildExit){.signalled = true, .status = SIGXFSZ};
    else if (told) {
        *error = watch->last.error;
        return false;
    }
    if (end.lost || end.signalled || !watch->ended)
        return encoder_limits_fault(&end, error);
    return end.status == 0 || damaged_answer(error);
}

/* Supervises one child from start to end. */
static bool run_child(const EncoderJob *job, EncoderOutcome *out, Error *error)
{
    _cleanup_(watch_release)
        Watch watch = {.job = job, .status_fd = -1, .lines = BUFFER(ENCODER_MESSAGE_MAX)};
    _cleanup_child_ Child child = CHILD_NONE;
    ChildExit end;
    if (!start_child(job, &child, &watch.status_fd, error) || !report(&watch, error) ||
        !follow(&watch, error))
        return false;
    /* The pipe is closed, so it is ending; one that lingers is stopped. */
    if (!child_wait(&child, REPORT_EVERY_MS * 10, &end))
        return damaged_answer(error);
    if (!check_end(&watch, end, error))
        return false;
    *out = watch.last.outcome;
    return true;
}

static bool is_jpeg(int fd)
{
    const unsigned char start[] = {0xff, 0xd8, 0xff};
    unsigned char found[sizeof start];
    return pread(fd, found, sizeof found, 0) == (ssize_t)sizeof found &&
           memcmp(found, start, sizeof start) == 0;
}

static bool is_as_it_should_be(TransferFile which, int fd, int64_t size)
{
    const TransferFileKind *kind = &transfer_file_kinds[which];
    return size > 0 && size <= kind->size_max &&
           (!streq(kind->content_type, "image/jpeg") || is_jpeg(fd));
}

/* Of the files beside the video or sound, one that is not what it should be is left out. */
static bool measure_file(const EncoderJob *job, TransferFile which, TransferMade *out, Error *error)
{
    const TransferFileKind *kind = &transfer_file_kinds[which];
    struct stat status;
    int fd = job->fds[which];
    if (fstat(fd, &status) < 0)
        return error_set_errno(error, errno, "%s could not be measured", kind->name);
    if (!is_as_it_should_be(which, fd, status.st_size))
        return which > TRANSFER_AUDIO || damaged_answer(error);
    *out = (TransferMade){.present = true, .size = status.st_size};
    return file_sync(fd, kind->name, error) && digest_file(fd, DIGEST_BLAKE2B, &out->digest, error);
}

static bool measure(const EncoderJob *job, const EncoderOutcome *outcome, TransferResult *out,
                    Error *error)
{
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (outcome->files[i] && !measure_file(job, i, &out->files[i], error))
            return false;
    return true;
}

bool encoder_run(const EncoderJob *job, TransferResult *result, Error *error)
{
    EncoderOutcome outcome;
    if (!empty_outputs(job, error) || !run_child(job, &outcome, error))
        return false;
    TransferResult made = {.duration = outcome.duration,
                           .source_duration = outcome.source_duration,
                           .width = outcome.width,
                           .height = outcome.height,
                           .has_audio = outcome.has_audio,
                           .whole = outcome.whole};
    base_copy(made.operation, sizeof made.operation, encoder_operation_word(outcome.operation));
    base_copy(made.thumbhash, sizeof made.thumbhash, outcome.thumbhash);
    base_copy(made.captured_at, sizeof made.captured_at, outcome.captured_at);
    base_copy(made.title, sizeof made.title, outcome.title);
    if (!measure(job, &outcome, &made, error))
        return false;
    *result = made;
    return true;
}
