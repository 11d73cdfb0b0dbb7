#include "web/store/store_transit.h"

#include "web/store/sqlite/connection.h"

bool store_transit_reserve(StoreConnection *connection, const char *path, Error *error)
{
    return statement_run(connection, STATEMENT_TRANSIT_RESERVE, VALUES(value_text(path)), NULL,
                         error);
}

bool store_transit_ready(StoreConnection *connection, const char *path, Error *error)
{
    return statement_run(connection, STATEMENT_TRANSIT_READY, VALUES(value_text(path)), NULL,
                         error);
}

bool store_transit_ready_all(StoreConnection *connection, Error *error)
{
    return statement_run(connection, STATEMENT_TRANSIT_READY_ALL, NO_VALUES, NULL, error);
}

bool store_transit_next(StoreConnection *connection, const char *after,
                        char path[MEDIA_PATH_MAX + 1], bool *found, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_TRANSIT_NEXT, VALUES(value_text(after)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (row)
        column_text(statement, 0, path, MEDIA_PATH_MAX + 1);
    *found = row;
    return true;
}

bool store_transit_delete(StoreConnection *connection, const char *path, Error *error)
{
    return statement_run(connection, STATEMENT_TRANSIT_DELETE, VALUES(value_text(path)), NULL,
                         error);
}
