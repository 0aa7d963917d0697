#!/usr/bin/env python3
"""Notes: an app whose users bring their own Anthropic key. One file, Python's standard library, made to be copied from.

    KEYSTOW_URL=http://127.0.0.1:8420 KEYSTOW_TOKEN=kst_app_… python3 notes.py

1. A connect session is made only in answer to a click of the user who is signed in, and for this user.
2. Its id stays on this server, tied to the browser session; the page gets the link's token and nothing else.
3. Whether a key was saved is asked of the vault, about that id. No message of any page is believed.
"""

import base64
import hashlib
import hmac
import html
import http.cookies
import http.server
import json
import os
import secrets
import urllib.error
import urllib.parse
import urllib.request

VAULT = os.environ.get("KEYSTOW_URL", "http://127.0.0.1:8420").rstrip("/")
TOKEN = os.environ["KEYSTOW_TOKEN"]
ANTHROPIC = os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com").rstrip("/")
SECRET = secrets.token_bytes(32)
# Browser session -> its user. A real app has these in its database, and signs people in with more than a name.
VISITORS = {}

SCRIPT = """
const button = document.querySelector("#connect");
if (button) button.onclick = async () => {
  const {token, detail} = await (await fetch("/connect", {method: "POST"})).json();
  if (!token || !window.Keystow) return document.querySelector("#message").append(detail ?? "The vault is not there.");
  // Whatever comes of it, the page asks its own server again, which asks the vault.
  let next = () => location.reload();
  Keystow.connect({
    token,
    onSuccess: () => next(),
    onError: ({code}) => { if (code === "popup_blocked") next = () => location.assign("%s/connect#" + token); },
    onClose: () => next(),
  });
};
""" % VAULT
STYLE = "body { font: 16px/1.5 system-ui; max-width: 36rem; margin: 2rem auto; padding: 0 1rem }"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Notes</title><link rel="icon" href="data:,"><style>%s</style><h1>Notes</h1><p id="message" role="status">%s</p>%s
<script src="%s/connect.js"></script><script>%s</script></html>"""
SIGN_UP = """<form method="post" action="/sign-up"><label>Your name <input name="name" required></label>
<button>Sign up</button></form>"""
NO_KEY = """<p>Hello %s. Notes works with your own Anthropic key.</p><button id="connect">Connect my key</button>"""
WITH_KEY = """<p>Hello %s. Your key is connected.</p><form method="post" action="/ask"><label>Your question
<input name="question" required></label> <button>Ask</button></form>
<form method="post" action="/manage"><button>Manage my keys</button></form>"""
HASHES = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in [SCRIPT, STYLE]]
# The vault's script is the only one from elsewhere; forms may lead to the vault because /manage redirects there.
POLICY = (
    f"default-src 'none'; script-src 'sha256-{HASHES[0]}' {VAULT}/connect.js; style-src 'sha256-{HASHES[1]}'; "
    f"connect-src 'self'; img-src data:; form-action 'self' {VAULT}; base-uri 'none'; frame-ancestors 'none'")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # it would carry the token, or the user's key, elsewhere


def call(method, url, headers, body=None):
    """The status of the answer and its JSON; status 0 when there is none."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers | {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.build_opener(NoRedirects).open(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        text = refusal.read()
        return refusal.code, json.loads(text) if text.startswith(b"{") else {}
    except (OSError, ValueError):
        return 0, {"detail": "There was no answer."}


def vault(method, path, body=None):
    return call(method, VAULT + path, {"Authorization": f"Bearer {TOKEN}"}, body)


def make_session(visitor, origin, purpose):
    return vault("POST", "/v1/connect/sessions", {
        "user_id": visitor["id"], "user_label": visitor["name"], "purpose": purpose, "providers": ["anthropic"],
        "origin": origin, "return_url": origin + "/"})


def settle(visitor):
    """Asks what became of the session that this browser was given: the only way in which a key comes to a user."""
    if visitor["session"]:
        status, session = vault("GET", f"/v1/connect/sessions/{visitor['session']}")
        if session.get("state") == "completed":
            visitor["key"], visitor["session"] = session["key_id"], None
        elif status == 404 or session.get("state") in ["expired", "cancelled"]:
            visitor["session"] = None


