#include "transcoder/worker/worker.h"

#include <pthread.h>

#define WORKER_MAGIC 0x574f524bu /* "WORK" */

typedef struct Worker {
    unsigned magic;
    Workers *workers;
    WebClient *client; /* owned */
    GatePass pass;
    pthread_t thread;
} Worker;

struct Workers {
    JobShared shared;
    Flag ended;
    atomic_int running;
    int count;
    Worker threads[];
};

static void *worker_thread(void *context)
{
    Worker *worker = CAST_OBJECT(Worker, context, WORKER_MAGIC);
    Workers *workers = worker->workers;
    while (!flag_raised(&workers->shared.stop))
        job_run(&workers->shared, worker->client, &worker->pass);
    if (atomic_fetch_sub(&workers->running, 1) == 1)
        flag_raise(&workers->ended);
    return NULL;
}

static void worker_release(Worker *worker)
{
    gate_part(&worker->pass);
    web_client_free(&worker->client);
    worker->magic = 0;
}

static bool worker_start(Worker *worker, Workers *workers, Error *error)
{
    const JobOptions *options = workers->shared.options;
    worker->magic = WORKER_MAGIC;
    worker->workers = workers;
    if (!web_client_new(options->web_url, options->token, &worker->client, error))
        return false;
    gate_join(&workers->shared.gate, &worker->pass);
    atomic_fetch_add(&workers->running, 1);
    int result = pthread_create(&worker->thread, NULL, worker_thread, worker);
    if (result == 0)
        return true;
    atomic_fetch_sub(&workers->running, 1);
    worker_release(worker);
    return error_set_errno(error, result, "A worker's thread could not be started");
}

bool workers_start(const JobOptions *options, Workers **out, Error *error)
{
    REQUIRE(options->jobs > 0);
    int threads = 2 * options->jobs + 1;
    GateSpec gate = {.slots = options->jobs,
                     .ahead_ms = options->timing.ahead_ms,
                     .ahead_pause_ms = options->timing.ahead_pause_ms};
    _cleanup_(workers_free) Workers *workers =
        base_calloc(1, sizeof *workers + (size_t)threads * sizeof workers->threads[0]);
    JobShared *shared = &workers->shared;
    shared->options = options;
    gate_init(&shared->gate, &gate);
    shared->pacing = (Pacing){.gate = &shared->gate, .policy = options->timing.transfer};
    flag_init(&shared->stop);
    flag_init(&shared->cut);
    flag_init(&workers->ended);
    for (; workers->count < threads; workers->count++)
        if (!worker_start(&workers->threads[workers->count], workers, error))
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
        worker_release(&workers->threads[i]);
    }
    gate_release(&workers->shared.gate);
    flag_release(&workers->shared.stop);
    flag_release(&workers->shared.cut);
    flag_release(&workers->ended);
    free(workers);
    *workers_taken = NULL;
}
