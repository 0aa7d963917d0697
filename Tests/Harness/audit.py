"""Reads a copy of the database: is it whole, and is the audit log the one that was written?"""

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


class Broken(Exception):
    """The chain does not hold; the text names the first bad entry."""


def identifier(text):
    """The 16 bytes of an id as the API prints it (`key_01jd…`)."""
    number = 0
    for character in text.rpartition("_")[2]:
        number = number << 5 | ALPHABET.index(character)
    return number.to_bytes(16, "big")
