#include "transcoder/encoder/encoder.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/sandbox/task.h"
#include "transcoder/encoder/encoder_message.h"

#define REPORT_EVERY_MS 1000
#define LINGER_MS       10000 /* for a child that has closed its pipe */

#define WATCH_MAGIC 0x57415443u /* "WATC" */

/* What has been seen of one encode. */
typedef struct Watch {
    unsigned magic;
    const EncoderJob *job;
    int64_t grace_seconds;
    EncoderProgress progress;
    int64_t started_ms, advanced_ms;
    struct timespec written; /* the latest time that one of the files was */
    bool told;               /* a result or an error came */
    EncoderMessage last;
} Watch;

static bool encoder_report(const Watch *watch, Error *error)
{
    return watch->job->progress(watch->job->context, watch->progress.percent) ||
           error_set(error, ERROR_CANCELLED, "The encode was called off.");
}

static bool encoder_line(void *context, const char *line, size_t length, Error *error)
{
    Watch *watch = CAST_OBJECT(Watch, context, WATCH_MAGIC);
    EncoderMessage message;
    if (watch->told || !encoder_message_read(line, length, &message))
        return task_fault(encoder_limits_faults, TASK_DAMAGED, error);
    if (message.kind != ENCODER_MESSAGE_PROGRESS) {
        watch->told = true;
        watch->last = message;
        return true;
    }
    bool grown = message.progress.percent > watch->progress.percent;
    if (grown || message.progress.seconds > watch->progress.seconds)
        watch->advanced_ms = clock_monotonic_ms();
    watch->progress.seconds = MAX_OF(message.progress.seconds, watch->progress.seconds);
    watch->progress.percent = MAX_OF(message.progress.percent, watch->progress.percent);
    return !grown || encoder_report(watch, error);
}

static bool encoder_slice(void *context, Error *error)
{
    Watch *watch = CAST_OBJECT(Watch, context, WATCH_MAGIC);
    const EncoderJob *job = watch->job;
    int64_t now = clock_monotonic_ms();
    struct stat status;
    /* Moving the index to the front says nothing for long, but writes all the time. */
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        if (fstat(job->fds[i], &status) < 0)
            continue;
        const struct timespec *found = &status.st_mtim, *known = &watch->written;
        if (found->tv_sec > known->tv_sec ||
            (found->tv_sec == known->tv_sec && found->tv_nsec > known->tv_nsec)) {
            watch->written = *found;
            watch->advanced_ms = now;
        }
    }
    if (!encoder_report(watch, error))
        return false;
    if (now - watch->advanced_ms >= job->policy.stall_seconds * 1000)
        return error_set(error, ERROR_MEDIA, "The video could not be read: the decoder got stuck.");
    return now - watch->started_ms < encoder_limits_wall_ms(&job->policy, watch->grace_seconds,
                                                            watch->progress.seconds) ||
           error_set(error, ERROR_MEDIA,
                     "The file takes longer to encode than is allowed (ENCODE_MAX_WALL_RATIO); a "
                     "shorter or smaller one may work.");
}

static bool encoder_ended(void *context, const TaskExit *exit, Error *error)
{
    const Watch *watch = CAST_OBJECT(Watch, context, WATCH_MAGIC);
    bool failed = watch->told && watch->last.kind == ENCODER_MESSAGE_ERROR;
    if (failed && watch->last.error.code == ERROR_NO_SPACE) {
        /* To the child a limit on the size of files looks like a disk that is full. */
        struct stat status;
        for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
            if (fstat(watch->job->fds[i], &status) == 0 &&
                status.st_size >= watch->job->policy.max_output)
                return task_fault(encoder_limits_faults, TASK_OVERSIZE, error);
    }
    if (failed) {
        *error = watch->last.error;
        return false;
    }
    if (exit->end != TASK_DONE)
        return task_fault(encoder_limits_faults, exit->end, error);
    if (!watch->told)
        return task_fault(encoder_limits_faults, TASK_CRASHED, error);
    return exit->status == 0 || task_fault(encoder_limits_faults, TASK_DAMAGED, error);
}

