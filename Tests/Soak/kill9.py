"""Kills the server with SIGKILL at random moments of random work, and looks what is left.

    python3 Tests/Soak/kill9.py KEYSTOW KEYSTOW-SANDBOX [--count 200] [--control]

After each restart: every acknowledged key is there and reveals the secret acknowledged last (a rotation that was
not acknowledged may be there or not, whole); none is half-written; none revoked comes back; the database is sound,
the audit chain unbroken, everything that was answered is in it, and every change has its entry and every entry its
change. A control comes first: damage that is done on purpose must be reported. Kills the process, not the machine: what the kernel was given stays given.

Ends with 1 on any violation, and then leaves the files and says where.
"""

import argparse
import pathlib
import random
import sys
import time
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import audit  # noqa: E402
import servers  # noqa: E402
from actors import Actor  # noqa: E402
from inspection import Inspection  # noqa: E402
from ledger import ACTIVE, REVOKED, Ledger  # noqa: E402

CLIENTS = 8
WORK_SECONDS = (0.01, 0.7)
KILLED_WHILE_STARTING = 0.2
STARTING_SECONDS = (0.0, 0.12)
OLD_KEYS_WORKED_ON = 400
OLDER_KEYS_LOOKED_AT = 40
ALL_KEYS_EVERY = 25
ENOUGH_VIOLATIONS = 20
SETTINGS = {
    "KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_SCHEDULER_INTERVAL": "200ms",
    "KEYSTOW_LOG": "warning",
}

# Changes without their entries, and entries without their changes.
UNBALANCED = [
    "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit WHERE action = 'key.created')",
    "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit WHERE action = 'key.rotated')",
    "DELETE FROM audit WHERE action = 'token.created'",
    "UPDATE keys SET status = 'revoked' WHERE id = (SELECT max(id) FROM keys WHERE status = 'active')",
    "UPDATE keys SET revision = revision + 1 WHERE id = (SELECT max(id) FROM keys)",
    "DELETE FROM versions WHERE key_id = (SELECT max(id) FROM keys)",
]


class Soak:
    """Cycles of work, a kill, a restart and an inspection, on one vault."""

    def __init__(self, stage):
        self.stage = stage
        self.ledger = Ledger()
        self.chain = audit.Chain()
        self.kills = 0
        self.kills_while_starting = 0

    def work_until_killed(self):
        """Lets the clients work, and kills the server at a random moment."""
        self.kills += 1
        pools = [[] for _ in range(CLIENTS)]
        alive = [key for key in self.ledger.keys.values() if key.state != REVOKED]
        for key in alive[-OLD_KEYS_WORKED_ON:]:
            # All keys of a user belong to one client, who may revoke them all at once.
            pools[zlib.crc32(key.user.encode()) % CLIENTS].append(key)
        actors = [
            Actor(f"c{self.kills}t{number}", self.ledger, self.stage.vault.port, self.stage.tokens, pools[number])
            for number in range(CLIENTS)
        ]
        for actor in actors:
            actor.start()
        time.sleep(random.uniform(*WORK_SECONDS))
        self.stage.vault.kill()
        for actor in actors:
            actor.join()

    def restart(self):
        """Starts the server again, now and then only after it was killed while it started."""
        while random.random() < KILLED_WHILE_STARTING:
            self.stage.vault.spawn()
            time.sleep(random.uniform(*STARTING_SECONDS))
            self.stage.vault.kill()
            self.kills_while_starting += 1
        self.stage.vault.start()

    def inspect(self, everything=False):
        ids = set(self.ledger.keys) if everything else self.ledger.touched | set(
            random.sample(sorted(self.ledger.keys), min(OLDER_KEYS_LOOKED_AT, len(self.ledger.keys))))
        inspection = Inspection(self.ledger, self.stage)
        inspection.inspect(ids)
        inspection.inspect_files(self.chain)
        self.ledger.touched.clear()

    def run(self, count):
        for cycle in range(1, count + 1):
            self.work_until_killed()
            self.restart()
            self.inspect(everything=cycle == count or cycle % ALL_KEYS_EVERY == 0)
            if cycle % ALL_KEYS_EVERY == 0:
                print(f"  {self.summary}", flush=True)
            if len(self.ledger.violations) >= ENOUGH_VIOLATIONS:
                break
        # Once more from the first entry on: what was verified long ago must still be so.
        self.chain = audit.Chain()
        Inspection(self.ledger, self.stage).inspect_files(self.chain)

    @property
    def summary(self):
        done = ", ".join(f"{count} {act}" for act, count in sorted(self.ledger.acknowledged.items()))
        kinds = self.ledger.kinds()
        found = ", ".join(f"{kinds.pop(kind, 0)} {kind}" for kind in ["lost", "half-written", "resurrected"])
        rest = "".join(f", {count} {kind}" for kind, count in sorted(kinds.items()))
        return f"{self.kills} kills: {done} acknowledged; {found}{rest}"

    @property
    def details(self):
        flying = ", ".join(f"{act} {count}" for act, count in sorted(self.ledger.in_flight.items()))
        return (
            f"  {self.kills_while_starting} more kills while starting; unanswered at a kill: {flying or 'nothing'}; "
            f"{len(self.ledger.keys)} keys, {self.chain.sequence} audit entries in an unbroken chain")