def ask(visitor, question):
    """Has the key revealed for this one call, and keeps it nowhere. If it was replaced, this is the new one already."""
    status, key = vault("POST", f"/v1/keys/{visitor['key']}/reveal", {"reason": "a question of the user's"})
    if status in [404, 410]:
        visitor["key"] = None
        return "Your key was removed. Connect one to go on."
    if status != 200:
        return f"Your key cannot be used now. {key.get('detail', '')} {key.get('hint', '')}"
    headers = {"x-api-key": key["key"], "anthropic-version": "2023-06-01"}
    status, answer = call("POST", ANTHROPIC + "/v1/messages", headers, {
        "model": "claude-haiku-4-5-20251001", "max_tokens": 300, "messages": [{"role": "user", "content": question}]})
    if status == 200:
        return "".join(part.get("text", "") for part in answer["content"])
    if status == 401:
        vault("POST", f"/v1/keys/{visitor['key']}/check")  # so that the vault knows too, and flags the key
        return "Anthropic does not accept your key any more. Replace it under “Manage my keys”."
    return f"Anthropic says: {answer.get('error', {}).get('message', status)}"


def signature(session):
    return hmac.new(SECRET, session.encode(), "sha256").hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 30

    def visitor(self):
        """Whose browser this is, by the cookie that was signed when they signed up."""
        cookie = http.cookies.SimpleCookie(self.headers.get("Cookie")).get("notes")
        session, _, mac = cookie.value.partition(".") if cookie else ("", "", "")
        return VISITORS.get(session) if hmac.compare_digest(mac.encode(), signature(session).encode()) else None

    def do_GET(self):
        if self.path.partition("?")[0] != "/":
            return self.reply(404)
        visitor, body, message = self.visitor(), SIGN_UP, ""
        if visitor:
            settle(visitor)
            body = (WITH_KEY if visitor["key"] else NO_KEY) % html.escape(visitor["name"])
            message, visitor["message"] = html.escape(visitor["message"]), ""
        self.reply(200, PAGE % (STYLE, message, body, html.escape(VAULT), SCRIPT), "text/html; charset=utf-8")

    def do_POST(self):
        origin, length = f"http://127.0.0.1:{self.server.server_port}", self.headers.get("Content-Length", "0")
        if self.headers.get("Origin") != origin:
            return self.reply(403, f"Open {origin}.")  # another site's page; the cookie is SameSite besides
        if not length.isdecimal() or int(length) > 10_000:
            return self.reply(413)
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(length)).decode(errors="replace")))
        visitor = self.visitor()
        if self.path == "/sign-up" and form.get("name"):
            # Always somebody new: a name proves nothing, and must not open another one's key.
            session, user = secrets.token_urlsafe(24), f"user-{secrets.token_hex(8)}"
            VISITORS[session] = {"name": form["name"][:80], "id": user, "session": None, "key": None, "message": ""}
            cookie = f"notes={session}.{signature(session)}; Path=/; HttpOnly; SameSite=Lax"  # on https: Secure
            return self.reply(303, "", "text/plain", [("Location", "/"), ("Set-Cookie", cookie)])
        place = "/"
        if visitor and self.path == "/connect":
            settle(visitor)
            if visitor["session"]:  # one link at a time
                vault("DELETE", f"/v1/connect/sessions/{visitor['session']}")
            status, made = make_session(visitor, origin, "store")
            visitor["session"] = made.get("id")
            answer = {"token": made.get("token"), "detail": made.get("detail")}
            return self.reply(200 if status == 201 else 502, json.dumps(answer), "application/json")
        if visitor and self.path == "/ask" and visitor["key"]:
            visitor["message"] = ask(visitor, form.get("question", "")[:500])
        if visitor and self.path == "/manage":
            status, made = make_session(visitor, origin, "manage")
            place, visitor["message"] = made.get("url", "/"), made.get("detail", "")
        self.reply(303, "", "text/plain", [("Location", place)])

    def reply(self, status, body="", kind="text/plain", headers=()):
        self.send_response(status)
        for name, value in [
            ("Content-Type", kind), ("Content-Length", str(len(body.encode()))), ("Content-Security-Policy", POLICY),
            ("Cache-Control", "no-store"), ("Referrer-Policy", "same-origin"), ("X-Content-Type-Options", "nosniff"),
            *headers,
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Handler)
    print(json.dumps({"listening": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
