#include "web/library/doomed.h"

#include <pthread.h>

#include "web/store/store_file.h"

/* A reservation whose end is not yet in the database. */
typedef struct Abandoned {
    DoomedPaths paths;
    struct Abandoned *next;
} Abandoned;

struct Doomed {
    Store *store; /* immutable */
    Volume *volume;
    pthread_mutex_t lock;
    Abandoned *abandoned; /* guarded by the lock */
};

Doomed *doomed_new(Store *store, Volume *volume)
{
    Doomed *doomed = NEW(Doomed);
    doomed->store = store;
    doomed->volume = volume;
    pthread_mutex_init(&doomed->lock, NULL);
    return doomed;
}

void doomed_free(Doomed *doomed)
{
    if (!doomed)
        return;
    for (Abandoned *next, *item = doomed->abandoned; item; item = next) {
        next = item->next;
        free(item);
    }
    pthread_mutex_destroy(&doomed->lock);
    free(doomed);
}

static bool ready_all(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    return store_doomed_ready_all(connection, error);
}

bool doomed_recover(Doomed *doomed, Error *error)
{
    return store_write(doomed->store, ready_all, NULL, error);
}

static bool reserve(StoreConnection *connection, void *argument, Error *error)
{
    const DoomedPaths *paths = argument;
    for (size_t i = 0; i < DOOMED_PATHS_MAX; i++)
        if (paths->path[i][0] && !store_doomed_reserve(connection, paths->path[i], error))
            return false;
    return true;
}

bool doomed_reserve(Doomed *doomed, const DoomedPaths *paths, Error *error)
{
    return store_write(doomed->store, reserve, (void *)paths, error);
}

void doomed_abandon(Doomed *doomed, const DoomedPaths *paths)
{
    Abandoned *item = NEW(Abandoned);
    item->paths = *paths;
    pthread_mutex_lock(&doomed->lock);
    item->next = doomed->abandoned;
    doomed->abandoned = item;
    pthread_mutex_unlock(&doomed->lock);
}

static bool ready(StoreConnection *connection, void *argument, Error *error)
{
    const DoomedPaths *paths = argument;
    for (size_t i = 0; i < DOOMED_PATHS_MAX; i++)
        if (paths->path[i][0] && !store_doomed_ready(connection, paths->path[i], error))
            return false;
    return true;
}

static Abandoned *take_abandoned(Doomed *doomed)
{
    pthread_mutex_lock(&doomed->lock);
    Abandoned *item = doomed->abandoned;
    if (item)
        doomed->abandoned = item->next;
    pthread_mutex_unlock(&doomed->lock);
    return item;
}

/* One that the database does not take now is kept for the next sweep. */
static bool settle_abandoned(Doomed *doomed, Error *error)
{
    for (Abandoned *item; (item = take_abandoned(doomed));) {
        bool settled = store_write(doomed->store, ready, &item->paths, error);
        if (!settled)
            doomed_abandon(doomed, &item->paths);
        free(item);
        if (!settled)
            return false;
    }
    return true;
}

typedef struct Next {
    char after[MEDIA_PATH_MAX + 1];
    char path[MEDIA_PATH_MAX + 1];
    bool found;
} Next;

static bool find_next(StoreConnection *connection, void *argument, Error *error)
{
    Next *next = argument;
    return store_doomed_next(connection, next->after, next->path, &next->found, error);
}

static bool forget(StoreConnection *connection, void *argument, Error *error)
{
    return store_doomed_delete(connection, argument, error);
}

bool doomed_sweep(Doomed *doomed, DoomedRemoving *removing, void *context, Error *error)
{
    Next next = {0};
    Error later;
    bool good = settle_abandoned(doomed, error);
    for (;;) {
        if (!store_read(doomed->store, find_next, &next, good ? error : &later))
            return false;
        if (!next.found)
            return good;
        removing(context, next.path);
        if (!volume_remove(doomed->volume, next.path, good ? error : &later) ||
            !store_write(doomed->store, forget, next.path, good ? error : &later))
            good = false;
        base_copy(next.after, sizeof next.after, next.path);
    }
}
