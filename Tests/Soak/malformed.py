"""Malformed HTTP in bulk: a million requests that were right once, over raw sockets, many on each connection.

    python3 Tests/Soak/malformed.py KEYSTOW KEYSTOW-SANDBOX [--count 1000000] [--seed N]

Counted are those that the server read: the answers to them, and each connection that ended without one. A right request
follows those of a connection and ends it; where the malformed ones have swallowed it, the server waits for more and is
left alone after a moment. Ends with 1 when anything is answered with 500, 502 or 504, when hardly anything is answered,
when a good client is not served all the while, when the server is gone, has grown, has files open afterwards or does not
end well. The same seed makes the same requests. A control comes first: a server with each of these faults must fail.
"""

import argparse
import collections
import multiprocessing
import pathlib
import queue
import random
import re
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import calls  # noqa: E402
import fakes  # noqa: E402
import servers  # noqa: E402
from flood import Server  # noqa: E402

SETTINGS = {
    "KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_LOG": "error",
    "KEYSTOW_BEHIND_PROXY": "127.0.0.0/8",
}
MEMORY = 512 * 1024 * 1024
PATIENCE = 0.3
WORKERS = 2
CALLERS = 12
# After so many connections a caller takes a new key.
RENEWAL = 500
# How many of them each server of the control gets.
CONTROL = 2400
# The first of them that is read ends the connection; so many that a length that is too large by a little swallows not all.
LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" * 20
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
WRONG = {500, 502, 504}
# What parsers have stumbled over, each in place of a byte or between two.
CRUMBS = [
    b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\r\n ", b"\r\n\t", b" ", b"\t", b":", b"::", b",", b";", b"%", b"%00", b"%2f",
    b"%2e%2e/", b"/../", b"//", b"?", b"#", b"\x7f", b"\x80", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"+", b"-",
    b"0x", b"99999999999999999999", b"-1", b"Content-Length: 3\r\n", b"Content-Length: 3\r\nContent-Length: 4\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: xchunked\r\n", b"Host: evil\r\n", b"Host:\r\n", b" HTTP/1.1",
    b" HTTP/9.9", b"HTTP/2.0", b"Expect: 100-continue\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    b"X-Forwarded-For: ,,1.2.3.4:,[::\r\n", b"a" * 300, b"a" * 5000, b"X: y\r\n" * 70, b"{" * 200, b"[" * 40, b"\\u0000", b"\\ud800",
    b"1e999", b'"', b"\\", b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


def requests(app, admin, key):
    """Right ones, of every kind that there is."""
    def request(method, path, token, body=None, more=""):
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return (head + "\r\n" + (body or "")).encode()

    return [
        request("GET", "/v1/token", app), request("GET", f"/v1/keys/{key}", app, more='If-Match: "1"\r\n'),
        request("GET", "/v1/keys?limit=3&user_id=good&stale=false", app), request("GET", "/v1/providers", app),
        request("GET", f"/v1/keys/{key}/versions", app), request("GET", "/healthz", app),
        request("GET", "/connect", app, more="Accept-Encoding: gzip\r\nAccept: text/html,*/*;q=0.1\r\n"),
        request("GET", "/connect/session", app, more="Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"),
        request("POST", "/v1/inspect", app, '{"key":"sk-ant-api03-nothing"}'),
        request("POST", "/v1/inspect", app, '{"key":"\\u0041BC","provider":"anthropic"}'),
        request("PATCH", f"/v1/keys/{key}", app, '{"label":"a","tags":{"b":"c"}}', "Idempotency-Key: abc\r\n"),
        request("POST", "/v1/connect/sessions", app, '{"user_id":"u","ttl_seconds":60,"return_url":"https://a.example/"}'),
        request("GET", "/v1/audit/entries?limit=2&after=1", admin), request("GET", "/v1/stats", admin),
        request("GET", "/v1/projects", admin), request("POST", "/v1/revoke", admin, '{"all":true,"reason":"a","dry_run":true}'),
        request("GET", "/v1/nothing/%2e%2e/%41", app), request("OPTIONS", "/v1/keys", app),
        request("DELETE", "/v1/keys/key_01jd0000000000000000000000", app),
    ]


class Mutator:
    def __init__(self, right, chance):
        self.right, self.random = right, chance

    def request(self):
        data = bytearray(self.random.choice(self.right))
        for _ in range(min(6, 1 + int(self.random.expovariate(0.9)))):
            self.mutate(data)
        return bytes(data)

    def mutate(self, data):
        place, chance = self.random.randrange(len(data) + 1), self.random
        match chance.randrange(8):
            case 0 if place < len(data):
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                data[place:place] = chance.choice(CRUMBS)
            case 2:
                data[place:place + chance.randrange(1, 12)] = chance.choice(CRUMBS)
            case 3:
                del data[place:place + chance.randrange(1, 20)]
            case 4:
                data[place:place] = data[place:place + chance.randrange(1, 60)]
            case 5:
                other = chance.choice(self.right)
                data[place:] = other[chance.randrange(len(other)):]
            case 6:
                lines = bytes(data).split(b"\r\n")
                chance.shuffle(lines)
                data[:] = b"\r\n".join(lines)
            case _:
                data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 8)))
        if not data:
            data += b"G"


def key(client, user):
    """A new key; one of the requests may well delete it."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        answer = client.post("/v1/keys", {"user_id": user, "key": fakes.anthropic()})
        if answer.status in [200, 201]:
            return answer.json["id"]
        # Others are storing keys too, and only so many are tried at once.
        time.sleep(0.05)
    raise AssertionError(f"a key cannot be stored: {answer.status} {answer.code}")


def converse(port, number, batch):
    """Sends all of it and reads to the end, or until nothing comes; what came, and whether it ended."""
    with socket.socket() as connection:
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        connection.bind((f"127.1.{number // 200 % 200}.{1 + number % 200}", 0))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        got, is_over = bytearray(), True
        try:
            connection.connect(("127.0.0.1", port))
            connection.sendall(batch + LAST)
            while (piece := connection.recv(65536)):
                got += piece
        except TimeoutError:
            is_over = False
        except OSError:
            pass  # Ended by the server while more was on its way.
        return bytes(got), is_over


def work(port, tokens, count, seed, results):
    """One worker's share, in a process of its own, by several callers at once."""
    callers = [
        threading.Thread(target=call, args=(port, tokens, -(-count // CALLERS), seed * 100 + n, results), daemon=True)
        for n in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()


def call(port, tokens, count, seed, results):
    """One caller's share; gives up where everything is wrong."""
    chance = random.Random(seed)
    client = calls.Client(port, tokens["app_token"])
    statuses, done, number, bad = collections.Counter(), 0, seed * 7919, []
    try:
        while done < count and len(bad) < 5:
            if number % RENEWAL == seed * 7919 % RENEWAL:
                mutator = Mutator(requests(tokens["app_token"], tokens["admin_token"], key(client, "horde")), chance)
                client.close()
            number += 1
            batch = [mutator.request() for _ in range(chance.choice([1, 4, 16]))]
            got, is_over = converse(port, number, b"".join(batch))
            # The last answer may be the right request's; what a length swallowed is no request.
            answers = [int(status) for status in STATUS.findall(got)]
            statuses.update(answers[:len(batch)] or ["ended" if is_over else "waited"])
            done += min(len(batch), max(1, len(answers)))
            if WRONG & set(answers):
                bad.append(f"{answers}: {b''.join(batch)[:2000]!r}")
    except Exception as error:
        bad.append(f"a caller failed: {type(error).__name__}: {error}")
    finally:
        results.put((done, statuses, bad))


class Trial:
    """All requests to one server, and what was wrong with it."""

    def __init__(self, program, tokens, options, count, seconds=90):
        self.program, self.tokens, self.options, self.count = program, tokens, options, count
        # How long its files may take to close.
        self.seconds = seconds
        # In a project of its own, whose keys the others cannot name.
        self.client = calls.Client(program.port, tokens["good_token"], timeout=10)
        self.done, self.served, self.statuses, self.failures, self.memory = 0, 0, collections.Counter(), [], 0

    def run(self):
        server = Server(self.program.process)
        self.path = f"/v1/keys/{key(self.client, 'good')}"
        files, results = server.files(), multiprocessing.Queue()
        workers = [
            multiprocessing.Process(
                target=work, daemon=True,
                args=(self.program.port, self.tokens, -(-self.count // WORKERS), self.options.seed + n, results))
            for n in range(WORKERS)
        ]
        for worker in workers:
            worker.start()
        missing = WORKERS * CALLERS
        while missing and not self.failures:
            try:
                done, counts, bad = results.get(timeout=0.1)
            except queue.Empty:
                self.look()
                continue
            missing -= 1
            self.done += done
            self.statuses += counts
            self.failures += bad
        for worker in workers:
            worker.kill()
            worker.join()
        if self.is_there():
            self.look_back(server, files)
        return self

    def is_there(self):
        if self.program.process.poll() is None:
            return True
        self.failures.append(f"the server is gone with {self.program.process.returncode}")
        return False

    def look(self):
        """The good client is served."""
        if self.failures or not self.is_there():
            return
        try:
            status = self.client.get(self.path).status
            self.served += 1
        except calls.NoAnswer as error:
            status = f"no answer ({error})"
        # A server that has just ended is told as such.
        if status != 200 and self.is_there():
            self.failures.append(f"the good client gets {status}")

    def look_back(self, server, files):
        self.client.close()
        self.look()
        end = time.monotonic() + self.seconds
        while server.files() > files + 8 and time.monotonic() < end and not self.failures:
            time.sleep(0.1)
        if server.files() > files + 8:
            self.failures.append(f"{server.files() - files} files stay open")
        self.memory = server.memory() >> 20
        if server.memory() > MEMORY:
            self.failures.append(f"{self.memory} MiB of memory")
        unanswered = self.statuses["ended"] + self.statuses["waited"]
        if unanswered > self.done / 4:
            self.failures.append(f"{unanswered} of {self.done} were not answered")
        if (code := self.program.stop()) != 0:
            self.failures.append(f"the server ended with {code}")


FAULTS = {
    "none": "", "errs": "500", "dies": "is gone with 139", "leaks": "files stay open", "grows": "MiB of memory",
    "hangs": "the good client gets no answer", "swallows": "were not answered",
}


def control(folder, options):
    """What should have been found, and was not."""
    missed = []
    for fault, word in FAULTS.items():
        program = servers.Program(
            [sys.executable, "-B", pathlib.Path(__file__).with_name("faulty.py"), fault], folder / f"{fault}.log")
        try:
            tokens = {"app_token": "app", "admin_token": "admin", "good_token": "good"}
            found = Trial(program.start(), tokens, options, CONTROL, seconds=3).run().failures
        finally:
            program.kill()
        if not any(word in text for text in found) if word else found:
            missed.append(f"control: a server with the fault {fault!r} gives {[text[:200] for text in found]}")
    print(f"control: {len(FAULTS) - len(missed)} of {len(FAULTS)} as they should be")
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keystow")
    parser.add_argument("sandbox")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    servers.stop_on_signals()
    try:
        with servers.Stage(options.keystow, options.sandbox, **SETTINGS) as stage:
            return run(stage, options)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


def run(stage, options):
    failures = control(stage.folder, options)
    admin = calls.Client(stage.vault.port, stage.tokens["admin_token"])
    project = admin.post("/v1/projects", {"name": "good"}).json["id"]
    scopes = ["keys:read", "keys:write"]
    token = {"kind": "app", "project_id": project, "name": "good", "scopes": scopes}
    stage.tokens["good_token"] = admin.post("/v1/tokens", token).json["token"]
    admin.close()
    begun = time.monotonic()
    trial = Trial(stage.vault, stage.tokens, options, options.count).run()
    seconds = time.monotonic() - begun
    failures += trial.failures
    print(", ".join(f"{status}: {count}" for status, count in sorted(trial.statuses.items(), key=str)))
    print(
        f"{trial.done} requests in {seconds:.0f} s ({trial.done / seconds:.0f}/s), seed {options.seed}, memory "
        f"{trial.memory} MiB, a good client served {trial.served} times beside them")
    print(f"{len(failures)} failures")
    for failure in failures[:10]:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
