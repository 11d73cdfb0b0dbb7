#include "web/store/store_media.h"

#include "web/store/sqlite/connection.h"
#include "web/store/store_file.h"
#include "web/store/store_job.h"

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

#define MEDIA_COLUMNS 18 /* the first ones of a row read here */

static void store_media_read(sqlite3_stmt *statement, MediaRow *out)
{
    *out = (MediaRow){
        .kind = (MediaKind)column_word(statement, 3, media_kind_words, MEDIA_KIND_COUNT),
        .size = column_integer(statement, 7),
        .width = column_integer(statement, 8),
        .height = column_integer(statement, 9),
        .duration = column_real(statement, 10),
        .created_at = column_integer(statement, 11),
        .original_width = column_integer(statement, 16),
        .original_height = column_integer(statement, 17),
    };
    char losses[TRANSFER_LOSSES_TEXT_MAX + 1];
    column_text(statement, 0, out->id, sizeof out->id);
    column_text(statement, 1, out->collection, sizeof out->collection);
    column_text(statement, 2, out->entry, sizeof out->entry);
    column_text(statement, 4, out->caption, sizeof out->caption);
    column_text(statement, 5, out->name, sizeof out->name);
    column_text(statement, 6, out->content_type, sizeof out->content_type);
    column_text(statement, 12, out->thumbhash, sizeof out->thumbhash);
    column_text(statement, 13, out->captured_at, sizeof out->captured_at);
    column_text(statement, 14, out->title, sizeof out->title);
    column_text(statement, 15, losses, sizeof losses);
    out->losses = transfer_losses_parse(losses);
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
    store_media_read(statement, out);
    return true;
}

bool store_media_set_result(StoreConnection *connection, const char *id, const MediaResult *result,
                            Error *error)
{
    char losses[TRANSFER_LOSSES_TEXT_MAX + 1];
    transfer_losses_format(result->losses, losses);
    Values values = VALUES(
        value_text(id), value_text(media_kind_words[result->kind]), value_integer(result->width),
        value_integer(result->height), value_real(result->duration), value_text(result->thumbhash),
        value_text(result->captured_at), value_text(result->title), value_text(losses));
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

bool store_upload_insert(StoreConnection *connection, const char *id, const char *media_id,
                         int64_t now, Error *error)
{
    Values values = VALUES(value_text(id), value_text(media_id), value_integer(now));
    return statement_run(connection, STATEMENT_UPLOAD_INSERT, values, NULL, error);
}

bool store_upload_get(StoreConnection *connection, const char *id, UploadView *out, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_UPLOAD_GET, VALUES(value_text(id)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (!row)
        return error_set(error, ERROR_NOT_FOUND, "There is no such upload.");
    UploadView found = {.has_job = !column_is_null(statement, MEDIA_COLUMNS),
                        .percent = column_real(statement, MEDIA_COLUMNS + 2)};
    store_media_read(statement, &found.media);
    if (found.has_job)
        found.job_state =
            (JobState)column_word(statement, MEDIA_COLUMNS, job_state_words, JOB_STATE_COUNT);
    column_text(statement, MEDIA_COLUMNS + 1, found.stage, sizeof found.stage);
    column_text(statement, MEDIA_COLUMNS + 3, found.error, sizeof found.error);
    if (!store_file_paths(connection, found.media.id, &found.files, error) ||
        (found.has_job && found.job_state == JOB_QUEUED &&
         !store_job_position(connection, found.media.id, &found.queue_position, error)))
        return false;
    *out = found;
    return true;
}
