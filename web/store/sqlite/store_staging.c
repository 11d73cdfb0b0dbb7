#include "web/store/store_staging.h"

#include "web/store/sqlite/connection.h"

bool store_staging_put(StoreConnection *connection, const StagingState *state, Error *error)
{
    Values values = VALUES(value_text(state->name), value_integer((int64_t)state->durable),
                           value_blob(state->digests.bytes, state->digests.length),
                           value_text(state->digests.tag));
    return statement_run(connection, STATEMENT_STAGING_PUT, values, NULL, error);
}

static bool store_staging_read(StoreConnection *connection, StatementId id, const char *name,
                               StagingState *out, bool *found, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, id, VALUES(value_text(name)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    *found = row;
    if (!row)
        return true;
    *out = (StagingState){.durable = (uint64_t)column_integer(statement, 1)};
    column_text(statement, 0, out->name, sizeof out->name);
    out->digests.length = column_blob(statement, 2, out->digests.bytes, sizeof out->digests.bytes);
    column_text(statement, 3, out->digests.tag, sizeof out->digests.tag);
    return true;
}

bool store_staging_get(StoreConnection *connection, const char *name, StagingState *out,
                       Error *error)
{
    bool found;
    return store_staging_read(connection, STATEMENT_STAGING_GET, name, out, &found, error) &&
           (found || error_set(error, ERROR_NOT_FOUND, "There is no such transfer under way."));
}

bool store_staging_next(StoreConnection *connection, const char *after, StagingState *out,
                        bool *found, Error *error)
{
    return store_staging_read(connection, STATEMENT_STAGING_NEXT, after, out, found, error);
}

bool store_staging_delete(StoreConnection *connection, const char *name, Error *error)
{
    return statement_run(connection, STATEMENT_STAGING_DELETE, VALUES(value_text(name)), NULL,
                         error);
}
