#include "web/store/store_job.h"

#include "web/store/sqlite/rows.h"

JobState row_read_job_state(sqlite3_stmt *statement, int column)
{
    return (JobState)column_word(statement, column, job_state_words, JOB_STATE_COUNT);
}

/* Runs an UPDATE … of at most one row and tells whether there was one. */
static bool change(StoreConnection *connection, StatementId id, Values values, bool *changed,
                   Error *error)
{
    int changes;
    if (!statement_run(connection, id, values, &changes, error))
        return false;
    *changed = changes == 1;
    return true;
}

bool store_job_insert(StoreConnection *connection, const char *id, const char *media_id,
                      int64_t now, Error *error)
{
    Values values = VALUES(value_text(id), value_text(media_id), value_integer(now));
    return statement_run(connection, STATEMENT_JOB_INSERT, values, NULL, error);
}

bool store_job_validating(StoreConnection *connection, const char *except, char id[UUID_SIZE],
                          char media_id[UUID_SIZE], bool *found, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_VALIDATING, VALUES(value_text(except)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (row) {
        column_text(statement, 0, id, UUID_SIZE);
        column_text(statement, 1, media_id, UUID_SIZE);
    }
    *found = row;
    return true;
}

bool store_job_queue(StoreConnection *connection, const JobQueueing *queueing, bool *changed,
                     Error *error)
{
    Values values = VALUES(value_text(queueing->job_id), value_integer(queueing->expected_ms),
                           value_integer(queueing->now));
    return change(connection, STATEMENT_JOB_QUEUE, values, changed, error);
}

bool store_job_reject(StoreConnection *connection, const char *id, const char *sentence,
                      int64_t now, bool *changed, Error *error)
{
    Values values = VALUES(value_text(id), value_text(sentence), value_integer(now));
    return change(connection, STATEMENT_JOB_REJECT, values, changed, error);
}

bool store_job_get(StoreConnection *connection, const char *id, JobRow *out, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_GET, VALUES(value_text(id)), error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (!row)
        return error_set(error, ERROR_NOT_FOUND, "The job is unknown: drop it.");
    *out = (JobRow){
        .state = row_read_job_state(statement, 2),
        .attempts = column_integer(statement, 3),
        .lease_expires_at = column_integer(statement, 5),
        .percent = column_real(statement, 8),
    };
    column_text(statement, 0, out->id, sizeof out->id);
    column_text(statement, 1, out->media_id, sizeof out->media_id);
    out->has_lease_hash = column_digest(statement, 4, &out->lease_hash);
    column_text(statement, 6, out->worker, sizeof out->worker);
    column_text(statement, 7, out->stage, sizeof out->stage);
    column_text(statement, 9, out->error, sizeof out->error);
    out->has_video_digest = column_digest(statement, 10, &out->video_digest);
    return true;
}

static bool update_claimed(StoreConnection *connection, const JobClaim *claim, JobRow *out,
                           bool *claimed, Error *error)
{
    Values values = VALUES(value_digest(&claim->lease_hash), value_integer(claim->lease_expires_at),
                           value_text(claim->worker), value_integer(claim->now));
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_CLAIM, values, error);
    if (!statement || !statement_step(connection, statement, claimed, error))
        return false;
    if (!*claimed)
        return true;
    *out = (JobRow){.state = JOB_LEASED, .attempts = column_integer(statement, 2)};
    column_text(statement, 0, out->id, sizeof out->id);
    column_text(statement, 1, out->media_id, sizeof out->media_id);
    return true;
}

bool store_job_claim(StoreConnection *connection, const JobClaim *claim, JobRow *out, bool *claimed,
                     Error *error)
{
    bool found;
    if (!update_claimed(connection, claim, out, &found, error))
        return false;
    if (found) {
        Values attempt = VALUES(value_text(out->id), value_integer(out->attempts),
                                value_text(claim->worker), value_integer(claim->now));
        if (!statement_run(connection, STATEMENT_ATTEMPT_INSERT, attempt, NULL, error))
            return false;
    }
    *claimed = found;
    return true;
}

bool store_job_progress(StoreConnection *connection, const JobHolder *holder,
                        const JobProgress *progress, bool *changed, Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_integer(progress->lease_expires_at), value_text(progress->stage),
                           value_real(progress->percent), value_integer(holder->now));
    return change(connection, STATEMENT_JOB_PROGRESS, values, changed, error);
}

