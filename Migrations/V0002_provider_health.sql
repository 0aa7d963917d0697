-- What providers last said of keys that they had accepted before, and what follows from it.

-- The newest answers of a provider, one for each distinct secret: key_ref is its blind index, and refused says that the
-- provider, having accepted it before, refuses it now. The order of ids is the order of the answers.
CREATE TABLE provider_answers (
    id       INTEGER PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider <> ''),
    key_ref  BLOB NOT NULL CHECK (length(key_ref) = 32),
    at       INTEGER NOT NULL,
    refused  INTEGER NOT NULL CHECK (refused IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX provider_answers_of_a_key ON provider_answers (provider, key_ref);
CREATE INDEX provider_answers_in_order ON provider_answers (provider, id);

-- Since when a provider's refusals are doubted; ended_at is NULL unless acceptances ended it before its time.
CREATE TABLE provider_suspicions (
    provider TEXT PRIMARY KEY NOT NULL CHECK (provider <> ''),
    since    INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

-- When the audit log last said that test calls have stopped, for whom and why. The owner is '' for the whole project.
CREATE TABLE validation_stops (
    project_id BLOB NOT NULL CHECK (length(project_id) = 16),
    owner      TEXT NOT NULL,
    cause      TEXT NOT NULL CHECK (cause <> ''),
    at         INTEGER NOT NULL,
    PRIMARY KEY (project_id, owner, cause)
) STRICT;

-- What came of the last attempt, in words for people.
ALTER TABLE keys ADD COLUMN check_message TEXT;

-- Whether the provider has ever accepted the current secret: such a key's checks are not limited.
ALTER TABLE keys ADD COLUMN is_proven INTEGER NOT NULL DEFAULT 0 CHECK (is_proven IN (0, 1));

UPDATE keys SET is_proven = 1
    WHERE status = 'active' OR verdict_code IN ('valid', 'valid_unfunded', 'valid_restricted');
