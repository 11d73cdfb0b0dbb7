#include "web/store/store.h"

#include <pthread.h>

#include "common/base/clock.h"
#include "common/base/health.h"
#include "common/metrics/metrics.h"
#include "web/store/sqlite/migrations.h"

#define STORE_MAGIC 0x53544f52u /* "STOR" */

/* One caller waiting for its write; lives on its stack. */
typedef struct Write {
    StoreFunction *function;
    void *argument;
    Error error;
    bool succeeded;
    bool finished; /* guarded by the lock */
    pthread_cond_t changed;
    struct Write *next;
} Write;

struct Store {
    unsigned magic;
    char *path; /* immutable */

    StoreConnection *connection; /* the writing thread's */
    Health health;               /* of what it writes */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    Write *first, **last; /* guarded by the lock, with count and stopping */
    size_t count;
    bool stopping;

    pthread_mutex_t readers_lock;
    pthread_cond_t returned;
    StoreConnection *idle[STORE_READERS_MAX]; /* guarded by readers_lock, as the counts */
    size_t idle_count;
    size_t taken_count;
};

/* SQLite takes back the whole transaction by itself after some failures, such as a full disk. */
static bool store_in_transaction(const StoreConnection *connection)
{
    return !sqlite3_get_autocommit(connection->database);
}

/* --- writing --- */

/*
 * Runs all of a batch in one transaction, each write in a savepoint of its own, so that a refused
 * one takes back only its own changes. False: nothing of it has happened, because the commit failed
 * or because what one write did could no longer be told from what the others did. *changed: there
 * was something to commit.
 */
static bool store_commit_batch(StoreConnection *connection, Write *batch, bool *changed,
                               Error *error)
{
    if (!statement_run(connection, STATEMENT_BEGIN_WRITE, NO_VALUES, NULL, error))
        return false;
    for (Write *write = batch; write; write = write->next) {
        int changes = sqlite3_total_changes(connection->database);
        Error *own = &write->error, reason = {.detail = "The transaction was lost."};
        write->succeeded = statement_run(connection, STATEMENT_SAVEPOINT, NO_VALUES, NULL, own) &&
                           write->function(connection, write->argument, own);
        bool apart =
            store_in_transaction(connection) &&
            (write->succeeded ||
             statement_run(connection, STATEMENT_SAVEPOINT_ROLLBACK, NO_VALUES, NULL, &reason)) &&
            statement_run(connection, STATEMENT_SAVEPOINT_RELEASE, NO_VALUES, NULL, &reason);
        *changed |= write->succeeded && sqlite3_total_changes(connection->database) != changes;
        if (apart)
            continue;
        if (own->code == ERROR_NO_SPACE || reason.code == ERROR_NO_SPACE)
            return error_set(error, ERROR_NO_SPACE, "%s",
                             own->code == ERROR_NO_SPACE ? own->detail : reason.detail);
        return error_set(error, ERROR_UNAVAILABLE,
                         "The database had to take back all that was under way. %s", reason.detail);
    }
    int64_t started = clock_monotonic_us();
    if (!statement_run(connection, STATEMENT_COMMIT, NO_VALUES, NULL, error))
        return false;
    metrics_observe(METRIC_SYNC_SECONDS, METRIC_SYNC_COMMIT, clock_monotonic_us() - started);
    metrics_add(METRIC_STORE_COMMITS, 0, 0, 1);
    return true;
}

/* Commits a batch, or takes all of it back. A commit in which nothing was changed says nothing
 * about the disk; a change that the disk did not take says it also where others of the batch went
 * well. */
static bool store_run_batch(Store *store, Write *batch, Error *error)
{
    StoreConnection *connection = store->connection;
    bool changed = false;
    connection->fault = (Error){0};
    bool committed = store_commit_batch(connection, batch, &changed, error);
    if (!committed && store_in_transaction(connection))
        IGNORE_RESULT(statement_run(connection, STATEMENT_ROLLBACK, NO_VALUES, NULL, NULL));
    if (!committed || connection->fault.code != ERROR_NONE) {
        metrics_add(METRIC_SYNC_FAILURES, METRIC_SYNC_COMMIT, 0, 1);
        health_note(&store->health,
                    connection->fault.code != ERROR_NONE ? &connection->fault : error);
    } else if (changed)
        health_note(&store->health, NULL);
    return committed;
}

/* Up to STORE_BATCH_MAX writes, taken off the queue; NULL when it is time to stop. */
static Write *store_take_batch(Store *store)
{
    pthread_mutex_lock(&store->lock);
    while (!store->first && !store->stopping)
        pthread_cond_wait(&store->work, &store->lock);
    Write *batch = store->first, **end = &store->first;
    for (size_t taken = 0; *end && taken < STORE_BATCH_MAX; taken++) {
        end = &(*end)->next;
        store->count--;
    }
    Write *rest = *end;
    if (batch)
        *end = NULL;
    store->first = rest;
    if (!rest)
        store->last = &store->first;
    pthread_mutex_unlock(&store->lock);
    return batch;
}

