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

static double pixels_a_second(const MediaFound *found)
{
    double pixels = (double)found->width * (double)found->height;
    double rate = found->frame_rate > 0 ? found->frame_rate : REFERENCE_FRAME_RATE;
    return pixels > 0 ? pixels * fmin(rate, FRAME_RATE_MAX) : REFERENCE_PIXELS;
}

int64_t jobs_expected_ms(const MediaFound *found, int64_t size)
{
    static const MediaFound unknown = {.kind = MEDIA_VIDEO};
    const MediaFound *media = found ? found : &unknown;
    double seconds = media->duration > 0 ? media->duration : (double)size / MEDIA_RATE;
    double work =
        media->kind == MEDIA_AUDIO ? 1 / SOUND_SPEED : pixels_a_second(media) / REFERENCE_PIXELS;
    double expected = seconds * work * 1000 + (double)size / TRANSFER_RATE;
    return (int64_t)fmin(expected, JOB_EXPECTED_MS_MAX);
}

/* --- the one that comes next --- */

typedef struct Next {
    const char *except;
    JobValidating job;
    bool found;
} Next;

static bool next(StoreConnection *connection, void *argument, Error *error)
{
    Next *self = argument;
    char media_id[UUID_SIZE];
    if (!store_job_validating(connection, self->except, self->job.job_id, media_id, &self->found,
                              error))
        return false;
    return !self->found ||
           store_file_of_media(connection, media_id, FILE_ORIGINAL, &self->job.original, error);
}

bool jobs_validating_next(const Jobs *jobs, const char *except, JobValidating *out, bool *found,
                          Error *error)
{
    Next work = {.except = except};
    if (!store_read(jobs->store, next, &work, error))
        return false;
    *found = work.found;
    if (work.found)
        *out = work.job;
    return true;
}

/* --- what came of it --- */

typedef struct Verdict {
    const JobValidating *job;
    const MediaFound *found; /* NULL: unknown */
    const char *sentence;
    int64_t now;
    bool changed;
} Verdict;

static bool queue(StoreConnection *connection, void *argument, Error *error)
{
    Verdict *self = argument;
    const FileRow *original = &self->job->original;
    JobQueueing queueing = {.job_id = self->job->job_id,
                            .expected_ms = jobs_expected_ms(self->found, original->size),
                            .now = self->now};
    if (!store_job_queue(connection, &queueing, &self->changed, error))
        return false;
    return !self->changed || !self->found ||
           store_media_set_found(connection, original->media_id, self->found, error);
}

bool jobs_validated(const Jobs *jobs, const JobValidating *job, const MediaFound *found,
                    int64_t now, Error *error)
{
    Verdict work = {.job = job, .found = found, .now = now};
    if (!store_write(jobs->store, queue, &work, error))
        return false;
    if (work.changed)
        jobs_announce(jobs);
    return true;
}

static bool reject(StoreConnection *connection, void *argument, Error *error)
{
    Verdict *self = argument;
    return store_job_reject(connection, self->job->job_id, self->sentence, self->now,
                            &self->changed, error);
}

bool jobs_rejected(const Jobs *jobs, const JobValidating *job, const char *sentence, int64_t now,
                   Error *error)
{
    Verdict work = {.job = job, .sentence = sentence, .now = now};
    if (!store_write(jobs->store, reject, &work, error))
        return false;
    if (work.changed) {
        LOG_CONTEXT(.job_id = job->job_id);
        log_warning("The upload cannot be used: %s", sentence);
    }
    return true;
}
