"""Other people's web sites: each an origin of its own on this machine."""

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
