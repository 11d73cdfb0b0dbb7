#include "web/store/sqlite/migrations.h"

/* The text stays a .sql file in the tree; the NUL behind it makes it a C string. */
#define MIGRATION(symbol, path)                                                                    \
    __asm__(".section .rodata\n"                                                                   \
            ".balign 16\n"                                                                         \
            ".global " #symbol "\n" #symbol ":\n"                                                  \
            ".incbin \"" path "\"\n"                                                               \
            ".byte 0\n"                                                                            \
            ".previous\n");                                                                        \
    extern const char symbol[]

MIGRATION(migration_0001_first, "web/store/sqlite/migrations/0001_first.sql");
MIGRATION(migration_0002_prepared_files, "web/store/sqlite/migrations/0002_prepared_files.sql");
MIGRATION(migration_0003_staging, "web/store/sqlite/migrations/0003_staging.sql");
MIGRATION(migration_0004_losses, "web/store/sqlite/migrations/0004_losses.sql");

/* The position is the version: append only. */
static const char *const migrations[] = {
    migration_0001_first,
    migration_0002_prepared_files,
    migration_0003_staging,
    migration_0004_losses,
};

int64_t migrations_latest(void)
{
    return ARRAY_SIZE(migrations);
}

bool migrations_inspect(StoreConnection *connection, int64_t *version, Error *error)
{
    int64_t application, found, tables;
    if (!connection_integer(connection, "PRAGMA application_id", &application, error) ||
        !connection_integer(connection, "PRAGMA user_version", &found, error) ||
        !connection_integer(connection, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return false;
    bool empty = application == 0 && found == 0 && tables == 0;
    if (application != STORE_APPLICATION_ID && !empty)
        return error_set(error, ERROR_DATABASE,
                         "The database of this volume was not made by Reelkeep.");
    if (found > migrations_latest())
        return error_set(error, ERROR_DATABASE,
                         "The database was written by a newer version of Reelkeep (schema %lld; "
                         "this program knows up to %lld). Start that version, or restore a backup.",
                         (long long)found, (long long)migrations_latest());
    *version = found;
    return true;
}

bool migrations_apply(StoreConnection *connection, int64_t to, Error *error)
{
    int64_t version, lost;
    if (!migrations_inspect(connection, &version, error))
        return false;
    if (version >= to)
        return true;
    /* This cannot be done inside a transaction. Rows may lose what they refer to meanwhile, so the
     * references are looked at before each step is committed. */
    if (!connection_run(connection, "PRAGMA foreign_keys = OFF", error))
        return false;
    for (; version < to; version++) {
        char pragmas[100]; /* part of the transaction */
        snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %lld;",
                 STORE_APPLICATION_ID, (long long)version + 1);
        bool done =
            connection_run(connection, "BEGIN IMMEDIATE", error) &&
            connection_run(connection, migrations[version], error) &&
            connection_integer(connection, "SELECT count(*) FROM pragma_foreign_key_check", &lost,
                               error) &&
            (lost == 0 || error_set(error, ERROR_DATABASE,
                                    "The database cannot be brought up to date: %lld rows refer to "
                                    "others that are missing. Restore a backup.",
                                    (long long)lost)) &&
            connection_run(connection, pragmas, error) &&
            connection_run(connection, "COMMIT", error);
        if (done)
            continue;
        if (!sqlite3_get_autocommit(connection->database))
            IGNORE_RESULT(connection_run(connection, "ROLLBACK", NULL));
        return false;
    }
    return connection_run(connection, "PRAGMA foreign_keys = ON", error);
}
