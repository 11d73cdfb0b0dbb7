#include "web/http/server/workers.h"

#include <pthread.h>
#include <sys/resource.h>

#define NICENESS      5
#define WORKERS_MAGIC 0x57524b53u /* "WRKS" */

struct Workers {
    unsigned magic;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* guarded by lock */
    Work *first, **last;
    size_t waiting;
    bool stopping;
    /* immutable after start */
    size_t count;
    pthread_t threads[];
};

static void *workers_main(void *argument)
{
    Workers *workers = CAST_OBJECT(Workers, argument, WORKERS_MAGIC);
    /* On Linux the niceness is a thread's own: hashing an upload must not delay the answers of the
     * loops. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (!workers->first && !workers->stopping)
            pthread_cond_wait(&workers->wake, &workers->lock);
        Work *work = workers->first;
        if (!work)
            break;
        workers->first = work->next;
        if (!workers->first)
            workers->last = &workers->first;
        workers->waiting--;
        pthread_mutex_unlock(&workers->lock);
        work->run(work->object);
        pthread_mutex_lock(&workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

Workers *workers_start(size_t threads)
{
    Workers *workers = base_calloc(1, sizeof *workers + threads * sizeof workers->threads[0]);
    workers->magic = WORKERS_MAGIC;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
    workers->last = &workers->first;
    workers->count = threads;
    for (size_t i = 0; i < threads; i++)
        REQUIRE(pthread_create(&workers->threads[i], NULL, workers_main, workers) == 0);
    return workers;
}

void workers_stop(Workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
    workers->magic = 0;
    free(workers);
}

void workers_push(Workers *workers, Work *work)
{
    work->next = NULL;
    pthread_mutex_lock(&workers->lock);
    *workers->last = work;
    workers->last = &work->next;
    workers->waiting++;
    pthread_cond_signal(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
}

size_t workers_waiting(Workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    size_t waiting = workers->waiting;
    pthread_mutex_unlock(&workers->lock);
    return waiting;
}

size_t workers_threads(const Workers *workers)
{
    return workers->count;
}
