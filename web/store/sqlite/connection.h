/*
 * Inside the store: one connection with its prepared statements, and typed binding, stepping and
 * reading. One thread at a time. Only this folder includes it.
 */
#pragma once

#include <sqlite3.h>

#include "common/base/digest.h"
#include "web/store/sqlite/statements.h"
#include "web/store/store.h"

typedef enum StatementId {
#define X(name, sql) STATEMENT_##name,
    STATEMENTS(X)
#undef X
        STATEMENT_COUNT
} StatementId;

struct StoreConnection {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* NULL until first used */
    Error fault; /* the last failure of the disk, or of what is on it; not of a caller */
};

typedef enum ConnectionMode {
    CONNECTION_WRITER, /* creates the file where there is none */
    CONNECTION_READER,
} ConnectionMode;

_must_check_ StoreConnection *connection_open(const char *path, ConnectionMode mode, Error *error);
void connection_close(StoreConnection *connection);
void connection_release(StoreConnection **connection);
#define _cleanup_connection_ _cleanup_(connection_release)

/* Runs SQL text without results: pragmas and migrations. */
_must_check_ bool connection_run(StoreConnection *connection, const char *sql, Error *error);

/* The one integer that a pragma answers. */
_must_check_ bool connection_integer(StoreConnection *connection, const char *sql, int64_t *out,
                                     Error *error);

/* A parameter, in the order ?1, ?2, … */
typedef struct Value {
    enum { VALUE_NULL, VALUE_TEXT, VALUE_INTEGER, VALUE_REAL, VALUE_BLOB } kind;
    union {
        const char *text;
        int64_t integer;
        double real;
        struct {
            const void *data;
            size_t size;
        } blob;
    };
} Value;

static inline Value value_text(const char *text)
{
    return (Value){.kind = text ? VALUE_TEXT : VALUE_NULL, .text = text};
}
static inline Value value_integer(int64_t integer)
{
    return (Value){.kind = VALUE_INTEGER, .integer = integer};
}
static inline Value value_real(double real)
{
    return (Value){.kind = VALUE_REAL, .real = real};
}
static inline Value value_blob(const void *data, size_t size)
{
    return (Value){.kind = VALUE_BLOB, .blob = {data, size}};
}
static inline Value value_digest(const Digest *digest)
{
    return digest ? value_blob(digest->bytes, DIGEST_SIZE) : (Value){.kind = VALUE_NULL};
}

typedef struct Values {
    const Value *list; /* borrowed until the statement is reset */
    size_t count;
} Values;
#define VALUES(...)                                                                                \
    ((Values){(const Value[]){__VA_ARGS__}, sizeof((const Value[]){__VA_ARGS__}) / sizeof(Value)})
#define NO_VALUES ((Values){NULL, 0})

/* A statement bound and ready to step; NULL and *error on failure. Owned by the connection; reset
 * it with _cleanup_statement_. */
_must_check_ sqlite3_stmt *statement_start(StoreConnection *connection, StatementId id,
                                           Values values, Error *error);
void statement_reset(sqlite3_stmt **statement);
#define _cleanup_statement_ _cleanup_(statement_reset)

/* For one that is prepared for a single use. */
void statement_finalize(sqlite3_stmt **statement);
#define _cleanup_finalize_ _cleanup_(statement_finalize)

/* Steps once; *row tells whether there is a row to read. */
_must_check_ bool statement_step(StoreConnection *connection, sqlite3_stmt *statement, bool *row,
                                 Error *error);

/* Runs a statement without rows; *changes (may be NULL) gets the number of rows changed. */
_must_check_ bool statement_run(StoreConnection *connection, StatementId id, Values values,
                                int *changes, Error *error);

/* Columns from 0. Text or bytes that do not fit are a fault of the program: what is stored was
 * checked. */
void column_text(sqlite3_stmt *statement, int column, char *out, size_t size);
int64_t column_integer(sqlite3_stmt *statement, int column);
double column_real(sqlite3_stmt *statement, int column);
size_t column_blob(sqlite3_stmt *statement, int column, void *out, size_t size);
bool column_is_null(sqlite3_stmt *statement, int column);
bool column_digest(sqlite3_stmt *statement, int column, Digest *out); /* false for NULL */

/* The index of a column's word in a closed list; the schema's CHECK keeps it closed. */
int column_word(sqlite3_stmt *statement, int column, const char *const *words, size_t count);
