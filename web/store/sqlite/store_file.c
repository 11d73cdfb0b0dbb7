#include "web/store/store_file.h"

#include "web/store/sqlite/connection.h"

bool store_file_insert(StoreConnection *connection, const FileRow *file, Error *error)
{
    Values values = VALUES(
        value_text(file->path), value_text(file->media_id), value_text(file_role_words[file->role]),
        value_text(file->content_type), value_integer(file->size), value_digest(&file->blake2b),
        value_digest(file->has_sha256 ? &file->sha256 : NULL), value_integer(file->created_at));
    return statement_run(connection, STATEMENT_FILE_INSERT, values, NULL, error);
}

static bool store_file_read(StoreConnection *connection, StatementId id, Values values,
                            FileRow *out, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement = statement_start(connection, id, values, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (!row)
        return error_set(error, ERROR_NOT_FOUND, "There is no such file.");
    *out = (FileRow){
        .role = (FileRole)column_word(statement, 2, file_role_words, FILE_ROLE_COUNT),
        .size = column_integer(statement, 4),
        .created_at = column_integer(statement, 7),
    };
    column_text(statement, 0, out->path, sizeof out->path);
    column_text(statement, 1, out->media_id, sizeof out->media_id);
    column_text(statement, 3, out->content_type, sizeof out->content_type);
    column_digest(statement, 5, &out->blake2b);
    out->has_sha256 = column_digest(statement, 6, &out->sha256);
    column_text(statement, 8, out->media_name, sizeof out->media_name);
    return true;
}

bool store_file_get(StoreConnection *connection, const char *path, FileRow *out, Error *error)
{
    return store_file_read(connection, STATEMENT_FILE_GET, VALUES(value_text(path)), out, error);
}

bool store_file_of_media(StoreConnection *connection, const char *media_id, FileRole role,
                         FileRow *out, Error *error)
{
    Values values = VALUES(value_text(media_id), value_text(file_role_words[role]));
    return store_file_read(connection, STATEMENT_FILE_OF_MEDIA, values, out, error);
}

bool store_file_paths(StoreConnection *connection, const char *media_id, FilePaths *out,
                      Error *error)
{
    FilePaths found = {0};
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_FILE_PATHS, VALUES(value_text(media_id)), error);
    if (!statement)
        return false;
    for (;;) {
        if (!statement_step(connection, statement, &row, error))
            return false;
        if (!row)
            break;
        char *path = found.of[column_word(statement, 0, file_role_words, FILE_ROLE_COUNT)];
        column_text(statement, 1, path, MEDIA_PATH_MAX + 1);
    }
    *out = found;
    return true;
}

bool store_file_delete(StoreConnection *connection, const char *media_id, FileRole role,
                       Error *error)
{
    Values values = VALUES(value_text(media_id), value_text(file_role_words[role]));
    return statement_run(connection, STATEMENT_FILE_DELETE, values, NULL, error);
}

bool store_file_each(StoreConnection *connection, StoreCheckFile *visit, void *context,
                     Error *error)
{
    char path[MEDIA_PATH_MAX + 1];
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_FILE_EACH, NO_VALUES, error);
    if (!statement)
        return false;
    for (;;) {
        if (!statement_step(connection, statement, &row, error))
            return false;
        if (!row)
            return true;
        column_text(statement, 0, path, sizeof path);
        visit(context, path, column_integer(statement, 1));
    }
}
