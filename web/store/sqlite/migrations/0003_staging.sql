-- What is on its way, by its own name, and transfers that go on after a restart.

-- SQLite writes the new name into the triggers on `file` by itself (lang_altertable.html, section 4).
-- An index keeps its name, and is made again.
ALTER TABLE doomed RENAME TO transit;
DROP INDEX doomed_ready;
CREATE INDEX transit_ready ON transit (path) WHERE ready = 1;

-- Files in .reelkeep/uploads that outlive the process; others go at its next start.
CREATE TABLE staging (
    name       TEXT    NOT NULL PRIMARY KEY CHECK (length(name) = 36), -- of the file
    durable    INTEGER NOT NULL CHECK (durable >= 0),         -- bytes that are on the disk for certain
    digest     BLOB    NOT NULL CHECK (length(digest) <= 512), -- of these bytes, to go on with
    digest_tag TEXT    NOT NULL CHECK (length(digest_tag) <= 95) -- whose state that is: version, size
) STRICT, WITHOUT ROWID;
