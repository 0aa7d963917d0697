"""Hordes of bad clients, one kind after another, while one good client goes on asking.

    python3 Tests/Soak/flood.py KEYSTOW KEYSTOW-SANDBOX [--connections 10000] [--seconds 20]

Each kind is let loose on a server with a key in it, and an app reads that key all the while, over a fresh connection
and over a kept one by turns. Prints how long its answers took beside how long they take in quiet, the most memory the
server took, and what the server did to the horde. With fewer descriptors than asked for, there are fewer connections,
and it says so.

Ends with 1 when an answer to the good client was not 200, or the slowest percent took a second or more; when memory
passed the bound; when a slow head was borne for longer than it should be; or when files stay open after the horde.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Harness"))

import calls  # noqa: E402
import fakes  # noqa: E402
import servers  # noqa: E402

# Everybody of this machine is a proxy that is believed, so that no address has a limit of its own.
SETTINGS = {
    "KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_LOG": "warning",
    "KEYSTOW_BEHIND_PROXY": "127.0.0.0/8",
}
SLOWEST = 1.0
PACE = 0.05
MEMORY = 768 * 1024 * 1024
# How long a head may take, and what a busy machine adds.
HEAD = 10.0 + 5.0
# Each kind, and the share of all connections that it has.
HORDES = [
    ("slowloris", 1.0), ("idle", 1.0), ("slow-body", 0.2), ("huge-body", 0.0064), ("headers", 0.0064),
    ("slow-reader", 0.2),
]


class Server:
    """What the system says of the server's process."""

    def __init__(self, process):
        self.folder = pathlib.Path(f"/proc/{process.pid}")
        self.peak = 0

    def memory(self):
        status = (self.folder / "status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def files(self):
        return sum(1 for _ in (self.folder / "fd").iterdir())

    def watch(self, until):
        while not until.wait(0.05):
            self.peak = max(self.peak, self.memory())


class Measurement:
    """How the good client fares."""

    def __init__(self, port, token, key):
        self.port, self.token, self.path = port, token, f"/v1/keys/{key}"
        self.kept = calls.Client(port, token)
        self.times = []
        self.wrong = []

    def run(self, seconds):
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            number += 1
            client = self.kept if number % 2 else calls.Client(self.port, self.token)
            begun = time.monotonic()
            try:
                answer = client.get(self.path)
                if answer.status != 200:
                    self.wrong.append(f"{answer.status} {answer.code}")
            except calls.NoAnswer as error:
                self.wrong.append(f"no answer ({error})")
            self.times.append(time.monotonic() - begun)
            if client is not self.kept:
                client.close()
            time.sleep(0.002)
        return self

    @property
    def slowest_percent(self):
        """As for a client that asks every so often, whether or not it has been answered: who waits for seconds asks
        once in them, and a quick one hundreds of times."""
        times = sorted(time - missed * PACE for time in self.times for missed in range(1 + int(time / PACE)))
        return times[int(len(times) * 0.99)]


class Flood:
    def __init__(self, stage, options):
        self.stage, self.options = stage, options
        self.server = Server(stage.vault.process)
        self.token = stage.tokens["app_token"]
        self.failures = []
        answer = calls.Client(stage.vault.port, self.token).post(
            "/v1/keys", {"user_id": "good", "key": fakes.anthropic()})
        self.key = answer.json["id"]

    def measure(self, seconds):
        return Measurement(self.stage.vault.port, self.token, self.key).run(seconds)

    def run(self):
        quiet = self.measure(max(3.0, self.options.seconds / 4))
        self.expect(not quiet.wrong, f"quiet: {quiet.wrong[:3]}")
        base = quiet.slowest_percent
        files = self.server.files()
        print(f"quiet: {len(quiet.times)} answers, p99 {base * 1000:.1f} ms, memory {self.server.memory() >> 20} MiB")
        for kind, share in HORDES:
            self.let_loose(kind, max(32, int(self.options.connections * share)), base, files)
        after = self.measure(3.0)
        self.expect(not after.wrong, f"after: {after.wrong[:3]}")
        print(f"after: p99 {after.slowest_percent * 1000:.1f} ms, memory {self.server.memory() >> 20} MiB")

    def let_loose(self, kind, count, base, files):
        self.server.peak = 0
        before = self.server.memory()
        horde = subprocess.Popen(
            [sys.executable, "-B", HERE / "hordes.py", kind, str(self.stage.vault.port), str(count), self.token],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        done = threading.Event()
        watcher = threading.Thread(target=self.server.watch, args=(done,), daemon=True)
        watcher.start()
        try:
            self.expect(horde.stdout.readline() == "ready\n", f"{kind}: the horde did not come")
            most = self.server.files() - files
            measured = self.measure(self.options.seconds)
            most = max(most, self.server.files() - files)
            told, _ = horde.communicate(timeout=60)
        finally:
            done.set()
            watcher.join()
            horde.kill()
        report = json.loads(told or "{}")
        p99 = measured.slowest_percent
        print(
            f"{kind}: {count} connections ({most} at the server), {report.get('ended', 0)} ended by it, the oldest "
            f"{report.get('oldest', 0)} s old; {len(measured.times)} answers, p99 {p99 * 1000:.1f} ms, "
            f"{p99 / base:.1f} times quiet; memory {before >> 20} -> {self.server.peak >> 20} MiB")
        self.expect(not measured.wrong, f"{kind}: {len(measured.wrong)} were not 200: {sorted(set(measured.wrong))[:3]}")
        self.expect(p99 < SLOWEST, f"{kind}: the slowest percent took {p99:.2f} s")
        self.expect(self.server.peak < MEMORY, f"{kind}: {self.server.peak >> 20} MiB of memory")
        if kind == "slowloris" and self.options.seconds >= HEAD:
            self.expect(report.get("oldest", 99) <= HEAD, f"a slow head was borne for {report.get('oldest')} s")
        self.settle(kind, files)

    def settle(self, kind, files):
        """Everything is closed again, but for what the good client keeps."""
        # An end that came together with bytes is seen by the deadline of the request only.
        end = time.monotonic() + 45
        while self.server.files() > files + 8 and time.monotonic() < end:
            time.sleep(0.1)
        self.expect(self.server.files() <= files + 8, f"{kind}: {self.server.files() - files} files stay open")

    def expect(self, holds, what):
        if not holds:
            self.failures.append(what)
            print(f"FAILED {what}", file=sys.stderr, flush=True)


def connections(wanted):
    """As many as this machine lets a process have, beside what the server needs itself."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = min(wanted, int((hard - 256) * 0.7))
    if possible < wanted:
        print(f"{possible} connections and not {wanted}: a process may open {hard} files here")
    return possible


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("sandbox")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    options.connections = connections(options.connections)
    servers.stop_on_signals()
    try:
        with servers.Stage(options.keystow, options.sandbox, **SETTINGS) as stage:
            flood = Flood(stage, options)
            flood.run()
            code = stage.vault.stop()
            flood.expect(code == 0, f"the server ended with {code}")
            print(f"{len(HORDES)} hordes, {len(flood.failures)} failures")
            return 1 if flood.failures else 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
