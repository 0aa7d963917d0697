"""Moves many secrets to new KEK terms while clients work, and kills the server with SIGKILL in the midst of it.

    python3 Tests/Soak/rekey.py KEYSTOW KEYSTOW-SANDBOX [--keys 100000] [--kills 100] [--control]

First a rekey without kills: no request may fail, and its p99 is printed beside that of the same clients before it.
Then kills at random moments of rekeys: after each restart every key has its secret, each under one term that can
still be opened, and their number is what it was; the rekey goes on by itself. At the end every key reveals the
secret that was acknowledged last. A control comes first: damage that is done on purpose must be reported.

Ends with 1 on any violation, and then leaves the files and says where.
"""

import argparse
import concurrent.futures
import pathlib
import random
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import audit  # noqa: E402
import calls  # noqa: E402
import fakes  # noqa: E402
import servers  # noqa: E402
from kill9 import SETTINGS, Soak  # noqa: E402
from ledger import REVOKED, Key  # noqa: E402

CLIENTS = 4
QUIET_SECONDS = 5
FILLERS = 8
WORK_SECONDS = (0.05, 1.0)
EVERYTHING_EVERY = 25
PATIENCE = 900

# Live keys without their secret, secrets under a term that is gone, and terms that should be gone by the end.
CHECKS = {
    "no current secret": """
        SELECT count(*) FROM keys LEFT JOIN versions ON key_id = keys.id AND number = current_version
        WHERE status <> 'revoked' AND box IS NULL""",
    "a secret of a revoked key": """
        SELECT count(*) FROM keys JOIN versions ON key_id = keys.id WHERE status = 'revoked' AND box IS NOT NULL""",
    "a secret under a term that cannot be opened": """
        SELECT count(*) FROM versions WHERE term IS NOT NULL AND term NOT IN
            (SELECT term FROM keyring WHERE kind = 'kek' INTERSECT SELECT term FROM terms WHERE destroyed_at IS NULL)""",
    "a key of a destroyed term": """
        SELECT count(*) FROM keyring WHERE kind = 'kek' AND term IN
            (SELECT term FROM terms WHERE destroyed_at IS NOT NULL)""",
}


class Load(threading.Thread):
    """Reveals and rotates keys of its own until it is told to stop; times every answer."""

    def __init__(self, stage, keys):
        super().__init__(daemon=True)
        self.client = calls.Client(stage.vault.port, stage.tokens["app_token"])
        self.keys = keys
        self.seconds, self.faults = [], []
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.is_set():
            key = random.choice(self.keys)
            act = random.random()
            began = time.monotonic()
            if act < 0.7:
                answer = self.client.post(f"/v1/keys/{key.id}/reveal")
                isWell = answer.status == 200 and answer.json["key"] == key.secret
            elif act < 0.85:
                secret = fakes.anthropic()
                body = {"key": secret, "validation": "skip", "grace_seconds": random.choice([0, 60])}
                answer = self.client.post(f"/v1/keys/{key.id}/rotate", body)
                isWell = answer.status == 200
                if isWell:
                    key.secret, key.version = secret, answer.json["version"]
            else:
                answer = self.client.get("/v1/keys?limit=20")
                isWell = answer.status == 200
            self.seconds.append(time.monotonic() - began)
            if not isWell:
                self.faults.append(f"{answer.status} {answer.code}")


