#include "web/store/sqlite/readers.h"

#include <pthread.h>

struct Readers {
    char *path; /* immutable */
    pthread_mutex_t lock;
    pthread_cond_t returned;
    StoreConnection *idle[STORE_READERS_MAX]; /* guarded by the lock, as the counts */
    size_t idle_count;
    size_t taken_count;
};

Readers *readers_new(const char *path)
{
    Readers *readers = NEW(Readers);
    readers->path = base_strdup(path);
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->returned, NULL);
    return readers;
}

void readers_free(Readers *readers)
{
    REQUIRE(readers->taken_count == 0);
    for (size_t i = 0; i < readers->idle_count; i++)
        connection_close(readers->idle[i]);
    pthread_cond_destroy(&readers->returned);
    pthread_mutex_destroy(&readers->lock);
    free(readers->path);
    free(readers);
}

/* NULL: the caller may open one more. */
static StoreConnection *readers_take(Readers *readers)
{
    pthread_mutex_lock(&readers->lock);
    while (readers->idle_count == 0 && readers->taken_count == STORE_READERS_MAX)
        pthread_cond_wait(&readers->returned, &readers->lock);
    readers->taken_count++;
    StoreConnection *connection =
        readers->idle_count > 0 ? readers->idle[--readers->idle_count] : NULL;
    pthread_mutex_unlock(&readers->lock);
    return connection;
}

static void readers_give_back(Readers *readers, StoreConnection *connection)
{
    pthread_mutex_lock(&readers->lock);
    readers->taken_count--;
    if (connection)
        readers->idle[readers->idle_count++] = connection;
    pthread_cond_signal(&readers->returned);
    pthread_mutex_unlock(&readers->lock);
}

static bool readers_run_on(StoreConnection *connection, StoreFunction *function, void *argument,
                           Error *error)
{
    if (!statement_run(connection, STATEMENT_BEGIN_READ, NO_VALUES, NULL, error))
        return false;
    bool done = function(connection, argument, error);
    if (!sqlite3_get_autocommit(connection->database))
        IGNORE_RESULT(statement_run(connection, STATEMENT_COMMIT, NO_VALUES, NULL, NULL));
    return done;
}

/* One whose snapshot could not be ended would show the next reader the past. */
static StoreConnection *still_sound(StoreConnection *connection)
{
    if (connection && sqlite3_get_autocommit(connection->database))
        return connection;
    connection_close(connection);
    return NULL;
}

bool readers_run(Readers *readers, StoreFunction *function, void *argument, Error *error)
{
    StoreConnection *connection = readers_take(readers);
    if (!connection)
        connection = connection_open(readers->path, CONNECTION_READER, error);
    bool done = connection && readers_run_on(connection, function, argument, error);
    readers_give_back(readers, still_sound(connection));
    return done;
}
