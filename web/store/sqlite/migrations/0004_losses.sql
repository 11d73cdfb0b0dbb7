-- What of an original is not in what was made of it, and how large its picture was.

ALTER TABLE media ADD COLUMN losses TEXT NOT NULL DEFAULT '' -- words, with commas between
    CHECK (length(losses) <= 255);
ALTER TABLE media ADD COLUMN original_width INTEGER;  -- pixels as shown; NULL while unknown
ALTER TABLE media ADD COLUMN original_height INTEGER;
