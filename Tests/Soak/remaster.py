"""Replaces the master key again and again, and kills the server with SIGKILL in the midst of it.

    python3 Tests/Soak/remaster.py KEYSTOW KEYSTOW-SANDBOX [--kills 1000] [--control]

Each time a fresh master key is put where the server reads it, the old one becomes the previous one, and the server is told
to take it over and killed at a random moment of that. It must then start: with the new key alone where it had said so,
else with both; every key reveals its secret. A control comes first: with neither of the two it must not start, and
with the old one alone not once the new one has been taken over.

Ends with 1 on any violation, and then leaves the files and says where.
"""

import argparse
import collections
import os
import pathlib
import random
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import calls  # noqa: E402
import fakes  # noqa: E402
import servers  # noqa: E402

KEYS = 20
SHOWN_EVERY = 250
CURRENT, PREVIOUS = "KEYSTOW_MASTER_KEY_FILE", "KEYSTOW_MASTER_KEY_PREVIOUS_FILE"


class Masters:
    """A vault whose master key is replaced; the files that its keys lie in."""

    def __init__(self, stage):
        self.stage = stage
        self.current, self.previous = stage.folder / "current.key", stage.folder / "previous.key"
        self.secrets = {}
        self.violations = []
        # How long a replacement takes when nobody disturbs it, in seconds.
        self.usual = 0.0
        self.ends = collections.Counter()

    def fill(self):
        client = self.client("app_token")
        for number in range(KEYS):
            secret = fakes.anthropic()
            answer = client.post("/v1/keys", {"user_id": f"user-{number}", "key": secret, "validation": "skip"})
            if answer.status != 201:
                raise AssertionError(f"not stored: {answer.status} {answer.code}")
            self.secrets[answer.json["id"]] = secret
        client.close()

    def client(self, token):
        return calls.Client(self.stage.vault.port, self.stage.tokens[token])

    def renew(self):
        """The current key becomes the previous one, and a fresh one the current."""
        os.replace(self.current, self.previous)
        put(self.current, os.urandom(32))

    def rotate(self):
        """Whether the server says that the new key is taken over; None where it said nothing."""
        client = self.client("admin_token")
        try:
            answer = client.post("/v1/keyring/rotate", {"target": "master"})
            if answer.status != 200:
                self.violations.append(f"rotate answered {answer.status} {answer.code}")
            return answer.status == 200
        except calls.NoAnswer:
            return None
        finally:
            client.close()

    def rotate_and_kill(self):
        """Whether the new key was said to be taken over before the server was killed."""
        said = []
        caller = threading.Thread(target=lambda: said.append(self.rotate()), daemon=True)
        caller.start()
        time.sleep(random.uniform(0, self.usual))
        self.stage.vault.kill()
        caller.join()
        return said[0]

    def start(self, with_previous):
        environment = self.stage.vault.environment
        environment[CURRENT] = str(self.current)
        environment.pop(PREVIOUS, None)
        if with_previous:
            environment[PREVIOUS] = str(self.previous)
        log = self.stage.vault.log
        before = log.stat().st_size if log.exists() else 0
        self.stage.vault.start()
        return b"master_key.previous" in log.read_bytes()[before:]

    def look(self):
        client = self.client("app_token")
        for id, secret in self.secrets.items():
            answer = client.post(f"/v1/keys/{id}/reveal")
            if answer.status != 200 or answer.json["key"] != secret:
                self.violations.append(f"{id}: {answer.status} {answer.code}")
        client.close()

    def calibrate(self):
        """Replacements that nobody disturbs."""
        times = []
        for _ in range(5):
            self.renew()
            began = time.monotonic()
            self.rotate()
            times.append(time.monotonic() - began)
        self.usual = sorted(times)[2]

    def cycle(self):
        self.renew()
        said = self.rotate_and_kill()
        try:
            by_previous = self.start(with_previous=not said)
        except servers.NotStarted as fault:
            self.violations.append(f"after it {'said' if said else 'had not said'} that the new key was taken over: {fault}")
            return False
        self.ends["said" if said else "unsaid, still the old" if by_previous else "unsaid, already the new"] += 1
        self.look()
        if by_previous and not self.rotate():
            self.violations.append("the next try did not take the new key over")
        return not self.violations

    def run(self, kills):
        self.calibrate()
        for number in range(1, kills + 1):
            if not self.cycle():
                break
            if number % SHOWN_EVERY == 0:
                print(f"  {number} kills", flush=True)
        missing = {"said", "unsaid, still the old", "unsaid, already the new"} - set(self.ends)
        if missing and kills >= 100:
            self.violations.append(f"never seen in {kills} kills: {', '.join(sorted(missing))}")


def put(path, key):
    """A key that takes its name when it is whole."""
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(key)
    os.replace(unfinished, path)


def control(masters):
    """What of the keys that must not open the vault does; with the right one it is then opened again."""
    faults = []
    masters.renew()
    if not masters.rotate():
        return ["the new key was not taken over"]
    masters.stage.vault.kill()
    right, old = masters.current.read_bytes(), masters.previous.read_bytes()
    for name, key in [("the old key alone", old), ("another key", os.urandom(32))]:
        put(masters.current, key)
        try:
            masters.start(with_previous=False)
            faults.append(f"{name} opened the vault")
            masters.stage.vault.kill()
        except servers.NotStarted:
            pass
    put(masters.current, right)
    masters.start(with_previous=False)
    masters.look()
    return faults + masters.violations


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("sandbox")
    parser.add_argument("--kills", type=int, default=1000, help="how many kills")
    parser.add_argument("--control", action="store_true", help="the control alone")
    options = parser.parse_args()
    servers.stop_on_signals()
    stage = servers.Stage(
        options.keystow, options.sandbox, KEYSTOW_RATE_LIMIT="off", KEYSTOW_VALIDATION_LIMITS="off", KEYSTOW_LOG="warning")
    masters = Masters(stage)
    put(masters.current, os.urandom(32))
    stage.vault.environment[CURRENT] = str(masters.current)
    try:
        with stage:
            masters.fill()
            if missed := control(masters):
                print("the control failed:\n  " + "\n  ".join(missed), file=sys.stderr)
                return 1
            print("control: the old key alone and another key were each refused", flush=True)
            if options.control:
                return 0
            masters.run(options.kills)
            ends = ", ".join(f"{count} {end}" for end, count in sorted(masters.ends.items()))
            print(f"{sum(masters.ends.values())} kills: {ends}; every key opened each time" if not masters.violations else ends)
            for what in masters.violations:
                print(f"VIOLATION {what}", file=sys.stderr)
            if masters.violations:
                stage.keeps_files = True
                print(f"the files are in {stage.folder}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\ninterrupted after {sum(masters.ends.values())} kills", file=sys.stderr)
        return 130
    return 1 if masters.violations else 0


if __name__ == "__main__":
    sys.exit(main())
