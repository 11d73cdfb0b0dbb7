#include "web/store/store.h"

#include "web/store/sqlite/migrations.h"
#include "web/store/sqlite/readers.h"
#include "web/store/sqlite/writer.h"

struct Store {
    Writer *writer;
    Readers *readers;
};

Store *store_open(const char *path, Error *error)
{
    StoreConnection *connection = connection_open(path, CONNECTION_WRITER, error);
    if (!connection)
        return NULL;
    if (!migrations_apply(connection, migrations_latest(), error)) {
        connection_close(connection);
        return NULL;
    }
    Store *store = NEW(Store);
    store->writer = writer_start(connection);
    store->readers = readers_new(path);
    return store;
}

void store_close(Store *store)
{
    if (!store)
        return;
    readers_free(store->readers);
    writer_stop(store->writer);
    free(store);
}

bool store_write(Store *store, StoreFunction *function, void *argument, Error *error)
{
    return writer_run(store->writer, function, argument, error);
}

bool store_read(Store *store, StoreFunction *function, void *argument, Error *error)
{
    return readers_run(store->readers, function, argument, error);
}

const char *store_library_version(void)
{
    return sqlite3_libversion();
}
