#include "web/store/store_job.h"

#include "web/store/sqlite/connection.h"

static JobState store_job_read_state(sqlite3_stmt *statement, int column)
{
    return (JobState)column_word(statement, column, job_state_words, JOB_STATE_COUNT);
}

/* Runs an UPDATE … of at most one job and tells whether there was one. */
static bool store_job_change(StoreConnection *connection, StatementId id, Values values,
                             bool *changed, Error *error)
{
    int changes;
    if (!statement_run(connection, id, values, &changes, error))
        return false;
    *changed = changes == 1;
    return true;
}

/* --- before the queue --- */

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
    return store_job_change(connection, STATEMENT_JOB_QUEUE, values, changed, error);
}

bool store_job_reject(StoreConnection *connection, const char *id, const char *sentence,
                      int64_t now, bool *changed, Error *error)
{
    Values values = VALUES(value_text(id), value_text(sentence), value_integer(now));
    return store_job_change(connection, STATEMENT_JOB_REJECT, values, changed, error);
}

/* --- looking --- */

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
        .state = store_job_read_state(statement, 2),
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

bool store_job_overview(StoreConnection *connection, JobOverview *out, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_OVERVIEW, NO_VALUES, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    bool leased = !column_is_null(statement, 2);
    out->queued = column_integer(statement, 0);
    out->last_rank = out->queued > 0 ? column_integer(statement, 1) : INT64_MIN;
    out->next_expiry = leased ? column_integer(statement, 2) : INT64_MAX;
    out->last_expiry = leased ? column_integer(statement, 3) : INT64_MIN;
    return true;
}

bool store_job_position(StoreConnection *connection, const char *media_id, int64_t *position,
                        Error *error)
{
    Values values = VALUES(value_text(media_id), value_integer(QUEUE_POSITION_MAX + 1));
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_POSITION, values, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    int64_t counted = column_integer(statement, 0);
    *position = counted <= QUEUE_POSITION_MAX ? counted : 0;
    return true;
}

bool store_job_count(StoreConnection *connection, int64_t counts[JOB_STATE_COUNT], Error *error)
{
    int64_t found[JOB_STATE_COUNT] = {0};
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_COUNT, NO_VALUES, error);
    if (!statement)
        return false;
    for (;;) {
        if (!statement_step(connection, statement, &row, error))
            return false;
        if (!row)
            break;
        found[store_job_read_state(statement, 0)] = column_integer(statement, 1);
    }
    memcpy(counts, found, sizeof found);
    return true;
}

bool store_job_largest(StoreConnection *connection, int64_t *size, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_LARGEST, NO_VALUES, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    *size = column_integer(statement, 0);
    return true;
}

/* --- a lease, from its claim to its end --- */

bool store_job_claim(StoreConnection *connection, const JobClaim *claim, JobRow *out, bool *claimed,
                     Error *error)
{
    Values values = VALUES(value_digest(&claim->lease_hash), value_integer(claim->lease_expires_at),
                           value_text(claim->worker), value_integer(claim->now));
    JobRow job = {.state = JOB_LEASED};
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_CLAIM, values, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (row) {
        job.attempts = column_integer(statement, 2);
        column_text(statement, 0, job.id, sizeof job.id);
        column_text(statement, 1, job.media_id, sizeof job.media_id);
        Values attempt = VALUES(value_text(job.id), value_integer(job.attempts),
                                value_text(claim->worker), value_integer(claim->now));
        if (!statement_run(connection, STATEMENT_ATTEMPT_INSERT, attempt, NULL, error))
            return false;
        *out = job;
    }
    *claimed = row;
    return true;
}

/* How the job's last attempt ended, and when. */
typedef struct AttemptEnd {
    const char *job_id;
    int64_t now;
    AttemptOutcome outcome;
    const char *detail; /* NULL for none */
} AttemptEnd;

static bool store_job_end_attempt(StoreConnection *connection, const AttemptEnd *end, Error *error)
{
    Values values =
        VALUES(value_text(end->job_id), value_integer(end->now),
               value_text(attempt_outcome_words[end->outcome]), value_text(end->detail));
    return statement_run(connection, STATEMENT_ATTEMPT_END, values, NULL, error);
}

