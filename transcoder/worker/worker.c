#include "transcoder/worker/worker.h"

#include <pthread.h>

#include "common/base/log.h"
#include "transcoder/worker/job.h"

#define REPORT_OUTLAST_MS 60000
#define CLAIM_BACKOFF_MS  5000
#define AHEAD_MS          60000
#define AHEAD_PAUSE_MS    2000
#define SPACE_LOOK_MS     10000

const WorkerTiming worker_timing_standard = {
    .transfer = BACKOFF_STANDARD,
    .claim_ms = CLAIM_BACKOFF_MS,
    .ahead_ms = AHEAD_MS,
    .ahead_pause_ms = AHEAD_PAUSE_MS,
    .report = {.first_ms = 1000,
               .maximum_ms = TRANSFER_BACKOFF_MAX * 1000,
               .outlast_ms = REPORT_OUTLAST_MS,
               .tries_min = 3},
    .lease = LEASE_TIMING_STANDARD,
    .space_ms = SPACE_LOOK_MS,
    .claim_wait_seconds = CLAIM_WAIT_SECONDS_MAX,
};

struct Workers {
    WorkerShared shared;
    Flag ended;
    atomic_int running;
    int count;
    struct WorkerThread {
        Workers *workers;
        Worker worker;
        pthread_t thread;
    } threads[];
};

static void *work(void *context)
{
    struct WorkerThread *self = context;
    Workers *workers = self->workers;
    while (!flag_raised(&workers->shared.stop))
        job_run(&self->worker);
    if (atomic_fetch_sub(&workers->running, 1) == 1)
        flag_raise(&workers->ended);
    return NULL;
}

static void free_worker(Worker *worker)
{
    gate_part(&worker->pass);
    web_client_free(&worker->client);
}

static bool start_thread(Workers *workers, Error *error)
{
    const WorkerOptions *options = workers->shared.options;
    struct WorkerThread *added = &workers->threads[workers->count];
    added->workers = workers;
    added->worker.shared = &workers->shared;
    if (!web_client_new(options->web_url, options->token, &added->worker.client, error))
        return false;
    gate_join(&workers->shared.gate, &added->worker.pass);
    atomic_fetch_add(&workers->running, 1);
    int result = pthread_create(&added->thread, NULL, work, added);
    if (result == 0) {
        workers->count++;
        return true;
    }
    atomic_fetch_sub(&workers->running, 1);
    free_worker(&added->worker);
    return error_set_errno(error, result, "A worker's thread could not be started");
}

bool workers_start(const WorkerOptions *options, Workers **out, Error *error)
{
    REQUIRE(options->jobs > 0);
    int threads = 2 * options->jobs + 1;
    GateSpec gate = {.slots = options->jobs,
                     .ahead_ms = options->timing.ahead_ms,
                     .ahead_pause_ms = options->timing.ahead_pause_ms};
    _cleanup_(workers_free) Workers *workers =
        base_calloc(1, sizeof *workers + (size_t)threads * sizeof workers->threads[0]);
    workers->shared.options = options;
    gate_init(&workers->shared.gate, &gate);
    flag_init(&workers->shared.stop);
    flag_init(&workers->shared.cut);
    flag_init(&workers->ended);
    while (workers->count < threads)
        if (!start_thread(workers, error))
            return false;
    *out = TAKE_PTR(workers);
    return true;
}

void workers_stop(Workers *workers)
{
    flag_raise(&workers->shared.stop);
}

void workers_cut(Workers *workers)
{
    flag_raise(&workers->shared.cut);
}

Flag *workers_ended(Workers *workers)
{
    return &workers->ended;
}

void workers_free(Workers **workers_taken)
{
    Workers *workers = *workers_taken;
    if (!workers)
        return;
    workers_stop(workers);
    workers_cut(workers);
    for (int i = 0; i < workers->count; i++) {
        pthread_join(workers->threads[i].thread, NULL);
        free_worker(&workers->threads[i].worker);
    }
    gate_release(&workers->shared.gate);
    flag_release(&workers->shared.stop);
    flag_release(&workers->shared.cut);
    flag_release(&workers->ended);
    free(workers);
    *workers_taken = NULL;
}
