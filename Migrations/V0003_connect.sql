-- Links by which users save their own keys, and how a project shows itself on the page behind them.

-- The row MAC covers what decides: whose key it will be, for what, where it may lead, until when, and what came of it.
-- The token is in no row: lookup is its HMAC.
CREATE TABLE connect_sessions (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    lookup       BLOB NOT NULL UNIQUE CHECK (length(lookup) = 32),
    project_id   BLOB NOT NULL REFERENCES projects (id),
    owner        TEXT NOT NULL CHECK (owner <> ''),
    user_label   TEXT CHECK (user_label <> ''),
    purpose      TEXT NOT NULL CHECK (purpose IN ('store', 'replace', 'manage')),
    key_id       BLOB CHECK (length(key_id) = 16),
    providers    TEXT NOT NULL,
    return_url   TEXT CHECK (return_url <> ''),
    origin       TEXT CHECK (origin <> ''),
    locale       TEXT,
    created_at   INTEGER NOT NULL,
    given_end    INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL CHECK (expires_at >= given_end),
    state        TEXT NOT NULL CHECK (state IN ('pending', 'completed', 'expired', 'cancelled')),
    ended_at     INTEGER CHECK ((ended_at IS NULL) = (state = 'pending')),
    checks       INTEGER NOT NULL DEFAULT 0 CHECK (checks >= 0),
    mac          BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE INDEX connect_sessions_by_project ON connect_sessions (project_id);
CREATE INDEX connect_sessions_by_end ON connect_sessions (expires_at);

-- A row that says otherwise than these was put back.
CREATE INDEX audit_of_ended_sessions ON audit (object)
    WHERE action IN ('connect.completed', 'connect.cancelled', 'connect.expired');

-- A data URL or a path on this server; and #rrggbb.
ALTER TABLE projects ADD COLUMN logo TEXT CHECK (logo <> '');
ALTER TABLE projects ADD COLUMN accent_color TEXT CHECK (length(accent_color) = 7);