def control(keystow, sandbox):
    """Damage done on purpose; returns what of it was not reported as what it is."""
    with servers.Stage(keystow, sandbox, **SETTINGS) as stage:
        soak = Soak(stage)
        while len(alive := [key for key in soak.ledger.keys.values() if key.state == ACTIVE]) < 3:
            soak.work_until_killed()
            stage.vault.start()
            soak.inspect()
        soak.ledger.releases.append((alive[0].id, "key.revealed"))
        soak.inspect()
        unaudited, soak.ledger.violations = soak.ledger.violations, []
        if [kind for kind, _ in unaudited] != ["unaudited"]:
            return [f"a release without an entry was reported as {unaudited}"]
        if unseen := [change for change in UNBALANCED if balances_after(stage, change)]:
            return [f"not reported as unbalanced: {change}" for change in unseen]
        soak.work_until_killed()
        if soak.ledger.violations:
            return [f"before any damage: {kind}: {what}" for kind, what in soak.ledger.violations]
        alive = [key for key in soak.ledger.keys.values() if key.possible_states == {ACTIVE} and not key.coming_secret]
        dropped, mistaken, risen = alive[:3]
        damage(stage.data / "vault.db", dropped)
        mistaken.secret = dropped.secret
        risen.state = REVOKED
        stage.vault.start()
        soak.chain = audit.Chain()
        soak.inspect(everything=True)
        found = {(kind, what.split(" ")[0]) for kind, what in soak.ledger.violations}
        wanted = {("lost", dropped.id), ("half-written", mistaken.id), ("resurrected", risen.id), ("chain", "the")}
        return [f"not reported: {kind} {what}" for kind, what in wanted - found] + [
            f"reported, though nothing was done: {kind} {what}" for kind, what in found - wanted]


def balances_after(stage, change):
    """Whether the log and the rows of a copy still fit each other after `change`."""
    with stage.snapshot() as path, audit.opened(path) as database:
        if audit.Balance(database).faults() or database.execute(change).rowcount < 1:
            return True
        return audit.Balance(database).faults() == []


def damage(path, key):
    """Drops `key` and changes one audit entry, while no server runs."""
    with audit.opened(path) as database:
        id = audit.identifier(key.id)
        database.execute("DELETE FROM versions WHERE key_id = ?", [id])
        database.execute("DELETE FROM keys WHERE id = ?", [id])
        database.execute("UPDATE audit SET reason = 'changed' WHERE seq = (SELECT max(seq) FROM audit)")
        database.commit()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("sandbox")
    parser.add_argument("--count", type=int, default=200, help="how many kills")
    parser.add_argument("--control", action="store_true", help="the control alone")
    options = parser.parse_args()
    servers.stop_on_signals()
    missed = control(options.keystow, options.sandbox)
    if missed:
        print("the control failed:\n  " + "\n  ".join(missed), file=sys.stderr)
        return 1
    print(
        "control: a dropped key, a wrong secret, a risen key, an unaudited release, a changed audit entry, changes without "
        "entries and entries without changes were each reported", flush=True)
    return 0 if options.control else soak(options)


def soak(options):
    stage = servers.Stage(options.keystow, options.sandbox, **SETTINGS)
    run = Soak(stage)
    try:
        with stage:
            run.run(options.count)
            print(run.summary)
            print(run.details)
            for kind, what in run.ledger.violations[:ENOUGH_VIOLATIONS]:
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
