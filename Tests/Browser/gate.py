"""Stands between the vault and the stand-in providers, so that a test decides how long a provider takes."""

import http.client
import http.server
import threading
import urllib.parse

HELD_AT_MOST = 30.0
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "keep-alive", "server"}


class Gate:
    """Passes every call on, but holds those back whose key contains `slow` until `open` is called.

    It remembers which keys it has seen. Threads of its own answer; `seen` and `held` may be read from any.
    """

    def __init__(self, provider_url):
        self.behind = urllib.parse.urlsplit(provider_url)
        self.changed = threading.Condition()
        self.is_open = False
        self.held = 0
        self.seen = []
        self.stand_ins = {}
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                gate._pass(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, name="gate", daemon=True).start()

    def open(self):
        """Lets everything through that is held now, and nothing that comes later."""
        with self.changed:
            self.is_open = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.held == 0, HELD_AT_MOST)
            self.is_open = False

    def let(self, secret, answer_as):
        """From now on a provider answers to `secret` as it would to `answer_as`."""
        with self.changed:
            self.stand_ins[secret] = answer_as

    def until_held(self, count=1):
        """Waits until so many calls are held; whether they are."""
        with self.changed:
            return self.changed.wait_for(lambda: self.held >= count, HELD_AT_MOST)

    def count(self, secret):
        """How many calls were made with this very key."""
        with self.changed:
            return self.seen.count(secret)

    def close(self):
        with self.changed:
            self.is_open = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    def _pass(self, request):
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        with self.changed:
            self.seen.append(key)
            told = self.stand_ins.get(key, key)
            if "slow" in key:
                self.held += 1
                self.changed.notify_all()
                self.changed.wait_for(lambda: self.is_open, HELD_AT_MOST)
                self.held -= 1
                self.changed.notify_all()
        headers = {
            name: value.replace(key, told) if key else value for name, value in request.headers.items()
            if name.lower() not in {"host", "connection"}
        }
        connection = http.client.HTTPConnection(self.behind.hostname, self.behind.port, timeout=HELD_AT_MOST)
        try:
            connection.request(request.command, request.path, body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
            request.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    request.send_header(name, value)
            request.send_header("Content-Length", str(len(text)))
            request.end_headers()
            request.wfile.write(text)
        except (OSError, http.client.HTTPException):
            # The vault has given up, or the stand-in leaves it without an answer on purpose.
            request.close_connection = True
        finally:
            connection.close()
