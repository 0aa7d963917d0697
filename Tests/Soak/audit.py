#!/usr/bin/env python3
"""Makes a log of COUNT entries and says how fast `keystow audit verify` follows it; then damages one and looks again.

The entries and their hashes are made here, from what docs say of them, so that this is a second opinion, too.
"""

import argparse
import hashlib
import json
import os
import sqlite3
import struct
import subprocess
import tempfile
import time
import uuid


def field(value):
    """A field with its length before it (u32be); numbers as u64be; what is absent is empty."""
    if value is None:
        value = b""
    elif isinstance(value, int):
        value = struct.pack(">Q", value)
    elif isinstance(value, str):
        value = value.encode()
    return struct.pack(">I", len(value)) + value


def canonical(row):
    seq, at, token, name, kind, action, thing, key, project, outcome, request, ref, reason, revision = row
    fields = ["keystow/audit/v1", seq, at, token, name, kind, action, thing, key, project, outcome, request, ref]
    return b"".join(field(value) for value in fields + [reason, revision])


def verify(program, data):
    start = time.monotonic()
    ended = subprocess.run([program, "audit", "verify", "--json", "--data-dir", data], capture_output=True, text=True)
    took = time.monotonic() - start
    return ended.returncode, json.loads(ended.stdout), took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keystow")
    parser.add_argument("--count", type=int, default=1_000_000)
    order = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = folder + "/data"
        subprocess.run([order.keystow, "init", "--data-dir", data], check=True, capture_output=True)
        database = sqlite3.connect(data + "/vault.db")
        last, head = database.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()

        def rows():
            hash = head
            token, project = uuid.uuid4().bytes, uuid.uuid4().bytes
            for seq in range(last + 1, last + 1 + order.count):
                key = uuid.UUID(int=seq % 50_000).bytes
                row = (seq, 1_800_000_000_000 + seq, token, "notes, production", "app", "key.revealed",
                       "key_01jd2k7x9zf8t9r6q4v3m2n1pw", key, project, "ok", uuid.uuid4().bytes, "9b1c6d20a7f34e58",
                       "", 3)
                hash = hashlib.sha256(hash + canonical(row)).digest()
                yield row + (hash,)

        marks = ",".join("?" * 15)
        database.executemany(f"INSERT INTO audit VALUES ({marks})", rows())
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

        code, report, took = verify(order.keystow, data)
        assert code == 0 and report["last_good"] == last + order.count, report
        print(f"{order.count} entries verified in {took:.2f} s: {order.count / took:.0f} a second")

        victim = last + order.count * 2 // 3
        database = sqlite3.connect(data + "/vault.db")
        database.execute("UPDATE audit SET reason = 'x' WHERE seq = ?", (victim,))
        database.commit()
        database.close()
        code, report, took = verify(order.keystow, data)
        assert code == 65 and report["first_bad"] == victim and report["fault"] == "changed", report
        print(f"entry {victim} was changed: named in {took:.2f} s")


if __name__ == "__main__":
    os.umask(0o077)
    main()
