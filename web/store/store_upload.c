#include "web/store/store_upload.h"

#include "web/store/rows.h"

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
    *out = (UploadView){.has_job = !column_is_null(statement, 12),
                        .percent = column_real(statement, 14)};
    row_read_media(statement, &out->media);
    if (out->has_job)
        out->job_state = row_read_job_state(statement, 12);
    column_text(statement, 13, out->stage, sizeof out->stage);
    column_text(statement, 15, out->error, sizeof out->error);
    column_text(statement, 16, out->original_path, sizeof out->original_path);
    column_text(statement, 17, out->video_path, sizeof out->video_path);
    column_text(statement, 18, out->poster_path, sizeof out->poster_path);
    return true;
}