/* One child from start to end. */
static bool encoder_run_child(const EncoderJob *job, EncoderOutcome *out, Error *error)
{
    EncoderArguments words;
    const char *arguments[ENCODER_ARGUMENTS + 2] = {ENCODER_CHILD_COMMAND};
    int fds[TRANSFER_FILE_COUNT + 1] = {job->original_fd};
    int64_t now = clock_monotonic_ms();
    Watch watch = {.magic = WATCH_MAGIC,
                   .job = job,
                   .grace_seconds = job->grace_seconds ? job->grace_seconds : ENCODER_GRACE_SECONDS,
                   .started_ms = now,
                   .advanced_ms = now};
    encoder_message_arguments(&job->policy, words);
    for (size_t i = 0; i < ENCODER_ARGUMENTS; i++)
        arguments[i + 1] = words[i];
    memcpy(fds + 1, job->fds, sizeof job->fds);
    SandboxOrder order = {.profile = PROFILE_ENCODE,
                          .file_bytes = (uint64_t)job->policy.max_output,
                          .cpu_seconds =
                              encoder_limits_cpu_seconds(&job->policy, watch.grace_seconds)};
    TaskSpec spec = {.child = {.arguments = arguments,
                               .fds = fds,
                               .fd_count = ARRAY_SIZE(fds),
                               .reads_first = true,
                               .order = order},
                     .not_started = "The encoder could not be started",
                     .faults = encoder_limits_faults,
                     .line_max = ENCODER_MESSAGE_MAX,
                     .slice_ms = REPORT_EVERY_MS,
                     .linger_ms = LINGER_MS,
                     .context = &watch,
                     .line = encoder_line,
                     .slice = encoder_slice,
                     .ended = encoder_ended};
    if (!task_run(&spec, error))
        return false;
    *out = watch.last.outcome;
    return true;
}

/* Of the files beside the video or sound, one that is not what it should be is left out. */
static bool encoder_measure(const EncoderJob *job, TransferFile which, TransferMade *out,
                            Error *error)
{
    static const unsigned char jpeg[] = {0xff, 0xd8, 0xff};
    const TransferFileKind *kind = &transfer_file_kinds[which];
    unsigned char start[sizeof jpeg];
    struct stat status;
    int fd = job->fds[which];
    if (fstat(fd, &status) < 0)
        return error_set_errno(error, errno, "%s could not be measured", kind->name);
    bool sane = status.st_size > 0 && status.st_size <= kind->size_max;
    if (sane && streq(kind->content_type, "image/jpeg"))
        sane = pread(fd, start, sizeof start, 0) == (ssize_t)sizeof start &&
               memcmp(start, jpeg, sizeof jpeg) == 0;
    if (!sane)
        return which > TRANSFER_AUDIO || task_fault(encoder_limits_faults, TASK_DAMAGED, error);
    *out = (TransferMade){.present = true, .size = status.st_size};
    return file_sync(fd, kind->name, error) && digest_file(fd, DIGEST_BLAKE2B, &out->digest, error);
}

bool encoder_run(const EncoderJob *job, TransferResult *result, Error *error)
{
    EncoderOutcome outcome;
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (ftruncate(job->fds[i], 0) < 0)
            return error_set_errno(error, errno, "The scratch files could not be emptied");
    if (!encoder_run_child(job, &outcome, error))
        return false;
    TransferResult made = {.duration = outcome.duration,
                           .source_duration = outcome.source_duration,
                           .width = outcome.width,
                           .height = outcome.height,
                           .has_audio = outcome.has_audio,
                           .losses = outcome.losses};
    base_copy(made.operation, sizeof made.operation, encoder_operation_word(outcome.operation));
    base_copy(made.thumbhash, sizeof made.thumbhash, outcome.thumbhash);
    base_copy(made.captured_at, sizeof made.captured_at, outcome.captured_at);
    base_copy(made.title, sizeof made.title, outcome.title);
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (outcome.files[i] && !encoder_measure(job, i, &made.files[i], error))
            return false;
    *result = made;
    return true;
}
