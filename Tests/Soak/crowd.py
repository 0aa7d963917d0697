"""64 clients read, write and rotate the same keys at once; every answer must be one that can be.

    python3 Tests/Soak/crowd.py KEYSTOW KEYSTOW-SANDBOX [--seconds 60] [--clients 64]

A reveal must give the secret of the version it names, never a version older than one that was acknowledged before
it was asked, and nothing after a revocation was acknowledged. At the end the database must be sound, the audit
chain unbroken and every release in it, and the server must stop when asked. Prints how often each answer came,
and how fast; the clients share the machine with the server, so the figures are what it does at least.

Ends with 1 when anything else came.
"""

import argparse
import collections
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
from inspection import Inspection  # noqa: E402
from ledger import Ledger  # noqa: E402

FIRST_KEYS = 48
MOST_LIVE_KEYS = 400
SETTINGS = {
    "KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_SCHEDULER_INTERVAL": "500ms",
    "KEYSTOW_LOG": "warning",
}
# Beside success. Too many test calls at once is a limit of the vault's own; a conflict is told to who lost a race.
OTHERWISE = {
    "create": {(429, "validation_limit")},
    "rotate": {(429, "validation_limit"), (409, "version_conflict"), (410, "key_revoked")},
    "reveal": {(409, "wrong_state"), (409, "version_conflict"), (410, "key_revoked")},
    "check": {(429, "validation_limit"), (409, "version_conflict"), (410, "key_revoked")},
    "release": {(409, "wrong_state"), (410, "key_revoked")},
    "quarantine": {(410, "key_revoked")},
    "patch": {(410, "key_revoked")},
}


class SharedKey:
    """What is known of a key that all clients use. Its lock is held only while something is noted."""

    def __init__(self, id, secret, user):
        self.id = id
        self.user = user
        self.lock = threading.Lock()
        self.secrets = {1: secret}
        self.sent = {secret}
        self.acknowledged_version = 1
        self.revocation_begun = False
        self.revocation_acknowledged = False

    def note(self, version, secret):
        """Whether `version` may have this secret, as far as anyone has seen."""
        with self.lock:
            return self.secrets.setdefault(version, secret) == secret and secret in self.sent

    def acknowledge(self, version):
        with self.lock:
            self.acknowledged_version = max(self.acknowledged_version, version)


class Crowd:
    """The keys, the counts, and what was wrong."""

    def __init__(self, stage, seconds):
        self.stage = stage
        self.end = time.monotonic() + seconds
        self.ledger = Ledger()
        self.keys = []
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.times = collections.defaultdict(list)

    def some_key(self):
        with self.lock:
            return random.choice(self.keys)

    def add(self, key):
        with self.lock:
            self.keys.append(key)

    def forget(self, key):
        """Nobody is sent to a revoked key for long: some have still to see that it is gone."""
        with self.lock:
            if key in self.keys and len(self.keys) > FIRST_KEYS:
                self.keys.remove(key)

    def took(self, act, seconds, answer):
        with self.lock:
            self.counts[act, answer.status, answer.code] += 1
            self.times[act].append(seconds)


