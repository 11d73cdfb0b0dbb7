#include "web/upkeep/validator.h"

#include <pthread.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/jobs/validating.h"

#define VALIDATOR_MAGIC        0x56414c49u /* "VALI" */
#define VALIDATOR_THREAD_MAGIC 0x56544852u /* "VTHR" */

struct Validator {
    unsigned magic;
    ValidatorOptions options; /* immutable */
    pthread_t threads[VALIDATOR_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char busy[VALIDATOR_THREADS][UUID_SIZE]; /* jobs being looked at; guarded by lock */
    unsigned wakes;                          /* guarded by lock */
    atomic_bool stopping;                    /* set under the lock */
};

typedef struct ValidatorThread {
    unsigned magic;
    Validator *validator;
    size_t index;
} ValidatorThread;

/* Returns true when it is time to stop. */
static bool validator_pause(Validator *validator)
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

/* Again until it is known whose fault it is; ERROR_CANCELLED when the program is being stopped. */
static bool validator_probe(Validator *validator, const JobValidating *job, DecoderFacts *out,
                            Error *error)
{
    const ValidatorOptions *options = &validator->options;
    for (int try = 1;; try++) {
        Error fault = {0};
        _cleanup_stored_file_ StoredFile *file =
            storage_open(&options->library->storage, job->original.path, &fault);
        int fd = file ? stored_file_lend_fd(file, &fault) : -1;
        if (fd >= 0 && options->probe(fd, &validator->stopping, out, &fault))
            return true;
        bool certain = fault.code == ERROR_MEDIA || fault.code == ERROR_CANCELLED;
        if (certain || try == VALIDATOR_TRIES)
            return error_set(error, fault.code, "%s", fault.detail);
        log_warning("An upload could not be looked at: %s", fault.detail);
        if (validator_pause(validator))
            return error_set(error, ERROR_CANCELLED, "The program is being stopped.");
    }
}

/* Looks at the original and queues its job, or fails it. */
static bool validator_judge(Validator *validator, const JobValidating *job, Error *error)
{
    const Jobs *jobs = validator->options.library->jobs;
    DecoderFacts facts;
    Error fault = {0};
    LOG_CONTEXT(.job_id = job->job_id);
    if (validator_probe(validator, job, &facts, &fault)) {
        MediaFound found = {.kind = facts.kind == MEDIA_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO,
                            .width = facts.width,
                            .height = facts.height,
                            .duration = facts.duration,
                            .frame_rate = facts.frame_rate};
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

_Static_assert(VALIDATOR_THREADS == 2, "each thread leaves out the job of the one other");

/* Waits for a job to look at. *found false: it is time to stop. The lock is held while the database
 * is asked, so that no two take the same job. */
static bool validator_await_job(const ValidatorThread *self, JobValidating *job, bool *found,
                                Error *error)
{
    Validator *validator = self->validator;
    const Jobs *jobs = validator->options.library->jobs;
    const char *other = validator->busy[VALIDATOR_THREADS - 1 - self->index];
    bool asked = true;
    *found = false;
    pthread_mutex_lock(&validator->lock);
    while (asked && !*found && !atomic_load(&validator->stopping)) {
        unsigned wakes = validator->wakes;
        asked = jobs_validating_next(jobs, other, job, found, error);
        while (asked && !*found && wakes == validator->wakes && !atomic_load(&validator->stopping))
            pthread_cond_wait(&validator->changed, &validator->lock);
    }
    base_copy(validator->busy[self->index], UUID_SIZE, asked && *found ? job->job_id : "");
    pthread_mutex_unlock(&validator->lock);
    return asked;
}

/* A database that fails does so for a while: what it did not take is looked at again. */
static void *validator_work(void *argument)
{
    ValidatorThread *self = CAST_OBJECT(ValidatorThread, argument, VALIDATOR_THREAD_MAGIC);
    Validator *validator = self->validator;
    bool going = true;
    while (going) {
        JobValidating job;
        bool found;
        Error error = {0};
        bool good = validator_await_job(self, &job, &found, &error);
        going = found || !good;
        if (found) {
            good = validator_judge(validator, &job, &error);
            pthread_mutex_lock(&validator->lock);
            *validator->busy[self->index] = '\0';
            pthread_mutex_unlock(&validator->lock);
        }
        if (!good) {
            log_error("Uploads cannot be looked at: %s", error.detail);
            going = !validator_pause(validator);
        }
    }
    free(self);
    return NULL;
}

Validator *validator_start(const ValidatorOptions *options)
{
    Validator *validator = NEW(Validator);
    pthread_condattr_t attributes;
    validator->magic = VALIDATOR_MAGIC;
    validator->options = *options;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&validator->lock, NULL);
    pthread_cond_init(&validator->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    for (size_t i = 0; i < VALIDATOR_THREADS; i++) {
        ValidatorThread *thread = NEW(ValidatorThread);
        *thread = (ValidatorThread){VALIDATOR_THREAD_MAGIC, validator, i};
        REQUIRE(pthread_create(&validator->threads[i], NULL, validator_work, thread) == 0);
    }
    return validator;
}

void validator_wake(void *pointer)
{
    Validator *validator = CAST_OBJECT(Validator, pointer, VALIDATOR_MAGIC);
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
    validator->magic = 0;
    free(validator);
}
