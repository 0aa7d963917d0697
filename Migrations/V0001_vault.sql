-- The vault's first schema, for SQLite.
--
-- Ids are the 16 bytes of a UUIDv7, so that the order of ids is the order of creation. MACs and hashes are
-- 32 bytes. Times are milliseconds since 1970 in UTC. Maps and lists are JSON text.

CREATE TABLE migrations (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    name    TEXT NOT NULL UNIQUE,
    sql     TEXT NOT NULL
) STRICT;

-- One row: which vault this is, and which master key opens it.
CREATE TABLE instance (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    instance_id BLOB NOT NULL CHECK (length(instance_id) = 16),
    master_id   BLOB NOT NULL CHECK (length(master_id) = 16)
) STRICT;

CREATE TABLE keyring (
    kind TEXT    NOT NULL CHECK (kind IN ('kek', 'root', 'canary')),
    term INTEGER NOT NULL CHECK (term >= 0),
    blob BLOB    NOT NULL CHECK (length(blob) > 0),
    PRIMARY KEY (kind, term)
) STRICT;

CREATE TABLE projects (
    id                BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name              TEXT NOT NULL,
    allowed_origins   TEXT NOT NULL,
    allowed_providers TEXT NOT NULL,
    reveal_granted_at INTEGER,
    created_at        INTEGER NOT NULL,
    revision          INTEGER NOT NULL CHECK (revision > 0),
    mac               BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE TABLE tokens (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    lookup       BLOB NOT NULL UNIQUE CHECK (length(lookup) = 32),
    project_id   BLOB REFERENCES projects (id),
    kind         TEXT NOT NULL CHECK (kind IN ('adm', 'app', 'con', 'use')),
    scopes       INTEGER NOT NULL,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER,
    mac          BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE INDEX tokens_by_project ON tokens (project_id, id);

CREATE TABLE keys (
    id                          BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    project_id                  BLOB NOT NULL REFERENCES projects (id),
    owner                       TEXT NOT NULL CHECK (owner <> ''),
    provider                    TEXT NOT NULL CHECK (provider <> ''),
    endpoint                    TEXT NOT NULL,
    status                      TEXT NOT NULL CHECK (
        status IN ('active', 'unverified', 'failing', 'quarantined', 'revoked', 'expired', 'undecryptable')),
    expires_at                  INTEGER,
    current_version             INTEGER NOT NULL CHECK (current_version > 0),
    previous_version            INTEGER CHECK (previous_version > 0 AND previous_version <> current_version),
    last_version                INTEGER NOT NULL CHECK (last_version >= current_version),
    blind_index                 BLOB NOT NULL CHECK (length(blind_index) IN (0, 32)),
    quarantine_reason           TEXT CHECK (quarantine_reason IN ('admin', 'leak', 'age')),
    revision                    INTEGER NOT NULL CHECK (revision > 0),
    mac                         BLOB NOT NULL CHECK (length(mac) = 32),
    label                       TEXT,
    hint                        TEXT NOT NULL,
    fingerprint                 TEXT NOT NULL,
    tags                        TEXT NOT NULL,
    params                      TEXT NOT NULL,
    account                     TEXT NOT NULL,
    verdict_code                TEXT CHECK (verdict_code IN (
        'valid', 'valid_unfunded', 'valid_restricted', 'invalid', 'unverified', 'oauth_token_rejected',
        'wrong_key_type')),
    verdict_reason              TEXT,
    verdict_message             TEXT,
    verdict_tested              TEXT,
    verdict_checked_at          INTEGER,
    verdict_http_status         INTEGER,
    verdict_provider_request_id TEXT,
    verdict_retry_after         INTEGER,
    verdict_error_type          TEXT,
    verdict_error_message       TEXT,
    verdict_account             TEXT,
    check_at                    INTEGER,
    check_reason                TEXT,
    check_http_status           INTEGER,
    check_retry_at              INTEGER,
    next_check_at               INTEGER,
    refused_since               INTEGER,
    stale_reasons               INTEGER NOT NULL CHECK (stale_reasons >= 0),
    stale_since                 INTEGER,
    previous_until              INTEGER,
    version_stored_at           INTEGER NOT NULL,
    created_at                  INTEGER NOT NULL,
    rotated_at                  INTEGER,
    last_used_at                INTEGER,
    revoked_at                  INTEGER,
    shred_complete_at           INTEGER,
    due_at                      INTEGER
) STRICT;

CREATE INDEX keys_by_project ON keys (project_id, id);
CREATE INDEX keys_by_owner ON keys (project_id, owner, id);
CREATE INDEX keys_due ON keys (due_at) WHERE due_at IS NOT NULL;

-- One version of a key's secret. Shredded: term, wrapped_dek, box and leak_bucket are NULL. Retired: blind_index is
-- NULL, so that the secret may be stored again.
CREATE TABLE versions (
    key_id      BLOB NOT NULL REFERENCES keys (id),
    number      INTEGER NOT NULL CHECK (number > 0),
    state       TEXT NOT NULL CHECK (state IN ('current', 'previous', 'retired')),
    project_id  BLOB NOT NULL CHECK (length(project_id) = 16),
    owner       TEXT NOT NULL CHECK (owner <> ''),
    provider    TEXT NOT NULL CHECK (provider <> ''),
    endpoint    TEXT NOT NULL,
    term        INTEGER CHECK (term > 0),
    wrapped_dek BLOB,
    box         BLOB,
    blind_index BLOB CHECK (length(blind_index) = 32),
    leak_bucket INTEGER CHECK (leak_bucket BETWEEN 0 AND 16777215),
    hint        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    retired_at  INTEGER,
    shredded_at INTEGER,
    verdict     TEXT,
    PRIMARY KEY (key_id, number),
    CHECK ((term IS NULL) = (wrapped_dek IS NULL) AND (term IS NULL) = (box IS NULL))
) STRICT;

CREATE UNIQUE INDEX versions_duplicates ON versions (project_id, owner, provider, blind_index);
CREATE INDEX versions_by_leak_bucket ON versions (leak_bucket) WHERE leak_bucket IS NOT NULL;

-- The provider is '' where a policy or a rescan is for the whole project.
CREATE TABLE policies (
    project_id                    BLOB NOT NULL REFERENCES projects (id),
    provider                      TEXT NOT NULL,
    max_age_seconds               INTEGER CHECK (max_age_seconds > 0),
    warn_before_seconds           TEXT NOT NULL,
    unused_after_seconds          INTEGER CHECK (unused_after_seconds > 0),
    recheck_every_seconds         INTEGER CHECK (recheck_every_seconds > 0),
    confirm_failure_after_seconds INTEGER CHECK (confirm_failure_after_seconds > 0),
    grace_seconds                 INTEGER NOT NULL CHECK (grace_seconds >= 0),
    quarantine_after_seconds      INTEGER CHECK (quarantine_after_seconds > 0),
    revision                      INTEGER NOT NULL CHECK (revision > 0),
    mac                           BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (project_id, provider)
) STRICT;

-- A changed policy whose keys are still to be marked due; after_id is the last one that was.
CREATE TABLE rescans (
    project_id BLOB NOT NULL REFERENCES projects (id),
    provider   TEXT NOT NULL,
    after_id   BLOB CHECK (length(after_id) = 16),
    PRIMARY KEY (project_id, provider)
) STRICT;

-- The status is NULL while the first request is still running.
CREATE TABLE idempotency (
    token_id   BLOB NOT NULL CHECK (length(token_id) = 16),
    route      TEXT NOT NULL,
    key        TEXT NOT NULL,
    body_mac   BLOB NOT NULL CHECK (length(body_mac) = 32),
    status     INTEGER,
    answer     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (token_id, route, key)
) STRICT;

CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX idempotency_running ON idempotency (token_id) WHERE status IS NULL;

-- Test calls, for the limits on them; refused is NULL until the provider has answered, then 0 or 1.
CREATE TABLE validation_attempts (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    project_id BLOB NOT NULL CHECK (length(project_id) = 16),
    owner      TEXT NOT NULL CHECK (owner <> ''),
    key_ref    BLOB NOT NULL CHECK (length(key_ref) = 32),
    refused    INTEGER CHECK (refused IN (0, 1))
) STRICT;

CREATE INDEX validation_attempts_by_project ON validation_attempts (project_id, at);
CREATE INDEX validation_attempts_by_age ON validation_attempts (at);

-- Orders to revoke many keys; after_id is the last key that was shredded for one.
CREATE TABLE revocations (
    id             BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    project_id     BLOB CHECK (length(project_id) = 16),
    provider       TEXT CHECK (provider <> ''),
    owner          TEXT CHECK (owner <> ''),
    created_before INTEGER,
    reason         TEXT NOT NULL,
    ordered_at     INTEGER NOT NULL,
    after_id       BLOB CHECK (length(after_id) = 16),
    completed_at   INTEGER,
    mac            BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE INDEX revocations_pending ON revocations (id) WHERE completed_at IS NULL;

-- Rows are only ever added at the end; hash is the chain's over the one before and this row's canonical bytes.
-- No references: an entry outlives what it names.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY CHECK (seq > 0),
    at         INTEGER NOT NULL,
    token_id   BLOB CHECK (length(token_id) = 16),
    actor_name TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    action     TEXT NOT NULL CHECK (action <> ''),
    object     TEXT NOT NULL,
    key_id     BLOB CHECK (length(key_id) = 16),
    project_id BLOB CHECK (length(project_id) = 16),
    outcome    TEXT NOT NULL,
    request_id BLOB CHECK (length(request_id) = 16),
    key_ref    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    revision   INTEGER,
    hash       BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_by_key ON audit (key_id, seq) WHERE key_id IS NOT NULL;
CREATE INDEX audit_of_ended_tokens ON audit (object) WHERE action = 'token.revoked';
CREATE INDEX audit_of_ended_projects ON audit (object) WHERE action = 'project.changed' AND reason = 'deleted';
