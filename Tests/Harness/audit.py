"""Reads a copy of the database: is it whole, and is the audit log the one that was written?"""

import collections
import contextlib
import hashlib
import sqlite3
import struct

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
COLUMNS = (
    "seq at token_id actor_name actor_kind action object key_id project_id outcome request_id key_ref reason revision"
).split()


@contextlib.contextmanager
def opened(path):
    """A connection to the copy at `path`; closed afterwards."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def integrity(connection):
    """What SQLite finds wrong; an empty list when nothing is."""
    faults = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    faults = [] if faults == ["ok"] else faults
    return faults + [f"foreign key of {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]


def field(value):
    """A field as the chain covers it: its length as u32be, then its bytes; numbers as u64be, nothing as empty."""
    if value is None:
        data = b""
    elif isinstance(value, int):
        data = struct.pack(">q", value)
    else:
        data = value.encode() if isinstance(value, str) else bytes(value)
    return struct.pack(">I", len(data)) + data


def canonical(row):
    """The bytes of an entry that its hash covers."""
    return field("keystow/audit/v1") + b"".join(field(row[name]) for name in COLUMNS)


class Chain:
    """The audit log as far as it has been verified. It only ever grows: what was verified is not read again."""

    def __init__(self):
        self.sequence = 0
        self.hash = bytes(32)

    def verify(self, connection):
        """Goes on from where it was; returns the new entries, or raises Broken with the first bad one."""
        if self.sequence:
            row = connection.execute("SELECT hash FROM audit WHERE seq = ?", [self.sequence]).fetchone()
            if row is None or row["hash"] != self.hash:
                raise Broken(f"entry {self.sequence}, verified before, is not the one that it was")
        entries = connection.execute("SELECT * FROM audit WHERE seq > ? ORDER BY seq", [self.sequence]).fetchall()
        for row in entries:
            if row["seq"] != self.sequence + 1:
                raise Broken(f"entry {self.sequence + 1} is missing")
            expected = hashlib.sha256(self.hash + canonical(row)).digest()
            if row["hash"] != expected:
                raise Broken(f"the hash of entry {row['seq']} is not that of its bytes")
            self.sequence, self.hash = row["seq"], expected
        return entries


class Balance:
    """A database held against its own log: every change that lies there has its entry, and every entry its change."""

    STATES = {"key.quarantined": "quarantined", "key.released": "live", "key.revoked": "revoked"}

    def __init__(self, connection):
        self.connection = connection
        self.entries = connection.execute(
            "SELECT action, object, reason, key_id, revision FROM audit ORDER BY seq").fetchall()

    def faults(self):
        """What does not balance; an empty list when all does."""
        return [*self._keys(), *self._things(), *self._policies()]

    def _objects(self, action):
        return [entry["object"] for entry in self.entries if entry["action"] == action]

    def _keys(self):
        stories = collections.defaultdict(list)
        for entry in self.entries:
            if entry["key_id"] is not None:
                stories[entry["key_id"]].append(entry)
        rows = self.connection.execute(
            "SELECT id, status, last_version, revision, (SELECT count(*) FROM versions WHERE key_id = keys.id) stored "
            "FROM keys").fetchall()
        for row in rows:
            story = stories.pop(row["id"], [])
            name, actions = story[0]["object"] if story else row["id"].hex(), [entry["action"] for entry in story]
            if actions[:1] != ["key.created"] or actions.count("key.created") != 1:
                yield f"{name} is there, and was not created once"
            if "key.deleted" in actions:
                yield f"{name} is there, and was deleted"
            if not row["last_version"] == row["stored"] == 1 + actions.count("key.rotated"):
                yield f"{name} has other versions than its entries tell"
            if [row["revision"]] != [entry["revision"] for entry in story if entry["revision"] is not None][-1:]:
                yield f"{name} has another revision than its newest entry"
            state = "live" if row["status"] in ("active", "unverified", "failing") else row["status"]
            told = ["live", *(self.STATES[action] for action in actions if action in self.STATES)][-1]
            if state != told:
                yield f"{name} is {row['status']}, and its entries come to {told}"
        for story in stories.values():
            if (story[0]["action"], story[-1]["action"]) != ("key.created", "key.deleted"):
                yield f"{story[0]['object']} has entries that do not begin and end it, and is not there"

    def _things(self):
        gone = {entry["object"] for entry in self.entries
                if entry["action"] == "project.changed" and entry["reason"] == "deleted"}
        orders = [name for name in self._objects("key.revoked") if name.startswith("rvk_")]
        for what, query, told in [
            ("tokens", "SELECT id FROM tokens", self._objects("token.created")),
            ("ended tokens", "SELECT id FROM tokens WHERE revoked_at IS NOT NULL", self._objects("token.revoked")),
            ("projects", "SELECT id FROM projects", set(self._objects("project.changed")) - gone),
            ("sessions", "SELECT id FROM connect_sessions", self._objects("connect.created")),
            ("orders", "SELECT id FROM revocations", orders),
        ]:
            there = sorted(row[0] for row in self.connection.execute(query))
            if there != sorted(identifier(name) for name in told):
                yield f"{what}: {len(there)} are there, and the log tells of {len(told)}"

    def _policies(self):
        told = collections.Counter()
        for entry in self.entries:
            if entry["action"] == "policy.changed":
                told[entry["object"]] = 0 if entry["reason"] == "inherited" else told[entry["object"]] + 1
        rows = self.connection.execute("SELECT project_id, provider, revision FROM policies")
        there = {(bytes(row["project_id"]), row["provider"]): row["revision"] for row in rows}
        wanted = {}
        for name, revision in told.items():
            project, _, provider = name.partition("/")
            if revision:
                wanted[identifier(project), provider] = revision
        if there != wanted:
            yield "policies: others are there than the log tells of"


class Broken(Exception):
    """The chain does not hold; the text names the first bad entry."""


def identifier(text):
    """The 16 bytes of an id as the API prints it (`key_01jd…`)."""
    number = 0
    for character in text.rpartition("_")[2]:
        number = number << 5 | ALPHABET.index(character)
    return number.to_bytes(16, "big")
