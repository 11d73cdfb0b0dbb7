-- Roles for all that is made of an upload, jobs that are looked at before they are queued, a queue
-- that puts short work first, and what a file tells of itself.
-- SQLite cannot change a CHECK: `file` and `job` are made anew and filled from the old ones
-- (lang_altertable.html, section 7). Foreign keys are off meanwhile, so that dropping `job` takes
-- no attempt along, and checked before the commit. The triggers on `file` go with the old table,
-- so the copy needs no reservations and dooms nothing, and are made again at the end.

ALTER TABLE media ADD COLUMN thumbhash TEXT;   -- base64 (ThumbHash); NULL while unknown, as below
ALTER TABLE media ADD COLUMN captured_at TEXT; -- RFC 3339 in UTC
ALTER TABLE media ADD COLUMN title TEXT;       -- UTF-8, as the file says

DROP TRIGGER file_reserved;
DROP TRIGGER file_born;
DROP TRIGGER file_gone;
DROP TRIGGER file_unmoved;

CREATE TABLE file_new (
    path         TEXT    NOT NULL PRIMARY KEY, -- its content never changes under its name
    media_id     TEXT    NOT NULL REFERENCES media ON DELETE CASCADE,
    role         TEXT    NOT NULL
                 CHECK (role IN ('original', 'video', 'audio', 'poster', 'storyboard',
                                 'storyboard_vtt', 'waveform')),
    content_type TEXT    NOT NULL,
    size         INTEGER NOT NULL,                             -- bytes
    blake2b      BLOB    NOT NULL CHECK (length(blake2b) = 32), -- identity of the content, ETag
    sha256       BLOB    CHECK (length(sha256) = 32),          -- NULL until somebody needed it
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO file_new (path, media_id, role, content_type, size, blake2b, sha256, created_at)
    SELECT path, media_id, role, content_type, size, blake2b, sha256, created_at FROM file;
DROP TABLE file;
ALTER TABLE file_new RENAME TO file;
CREATE UNIQUE INDEX file_of_media ON file (media_id, role);

CREATE TABLE job_new (
    id               TEXT    NOT NULL PRIMARY KEY,
    media_id         TEXT    NOT NULL UNIQUE REFERENCES media ON DELETE CASCADE,
    state            TEXT    NOT NULL
                     CHECK (state IN ('validating', 'queued', 'leased', 'done', 'failed',
                                      'cancelled')),
    attempts         INTEGER NOT NULL, -- claims that counted
    lease_hash       BLOB CHECK (length(lease_hash) = 32), -- BLAKE2b of the last claim's token;
                                       -- kept after an expiry so that a late result still counts
    lease_expires_at INTEGER,          -- of the last claim
    worker           TEXT,             -- who claimed last, as it calls itself
    stage            TEXT,             -- what the holder says it is doing
    percent          REAL NOT NULL CHECK (percent BETWEEN 0 AND 100),
    error            TEXT,             -- the last fault, a sentence for the person who uploaded
    video_digest     BLOB CHECK (length(video_digest) = 32), -- of the accepted result
    queued_at        INTEGER NOT NULL, -- when it last began to wait
    rank             INTEGER NOT NULL, -- its place in the queue: queued_at + the expected work, ms
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    CHECK (state <> 'leased' OR (lease_hash IS NOT NULL AND lease_expires_at IS NOT NULL)),
    CHECK (state <> 'done' OR video_digest IS NOT NULL),
    CHECK (state <> 'failed' OR error IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO job_new (id, media_id, state, attempts, lease_hash, lease_expires_at, worker, stage,
                     percent, error, video_digest, queued_at, rank, created_at, updated_at)
    SELECT id, media_id, state, attempts, lease_hash, lease_expires_at, worker, stage,
           percent, error, video_digest, queued_at, queued_at, created_at, updated_at FROM job;
DROP TABLE job;
ALTER TABLE job_new RENAME TO job;
CREATE INDEX job_queue ON job (rank, id) WHERE state = 'queued';
CREATE INDEX job_validating ON job (queued_at, id) WHERE state = 'validating';
CREATE INDEX job_lease ON job (lease_expires_at, id) WHERE state = 'leased';

-- A file row is born from the reservation of its path, which ends with that.
CREATE TRIGGER file_reserved BEFORE INSERT ON file
WHEN NOT EXISTS (SELECT 1 FROM doomed WHERE path = NEW.path AND ready = 0) BEGIN
    SELECT RAISE (ABORT, 'a file without a reservation');
END;
CREATE TRIGGER file_born AFTER INSERT ON file BEGIN
    DELETE FROM doomed WHERE path = NEW.path;
END;
-- A file row that goes leaves the order to unlink behind, also when its item is deleted.
CREATE TRIGGER file_gone AFTER DELETE ON file BEGIN
    INSERT INTO doomed (path, ready) VALUES (OLD.path, 1);
END;
CREATE TRIGGER file_unmoved BEFORE UPDATE OF path ON file BEGIN
    SELECT RAISE (ABORT, 'a file keeps its name');
END;
