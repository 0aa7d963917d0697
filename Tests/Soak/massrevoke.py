"""Revokes very many keys at once, and looks how soon they are gone and how everybody else fares meanwhile.

    python3 Tests/Soak/massrevoke.py KEYSTOW KEYSTOW-SANDBOX [--count 100000]

Stores COUNT keys of one user and some of another. While the other's keys are read and written without a pause, first
for a time of quiet, one order revokes all COUNT. From its answer on every one of them must answer 410, which a sample of
them is asked at once and all of them at the end; the others' calls must all succeed. Prints how long it took until the order
was answered, until the last key was shredded, and the callers' median and 99th percentile in quiet and beside it.

Ends with 1 when something else came, when the order stands in the audit log more than once, or when a shredded
ciphertext is still there.
"""

import argparse
import multiprocessing
import pathlib
import random
import sqlite3
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import calls  # noqa: E402
import fakes  # noqa: E402
import servers  # noqa: E402

SETTINGS = {"KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_LOG": "warning",
            "KEYSTOW_REVEAL_ALARM": "1000000"}
WRITERS = 8
QUIET_SECONDS = 5.0
MOST_SECONDS = 600.0


class Wrong(Exception):
    """An answer that must not be."""


def body(user):
    return {"user_id": user, "key": fakes.anthropic(), "validation": "skip"}


def store(port, token, user, count, ids):
    """Stores keys over one connection, and says which."""
    client, made = calls.Client(port, token), []
    for _ in range(count):
        answer = client.post("/v1/keys", body(user))
        if answer.status != 201:
            made.append(f"stored: {answer.status} {answer.code}")
            break
        made.append(answer.json["id"])
    ids.put(made)