bool store_job_release(StoreConnection *connection, const JobHolder *holder, bool *changed,
                       Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_integer(holder->now));
    return change(connection, STATEMENT_JOB_RELEASE, values, changed, error);
}

/* An UPDATE … RETURNING id, state, attempts. */
static bool end(StoreConnection *connection, StatementId id, Values values, JobEnd *out,
                bool *changed, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement = statement_start(connection, id, values, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    *changed = row;
    if (!row)
        return true;
    column_text(statement, 0, out->id, sizeof out->id);
    out->state = row_read_job_state(statement, 1);
    out->attempts = column_integer(statement, 2);
    return true;
}

bool store_job_fail(StoreConnection *connection, const JobHolder *holder, const JobFailure *failure,
                    JobEnd *out, bool *changed, Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_integer(holder->now), value_integer(failure->retryable),
                           value_integer(failure->max_attempts), value_text(failure->error));
    return end(connection, STATEMENT_JOB_FAIL, values, out, changed, error);
}

bool store_job_expire(StoreConnection *connection, const JobExpiry *expiry, JobEnd *out,
                      bool *expired, Error *error)
{
    Values values = VALUES(value_integer(expiry->now), value_integer(expiry->max_attempts),
                           value_text(expiry->error));
    return end(connection, STATEMENT_JOB_EXPIRE, values, out, expired, error);
}

bool store_job_extend_all(StoreConnection *connection, int64_t until, Error *error)
{
    return statement_run(connection, STATEMENT_JOB_EXTEND_ALL, VALUES(value_integer(until)), NULL,
                         error);
}

bool store_job_clamp(StoreConnection *connection, int64_t until, Error *error)
{
    return statement_run(connection, STATEMENT_JOB_CLAMP, VALUES(value_integer(until)), NULL,
                         error);
}

bool store_job_clamp_ranks(StoreConnection *connection, int64_t now, int64_t last, Error *error)
{
    return statement_run(connection, STATEMENT_JOB_CLAMP_RANKS,
                         VALUES(value_integer(now), value_integer(last)), NULL, error);
}

/* The one integer of a statement without parameters; `otherwise` for NULL. */
static bool integer(StoreConnection *connection, StatementId id, int64_t otherwise, int64_t *out,
                    Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement = statement_start(connection, id, NO_VALUES, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    *out = column_is_null(statement, 0) ? otherwise : column_integer(statement, 0);
    return true;
}

bool store_job_next_expiry(StoreConnection *connection, int64_t *when, Error *error)
{
    return integer(connection, STATEMENT_JOB_NEXT_EXPIRY, INT64_MAX, when, error);
}

bool store_job_last_rank(StoreConnection *connection, int64_t *rank, Error *error)
{
    return integer(connection, STATEMENT_JOB_LAST_RANK, INT64_MIN, rank, error);
}

bool store_job_last_expiry(StoreConnection *connection, int64_t *when, Error *error)
{
    return integer(connection, STATEMENT_JOB_LAST_EXPIRY, INT64_MIN, when, error);
}

bool store_job_count_queued(StoreConnection *connection, int64_t *count, Error *error)
{
    return integer(connection, STATEMENT_JOB_QUEUED, 0, count, error);
}

bool store_job_count(StoreConnection *connection, int64_t counts[JOB_STATE_COUNT], Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_COUNT, NO_VALUES, error);
    if (!statement)
        return false;
    memset(counts, 0, JOB_STATE_COUNT * sizeof counts[0]);
    for (;;) {
        if (!statement_step(connection, statement, &row, error))
            return false;
        if (!row)
            return true;
        counts[row_read_job_state(statement, 0)] = column_integer(statement, 1);
    }
}

bool store_job_deliver(StoreConnection *connection, const JobHolder *holder, const Digest *video,
                       bool *changed, Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_digest(video), value_integer(holder->now));
    return change(connection, STATEMENT_JOB_DELIVER, values, changed, error);
}

bool store_job_cancel(StoreConnection *connection, const char *media_id, int64_t now,
                      char job_id[UUID_SIZE], bool *changed, Error *error)
{
    Values values = VALUES(value_text(media_id), value_integer(now));
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_CANCEL, values, error);
    if (!statement || !statement_step(connection, statement, changed, error))
        return false;
    if (*changed)
        column_text(statement, 0, job_id, UUID_SIZE);
    return true;
}
