"""Malformed HTTP in bulk: a million requests that were right once, over raw sockets, many on each connection.

    python3 Tests/Soak/malformed.py KEYSTOW KEYSTOW-SANDBOX [--count 1000000] [--seed N]

Counted is what the server did with them: each answer, and each connection without one. Right requests follow those of
a connection, the last of which ends it; where the malformed ones have swallowed them, the server waits for more and is
left alone after a moment. A 500 or a 502 to 504, a server that is gone, grown or has files open afterwards: each ends
with 1. The same seed makes the same requests.
"""

import argparse
import collections
import multiprocessing
import pathlib
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
# So many that a length that is too large by a little swallows not all of them.
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


def work(port, tokens, key, count, seed, results):
    """One worker's share, in a process of its own, by several callers at once."""
    callers = [
        threading.Thread(target=call, args=(port, tokens, key, count // CALLERS, seed * 100 + n, results), daemon=True)
        for n in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()


def call(port, tokens, key, count, seed, results):
    chance = random.Random(seed)
    mutator = Mutator(requests(tokens["app_token"], tokens["admin_token"], key), chance)
    statuses, done, number, bad = collections.Counter(), 0, seed * 7919, []
    while done < count and len(bad) < 5:
        number += 1
        batch = b"".join(mutator.request() for _ in range(chance.choice([1, 4, 16])))
        got, is_over = converse(port, number, batch)
        answers = [int(status) for status in STATUS.findall(got)]
        statuses.update(answers or ["ended" if is_over else "waited"])
        done += max(1, len(answers))
        if WRONG & set(answers):
            bad.append((str(answers), batch))
    results.put((done, statuses, bad))


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
    server, port = Server(stage.vault.process), stage.vault.port
    client = calls.Client(port, stage.tokens["app_token"])
    key = client.post("/v1/keys", {"user_id": "good", "key": fakes.anthropic()}).json["id"]
    files, begun, results = server.files(), time.monotonic(), multiprocessing.Queue()
    workers = [
        multiprocessing.Process(
            target=work, args=(port, stage.tokens, key, options.count // WORKERS, options.seed + n, results), daemon=True)
        for n in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    done, statuses, failures = 0, collections.Counter(), []
    for _ in range(WORKERS * CALLERS):
        share, counts, bad = results.get()
        done += share
        statuses += counts
        failures += [f"{what}: {batch[:2000]!r}" for what, batch in bad]
    seconds = time.monotonic() - begun
    if stage.vault.process.poll() is not None:
        failures.append(f"the server is gone with {stage.vault.process.returncode}")
    else:
        client.close()
        if (status := client.get(f"/v1/keys/{key}").status) not in [200, 410]:
            failures.append(f"the good client gets {status} afterwards")
        end = time.monotonic() + 90
        while server.files() > files + 8 and time.monotonic() < end:
            time.sleep(0.1)
        if server.files() > files + 8:
            failures.append(f"{server.files() - files} files stay open")
        if server.memory() > MEMORY:
            failures.append(f"{server.memory() >> 20} MiB of memory")
        memory = server.memory() >> 20
        if (code := stage.vault.stop()) != 0:
            failures.append(f"the server ended with {code}")
        print(", ".join(f"{status}: {count}" for status, count in sorted(statuses.items(), key=str)))
        print(f"{done} requests in {seconds:.0f} s ({done / seconds:.0f}/s), seed {options.seed}, memory {memory} MiB")
    print(f"{len(failures)} failures")
    for failure in failures[:10]:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