class RekeySoak(Soak):
    """Cycles of work beside a rekey, a kill, a restart and a look at the files."""

    def __init__(self, stage):
        super().__init__(stage)
        self.rekeys = 0
        self.expected = 0

    def fill(self, count):
        """Stores `count` keys, untested, and knows their secrets."""
        def store(numbers):
            client = calls.Client(self.stage.vault.port, self.stage.tokens["app_token"])
            for number in numbers:
                secret = fakes.anthropic()
                answer = client.post(
                    "/v1/keys", {"user_id": f"filler-{number}", "key": secret, "validation": "skip"})
                if answer.status != 201:
                    raise AssertionError(f"not stored: {answer.status} {answer.code}")
                self.ledger.add(Key(answer.json["id"], f"filler-{number}", secret))
            client.close()

        with concurrent.futures.ThreadPoolExecutor(FILLERS) as pool:
            list(pool.map(store, [range(start, count, FILLERS) for start in range(FILLERS)]))

    def admin(self):
        return calls.Client(self.stage.vault.port, self.stage.tokens["admin_token"])

    def begin(self):
        """Begins a rekey unless one is running."""
        answer = self.admin().post("/v1/keyring/rotate", {"target": "term"})
        if answer.status == 200:
            self.rekeys += 1
        elif answer.code != "wrong_state":
            self.ledger.violated("unexpected", f"rotate answered {answer.status} {answer.code}")

    def progress(self):
        return self.admin().get("/v1/keyring/rekey").json

    def finish(self):
        """Waits until no rekey is running; returns how the last one ended."""
        end = time.monotonic() + PATIENCE
        while (progress := self.progress())["state"] not in ("finished", "none"):
            if time.monotonic() > end:
                self.ledger.violated("stuck", str(progress))
                break
            time.sleep(0.05)
        return progress

    def under_load(self, body):
        """Runs `body` beside clients; returns the p99 of their answers in seconds."""
        keys = [key for key in self.ledger.keys.values() if key.state != REVOKED]
        loads = [Load(self.stage, keys[number::CLIENTS]) for number in range(CLIENTS)]
        for load in loads:
            load.start()
        body()
        for load in loads:
            load.is_over.set()
        for load in loads:
            load.join()
            for fault in load.faults:
                self.ledger.violated("failed", fault)
        seconds = sorted(second for load in loads for second in load.seconds)
        return seconds[int(len(seconds) * 0.99)], len(seconds)

    def served(self):
        """A rekey under load, without kills."""
        quiet, _ = self.under_load(lambda: time.sleep(QUIET_SECONDS))
        began, ended = time.monotonic(), {}

        def rekey():
            self.begin()
            ended.update(self.finish())

        busy, answers = self.under_load(rekey)
        seconds = time.monotonic() - began
        if ended["remaining"] or ended["failed"] or ended["verified"] < len(self.ledger.keys):
            self.ledger.violated("left", str(ended))
        print(
            f"{ended['done']} secrets moved and {ended['verified']} opened in {seconds:.1f} s beside {answers} answers, none "
            f"failed; p99 {busy * 1000:.1f} ms, {busy / quiet:.1f} times that of before", flush=True)

    def look(self):
        """The files alone: quick enough for every cycle."""
        with self.stage.snapshot() as path, audit.opened(path) as database:
            for fault in audit.integrity(database):
                self.ledger.violated("corrupt", fault)
            for what, query in CHECKS.items():
                if count := database.execute(query).fetchone()[0]:
                    self.ledger.violated("half-moved", f"{what}: {count}")
            count = database.execute("SELECT count(*) FROM keys").fetchone()[0]
            if count < self.expected:
                self.ledger.violated("lost", f"{self.expected - count} keys")
            self.expected = count

    def work_until_killed(self):
        self.begin()
        super().work_until_killed()

    def run(self, count):
        for cycle in range(1, count + 1):
            self.work_until_killed()
            self.look()
            self.restart()
            if cycle % EVERYTHING_EVERY == 0:
                self.inspect()
                print(f"  {self.summary}", flush=True)
            if self.ledger.violations:
                break
        ended = self.finish()
        if ended["remaining"] or ended["failed"]:
            self.ledger.violated("left", str(ended))
        self.look()
        self.chain = audit.Chain()
        self.inspect(everything=True)


def control(keystow, sandbox):
    """Damage done on purpose; returns what of it was not reported."""
    with servers.Stage(keystow, sandbox, **SETTINGS) as stage:
        soak = RekeySoak(stage)
        soak.fill(20)
        soak.look()
        if soak.ledger.violations:
            return [f"before any damage: {soak.ledger.violations}"]
        stage.vault.kill()
        ids = sorted(soak.ledger.keys)
        with audit.opened(stage.data / "vault.db") as database:
            for id in ids[:1]:
                database.execute("DELETE FROM versions WHERE key_id = ?", [audit.identifier(id)])
                database.execute("DELETE FROM keys WHERE id = ?", [audit.identifier(id)])
            database.execute(
                "UPDATE versions SET box = NULL, wrapped_dek = NULL, term = NULL WHERE key_id = ?",
                [audit.identifier(ids[1])])
            database.execute("UPDATE versions SET term = 9 WHERE key_id = ?", [audit.identifier(ids[2])])
            database.execute(
                "UPDATE versions SET wrapped_dek = zeroblob(134) WHERE key_id = ?", [audit.identifier(ids[3])])
            database.commit()
        soak.look()
        found = " ".join(what for _, what in soak.ledger.violations)
        wanted = ["1 keys", "no current secret: 1", "cannot be opened: 1"]
        missed = [f"not reported: {what}" for what in wanted if what not in found]
        stage.vault.start()
        soak.begin()
        ended = soak.finish()
        # The one that was wrapped under nothing, and the one whose term there never was.
        return missed if ended["failed"] == 2 else missed + [f"a rekey over damage ended with {ended}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("sandbox")
    parser.add_argument("--keys", type=int, default=100_000, help="how many secrets there are to move")
    parser.add_argument("--kills", type=int, default=100, help="how many kills")
    parser.add_argument("--control", action="store_true", help="the control alone")
    options = parser.parse_args()
    servers.stop_on_signals()
    missed = control(options.keystow, options.sandbox)
    if missed:
        print("the control failed:\n  " + "\n  ".join(missed), file=sys.stderr)
        return 1
    print("control: a lost key, a lost secret, a term that is gone and a damaged DEK were each reported", flush=True)
    return 0 if options.control else soak(options)


def soak(options):
    stage = servers.Stage(options.keystow, options.sandbox, **SETTINGS)
    run = RekeySoak(stage)
    try:
        with stage:
            began = time.monotonic()
            run.fill(options.keys)
            run.expected = options.keys
            print(f"{options.keys} keys stored in {time.monotonic() - began:.0f} s", flush=True)
            run.served()
            run.run(options.kills)
            print(f"{run.rekeys} rekeys, {run.summary}")
            print(run.details)
            for kind, what in run.ledger.violations[:20]:
                print(f"VIOLATION {kind}: {what}", file=sys.stderr)
            if run.ledger.violations:
                stage.keeps_files = True
                print(f"the files are in {stage.folder}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\ninterrupted after {run.summary}", file=sys.stderr)
        return 130
    return 1 if run.ledger.violations else 0


if __name__ == "__main__":
    sys.exit(main())
