-- The KEK terms that there have been, the moving of secrets from one to the next, and the offline recovery key.

-- The keys themselves lie in keyring. One that is destroyed keeps its number here, so that it is not given out again.
CREATE TABLE terms (
    term         INTEGER PRIMARY KEY CHECK (term > 0),
    created_at   INTEGER NOT NULL,
    wraps        INTEGER NOT NULL DEFAULT 0 CHECK (wraps >= 0),
    destroyed_at INTEGER
) STRICT;

INSERT INTO terms (term, created_at, wraps)
    SELECT term, coalesce((SELECT min(created_at) FROM projects), 0), (SELECT count(*) FROM versions)
    FROM keyring WHERE kind = 'kek';

-- Who still needs a term, in the order in which a rekey takes them.
CREATE INDEX versions_by_term ON versions (term, key_id, number) WHERE term IS NOT NULL;

-- How far the rekey to a term has come. What there is to do follows from the versions, and not from here.
CREATE TABLE rekeys (
    to_term     INTEGER PRIMARY KEY REFERENCES terms (term),
    from_term   INTEGER NOT NULL CHECK (from_term > 0 AND from_term < to_term),
    state       TEXT    NOT NULL CHECK (state IN ('rewrapping', 'verifying', 'finished')),
    done        INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
    failed      INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    verified    INTEGER NOT NULL DEFAULT 0 CHECK (verified >= 0),
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;

-- The same keys as in keyring, each sealed once more under the recovery key, and that key sealed under the index root.
CREATE TABLE recovery_keyring (
    kind TEXT    NOT NULL CHECK (kind IN ('kek', 'root', 'canary', 'recovery')),
    term INTEGER NOT NULL CHECK (term >= 0),
    blob BLOB    NOT NULL CHECK (length(blob) > 0),
    PRIMARY KEY (kind, term)
) STRICT;
