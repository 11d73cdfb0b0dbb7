#include "web/library/files/transit.h"

#include <pthread.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/store/store_transit.h"

#define TRANSIT_SET_MAGIC  0x54534554u /* "TSET" */
#define TRANSIT_NEXT_MAGIC 0x544e5854u /* "TNXT" */

/* Paths that are reserved together; in a list, those whose end is not yet in the database. */
typedef struct TransitSet {
    unsigned magic;
    TransitPaths paths;
    struct TransitSet *next;
} TransitSet;

/* A file that could not be removed. */
typedef struct Resisting {
    char *path;
    int64_t retry_at; /* monotonic, ms */
    struct Resisting *next;
} Resisting;

struct Transit {
    Store *store; /* immutable, as the next */
    Storage storage;
    pthread_mutex_t lock;
    TransitSet *abandoned; /* guarded by the lock */
    /* the sweeping thread's */
    Resisting *resisting;           /* at most one for each row of the table */
    char after[MEDIA_PATH_MAX + 1]; /* where the last slice ended; "": at the end */
};

Transit *transit_new(Store *store, Storage storage)
{
    Transit *transit = NEW(Transit);
    transit->store = store;
    transit->storage = storage;
    pthread_mutex_init(&transit->lock, NULL);
    return transit;
}

static void transit_drop_resisting(Resisting **link)
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
        transit_drop_resisting(&transit->resisting);
    for (TransitSet *next, *set = transit->abandoned; set; set = next) {
        next = set->next;
        free(set);
    }
    pthread_mutex_destroy(&transit->lock);
    free(transit);
}

static bool transit_write_all_ready(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    return store_transit_ready_all(connection, error);
}

bool transit_recover(Transit *transit, Error *error)
{
    return store_write(transit->store, transit_write_all_ready, NULL, error);
}

/* --- on their way in --- */

static bool transit_write_reserved(StoreConnection *connection, void *argument, Error *error)
{
    const TransitSet *set = CAST_OBJECT(TransitSet, argument, TRANSIT_SET_MAGIC);
    for (size_t i = 0; i < TRANSIT_PATHS_MAX; i++)
        if (set->paths.path[i][0] && !store_transit_reserve(connection, set->paths.path[i], error))
            return false;
    return true;
}

bool transit_reserve(Transit *transit, const TransitPaths *paths, Error *error)
{
    TransitSet set = {.magic = TRANSIT_SET_MAGIC, .paths = *paths};
    return store_write(transit->store, transit_write_reserved, &set, error);
}

static void transit_push_abandoned(Transit *transit, TransitSet *set)
{
    pthread_mutex_lock(&transit->lock);
    set->next = transit->abandoned;
    transit->abandoned = set;
    pthread_mutex_unlock(&transit->lock);
}

void transit_abandon(Transit *transit, const TransitPaths *paths)
{
    TransitSet *set = NEW(TransitSet);
    *set = (TransitSet){.magic = TRANSIT_SET_MAGIC, .paths = *paths};
    transit_push_abandoned(transit, set);
}

/* --- on their way out --- */

static bool transit_write_ready(StoreConnection *connection, void *argument, Error *error)
{
    const TransitSet *set = CAST_OBJECT(TransitSet, argument, TRANSIT_SET_MAGIC);
    for (size_t i = 0; i < TRANSIT_PATHS_MAX; i++)
        if (set->paths.path[i][0] && !store_transit_ready(connection, set->paths.path[i], error))
            return false;
    return true;
}

/* Tells the database what was abandoned. What it does not take now is kept for the next sweep. */
static bool transit_ready_abandoned(Transit *transit, Error *error)
{
    for (;;) {
        pthread_mutex_lock(&transit->lock);
        TransitSet *set = transit->abandoned;
        if (set)
            transit->abandoned = set->next;
        pthread_mutex_unlock(&transit->lock);
        if (!set)
            return true;
        if (!store_write(transit->store, transit_write_ready, set, error)) {
            transit_push_abandoned(transit, set);
            return false;
        }
        free(set);
    }
}

typedef struct TransitNext {
    unsigned magic;
    char after[MEDIA_PATH_MAX + 1];
    char path[MEDIA_PATH_MAX + 1];
    bool found;
} TransitNext;

static bool transit_read_next(StoreConnection *connection, void *argument, Error *error)
{
    TransitNext *next = CAST_OBJECT(TransitNext, argument, TRANSIT_NEXT_MAGIC);
    return store_transit_next(connection, next->after, next->path, &next->found, error);
}

static bool transit_write_gone(StoreConnection *connection, void *argument, Error *error)
{
    const TransitNext *next = CAST_OBJECT(TransitNext, argument, TRANSIT_NEXT_MAGIC);
    return store_transit_delete(connection, next->path, error);
}

/* File first, then its row; one that resists is let be for a while. */
static void transit_remove(Transit *transit, TransitNext *next, const TransitSweep *sweep)
{
    Resisting **link = &transit->resisting;
    Error error = {0};
    while (*link && !streq((*link)->path, next->path))
        link = &(*link)->next;
    if (*link && sweep->now < (*link)->retry_at)
        return;
    sweep->removing(sweep->context, next->path);
    if (storage_remove(&transit->storage, next->path, &error) &&
        store_write(transit->store, transit_write_gone, next, &error)) {
        if (*link)
            transit_drop_resisting(link);
        return;
    }
    if (!*link) {
        *link = NEW(Resisting);
        (*link)->path = base_strdup(next->path);
        log_error("%s is to be removed, which is tried again every minute: %s", next->path,
                  error.detail);
    }
    (*link)->retry_at = sweep->now + TRANSIT_RETRY_MS;
}

bool transit_sweep(Transit *transit, const TransitSweep *sweep, bool *more, Error *error)
{
    TransitNext next = {.magic = TRANSIT_NEXT_MAGIC};
    int64_t end = clock_monotonic_ms() + TRANSIT_SLICE_MS;
    Error later;
    bool told = transit_ready_abandoned(transit, error);
    *more = false;
    base_copy(next.after, sizeof next.after, transit->after);
    for (size_t looked = 0; !sweep->stop || !atomic_load(sweep->stop); looked++) {
        *more = looked == TRANSIT_SLICE_FILES || clock_monotonic_ms() >= end;
        if (*more)
            break;
        if (!store_read(transit->store, transit_read_next, &next, told ? error : &later))
            return false;
        if (!next.found) {
            transit->after[0] = '\0';
            break;
        }
        transit_remove(transit, &next, sweep);
        base_copy(next.after, sizeof next.after, next.path);
        base_copy(transit->after, sizeof transit->after, next.path);
    }
    return told;
}
