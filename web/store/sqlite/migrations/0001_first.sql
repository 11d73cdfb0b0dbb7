-- The first schema. docs/volume.md tells the same to people.
-- Times are milliseconds since 1970-01-01 UTC; ids are random UUIDs (version 4) and never reused;
-- digests are 32 bytes; paths are relative to MEDIA_ROOT.

CREATE TABLE entry (
    collection TEXT    NOT NULL, -- [a-z0-9_-]{1,40}
    entry      TEXT    NOT NULL, -- [A-Za-z0-9][A-Za-z0-9._-]{0,63}
    created_at INTEGER NOT NULL, -- when its first item came
    PRIMARY KEY (collection, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE media (
    id           TEXT    NOT NULL PRIMARY KEY,
    collection   TEXT    NOT NULL, -- the entry it belongs to
    entry        TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('photo', 'video', 'audio')),
    caption      TEXT    NOT NULL, -- UTF-8, as the person wrote it; '' for none
    name         TEXT    NOT NULL, -- the person's file name, made safe
    content_type TEXT    NOT NULL, -- of the upload, found by its content
    size         INTEGER NOT NULL, -- bytes as uploaded
    width        INTEGER,          -- pixels as shown; NULL while unknown
    height       INTEGER,
    duration     REAL,             -- seconds; NULL while unknown
    created_at   INTEGER NOT NULL,
    FOREIGN KEY (collection, entry) REFERENCES entry
) STRICT, WITHOUT ROWID;
CREATE INDEX media_of_entry ON media (collection, entry, created_at DESC, id);

CREATE TABLE file (
    path         TEXT    NOT NULL PRIMARY KEY, -- its content never changes under its name
    media_id     TEXT    NOT NULL REFERENCES media ON DELETE CASCADE,
    role         TEXT    NOT NULL CHECK (role IN ('original', 'video', 'poster')),
    content_type TEXT    NOT NULL,
    size         INTEGER NOT NULL,                             -- bytes
    blake2b      BLOB    NOT NULL CHECK (length(blake2b) = 32), -- identity of the content, ETag
    sha256       BLOB    CHECK (length(sha256) = 32),          -- NULL until somebody needed it
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX file_of_media ON file (media_id, role);

-- What a person or a program sent in one request; the address it asks for the state of.
CREATE TABLE upload (
    id         TEXT    NOT NULL PRIMARY KEY,
    media_id   TEXT    NOT NULL REFERENCES media ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_of_media ON upload (media_id);

CREATE TABLE job (
    id               TEXT    NOT NULL PRIMARY KEY,
    media_id         TEXT    NOT NULL UNIQUE REFERENCES media ON DELETE CASCADE,
    state            TEXT    NOT NULL
                     CHECK (state IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    attempts         INTEGER NOT NULL, -- claims that counted
    lease_hash       BLOB CHECK (length(lease_hash) = 32), -- BLAKE2b of the last claim's token;
                                       -- kept after an expiry so that a late result still counts
    lease_expires_at INTEGER,          -- of the last claim
    worker           TEXT,             -- who claimed last, as it calls itself
    stage            TEXT,             -- what the holder says it is doing
    percent          REAL NOT NULL CHECK (percent BETWEEN 0 AND 100),
    error            TEXT,             -- the last fault, a sentence for the person who uploaded
    video_digest     BLOB CHECK (length(video_digest) = 32), -- of the accepted result
    queued_at        INTEGER NOT NULL, -- its place in the queue
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    CHECK (state <> 'leased' OR (lease_hash IS NOT NULL AND lease_expires_at IS NOT NULL)),
    CHECK (state <> 'done' OR video_digest IS NOT NULL),
    CHECK (state <> 'failed' OR error IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_queue ON job (queued_at, id) WHERE state = 'queued';
CREATE INDEX job_lease ON job (lease_expires_at, id) WHERE state = 'leased';

-- One row for each claim.
CREATE TABLE attempt (
    id         INTEGER PRIMARY KEY,
    job_id     TEXT    NOT NULL REFERENCES job ON DELETE CASCADE,
    number     INTEGER NOT NULL, -- job.attempts at the claim
    worker     TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,          -- NULL while it lasts
    outcome    TEXT CHECK (outcome IN ('delivered', 'failed', 'released', 'expired', 'cancelled')),
    detail     TEXT              -- why, in words
) STRICT;
CREATE INDEX attempt_of_job ON attempt (job_id);

-- One row for each delivery that reached a known job, also the refused ones.
CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY,
    job_id      TEXT    NOT NULL REFERENCES job ON DELETE CASCADE,
    received_at INTEGER NOT NULL,
    outcome     TEXT    NOT NULL CHECK (outcome IN ('accepted', 'repeated', 'refused')),
    detail      TEXT    NOT NULL -- why it was refused; '' otherwise
) STRICT;
CREATE INDEX delivery_of_job ON delivery (job_id);

-- The two journals keep the last 50 rows of a job.
CREATE TRIGGER attempt_bounded AFTER INSERT ON attempt BEGIN
    DELETE FROM attempt WHERE id = (SELECT id FROM attempt WHERE job_id = NEW.job_id
                                    ORDER BY id DESC LIMIT 1 OFFSET 50);
END;
CREATE TRIGGER delivery_bounded AFTER INSERT ON delivery BEGIN
    DELETE FROM delivery WHERE id = (SELECT id FROM delivery WHERE job_id = NEW.job_id
                                     ORDER BY id DESC LIMIT 1 OFFSET 50);
END;

-- Files without a row: on their way in (ready = 0), or to be unlinked (ready = 1). This is how
-- files and rows stay together whenever the program dies, so the rules are part of the schema.
CREATE TABLE doomed (
    path  TEXT    NOT NULL PRIMARY KEY,
    ready INTEGER NOT NULL CHECK (ready IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX doomed_ready ON doomed (path) WHERE ready = 1;

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