bool store_job_progress(StoreConnection *connection, const JobHolder *holder,
                        const JobProgress *progress, bool *changed, Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_integer(progress->lease_expires_at), value_text(progress->stage),
                           value_real(progress->percent), value_integer(holder->now));
    Values attempt = VALUES(value_text(holder->job_id));
    return store_job_change(connection, STATEMENT_JOB_PROGRESS, values, changed, error) &&
           (!*changed || statement_run(connection, STATEMENT_ATTEMPT_REOPEN, attempt, NULL, error));
}

bool store_job_release(StoreConnection *connection, const JobHolder *holder, const char *reason,
                       bool *changed, Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_integer(holder->now));
    AttemptEnd end = {holder->job_id, holder->now, ATTEMPT_RELEASED, reason};
    return store_job_change(connection, STATEMENT_JOB_RELEASE, values, changed, error) &&
           (!*changed || store_job_end_attempt(connection, &end, error));
}

bool store_job_deliver(StoreConnection *connection, const JobHolder *holder, const Digest *video,
                       bool *changed, Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_digest(video), value_integer(holder->now));
    AttemptEnd end = {holder->job_id, holder->now, ATTEMPT_DELIVERED, NULL};
    return store_job_change(connection, STATEMENT_JOB_DELIVER, values, changed, error) &&
           (!*changed || store_job_end_attempt(connection, &end, error));
}

/* An UPDATE … RETURNING id, state, attempts. */
static bool store_job_end_lease(StoreConnection *connection, StatementId id, Values values,
                                JobEnd *out, bool *changed, Error *error)
{
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement = statement_start(connection, id, values, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    *changed = row;
    if (row) {
        column_text(statement, 0, out->id, sizeof out->id);
        out->state = store_job_read_state(statement, 1);
        out->attempts = column_integer(statement, 2);
    }
    return true;
}

bool store_job_fail(StoreConnection *connection, const JobHolder *holder, const JobFailure *failure,
                    JobEnd *out, bool *changed, Error *error)
{
    Values values = VALUES(value_text(holder->job_id), value_digest(&holder->lease_hash),
                           value_integer(holder->now), value_integer(failure->retryable),
                           value_integer(failure->max_attempts), value_text(failure->error));
    AttemptEnd end = {holder->job_id, holder->now, ATTEMPT_FAILED, failure->error};
    return store_job_end_lease(connection, STATEMENT_JOB_FAIL, values, out, changed, error) &&
           (!*changed || store_job_end_attempt(connection, &end, error));
}

bool store_job_expire(StoreConnection *connection, const JobExpiry *expiry, JobEnd *out,
                      bool *expired, Error *error)
{
    Values values = VALUES(value_integer(expiry->now), value_integer(expiry->max_attempts),
                           value_text(expiry->error));
    AttemptEnd end = {out->id, expiry->now, ATTEMPT_EXPIRED, "The transcoder fell silent."};
    return store_job_end_lease(connection, STATEMENT_JOB_EXPIRE, values, out, expired, error) &&
           (!*expired || store_job_end_attempt(connection, &end, error));
}

bool store_job_cancel(StoreConnection *connection, const char *media_id, int64_t now,
                      char job_id[UUID_SIZE], bool *changed, Error *error)
{
    Values values = VALUES(value_text(media_id), value_integer(now));
    bool row;
    _cleanup_statement_ sqlite3_stmt *statement =
        statement_start(connection, STATEMENT_JOB_CANCEL, values, error);
    if (!statement || !statement_step(connection, statement, &row, error))
        return false;
    if (row) {
        column_text(statement, 0, job_id, UUID_SIZE);
        Values attempt = VALUES(value_text(job_id), value_integer(now));
        if (!statement_run(connection, STATEMENT_ATTEMPT_CANCEL, attempt, NULL, error))
            return false;
    }
    *changed = row;
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

/* --- when the clock was elsewhere --- */

bool store_job_extend_all(StoreConnection *connection, int64_t until, Error *error)
{
    return statement_run(connection, STATEMENT_JOB_EXTEND_ALL, VALUES(value_integer(until)), NULL,
                         error);
}

bool store_job_clamp(StoreConnection *connection, const JobClamp *clamp, Error *error)
{
    Values leases = VALUES(value_integer(clamp->lease_expires_at));
    Values ranks = VALUES(value_integer(clamp->now), value_integer(clamp->rank));
    return statement_run(connection, STATEMENT_JOB_CLAMP, leases, NULL, error) &&
           statement_run(connection, STATEMENT_JOB_CLAMP_RANKS, ranks, NULL, error);
}
