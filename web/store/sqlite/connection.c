#include "web/store/sqlite/connection.h"

#include <errno.h>

static const char *const statement_texts[STATEMENT_COUNT] = {
#define X(name, sql) [STATEMENT_##name] = sql,
    STATEMENTS(X)
#undef X
};

/* A commit is durable (FULL) before it is acknowledged. The reader's page cache is small because
 * the file is mapped. */
static const char writer_setup[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA foreign_keys = ON;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA cell_size_check = ON;"
                                   "PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA cache_size = -4096;";
static const char reader_setup[] = "PRAGMA query_only = ON;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA cell_size_check = ON;"
                                   "PRAGMA mmap_size = 268435456;"
                                   "PRAGMA cache_size = -256;";

#define BUSY_TIMEOUT_MS 10000 /* only `check` and an operator's sqlite3 ever compete */

/* ERROR_NO_SPACE for a full disk, otherwise ERROR_DATABASE. */
static bool connection_error(StoreConnection *connection, const char *what, Error *error)
{
    int code = sqlite3_errcode(connection->database);
    const char *reason = sqlite3_errmsg(connection->database);
    const char *file = sqlite3_db_filename(connection->database, "main");
    int system = sqlite3_system_errno(connection->database);
    Error fault = {0};
    if (code == SQLITE_FULL || (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT)))
        error_set(&fault, ERROR_NO_SPACE,
                  "The storage is full: the database could not %s. Keep your file, ask whoever "
                  "runs this archive to enlarge the volume, and try again then.",
                  what);
    else
        error_set(&fault, ERROR_DATABASE, "The database could not %s: %s.", what, reason);
    base_copy_truncated(fault.file, sizeof fault.file, file ? file : "");
    if (code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_CORRUPT ||
        code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_NOTADB)
        connection->fault = fault;
    if (error)
        *error = fault;
    return false;
}

bool connection_run(StoreConnection *connection, const char *sql, Error *error)
{
    if (sqlite3_exec(connection->database, sql, NULL, NULL, NULL) != SQLITE_OK)
        return connection_error(connection, "be set up", error);
    return true;
}

bool connection_integer(StoreConnection *connection, const char *sql, int64_t *out, Error *error)
{
    _cleanup_finalize_ sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(connection->database, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        return connection_error(connection, "be read", error);
    *out = sqlite3_column_int64(statement, 0);
    return true;
}

StoreConnection *connection_open(const char *path, ConnectionMode mode, Error *error)
{
    bool writer = mode == CONNECTION_WRITER;
    int flags = writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    _cleanup_connection_ StoreConnection *connection = NEW(StoreConnection);
    if (sqlite3_open_v2(path, &connection->database, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        error_set(error, ERROR_DATABASE, "The database %s could not be opened: %s.", path,
                  connection->database ? sqlite3_errmsg(connection->database) : "no memory");
        return NULL;
    }
    sqlite3_busy_timeout(connection->database, BUSY_TIMEOUT_MS);
    sqlite3_db_config(connection->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (!connection_run(connection, writer ? writer_setup : reader_setup, error))
        return NULL;
    return TAKE_PTR(connection);
}

void connection_close(StoreConnection *connection)
{
    if (!connection)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(connection->statements[i]);
    REQUIRE(sqlite3_close(connection->database) == SQLITE_OK);
    free(connection);
}

void connection_release(StoreConnection **connection)
{
    connection_close(*connection);
}

static int statement_bind(sqlite3_stmt *statement, int index, const Value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        return sqlite3_bind_null(statement, index);
    case VALUE_TEXT:
        return sqlite3_bind_text(statement, index, value->text, -1, SQLITE_TRANSIENT);
    case VALUE_INTEGER:
        return sqlite3_bind_int64(statement, index, value->integer);
    case VALUE_REAL:
        return sqlite3_bind_double(statement, index, value->real);
    case VALUE_BLOB:
        return sqlite3_bind_blob64(statement, index, value->blob.data, value->blob.size,
                                   SQLITE_TRANSIENT);
    }
    UNREACHABLE();
}

sqlite3_stmt *statement_start(StoreConnection *connection, StatementId id, Values values,
                              Error *error)
{
    sqlite3_stmt **slot = &connection->statements[id];
    if (!*slot && sqlite3_prepare_v3(connection->database, statement_texts[id], -1,
                                     SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK) {
        connection_error(connection, "prepare a statement", error);
        return NULL;
    }
    REQUIRE(sqlite3_bind_parameter_count(*slot) == (int)values.count);
    for (size_t i = 0; i < values.count; i++)
        if (statement_bind(*slot, (int)i + 1, &values.list[i]) != SQLITE_OK) {
            connection_error(connection, "take a value", error);
            statement_reset(slot);
            return NULL;
        }
    return *slot;
}

void statement_reset(sqlite3_stmt **statement)
{
    if (!*statement)
        return;
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
}

void statement_finalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

bool statement_step(StoreConnection *connection, sqlite3_stmt *statement, bool *row, Error *error)
{
    int result = sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        return connection_error(connection, "do its work", error);
    *row = result == SQLITE_ROW;
    return true;
}

bool statement_run(StoreConnection *connection, StatementId id, Values values, int *changes,
                   Error *error)
{
    bool row = false;
    _cleanup_statement_ sqlite3_stmt *statement = statement_start(connection, id, values, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    REQUIRE(!row);
    if (changes)
        *changes = sqlite3_changes(connection->database);
    return true;
}

void column_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    REQUIRE(base_copy(out, size, text ? text : ""));
}

int64_t column_integer(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int64(statement, column);
}

double column_real(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_double(statement, column);
}

size_t column_blob(sqlite3_stmt *statement, int column, void *out, size_t size)
{
    size_t length = (size_t)sqlite3_column_bytes(statement, column);
    REQUIRE(length <= size);
    if (length > 0)
        memcpy(out, sqlite3_column_blob(statement, column), length);
    return length;
}

bool column_is_null(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

bool column_digest(sqlite3_stmt *statement, int column, Digest *out)
{
    if (column_is_null(statement, column))
        return false;
    REQUIRE(column_blob(statement, column, out->bytes, DIGEST_SIZE) == DIGEST_SIZE);
    return true;
}

int column_word(sqlite3_stmt *statement, int column, const char *const *words, size_t count)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    for (size_t i = 0; text && i < count; i++)
        if (streq(words[i], text))
            return (int)i;
    UNREACHABLE();
}
