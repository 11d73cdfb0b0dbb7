#include "web/library/files/transit.h"

#include <pthread.h>

#include "common/base/log.h"
#include "web/store/store_transit.h"

/* A reservation whose end is not yet in the database. */
typedef struct Abandoned {
    TransitPaths paths;
    struct Abandoned *next;
} Abandoned;

/* A file that could not be removed. */
typedef struct Resisting {
    char *path;
    int64_t retry_at; /* monotonic, ms */
    struct Resisting *next;
} Resisting;

struct Transit {
    Store *store; /* immutable */
    Storage storage;
    pthread_mutex_t lock;
    Abandoned *abandoned; /* guarded by the lock */
    Resisting *resisting; /* the sweeping thread's; at most one for each row of the table */
};

Transit *transit_new(Store *store, Storage storage)
{
    Transit *transit = NEW(Transit);
    transit->store = store;
    transit->storage = storage;
    pthread_mutex_init(&transit->lock, NULL);
    return transit;
}

static void forget_resisting(Resisting **link)
{
    Resisting *item = *link;
    *link = item->next;
    free(item->path);
    free(item);
}

void transit_free(Transit *transit)
{
    if (!transit)
        return;
    while (transit->resisting)
        forget_resisting(&transit->resisting);
    for (Abandoned *next, *item = transit->abandoned; item; item = next) {
        next = item->next;
        free(item);
    }
    pthread_mutex_destroy(&transit->lock);
    free(transit);
}

static bool ready_all(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    return store_transit_ready_all(connection, error);
}

bool transit_recover(Transit *transit, Error *error)
{
    return store_write(transit->store, ready_all, NULL, error);
}

static bool reserve(StoreConnection *connection, void *argument, Error *error)
{
    const TransitPaths *paths = argument;
    for (size_t i = 0; i < TRANSIT_PATHS_MAX; i++)
        if (paths->path[i][0] && !store_transit_reserve(connection, paths->path[i], error))
            return false;
    return true;
}

bool transit_reserve(Transit *transit, const TransitPaths *paths, Error *error)
{
    return store_write(transit->store, reserve, (void *)paths, error);
}

void transit_abandon(Transit *transit, const TransitPaths *paths)
{
    Abandoned *item = NEW(Abandoned);
    item->paths = *paths;
    pthread_mutex_lock(&transit->lock);
    item->next = transit->abandoned;
    transit->abandoned = item;
    pthread_mutex_unlock(&transit->lock);
}

static bool ready(StoreConnection *connection, void *argument, Error *error)
{
    const TransitPaths *paths = argument;
    for (size_t i = 0; i < TRANSIT_PATHS_MAX; i++)
        if (paths->path[i][0] && !store_transit_ready(connection, paths->path[i], error))
            return false;
    return true;
}

static Abandoned *take_abandoned(Transit *transit)
{
    pthread_mutex_lock(&transit->lock);
    Abandoned *item = transit->abandoned;
    if (item)
        transit->abandoned = item->next;
    pthread_mutex_unlock(&transit->lock);
    return item;
}

/* One that the database does not take now is kept for the next sweep. */
static bool settle_abandoned(Transit *transit, Error *error)
{
    for (Abandoned *item; (item = take_abandoned(transit));) {
        bool settled = store_write(transit->store, ready, &item->paths, error);
        if (!settled)
            transit_abandon(transit, &item->paths);
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
    return store_transit_next(connection, next->after, next->path, &next->found, error);
}

static bool forget(StoreConnection *connection, void *argument, Error *error)
{
    return store_transit_delete(connection, argument, error);
}

/* Where the path stands in the list, or the list's end. */
static Resisting **find_resisting(Transit *transit, const char *path)
{
    Resisting **link = &transit->resisting;
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
    (*link)->retry_at = now + TRANSIT_RETRY_MS;
}

static void remove_one(Transit *transit, char *path, const TransitSweep *sweep)
{
    Resisting **link = find_resisting(transit, path);
    Error error = {0};
    if (*link && sweep->now < (*link)->retry_at)
        return;
    sweep->removing(sweep->context, path);
    if (!storage_remove(&transit->storage, path, &error) ||
        !store_write(transit->store, forget, path, &error))
        resist(link, path, sweep->now, &error);
    else if (*link)
        forget_resisting(link);
}

bool transit_sweep(Transit *transit, const TransitSweep *sweep, Error *error)
{
    Next next = {0};
    Error later;
    bool settled = settle_abandoned(transit, error);
    while (!sweep->stop || !atomic_load(sweep->stop)) {
        if (!store_read(transit->store, find_next, &next, settled ? error : &later))
            return false;
        if (!next.found)
            break;
        remove_one(transit, next.path, sweep);
        base_copy(next.after, sizeof next.after, next.path);
    }
    return settled;
}
