#include "web/jobs/validating.h"

#include <math.h>

#include "common/base/log.h"

/* --- how long it will take --- */

#define REFERENCE_PIXELS     (1920.0 * 1080 * 30) /* encoded a second */
#define REFERENCE_FRAME_RATE 30.0                 /* where it is unknown */
#define FRAME_RATE_MAX       1000.0
#define SOUND_SPEED          50.0     /* seconds of sound encoded a second */
#define TRANSFER_RATE        10000.0  /* bytes a millisecond */
#define MEDIA_RATE           250000.0 /* bytes a second of a file of unknown duration */

int64_t jobs_expected_ms(const MediaFound *found, int64_t size)
{
    static const MediaFound unknown = {.kind = MEDIA_VIDEO};
    const MediaFound *media = found ? found : &unknown;
    double seconds = media->duration > 0 ? media->duration : (double)size / MEDIA_RATE;
    double pixels = (double)media->width * (double)media->height;
    double rate = media->frame_rate > 0 ? media->frame_rate : REFERENCE_FRAME_RATE;
    double work = pixels > 0 ? pixels * fmin(rate, FRAME_RATE_MAX) / REFERENCE_PIXELS : 1;
    if (media->kind == MEDIA_AUDIO)
        work = 1 / SOUND_SPEED;
    double expected = seconds * work * 1000 + (double)size / TRANSFER_RATE;
    return (int64_t)fmin(expected, JOB_EXPECTED_MS_MAX);
}

/* --- the one that comes next, and what came of it --- */

#define VALIDATING_CALL_MAGIC 0x56494e47u /* "VING" */

/* What a call here and its transaction tell each other; each uses some of it. */
typedef struct ValidatingCall {
    unsigned magic;
    const char *except;
    JobValidating job;
    const MediaFound *found; /* NULL: unknown */
    const char *sentence;    /* of a rejection */
    int64_t now;
    bool changed; /* or there is such a job */
} ValidatingCall;

static bool validating_find(StoreConnection *connection, void *argument, Error *error)
{
    ValidatingCall *call = CAST_OBJECT(ValidatingCall, argument, VALIDATING_CALL_MAGIC);
    char media_id[UUID_SIZE];
    if (!store_job_validating(connection, call->except, call->job.job_id, media_id, &call->changed,
                              error))
        return false;
    return !call->changed ||
           store_file_of_media(connection, media_id, FILE_ORIGINAL, &call->job.original, error);
}

bool jobs_validating_next(const Jobs *jobs, const char *except, JobValidating *out, bool *found,
                          Error *error)
{
    ValidatingCall call = {.magic = VALIDATING_CALL_MAGIC, .except = except};
    if (!store_read(jobs->store, validating_find, &call, error))
        return false;
    *found = call.changed;
    if (call.changed)
        *out = call.job;
    return true;
}

static bool validating_end(StoreConnection *connection, void *argument, Error *error)
{
    ValidatingCall *call = CAST_OBJECT(ValidatingCall, argument, VALIDATING_CALL_MAGIC);
    const FileRow *original = &call->job.original;
    if (call->sentence)
        return store_job_reject(connection, call->job.job_id, call->sentence, call->now,
                                &call->changed, error);
    JobQueueing queueing = {.job_id = call->job.job_id,
                            .expected_ms = jobs_expected_ms(call->found, original->size),
                            .now = call->now};
    if (!store_job_queue(connection, &queueing, &call->changed, error))
        return false;
    return !call->changed || !call->found ||
           store_media_set_found(connection, original->media_id, call->found, error);
}

bool jobs_validated(const Jobs *jobs, const JobValidating *job, const MediaFound *found,
                    int64_t now, Error *error)
{
    ValidatingCall call = {.magic = VALIDATING_CALL_MAGIC, .job = *job, .found = found, .now = now};
    if (!store_write(jobs->store, validating_end, &call, error))
        return false;
    if (call.changed)
        jobs_announce(jobs);
    return true;
}

bool jobs_rejected(const Jobs *jobs, const JobValidating *job, const char *sentence, int64_t now,
                   Error *error)
{
    ValidatingCall call = {
        .magic = VALIDATING_CALL_MAGIC, .job = *job, .sentence = sentence, .now = now};
    if (!store_write(jobs->store, validating_end, &call, error))
        return false;
    if (call.changed) {
        LOG_CONTEXT(.job_id = job->job_id);
        log_warning("The upload cannot be used: %s", sentence);
    }
    return true;
}
