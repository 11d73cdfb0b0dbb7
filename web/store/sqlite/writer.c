#include "web/store/sqlite/writer.h"

#include <pthread.h>

#include "common/base/clock.h"
#include "common/metrics/metrics.h"

/* One caller waiting; lives on its stack. */
typedef struct Write {
    StoreFunction *function;
    void *argument;
    Error *error; /* the caller's */
    bool succeeded;
    bool finished; /* guarded by the lock */
    pthread_cond_t changed;
    struct Write *next;
} Write;

#define WRITER_MAGIC 0x57524954u /* "WRIT" */

struct Writer {
    unsigned magic;
    StoreConnection *connection; /* the thread's */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    Write *first, **last; /* guarded by the lock, with count and stopping */
    size_t count;
    bool stopping;
};

_must_check_ static bool writer_plain(Writer *writer, StatementId id, Error *error)
{
    return statement_run(writer->connection, id, NO_VALUES, NULL, error);
}

/* SQLite takes back the whole transaction by itself after some failures, such as a full disk. */
static bool writer_in_transaction(const Writer *writer)
{
    return !sqlite3_get_autocommit(writer->connection->database);
}

/* False: what this one did can no longer be told from what the others did. */
static bool writer_run_one(Writer *writer, Write *write)
{
    write->succeeded = writer_plain(writer, STATEMENT_SAVEPOINT, write->error) &&
                       write->function(writer->connection, write->argument, write->error);
    if (!writer_in_transaction(writer))
        return false;
    if (!write->succeeded && !writer_plain(writer, STATEMENT_SAVEPOINT_ROLLBACK, NULL))
        return false;
    return writer_plain(writer, STATEMENT_SAVEPOINT_RELEASE,
                        write->succeeded ? write->error : NULL);
}

static bool writer_run_all(Writer *writer, Write *batch, Error *error)
{
    if (!writer_plain(writer, STATEMENT_BEGIN_WRITE, error))
        return false;
    for (Write *write = batch; write; write = write->next)
        if (!writer_run_one(writer, write)) {
            *error = *write->error;
            return false;
        }
    int64_t started = clock_monotonic_us();
    if (!writer_plain(writer, STATEMENT_COMMIT, error))
        return false;
    metrics_observe(METRIC_SYNC_SECONDS, METRIC_SYNC_COMMIT, clock_monotonic_us() - started);
    metrics_add(METRIC_STORE_COMMITS, 0, 0, 1);
    return true;
}

/* Tells every caller, each of whose Write may be gone right afterwards. */
static void writer_finish(Writer *writer, Write *batch, bool committed, const Error *error)
{
    pthread_mutex_lock(&writer->lock);
    while (batch) {
        Write *write = batch;
        batch = write->next;
        if (!committed && (write->succeeded || write->error->code == ERROR_NONE))
            *write->error = *error;
        write->succeeded = write->succeeded && committed;
        if (write->succeeded)
            metrics_add(METRIC_STORE_WRITES, 0, 0, 1);
        write->finished = true;
        pthread_cond_signal(&write->changed);
    }
    pthread_mutex_unlock(&writer->lock);
}

/* Up to STORE_BATCH_MAX writes, taken off the queue; NULL when it is time to stop. */
static Write *writer_take_batch(Writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (!writer->first && !writer->stopping)
        pthread_cond_wait(&writer->work, &writer->lock);
    Write *batch = writer->first, **end = &writer->first;
    size_t taken = 0;
    for (; *end && taken < STORE_BATCH_MAX; taken++)
        end = &(*end)->next;
    Write *rest = *end;
    if (batch)
        *end = NULL;
    writer->first = rest;
    if (!rest)
        writer->last = &writer->first;
    writer->count -= taken;
    pthread_mutex_unlock(&writer->lock);
    return batch;
}

static void *writer_work(void *argument)
{
    Writer *writer = CAST_OBJECT(Writer, argument, WRITER_MAGIC);
    for (Write *batch; (batch = writer_take_batch(writer));) {
        Error error = {0};
        bool committed = writer_run_all(writer, batch, &error);
        if (!committed && writer_in_transaction(writer))
            IGNORE_RESULT(writer_plain(writer, STATEMENT_ROLLBACK, NULL));
        writer_finish(writer, batch, committed, &error);
    }
    return NULL;
}

Writer *writer_start(StoreConnection *connection)
{
    Writer *writer = NEW(Writer);
    writer->magic = WRITER_MAGIC;
    writer->connection = connection;
    writer->last = &writer->first;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->work, NULL);
    REQUIRE(pthread_create(&writer->thread, NULL, writer_work, writer) == 0);
    return writer;
}

void writer_stop(Writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->lock);
    connection_close(writer->connection);
    free(writer);
}

bool writer_run(Writer *writer, StoreFunction *function, void *argument, Error *error)
{
    Error own = {0};
    Write write = {.function = function, .argument = argument, .error = &own};
    pthread_mutex_lock(&writer->lock);
    if (writer->count >= STORE_QUEUE_MAX) {
        pthread_mutex_unlock(&writer->lock);
        return error_set(error, ERROR_UNAVAILABLE, "The database is busy. Please try again.");
    }
    pthread_cond_init(&write.changed, NULL);
    *writer->last = &write;
    writer->last = &write.next;
    writer->count++;
    pthread_cond_signal(&writer->work);
    while (!write.finished)
        pthread_cond_wait(&write.changed, &writer->lock);
    pthread_mutex_unlock(&writer->lock);
    pthread_cond_destroy(&write.changed);
    if (!write.succeeded && error)
        *error = own;
    return write.succeeded;
}
