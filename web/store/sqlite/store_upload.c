#include "web/store/store_upload.h"

#include "web/store/sqlite/rows.h"
#include "web/store/store_file.h"

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
    UploadView found = {.has_job = !column_is_null(statement, 15),
                        .percent = column_real(statement, 17)};
    row_read_media(statement, &found.media);
    if (found.has_job)
        found.job_state = row_read_job_state(statement, 15);
    column_text(statement, 16, found.stage, sizeof found.stage);
    column_text(statement, 18, found.error, sizeof found.error);
    if (!store_file_paths(connection, found.media.id, &found.files, error))
        return false;
    *out = found;
    return true;
}
