#include "web/upkeep/validator.h"

#include <pthread.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/jobs/validating.h"

struct Validator {
    ValidatorOptions options; /* immutable */
    pthread_t threads[VALIDATOR_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char busy[VALIDATOR_THREADS][UUID_SIZE]; /* jobs being looked at; guarded by lock */
    unsigned wakes;                          /* guarded by lock */
    atomic_bool stopping;                    /* set under the lock */
};

typedef struct Thread {
    Validator *validator;
    size_t index;
} Thread;

/* Returns true when it is time to stop. */
static bool pause_or_stop(Validator *validator)
{
    int64_t until = clock_monotonic_ms() + validator->options.pause_ms;
    struct timespec deadline = {until / 1000, until % 1000 * 1000000};
    int result = 0;
    pthread_mutex_lock(&validator->lock);
    while (!atomic_load(&validator->stopping) && result == 0)
        result = pthread_cond_timedwait(&validator->changed, &validator->lock, &deadline);
    bool stopping = atomic_load(&validator->stopping);
    pthread_mutex_unlock(&validator->lock);
    return stopping;
}

/* --- one job --- */

static bool probe(const Validator *validator, const JobValidating *job, DecoderFacts *out,
                  Error *error)
{
    const ValidatorOptions *options = &validator->options;
    _cleanup_stored_file_ StoredFile *file =
        storage_open(&options->library->storage, job->original.path, error);
    int fd = file ? stored_file_lend_fd(file, error) : -1;
    return fd >= 0 && options->probe(fd, &validator->stopping, out, error);
}

/* Until it is known whose fault it is; ERROR_CANCELLED when the program is being stopped. */
static bool probe_patiently(Validator *validator, const JobValidating *job, DecoderFacts *out,
                            Error *error)
{
    for (int try = 1;; try++) {
        Error fault = {0};
        if (probe(validator, job, out, &fault))
            return true;
        bool certain = fault.code == ERROR_MEDIA || fault.code == ERROR_CANCELLED;
        if (certain || try == VALIDATOR_TRIES)
            return error_set(error, fault.code, "%s", fault.detail);
        log_warning("An upload could not be looked at: %s", fault.detail);
        if (pause_or_stop(validator))
            return error_set(error, ERROR_CANCELLED, "The program is being stopped.");
    }
}

static MediaFound found_of(const DecoderFacts *facts)
{
    return (MediaFound){.kind = facts->kind == MEDIA_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO,
                        .width = facts->width,
                        .height = facts->height,
                        .duration = facts->duration,
                        .frame_rate = facts->frame_rate};
}

static bool settle(Validator *validator, const JobValidating *job, Error *error)
{
    const Jobs *jobs = validator->options.library->jobs;
    DecoderFacts facts;
    Error fault = {0};
    LOG_CONTEXT(.job_id = job->job_id);
    if (probe_patiently(validator, job, &facts, &fault)) {
        MediaFound found = found_of(&facts);
        log_info("The upload is %s of %d by %d, %.1f s, %s %s.", media_kind_words[found.kind],
                 facts.width, facts.height, facts.duration, facts.video_codec, facts.audio_codec);
        return jobs_validated(jobs, job, &found, clock_wall_ms(), error);
    }
    if (fault.code == ERROR_CANCELLED)
        return true;
    if (fault.code == ERROR_MEDIA)
        return jobs_rejected(jobs, job, fault.detail, clock_wall_ms(), error);
    log_error("An upload is queued without having been looked at: %s", fault.detail);
    return jobs_validated(jobs, job, NULL, clock_wall_ms(), error);
}

/* --- the threads --- */

/* The lock is held while the database is asked, so that no two take the same job. */
static bool take_locked(const Thread *self, JobValidating *job, bool *found, Error *error)
{
    Validator *validator = self->validator;
    const char *other = validator->busy[VALIDATOR_THREADS - 1 - self->index];
    if (!jobs_validating_next(validator->options.library->jobs, other, job, found, error))
        return false;
    base_copy(validator->busy[self->index], UUID_SIZE, *found ? job->job_id : "");
    return true;
}

/* Waits for a job to look at. *found false: it is time to stop. */
static bool await_job(const Thread *self, JobValidating *job, bool *found, Error *error)
{
    Validator *validator = self->validator;
    bool asked = true;
    *found = false;
    pthread_mutex_lock(&validator->lock);
    while (asked && !*found && !atomic_load(&validator->stopping)) {
        unsigned wakes = validator->wakes;
        asked = take_locked(self, job, found, error);
        while (asked && !*found && wakes == validator->wakes && !atomic_load(&validator->stopping))
            pthread_cond_wait(&validator->changed, &validator->lock);
    }
    pthread_mutex_unlock(&validator->lock);
    return asked;
}

static void leave_job(const Thread *self)
{
    pthread_mutex_lock(&self->validator->lock);
    *self->validator->busy[self->index] = '\0';
    pthread_mutex_unlock(&self->validator->lock);
}

/* A database that fails does so for a while: what it did not take is looked at again. */
static void *work(void *argument)
{
    Thread *self = argument;
    bool going = true;
    while (going) {
        JobValidating job;
        bool found;
        Error error = {0};
        bool good = await_job(self, &job, &found, &error);
        going = found || !good;
        if (found) {
            good = settle(self->validator, &job, &error);
            leave_job(self);
        }
        if (!good) {
            log_error("Uploads cannot be looked at: %s", error.detail);
            going = !pause_or_stop(self->validator);
        }
    }
    free(self);
    return NULL;
}

static void start_thread(Validator *validator, size_t index)
{
    Thread *thread = NEW(Thread);
    *thread = (Thread){validator, index};
    REQUIRE(pthread_create(&validator->threads[index], NULL, work, thread) == 0);
}

_Static_assert(VALIDATOR_THREADS == 2, "each thread leaves out the job of the one other");

Validator *validator_start(const ValidatorOptions *options)
{
    Validator *validator = NEW(Validator);
    pthread_condattr_t attributes;
    validator->options = *options;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&validator->lock, NULL);
    pthread_cond_init(&validator->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    for (size_t i = 0; i < VALIDATOR_THREADS; i++)
        start_thread(validator, i);
    return validator;
}

void validator_wake(Validator *validator)
{
    if (!validator)
        return;
    pthread_mutex_lock(&validator->lock);
    validator->wakes++;
    pthread_cond_broadcast(&validator->changed);
    pthread_mutex_unlock(&validator->lock);
}

void validator_stop(Validator *validator)
{
    if (!validator)
        return;
    pthread_mutex_lock(&validator->lock);
    atomic_store(&validator->stopping, true);
    pthread_cond_broadcast(&validator->changed);
    pthread_mutex_unlock(&validator->lock);
    for (size_t i = 0; i < VALIDATOR_THREADS; i++)
        pthread_join(validator->threads[i], NULL);
    pthread_cond_destroy(&validator->changed);
    pthread_mutex_destroy(&validator->lock);
    free(validator);
}
