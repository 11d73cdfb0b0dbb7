/*
 * Every SQL statement of the program, by name. Prepared once per connection, at its first use;
 * a unit test prepares all of them. X(NAME, sql)
 */
#pragma once

#define STATEMENTS(X)                                                                              \
    X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                              \
    X(BEGIN_READ, "BEGIN")                                                                         \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(SAVEPOINT, "SAVEPOINT write")                                                                \
    X(SAVEPOINT_ROLLBACK, "ROLLBACK TO write")                                                     \
    X(SAVEPOINT_RELEASE, "RELEASE write")                                                          \
    X(TRY_PUT, "INSERT INTO transit (path, ready) VALUES ('', 0)")                                 \
    X(TRY_TAKE, "DELETE FROM transit WHERE path = ''")                                             \
                                                                                                   \
    X(ENTRY_ENSURE, "INSERT INTO entry (collection, entry, created_at) VALUES (?1, ?2, ?3) "       \
                    "ON CONFLICT DO NOTHING")                                                      \
    X(MEDIA_INSERT, "INSERT INTO media (id, collection, entry, kind, caption, name, "              \
                    "content_type, size, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)") \
    X(MEDIA_GET, "SELECT id, collection, entry, kind, caption, name, content_type, size, width, "  \
                 "height, duration, created_at, thumbhash, captured_at, title, losses, "           \
                 "original_width, original_height FROM media "                                     \
                 "WHERE id = ?1")                                                                  \
    X(MEDIA_SET_RESULT, "UPDATE media SET kind = ?2, width = ?3, height = ?4, duration = ?5, "     \
                        "thumbhash = nullif(?6, ''), captured_at = nullif(?7, ''), "               \
                        "title = nullif(?8, ''), losses = ?9, "                                    \
                        "original_width = coalesce(original_width, width), "                       \
                        "original_height = coalesce(original_height, height) WHERE id = ?1")       \
    X(MEDIA_SET_FOUND,                                                                             \
      "UPDATE media SET kind = ?2, width = nullif(?3, 0), height = nullif(?4, 0), "                \
      "duration = nullif(?5, 0) WHERE id = ?1")                                                    \
    X(MEDIA_DELETE, "DELETE FROM media WHERE id = ?1")                                             \
                                                                                                   \
    X(FILE_INSERT, "INSERT INTO file (path, media_id, role, content_type, size, blake2b, "         \
                   "sha256, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                  \
    X(FILE_GET, "SELECT path, media_id, role, file.content_type, file.size, blake2b, sha256, "     \
                "file.created_at, media.name FROM file JOIN media ON media.id = media_id "         \
                "WHERE path = ?1")                                                                 \
    X(FILE_OF_MEDIA, "SELECT path, media_id, role, file.content_type, file.size, blake2b, "        \
                     "sha256, file.created_at, media.name FROM file JOIN media ON media.id = "     \
                     "media_id WHERE media_id = ?1 AND role = ?2")                                 \
    X(FILE_PATHS, "SELECT role, path FROM file WHERE media_id = ?1")                               \
    X(FILE_DELETE, "DELETE FROM file WHERE media_id = ?1 AND role = ?2")                           \
    X(FILE_EACH, "SELECT path, size FROM file ORDER BY path")                                      \
                                                                                                   \
    X(TRANSIT_RESERVE, "INSERT INTO transit (path, ready) VALUES (?1, 0)")                         \
    X(TRANSIT_READY, "UPDATE transit SET ready = 1 WHERE path = ?1")                               \
    X(TRANSIT_READY_ALL, "UPDATE transit SET ready = 1 WHERE ready = 0")                           \
    X(TRANSIT_NEXT, "SELECT path FROM transit WHERE ready = 1 AND path > ?1 AND NOT EXISTS "       \
                    "(SELECT 1 FROM file WHERE file.path = transit.path) ORDER BY path LIMIT 1")   \
    X(TRANSIT_DELETE, "DELETE FROM transit WHERE path = ?1 AND ready = 1")                         \
                                                                                                   \
    X(STAGING_PUT, "INSERT INTO staging (name, durable, digest, digest_tag) VALUES (?1, ?2, ?3, "  \
                   "?4) ON CONFLICT (name) DO UPDATE SET durable = excluded.durable, "             \
                   "digest = excluded.digest, digest_tag = excluded.digest_tag")                   \
    X(STAGING_GET, "SELECT name, durable, digest, digest_tag FROM staging WHERE name = ?1")        \
    X(STAGING_NEXT, "SELECT name, durable, digest, digest_tag FROM staging WHERE name > ?1 "       \
                    "ORDER BY name LIMIT 1")                                                       \
    X(STAGING_DELETE, "DELETE FROM staging WHERE name = ?1")                                       \
                                                                                                   \
    X(UPLOAD_INSERT, "INSERT INTO upload (id, media_id, created_at) VALUES (?1, ?2, ?3)")          \
    X(UPLOAD_GET,                                                                                  \
      "SELECT m.id, m.collection, m.entry, m.kind, m.caption, m.name, m.content_type, m.size, "    \
      "m.width, m.height, m.duration, m.created_at, m.thumbhash, m.captured_at, m.title, "         \
      "m.losses, m.original_width, m.original_height, "                                            \
      "job.state, job.stage, job.percent, job.error FROM upload "                                  \
      "JOIN media AS m ON m.id = upload.media_id LEFT JOIN job ON job.media_id = m.id "            \
      "WHERE upload.id = ?1")                                                                      \
                                                                                                   \
    X(JOB_INSERT,                                                                                  \
      "INSERT INTO job (id, media_id, state, attempts, percent, queued_at, "                       \
      "rank, created_at, updated_at) VALUES (?1, ?2, 'validating', 0, 0, ?3, ?3, ?3, ?3)")         \
    X(JOB_GET, "SELECT id, media_id, state, attempts, lease_hash, lease_expires_at, worker, "      \
               "stage, percent, error, video_digest FROM job WHERE id = ?1")                       \
    X(JOB_VALIDATING, "SELECT id, media_id FROM job WHERE state = 'validating' AND id <> ?1 "      \
                      "ORDER BY queued_at, id LIMIT 1")                                            \
    X(JOB_QUEUE, "UPDATE job SET state = 'queued', rank = queued_at + ?2, updated_at = ?3 "        \
                 "WHERE id = ?1 AND state = 'validating'")                                         \
    X(JOB_REJECT, "UPDATE job SET state = 'failed', error = ?2, updated_at = ?3 "                  \
                  "WHERE id = ?1 AND state = 'validating'")                                        \
    X(JOB_POSITION, "SELECT count(*) FROM (SELECT 1 FROM job AS own CROSS JOIN job AS ahead "      \
                    "WHERE own.media_id = ?1 AND own.state = 'queued' AND ahead.state = 'queued' " \
                    "AND (ahead.rank, ahead.id) <= (own.rank, own.id) LIMIT ?2)")                  \
    X(JOB_CLAIM, "UPDATE job SET state = 'leased', attempts = attempts + 1, lease_hash = ?1, "     \
                 "lease_expires_at = ?2, worker = ?3, stage = NULL, percent = 0, error = NULL, "   \
                 "updated_at = ?4 WHERE state = 'queued' AND id = (SELECT id FROM job "            \
                 "WHERE state = 'queued' ORDER BY rank, id LIMIT 1) "                              \
                 "RETURNING id, media_id, attempts")                                               \
    X(JOB_PROGRESS, "UPDATE job SET state = 'leased', lease_expires_at = ?3, stage = ?4, "         \
                    "percent = max(percent, ?5), updated_at = ?6 "                                 \
                    "WHERE id = ?1 AND lease_hash = ?2 "                                           \
                    "AND state IN ('leased', 'queued')")                                           \
    X(JOB_RELEASE, "UPDATE job SET state = 'queued', attempts = attempts - 1, lease_hash = NULL, " \
                   "lease_expires_at = NULL, stage = NULL, percent = 0, updated_at = ?3 "          \
                   "WHERE id = ?1 AND lease_hash = ?2 AND state = 'leased'")                       \
    X(JOB_FAIL,                                                                                    \
      "UPDATE job SET state = CASE WHEN ?4 AND attempts < ?5 THEN 'queued' "                       \
      "ELSE 'failed' END, error = ?6, lease_hash = NULL, lease_expires_at = NULL, "                \
      "stage = NULL, percent = 0, rank = rank - queued_at + ?3, queued_at = ?3, updated_at = ?3 "  \
      "WHERE id = ?1 AND lease_hash = ?2 AND state = 'leased' "                                    \
      "RETURNING id, state, attempts")                                                             \
    X(JOB_EXPIRE, "UPDATE job SET state = CASE WHEN attempts < ?2 THEN 'queued' ELSE 'failed' "    \
                  "END, error = CASE WHEN attempts < ?2 THEN NULL ELSE ?3 END, stage = NULL, "     \
                  "percent = 0, rank = rank - queued_at + ?1, queued_at = ?1, updated_at = ?1 "    \
                  "WHERE state = 'leased' AND id = (SELECT id FROM job WHERE state = 'leased' "    \
                  "AND lease_expires_at <= ?1 ORDER BY lease_expires_at, id LIMIT 1) "             \
                  "RETURNING id, state, attempts")                                                 \
    X(JOB_EXTEND_ALL, "UPDATE job SET lease_expires_at = ?1 WHERE state = 'leased'")               \
    X(JOB_CLAMP, "UPDATE job SET lease_expires_at = ?1 "                                           \
                 "WHERE state = 'leased' AND lease_expires_at > ?1")                               \
    X(JOB_CLAMP_RANKS, "UPDATE job SET rank = rank - queued_at + ?1, queued_at = ?1 "              \
                       "WHERE state = 'queued' AND rank > ?2")                                     \
    X(JOB_OVERVIEW, "SELECT (SELECT count(*) FROM job WHERE state = 'queued'), "                   \
                    "(SELECT max(rank) FROM job WHERE state = 'queued'), "                         \
                    "(SELECT min(lease_expires_at) FROM job WHERE state = 'leased'), "             \
                    "(SELECT max(lease_expires_at) FROM job WHERE state = 'leased')")              \
    X(JOB_LARGEST, "SELECT coalesce(max(size), 0) FROM media WHERE id IN ("                        \
                   "SELECT media_id FROM job WHERE state = 'validating' UNION ALL "                \
                   "SELECT media_id FROM job WHERE state = 'queued' UNION ALL "                    \
                   "SELECT media_id FROM job WHERE state = 'leased')")                             \
    X(JOB_COUNT, "SELECT state, count(*) FROM job GROUP BY state")                                 \
    X(JOB_DELIVER, "UPDATE job SET state = 'done', percent = 100, stage = NULL, error = NULL, "    \
                   "video_digest = ?3, updated_at = ?4 WHERE id = ?1 AND lease_hash = ?2 "         \
                   "AND state IN ('leased', 'queued', 'failed')")                                  \
    X(JOB_CANCEL, "UPDATE job SET state = 'cancelled', lease_hash = NULL, "                        \
                  "lease_expires_at = NULL, stage = NULL, updated_at = ?2 "                        \
                  "WHERE media_id = ?1 AND state <> 'cancelled' RETURNING id")                     \
    X(ATTEMPT_INSERT, "INSERT INTO attempt (job_id, number, worker, started_at) "                  \
                      "VALUES (?1, ?2, ?3, ?4)")                                                   \
    X(ATTEMPT_END, "UPDATE attempt SET ended_at = ?2, outcome = ?3, detail = ?4 "                  \
                   "WHERE id = (SELECT max(id) FROM attempt WHERE job_id = ?1)")                   \
    X(ATTEMPT_CANCEL, "UPDATE attempt SET ended_at = ?2, outcome = 'cancelled' "                   \
                      "WHERE job_id = ?1 AND ended_at IS NULL")                                    \
    X(ATTEMPT_REOPEN, "UPDATE attempt SET ended_at = NULL, outcome = NULL, detail = NULL "         \
                      "WHERE id = (SELECT max(id) FROM attempt WHERE job_id = ?1) "                \
                      "AND ended_at IS NOT NULL")                                                  \
    X(DELIVERY_INSERT, "INSERT INTO delivery (job_id, received_at, outcome, detail) "              \
                       "SELECT id, ?2, ?3, ?4 FROM job WHERE id = ?1")
