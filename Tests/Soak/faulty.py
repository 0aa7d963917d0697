"""A server with one fault, so that who looks for faults can be seen to find it.

    python3 Tests/Soak/faulty.py FAULT

Answers each request with 200, or with 400 where it does not begin like one, and closes. The fault, when a request holds a
NUL or a byte that is no ASCII: `errs` answers 500, `dies` ends the process, `leaks` keeps the connection, `grows` keeps
memory, `hangs` answers nobody any more; `swallows` answers none but good clients; `none` is none.
"""

import json
import os
import socket
import socketserver
import sys
import threading

ANSWER = "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"id\":\"good\"}"
GROWTH = 600 * 1024 * 1024


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        data = self.request.recv(1 << 20)
        if not data:
            return
        fault, is_odd = self.server.fault, any(byte == 0 or byte > 0x7F for byte in data)
        if self.server.hangs.is_set():
            self.server.hangs.wait(60)
            threading.Event().wait(60)
        if is_odd and fault == "dies":
            os._exit(139)
        if is_odd and fault == "hangs":
            self.server.hangs.set()
        if is_odd and fault == "grows" and not self.server.kept:
            self.server.kept.append(b"a" * GROWTH)
        # As Python's own client sends it, and no request that is malformed.
        if fault == "swallows" and b"Accept-Encoding: identity" not in data:
            return
        status = "500 Fault" if is_odd and fault == "errs" else "200 OK" if data[:1].isalpha() else "400 Bad"
        self.request.sendall((ANSWER % status).encode())
        if is_odd and fault == "leaks":
            self.server.kept.append(self.request.dup())


class Faulty(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, fault):
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault, self.kept, self.hangs = fault, [], threading.Event()

    def shutdown_request(self, request):
        try:
            request.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        request.close()

    def handle_error(self, request, client_address):
        pass  # A caller that is gone is none.


if __name__ == "__main__":
    with Faulty(sys.argv[1]) as server:
        print(json.dumps({"listening": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            os._exit(0)
