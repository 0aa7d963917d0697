"""Other people's web sites: each an origin of its own on this machine."""

import http.client
import http.server
import threading


class Site:
    """Serves fixed pages by path. `host` may be `localhost`, which is another site than `127.0.0.1`."""

    def __init__(self, pages, host="127.0.0.1"):
        self.pages = pages
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page = site.pages.get(self.path.split("?")[0])
                text = (page or "").encode()
                self.send_response_only(200 if page is not None else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://{host}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, name="site", daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Gateway:
    """A proxy in front of the vault that passes everything on, and loses the answers to what is to be lost."""

    def __init__(self, port):
        # The ends of paths whose answers to a POST are lost, each once.
        self.losing = []
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def pass_on(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length) if length else None
                vault = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
                try:
                    vault.request(self.command, self.path, body, dict(self.headers))
                    answer = vault.getresponse()
                    text, headers = answer.read(), answer.getheaders()
                finally:
                    vault.close()
                lost = next((end for end in gateway.losing if body is not None and self.path.endswith(end)), None)
                if lost:
                    gateway.losing.remove(lost)
                    text, headers = b"<h1>504 Gateway Time-out</h1>", [("Content-Type", "text/html")]
                self.send_response_only(504 if lost else answer.status)
                for name, value in headers:
                    if name.lower() not in {"connection", "content-length", "date"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, name="gateway", daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
