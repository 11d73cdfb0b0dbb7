#include "web/library/doomed.h"

#include <pthread.h>

#include "common/log.h"
#include "web/store/store_file.h"

/* A reservation whose end is not yet in the database. */
typedef struct Abandoned {
    DoomedPaths paths;
    struct Abandoned *next;
} Abandoned;

/* A file that could not be removed. */
typedef struct Resisting {
    char *path;
    int64_t retry_at; /* monotonic, ms */
    struct Resisting *next;
} Resisting;

struct Doomed {
    Store *store; /* immutable */
    Volume *volume;
    pthread_mutex_t lock;
    Abandoned *abandoned; /* guarded by the lock */
    Resisting *resisting; /* the sweeping thread's; at most one for each row of the table */
};

Doomed *doomed_new(Store *store, Volume *volume)
{
    Doomed *doomed = NEW(Doomed);
    doomed->store = store;
    doomed->volume = volume;
    pthread_mutex_init(&doomed->lock, NULL);
    return doomed;
}

static void forget_resisting(Resisting **link)
{
    Resisting *item = *link;
    *link = item->next;
    free(item->path);
    free(item);
}

void doomed_free(Doomed *doomed)
{
    if (!doomed)
        return;
    while (doomed->resisting)
        forget_resisting(&doomed->resisting);
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

/* Where the path stands in the list, or the list's end. */
static Resisting **find_resisting(Doomed *doomed, const char *path)
{
    Resisting **link = &doomed->resisting;
    while (*link && !streq((*link)->path, path))
        link = &(*link)->next;
    return link;
}

static void resist(Resisting **link, const char *path, int64_t now, const Error *error)
{
    if (!*link) {
        *link = NEW(Resisting);
        (*link)->path = base_strdup(path);
        log_error("%s is to be removed, which is tried again every minute: %s", path,
                  error->detail);
    }
    (*link)->retry_at = now + DOOMED_RETRY_MS;
}

static void remove_one(Doomed *doomed, char *path, const DoomedSweep *sweep)
{
    Resisting **link = find_resisting(doomed, path);
    Error error = {0};
    if (*link && sweep->now < (*link)->retry_at)
        return;
    sweep->removing(sweep->context, path);
    if (!volume_remove(doomed->volume, path, &error) ||
        !store_write(doomed->store, forget, path, &error))
        resist(link, path, sweep->now, &error);
    else if (*link)
        forget_resisting(link);
}

bool doomed_sweep(Doomed *doomed, const DoomedSweep *sweep, Error *error)
{
    Next next = {0};
    Error later;
    bool settled = settle_abandoned(doomed, error);
    while (!sweep->stop || !atomic_load(sweep->stop)) {
        if (!store_read(doomed->store, find_next, &next, settled ? error : &later))
            return false;
        if (!next.found)
            break;
        remove_one(doomed, next.path, sweep);
        base_copy(next.after, sizeof next.after, next.path);
    }
    return settled;
}