/* Once a caller is told, its Write may be gone. */
static void *store_write_batches(void *argument)
{
    Store *store = CAST_OBJECT(Store, argument, STORE_MAGIC);
    for (Write *batch; (batch = store_take_batch(store));) {
        Error error = {0};
        bool committed = store_run_batch(store, batch, &error);
        pthread_mutex_lock(&store->lock);
        while (batch) {
            Write *write = batch;
            batch = write->next;
            if (!committed) /* also who was refused: perhaps for what has not happened now */
                write->error = error;
            write->succeeded = write->succeeded && committed;
            if (write->succeeded)
                metrics_add(METRIC_STORE_WRITES, 0, 0, 1);
            write->finished = true;
            pthread_cond_signal(&write->changed);
        }
        pthread_mutex_unlock(&store->lock);
    }
    return NULL;
}

bool store_write(Store *store, StoreFunction *function, void *argument, Error *error)
{
    Write write = {.function = function, .argument = argument};
    pthread_mutex_lock(&store->lock);
    if (store->count >= STORE_QUEUE_MAX) {
        pthread_mutex_unlock(&store->lock);
        return error_set(error, ERROR_UNAVAILABLE, "The database is busy. Please try again.");
    }
    pthread_cond_init(&write.changed, NULL);
    *store->last = &write;
    store->last = &write.next;
    store->count++;
    pthread_cond_signal(&store->work);
    while (!write.finished)
        pthread_cond_wait(&write.changed, &store->lock);
    pthread_mutex_unlock(&store->lock);
    pthread_cond_destroy(&write.changed);
    if (!write.succeeded && error)
        *error = write.error;
    return write.succeeded;
}

bool store_writes_succeed(Store *store, Error *error)
{
    return health_check(&store->health, error);
}

static bool store_put_and_take(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    return statement_run(connection, STATEMENT_TRY_PUT, NO_VALUES, NULL, error) &&
           statement_run(connection, STATEMENT_TRY_TAKE, NO_VALUES, NULL, error);
}

bool store_try(Store *store, Error *error)
{
    return store_write(store, store_put_and_take, NULL, error);
}

/* --- reading --- */

bool store_read(Store *store, StoreFunction *function, void *argument, Error *error)
{
    pthread_mutex_lock(&store->readers_lock);
    while (store->idle_count == 0 && store->taken_count == STORE_READERS_MAX)
        pthread_cond_wait(&store->returned, &store->readers_lock);
    store->taken_count++;
    StoreConnection *connection = store->idle_count > 0 ? store->idle[--store->idle_count] : NULL;
    pthread_mutex_unlock(&store->readers_lock);

    if (!connection)
        connection = connection_open(store->path, CONNECTION_READER, error);
    bool done = connection &&
                statement_run(connection, STATEMENT_BEGIN_READ, NO_VALUES, NULL, error) &&
                function(connection, argument, error);
    if (connection && store_in_transaction(connection))
        IGNORE_RESULT(statement_run(connection, STATEMENT_COMMIT, NO_VALUES, NULL, NULL));
    /* One whose snapshot could not be ended would show the next reader the past. */
    if (connection && store_in_transaction(connection)) {
        connection_close(connection);
        connection = NULL;
    }

    pthread_mutex_lock(&store->readers_lock);
    store->taken_count--;
    if (connection)
        store->idle[store->idle_count++] = connection;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->readers_lock);
    return done;
}

/* --- its life --- */

Store *store_open(const char *path, Error *error)
{
    _cleanup_connection_ StoreConnection *connection =
        connection_open(path, CONNECTION_WRITER, error);
    if (!connection || !migrations_apply(connection, migrations_latest(), error))
        return NULL;
    Store *store = NEW(Store);
    store->magic = STORE_MAGIC;
    store->path = base_strdup(path);
    store->connection = TAKE_PTR(connection);
    store->last = &store->first;
    store->health = (Health)HEALTH_INITIALIZER;
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->work, NULL);
    pthread_mutex_init(&store->readers_lock, NULL);
    pthread_cond_init(&store->returned, NULL);
    REQUIRE(pthread_create(&store->thread, NULL, store_write_batches, store) == 0);
    return store;
}

void store_close(Store *store)
{
    if (!store)
        return;
    REQUIRE(store->taken_count == 0);
    for (size_t i = 0; i < store->idle_count; i++)
        connection_close(store->idle[i]);
    pthread_mutex_lock(&store->lock);
    store->stopping = true;
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->thread, NULL);
    connection_close(store->connection);
    pthread_cond_destroy(&store->returned);
    pthread_mutex_destroy(&store->readers_lock);
    pthread_cond_destroy(&store->work);
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    store->magic = 0;
    free(store);
}

const char *store_library_version(void)
{
    return sqlite3_libversion();
}
