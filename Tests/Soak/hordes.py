"""One horde of bad clients, in a process of its own so that who measures is not slowed by it.

    python3 Tests/Soak/hordes.py KIND PORT COUNT TOKEN

Says `ready` when all its connections are made, and on the end of its input one line of JSON: how many connections it
has open, how many the server ended, and after how many seconds at most.
"""

import json
import os
import resource
import select
import socket
import struct
import sys
import time

HOST = b"Host: 127.0.0.1\r\n"
DRIP = 1.0


class Caller:
    """One connection of the horde; what it does is `first`, and `next` whenever it may."""

    def __init__(self, horde, number):
        self.horde = horde
        self.number = number
        self.begun = time.monotonic()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        # Addresses of its own, so that no port is short; all are this machine.
        self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        self.socket.bind((f"127.0.{horde.network}.{1 + number % 200}", 0))
        if horde.reads_slowly:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect_ex(("127.0.0.1", horde.port))
        self.pending = horde.first(self)

    def write(self):
        """Sends what is to be sent now; whether the connection is still there."""
        try:
            while self.pending:
                self.pending = self.pending[self.socket.send(self.pending):]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def read(self):
        if self.horde.reads_slowly:
            return True
        try:
            while (got := self.socket.recv(65536)):
                pass
            return got != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self):
        # Without a last word: nothing of it is left behind in this machine's tables.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Horde:
    """COUNT callers; one that the server ends comes again."""

    reads_slowly = False
    # Whether a caller sends as much as the server takes, or something now and then.
    is_eager = False
    network = 1

    def __init__(self, port, count, token):
        self.port = port
        self.count = count
        self.token = token.encode()
        self.callers = {}
        self.ended = 0
        self.oldest = 0.0
        self.refused = 0

    def first(self, caller):
        raise NotImplementedError

    def next(self, caller):
        return b""

    def add(self, number):
        caller = Caller(self, number)
        self.callers[caller.socket.fileno()] = caller
        self.poll.register(caller.socket, select.EPOLLIN | (select.EPOLLOUT if self.is_eager or caller.pending else 0))

    def lose(self, caller):
        number = caller.socket.fileno()
        self.poll.unregister(number)
        del self.callers[number]
        self.ended += 1
        self.oldest = max(self.oldest, time.monotonic() - caller.begun)
        caller.close()
        return caller.number

    def run(self):
        self.poll = select.epoll()
        self.poll.register(0, select.EPOLLIN)
        is_ready, made, dripped, again = False, 0, time.monotonic(), []
        while True:
            for _ in range(200):
                if made < self.count:
                    self.add(made)
                    made += 1
                elif again:
                    self.add(again.pop())
            events = self.poll.poll(0.01 if made < self.count or again else 0.2, 4096)
            for number, event in events:
                if number == 0:
                    self.report()
                    return
                caller = self.callers.get(number)
                if caller is None:
                    continue
                alive = not event & (select.EPOLLHUP | select.EPOLLERR)
                if alive and event & select.EPOLLIN:
                    alive = caller.read()
                if alive and event & select.EPOLLOUT:
                    if self.is_eager and not caller.pending:
                        caller.pending = self.next(caller)
                    alive = caller.write()
                    if alive and not self.is_eager and not caller.pending:
                        self.poll.modify(number, select.EPOLLIN)
                if not alive:
                    again.append(self.lose(caller))
            now = time.monotonic()
            if not self.is_eager and now - dripped >= DRIP:
                dripped = now
                for caller in list(self.callers.values()):
                    caller.pending += self.next(caller)
                    if caller.pending and not caller.write():
                        again.append(self.lose(caller))
            if not is_ready and made == self.count and not any(c.pending for c in self.callers.values()) or (
                    not is_ready and self.is_eager and made == self.count):
                is_ready = True
                print("ready", flush=True)

    def report(self):
        oldest = max([self.oldest] + [time.monotonic() - c.begun for c in self.callers.values()])
        print(json.dumps({"open": len(self.callers), "ended": self.ended, "oldest": round(oldest, 1)}), flush=True)
        os._exit(0)


class Slowloris(Horde):
    """Heads that never end: a byte now and then."""

    network = 11

    def first(self, caller):
        return b"GET /v1/keys HTTP/1.1\r\n" + HOST + b"X-Slow: "

    def next(self, caller):
        # A tenth of them each second: each sends a byte every ten.
        return b"a" if (caller.number + int(time.monotonic())) % 10 == 0 else b""


class Idle(Horde):
    """One request, and then nothing on a connection that is kept."""

    network = 12

    def first(self, caller):
        return b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"


class SlowBody(Horde):
    """A caller with a good token whose body comes a byte a second."""

    network = 13

    def first(self, caller):
        return (b"POST /v1/inspect HTTP/1.1\r\n" + HOST + b"Authorization: Bearer " + self.token
                + b"\r\nContent-Type: application/json\r\nContent-Length: 65000\r\n\r\n{")

    def next(self, caller):
        return b" "


class HugeBody(Horde):
    """A gigabyte, declared or in chunks, sent as fast as it is taken."""

    network = 14
    is_eager = True

    def first(self, caller):
        framing = b"Content-Length: 1000000000" if caller.number % 2 else b"Transfer-Encoding: chunked"
        return (b"POST /v1/keys HTTP/1.1\r\n" + HOST + b"Authorization: Bearer " + self.token
                + b"\r\nContent-Type: application/json\r\n" + framing + b"\r\n\r\n")

    def next(self, caller):
        return b"fff0\r\n" + b"a" * 65520 + b"\r\n"


class Headers(Horde):
    """Header fields without end, or one without end."""

    network = 15
    is_eager = True

    def first(self, caller):
        return b"GET /v1/keys HTTP/1.1\r\n" + HOST + (b"X-Long: " if caller.number % 2 else b"")

    def next(self, caller):
        return b"a" * 8192 if caller.number % 2 else b"".join(b"X-%d: a\r\n" % n for n in range(500))


class SlowReader(Horde):
    """Asks for large answers again and again, and reads none."""

    network = 16
    reads_slowly = True

    def first(self, caller):
        return (b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n") * 60


KINDS = {
    "slowloris": Slowloris, "idle": Idle, "slow-body": SlowBody, "huge-body": HugeBody, "headers": Headers,
    "slow-reader": SlowReader,
}

if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kind, port, count, token = sys.argv[1:]
    KINDS[kind](int(port), int(count), token).run()
