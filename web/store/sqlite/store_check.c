#include "web/store/sqlite/migrations.h"
#include "web/store/store_file.h"

/* quick_check answers one row "ok", or a row for each fault. */
bool store_check(const char *path, StoreCheckFile *file, void *context, FILE *faults)
{
    Error error = {0};
    int64_t version;
    bool sound = true;
    int step;
    _cleanup_connection_ StoreConnection *connection =
        connection_open(path, CONNECTION_READER, &error);
    if (!connection || !migrations_inspect(connection, &version, &error)) {
        fprintf(faults, "%s\n", error.detail);
        return false;
    }
    _cleanup_finalize_ sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(connection->database, "PRAGMA quick_check(20)", -1, &statement, NULL);
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        if (text && streq(text, "ok"))
            continue;
        fprintf(faults, "The database is damaged: %s.\n", text ? text : "no answer");
        sound = false;
    }
    if (step != SQLITE_DONE)
        fprintf(faults, "The database cannot be checked: %s.\n",
                sqlite3_errmsg(connection->database));
    if (!sound || step != SQLITE_DONE)
        return false;
    if (version < migrations_latest())
        return true;
    if (!store_file_each(connection, file, context, &error)) {
        fprintf(faults, "%s\n", error.detail);
        return false;
    }
    return true;
}