class Visitor(threading.Thread):
    """One of the clients."""

    ACTS = {
        "reveal": 32, "get": 14, "rotate": 14, "create": 12, "list": 8, "patch": 6, "events": 4, "quarantine": 3,
        "release": 4, "revoke": 2, "check": 1, "revoke_all": 0.3,
    }

    def __init__(self, number, crowd):
        super().__init__(name=f"visitor {number}", daemon=True)
        self.crowd = crowd
        self.client = calls.Client(crowd.stage.vault.port, crowd.stage.tokens["app_token"])
        self.admin = calls.Client(crowd.stage.vault.port, crowd.stage.tokens["admin_token"])
        # Keys of this user are made by this visitor alone.
        self.user = f"user-{number}"
        self.status = None

    def run(self):
        act = "create"
        try:
            while time.monotonic() < self.crowd.end:
                if act == "create" and len(self.crowd.keys) >= MOST_LIVE_KEYS:
                    act = "reveal"
                getattr(self, act)()
                act = random.choices(list(self.ACTS), self.ACTS.values())[0]
        except Exception as error:
            self.wrong(f"{act}: {type(error).__name__}: {error}")
        finally:
            self.client.close()
            self.admin.close()

    def wrong(self, what):
        self.crowd.ledger.violated("unexpected", f"{self.name}: {what}")

    def ask(self, act, method, path, body=None, success=200, action=None, client=None):
        """Asks, times and judges; returns the answer, or None unless it is a success."""
        begun = time.monotonic()
        answer = (client or self.client).call(method, path, body)
        self.crowd.took(act, time.monotonic() - begun, answer)
        self.status = answer.status
        if answer.status == success:
            if action:
                self.crowd.ledger.acknowledge(act, answer, action)
            return answer
        if (answer.status, answer.code) not in OTHERWISE.get(act, set()):
            self.wrong(f"{act} answered {answer.status} {answer.code}")
        return None

    def on_key(self, act, method, suffix, body=None, action=None):
        """Asks about some key; one may answer 410 only once somebody has begun to revoke it, and must after."""
        key = self.crowd.some_key()
        was_revoked, floor = key.revocation_acknowledged, key.acknowledged_version
        answer = self.ask(act, method, f"/v1/keys/{key.id}{suffix}", body, action=action)
        if answer and was_revoked and act not in ["get", "events"]:
            self.wrong(f"{act} of {key.id} succeeded after its revocation was acknowledged")
        if answer is None and self.status == 410 and not key.revocation_begun:
            self.wrong(f"{act} of {key.id} answered 410, and nobody had revoked it")
        return key, floor, answer

    def create(self):
        secret = fakes.anthropic()
        answer = self.ask("create", "POST", "/v1/keys", {"user_id": self.user, "key": secret}, 201, "key.created")
        if answer:
            self.crowd.add(SharedKey(answer.json["id"], secret, self.user))

    def reveal(self):
        key, floor, answer = self.on_key("reveal", "POST", "/reveal", action="key.revealed")
        if answer is None:
            return
        version, secret = answer.json["version"], answer.json["key"]
        if version < floor:
            self.wrong(f"reveal of {key.id} gave version {version}, though {floor} was acknowledged before")
        if not key.note(version, secret):
            self.wrong(f"reveal of {key.id} gave a secret that is not that of version {version}")

    def rotate(self):
        secret = fakes.anthropic()
        key = self.crowd.some_key()
        with key.lock:
            key.sent.add(secret)
        was_revoked, floor = key.revocation_acknowledged, key.acknowledged_version
        answer = self.ask(
            "rotate", "POST", f"/v1/keys/{key.id}/rotate", {"key": secret, "grace_seconds": random.choice([0, 60])},
            action="key.rotated")
        if answer is None:
            if self.status == 410 and not key.revocation_begun:
                self.wrong(f"rotate of {key.id} answered 410, and nobody had revoked it")
            return
        version = answer.json["version"]
        if was_revoked or version <= floor or not key.note(version, secret):
            self.wrong(f"rotation of {key.id} to version {version} after {floor} cannot be")
        key.acknowledge(version)

    def revoke(self):
        key = self.crowd.some_key()
        key.revocation_begun = True
        if self.ask("revoke", "POST", f"/v1/keys/{key.id}/revoke"):
            key.revocation_acknowledged = True
            self.crowd.forget(key)

    def revoke_all(self):
        """All keys of its user by one order; from its answer on every one is shown as revoked."""
        with self.crowd.lock:
            own = [key for key in self.crowd.keys if key.user == self.user]
        for key in own:
            key.revocation_begun = True
        body = {"user_id": self.user, "reason": "crowd"}
        if not self.ask("revoke_all", "POST", "/v1/revoke", body, client=self.admin):
            return
        for key in own:
            key.revocation_acknowledged = True
        shown = {key["status"] for key in self.client.pages(f"/v1/keys?user_id={self.user}")}
        if shown - {"revoked"}:
            self.wrong(f"after all keys of {self.user} were revoked some are shown as {', '.join(shown)}")
        for key in own:
            self.crowd.forget(key)

    def get(self):
        key, floor, answer = self.on_key("get", "GET", "")
        if answer and answer.json["version"] < floor:
            self.wrong(f"{key.id} is shown in version {answer.json['version']}, though {floor} was acknowledged before")

    def list(self):
        self.ask("list", "GET", f"/v1/keys?limit=20&user_id={self.user}")

    def patch(self):
        self.on_key("patch", "PATCH", "", {"label": fakes.filler(8)})

    def events(self):
        self.on_key("events", "GET", "/events?limit=20")

    def quarantine(self):
        self.on_key("quarantine", "POST", "/quarantine")

    def release(self):
        self.on_key("release", "POST", "/release")

    def check(self):
        self.on_key("check", "POST", "/check")


def percentile(times, share):
    """In milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def fill(crowd):
    """The keys that are there before the crowd comes."""
    client = calls.Client(crowd.stage.vault.port, crowd.stage.tokens["app_token"])
    for number in range(FIRST_KEYS):
        secret = fakes.anthropic()
        answer = client.post("/v1/keys", {"user_id": f"user-{number}", "key": secret})
        crowd.add(SharedKey(answer.json["id"], secret, f"user-{number}"))
    client.close()


def report(crowd, seconds):
    for (act, status, code), count in sorted(crowd.counts.items()):
        print(f"  {act:<11}{status} {code:<18}{count:>8}")
    print(f"  {'':<11}{'':<22}{'p50':>8}{'p99':>9}")
    for act, times in sorted(crowd.times.items()):
        print(f"  {act:<11}{'':<22}{percentile(times, 0.5):>5.1f} ms{percentile(times, 0.99):>6.1f} ms")
    every = [time for times in crowd.times.values() for time in times]
    print(
        f"{len(every)} answers in {seconds:.0f} s: {len(every) / seconds:.0f}/s, "
        f"p50 {percentile(every, 0.5):.1f} ms, p99 {percentile(every, 0.99):.1f} ms")


def run(stage, options):
    crowd = Crowd(stage, options.seconds)
    fill(crowd)
    crowd.end = time.monotonic() + options.seconds
    visitors = [Visitor(number, crowd) for number in range(options.clients)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    chain = audit.Chain()
    Inspection(crowd.ledger, stage).inspect_files(chain)
    if (code := stage.vault.stop()) != 0:
        crowd.ledger.violated("unexpected", f"the server ended with {code}")
    report(crowd, options.seconds)
    violations = crowd.ledger.violations
    print(f"{options.clients} clients, {chain.sequence} audit entries in the chain, {len(violations)} violations")
    for kind, what in violations[:20]:
        print(f"VIOLATION {kind}: {what}", file=sys.stderr)
    if violations:
        print(f"the server's log:\n{stage.vault.log.read_text(errors='replace')[-2000:]}", file=sys.stderr)
    return 1 if violations else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("sandbox")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=64)
    options = parser.parse_args()
    servers.stop_on_signals()
    try:
        with servers.Stage(options.keystow, options.sandbox, **SETTINGS) as stage:
            return run(stage, options)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
