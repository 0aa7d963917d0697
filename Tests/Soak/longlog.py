"""How a long audit log fares: how fast it grows by one entry, how fast `keystow audit verify` follows it.

    python3 Tests/Soak/longlog.py KEYSTOW [--count 1000000]

First calls that write one entry each, on a new vault's short log; then COUNT entries are made here, with hashes by the
harness's own reading of them, and the same calls again, on the long one: the ratio is of one run. Then the log is
verified whole, and once more with one entry changed, which has to be named. One page of the anchor is what proves it all:
its newest head is measured, too.

Ends with 1 on anything that is not as it should be.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import audit  # noqa: E402
import calls  # noqa: E402
import servers  # noqa: E402

APPENDS = 2000


def fill(database, count):
    """Writes `count` entries behind those that are there; returns the number of the last."""
    last, head = database.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    token, project = uuid.uuid4().bytes, uuid.uuid4().bytes

    def rows(hash=head):
        for seq in range(last + 1, last + 1 + count):
            key = uuid.UUID(int=seq % 50_000).bytes
            row = (seq, 1_800_000_000_000 + seq, token, "notes, production", "app", "key.revealed",
                   "key_01jd2k7x9zf8t9r6q4v3m2n1pw", key, project, "ok", uuid.uuid4().bytes, "9b1c6d20a7f34e58", "", 3)
            hash = hashlib.sha256(hash + audit.canonical(dict(zip(audit.COLUMNS, row)))).digest()
            yield row + (hash,)

    database.executemany(f"INSERT INTO audit VALUES ({','.join('?' * 15)})", rows())
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return last + count


def appends(keystow, data, tokens, log):
    """How long calls take that write one entry each, shortest first; with a server of its own."""
    settings = {"KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_SCHEDULER_INTERVAL": "1d"}
    server = servers.Program([keystow, "serve", "--listen", ":0", "--data-dir", data], log, settings)
    server.start()
    try:
        client = calls.Client(server.port, tokens["admin_token"])
        path = f"/v1/projects/{tokens['project_id']}"
        took = []
        for number in range(APPENDS):
            start = time.monotonic()
            answer = client.call("PATCH", path, {"name": f"project {number}"})
            took.append(time.monotonic() - start)
            if answer.status != 200:
                raise SystemExit(f"longlog: {answer.status} where 200 was expected")
        client.close()
    finally:
        server.stop()
    return sorted(took)


def tell(what, took):
    print(f"one entry more, {what}: {len(took)} calls, p50 {took[len(took) // 2] * 1000:.2f} ms,"
          f" p99 {took[len(took) * 99 // 100] * 1000:.2f} ms", flush=True)


def verify(keystow, data):
    start = time.monotonic()
    ended = subprocess.run([keystow, "audit", "verify", "--json", "--data-dir", data], capture_output=True, text=True)
    return ended.returncode, json.loads(ended.stdout), time.monotonic() - start


def check(isWell, report):
    if not isWell:
        raise SystemExit(f"longlog: verify says {report}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("--count", type=int, default=1_000_000)
    order = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = folder + "/data"
        made = subprocess.run([order.keystow, "init", "--data-dir", data], check=True, capture_output=True)
        tokens = json.loads(made.stdout)
        short = appends(order.keystow, data, tokens, folder + "/log")
        tell("short log", short)
        database = sqlite3.connect(data + "/vault.db")
        last = fill(database, order.count)
        database.close()
        print(f"{last} entries are there", flush=True)
        long = appends(order.keystow, data, tokens, folder + "/log")
        tell("long log", long)
        print(f"long : short, p50 {long[len(long) // 2] / short[len(short) // 2]:.2f},"
              f" p99 {long[len(long) * 99 // 100] / short[len(short) * 99 // 100]:.2f}")
        head = pathlib.Path(data, "anchor").read_text().rpartition("/head\n")[2]
        print(f"the newest head has {len(head)} bytes and a line")

        code, report, took = verify(order.keystow, data)
        check(code == 0 and report["last_good"] > last, report)
        count = report["last_good"]
        print(f"{count} entries verified in {took:.2f} s: {count / took:.0f} a second", flush=True)

        victim = last * 2 // 3
        database = sqlite3.connect(data + "/vault.db")
        database.execute("UPDATE audit SET reason = 'x' WHERE seq = ?", (victim,))
        database.commit()
        database.close()
        code, report, took = verify(order.keystow, data)
        check(code == 65 and report["first_bad"] == victim and report["fault"] == "changed", report)
        print(f"entry {victim} was changed: named in {took:.2f} s")


if __name__ == "__main__":
    os.umask(0o077)
    main()
