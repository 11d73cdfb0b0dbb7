#include "web/store/sqlite/connection.h"
#include "web/store/store_job.h"

bool store_attempt_end(StoreConnection *connection, const AttemptEnd *end, Error *error)
{
    Values values =
        VALUES(value_text(end->job_id), value_integer(end->now),
               value_text(attempt_outcome_words[end->outcome]), value_text(end->detail));
    return statement_run(connection, STATEMENT_ATTEMPT_END, values, NULL, error);
}

bool store_attempt_cancel(StoreConnection *connection, const char *job_id, int64_t now,
                          Error *error)
{
    Values values = VALUES(value_text(job_id), value_integer(now));
    return statement_run(connection, STATEMENT_ATTEMPT_CANCEL, values, NULL, error);
}

bool store_attempt_reopen(StoreConnection *connection, const char *job_id, Error *error)
{
    return statement_run(connection, STATEMENT_ATTEMPT_REOPEN, VALUES(value_text(job_id)), NULL,
                         error);
}

bool store_attempt_last(StoreConnection *connection, const char *job_id, AttemptRow *out,
                        Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_ATTEMPT_LAST, VALUES(value_text(job_id)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (!row)
        return error_set(error, ERROR_NOT_FOUND, "The job was never claimed.");
    *out = (AttemptRow){.number = column_integer(statement, 0), .outcome = ATTEMPT_RUNNING};
    if (!column_is_null(statement, 4))
        out->outcome =
            (AttemptOutcome)column_word(statement, 4, attempt_outcome_words, ATTEMPT_RUNNING);
    column_text(statement, 5, out->detail, sizeof out->detail);
    return true;
}

bool store_delivery_insert(StoreConnection *connection, const char *job_id, int64_t now,
                           const DeliveryRow *row, Error *error)
{
    Values values =
        VALUES(value_text(job_id), value_integer(now),
               value_text(delivery_outcome_words[row->outcome]), value_text(row->detail));
    return statement_run(connection, STATEMENT_DELIVERY_INSERT, values, NULL, error);
}

bool store_delivery_last(StoreConnection *connection, const char *job_id, DeliveryRow *out,
                         Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_DELIVERY_LAST, VALUES(value_text(job_id)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (!row)
        return error_set(error, ERROR_NOT_FOUND, "No delivery reached this job.");
    out->outcome =
        (DeliveryOutcome)column_word(statement, 0, delivery_outcome_words, DELIVERY_OUTCOME_COUNT);
    column_text(statement, 1, out->detail, sizeof out->detail);
    return true;
}
