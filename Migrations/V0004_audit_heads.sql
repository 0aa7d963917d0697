-- Who signs the heads of the audit log, which heads have been signed, and up to where entries were dropped.

-- An Ed25519 seed each, sealed under the index root. The public key is for whoever has no master key; the vault itself
-- derives it.
CREATE TABLE signers (
    number     INTEGER PRIMARY KEY CHECK (number > 0),
    public_key BLOB    NOT NULL CHECK (length(public_key) = 32),
    box        BLOB    NOT NULL CHECK (length(box) > 0),
    created_at INTEGER NOT NULL
) STRICT;

-- Signed notes over the chain's hash at that entry; each has been written to the anchor before it is here.
CREATE TABLE audit_heads (
    seq  INTEGER PRIMARY KEY CHECK (seq > 0),
    at   INTEGER NOT NULL,
    note TEXT    NOT NULL CHECK (note <> '')
) STRICT;

-- One row: the signed note that says up to which entry the log was dropped, and over which entries of before that are
-- kept because they still decide something; complete when all the others are gone.
CREATE TABLE audit_drops (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    through  INTEGER NOT NULL CHECK (through > 0),
    note     TEXT    NOT NULL CHECK (note <> ''),
    complete INTEGER NOT NULL CHECK (complete IN (0, 1))
) STRICT;
