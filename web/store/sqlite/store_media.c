#include "web/store/store_media.h"

#include "web/store/sqlite/rows.h"

bool store_media_insert(StoreConnection *connection, const MediaRow *media, Error *error)
{
    Values entry = VALUES(value_text(media->collection), value_text(media->entry),
                          value_integer(media->created_at));
    Values item =
        VALUES(value_text(media->id), value_text(media->collection), value_text(media->entry),
               value_text(media_kind_words[media->kind]), value_text(media->caption),
               value_text(media->name), value_text(media->content_type), value_integer(media->size),
               value_integer(media->created_at));
    return statement_run(connection, STATEMENT_ENTRY_ENSURE, entry, NULL, error) &&
           statement_run(connection, STATEMENT_MEDIA_INSERT, item, NULL, error);
}

void row_read_media(sqlite3_stmt *statement, MediaRow *out)
{
    *out = (MediaRow){
        .kind = (MediaKind)column_word(statement, 3, media_kind_words, MEDIA_KIND_COUNT),
        .size = column_integer(statement, 7),
        .width = column_integer(statement, 8),
        .height = column_integer(statement, 9),
        .duration = column_real(statement, 10),
        .created_at = column_integer(statement, 11),
    };
    column_text(statement, 0, out->id, sizeof out->id);
    column_text(statement, 1, out->collection, sizeof out->collection);
    column_text(statement, 2, out->entry, sizeof out->entry);
    column_text(statement, 4, out->caption, sizeof out->caption);
    column_text(statement, 5, out->name, sizeof out->name);
    column_text(statement, 6, out->content_type, sizeof out->content_type);
    column_text(statement, 12, out->thumbhash, sizeof out->thumbhash);
    column_text(statement, 13, out->captured_at, sizeof out->captured_at);
    column_text(statement, 14, out->title, sizeof out->title);
}

bool store_media_get(StoreConnection *connection, const char *id, MediaRow *out, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_MEDIA_GET, VALUES(value_text(id)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (!row)
        return error_set(error, ERROR_NOT_FOUND, "There is no such item.");
    row_read_media(statement, out);
    return true;
}

bool store_media_set_result(StoreConnection *connection, const char *id, const MediaResult *result,
                            Error *error)
{
    Values values = VALUES(value_text(id), value_text(media_kind_words[result->kind]),
                           value_integer(result->width), value_integer(result->height),
                           value_real(result->duration), value_text(result->thumbhash),
                           value_text(result->captured_at), value_text(result->title));
    return statement_run(connection, STATEMENT_MEDIA_SET_RESULT, values, NULL, error);
}

bool store_media_set_found(StoreConnection *connection, const char *id, const MediaFound *found,
                           Error *error)
{
    Values values = VALUES(value_text(id), value_text(media_kind_words[found->kind]),
                           value_integer(found->width), value_integer(found->height),
                           value_real(found->duration));
    return statement_run(connection, STATEMENT_MEDIA_SET_FOUND, values, NULL, error);
}

bool store_media_delete(StoreConnection *connection, const char *id, Error *error)
{
    return statement_run(connection, STATEMENT_MEDIA_DELETE, VALUES(value_text(id)), NULL, error);
}