def fill(port, token, user, count):
    """COUNT keys, over many connections in processes of their own."""
    ids = multiprocessing.Queue()
    shares = [count // WRITERS + (1 if number < count % WRITERS else 0) for number in range(WRITERS)]
    workers = [multiprocessing.Process(target=store, args=(port, token, user, share, ids)) for share in shares]
    for worker in workers:
        worker.start()
    made = [id for _ in workers for id in ids.get()]
    for worker in workers:
        worker.join()
    if len(made) != count or any(not id.startswith("key_") for id in made):
        raise Wrong(next((id for id in made if not id.startswith("key_")), "too few keys"))
    return made


class Bystander(threading.Thread):
    """Somebody else, who reads and writes other keys without a pause."""

    def __init__(self, port, token, keys, number):
        super().__init__(daemon=True)
        self.client = calls.Client(port, token)
        self.keys, self.number, self.ends = keys, number, False
        self.times, self.wrong = [], []

    def run(self):
        try:
            self.call_on_and_on()
        except calls.NoAnswer as fault:
            self.wrong.append(str(fault))

    def call_on_and_on(self):
        while not self.ends:
            key, begun = random.choice(self.keys), time.monotonic()
            if random.random() < 0.5:
                what, answer = "reveal", self.client.post(f"/v1/keys/{key}/reveal")
            elif random.random() < 0.6:
                what, answer = "get", self.client.get(f"/v1/keys/{key}")
            else:
                what, answer = "create", self.client.post("/v1/keys", body(f"other-{self.number}"))
            self.times.append((begun, time.monotonic() - begun))
            if answer.status not in (200, 201):
                self.wrong.append(f"{what}: {answer.status} {answer.code}")


def percentiles(times):
    times = sorted(times)
    return times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000


def left(stage, user):
    """How many of the user's keys are not shredded yet, as another connection sees it."""
    database = sqlite3.connect(f"file:{stage.data / 'vault.db'}?mode=ro", uri=True)
    try:
        return database.execute(
            "SELECT count(*) FROM versions WHERE owner = ? AND box IS NOT NULL", [user]).fetchone()[0]
    finally:
        database.close()


def revoke(stage, count):
    port, app = stage.vault.port, stage.tokens["app_token"]
    admin = calls.Client(port, stage.tokens["admin_token"], timeout=MOST_SECONDS)
    others = fill(port, app, "other", 200)
    begun = time.monotonic()
    ids = fill(port, app, "leaked", count)
    print(f"{count} keys stored in {time.monotonic() - begun:.1f} s")

    bystanders = [Bystander(port, app, others, number) for number in range(3)]
    for bystander in bystanders:
        bystander.start()
    time.sleep(QUIET_SECONDS)
    ordered = time.monotonic()
    answer = admin.post("/v1/revoke", {"user_id": "leaked", "reason": "leak", "expect": count})
    answered = time.monotonic()
    if answer.status != 200 or answer.json["revoked"] != count:
        raise Wrong(f"revoke: {answer.status} {answer.text[:200]}")
    asker = calls.Client(port, app)
    for id in random.sample(ids, min(200, count)):
        shown = asker.post(f"/v1/keys/{id}/reveal")
        if shown.status != 410:
            raise Wrong(f"right after the order: {shown.status}")
    sampled = time.monotonic()
    again = admin.post("/v1/revoke", {"user_id": "leaked", "reason": "leak"})
    while left(stage, "leaked"):
        if time.monotonic() - answered > MOST_SECONDS:
            raise Wrong(f"{left(stage, 'leaked')} keys are not shredded")
        time.sleep(0.2)
    shredded = time.monotonic()
    for bystander in bystanders:
        bystander.ends = True
    for bystander in bystanders:
        bystander.join()
    wrong = [fault for bystander in bystanders for fault in bystander.wrong]
    if wrong:
        raise Wrong(f"others: {wrong[0]}, and {len(wrong) - 1} more")

    calm = [took for bystander in bystanders for at, took in bystander.times if at + took < ordered]
    beside = [took for bystander in bystanders for at, took in bystander.times if ordered <= at + took and at < shredded]
    (quiet, quiet99), (busy, busy99) = percentiles(calm), percentiles(beside)
    print(f"answered after {answered - ordered:.2f} s, 200 of them 410 within {sampled - ordered:.2f} s, "
          f"all shredded after {shredded - ordered:.1f} s")
    print(f"others in quiet: {len(calm)} calls, median {quiet:.1f} ms, 99 % {quiet99:.1f} ms; "
          f"beside it: {len(beside)} calls, median {busy:.1f} ms, 99 % {busy99:.1f} ms, longest "
          f"{max(beside) * 1000:.0f} ms; ratio of the 99 %: {busy99 / quiet99:.1f}")
    check(stage, port, app, ids, again, count)


def check(stage, port, app, ids, again, count):
    """That they are all gone, once, and stay so."""
    if again.status != 200 or again.json["revoked"] not in range(count + 1):
        raise Wrong(f"the same order again: {again.status} {again.text[:200]}")
    asker = calls.Client(port, app)
    for id in random.sample(ids, min(5000, count)):
        shown = asker.get(f"/v1/keys/{id}")
        if shown.status != 200 or shown.json["status"] != "revoked":
            raise Wrong(f"afterwards: {shown.status} {shown.text[:200]}")
    # On a connection of its own: the one before has been idle for longer than the server keeps one.
    admin = calls.Client(port, stage.tokens["admin_token"])
    third = admin.post("/v1/revoke", {"user_id": "leaked", "reason": "leak"})
    if third.status != 200 or third.json["revoked"] != 0:
        raise Wrong(f"a third time: {third.status} {third.text[:200]}")
    database = sqlite3.connect(f"file:{stage.data / 'vault.db'}?mode=ro", uri=True)
    orders = database.execute("SELECT outcome FROM audit WHERE action = 'key.revoked' AND outcome LIKE 'ordered:%'").fetchall()
    each = database.execute(
        "SELECT count(*), count(DISTINCT object) FROM audit WHERE action = 'key.revoked' AND outcome NOT LIKE 'ordered:%'"
    ).fetchone()
    database.close()
    if (f"ordered:{count}",) not in orders or each != (count, count):
        raise Wrong(f"audit: {orders} {each}")
    print(f"in the audit log: one order over {count} keys, and each of them once")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("sandbox")
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()
    servers.stop_on_signals()
    with servers.Stage(options.keystow, options.sandbox, **SETTINGS) as stage:
        try:
            revoke(stage, options.count)
        except (Wrong, calls.NoAnswer) as fault:
            print(f"wrong: {fault}")
            print(stage.vault.log.read_text()[-1000:])
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
