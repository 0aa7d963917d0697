#!/usr/bin/env python3
"""Notes: an app whose users bring their own Anthropic key. One file, Python's standard library, made to be copied from.

    KEYSTOW_URL=http://127.0.0.1:8420 KEYSTOW_TOKEN=kst_app_… python3 notes.py

1. A connect session is made only in answer to a click of the user who is signed in, and for this user.
2. Its id stays on this server, tied to the browser session; the page gets the link's token and nothing else.
3. Whether a key was saved is asked of the vault, about that id. No message of any page is believed.
"""

import html, http.cookies, http.server, json, os, secrets, urllib.error, urllib.parse, urllib.request

VAULT = os.environ.get("KEYSTOW_URL", "http://127.0.0.1:8420").rstrip("/")
TOKEN = os.environ["KEYSTOW_TOKEN"]
ANTHROPIC = os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
USERS = {}  # browser session -> its user; a real app has a database, and signs people in with more than a name

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,">
<h1>Notes</h1><p id="message" role="status">{message}</p>{body}
<script src="{vault}/connect.js"></script>
<script nonce="{nonce}">
const button = document.querySelector("#connect");
if (button) button.onclick = async () => {{
  button.disabled = true;
  const answer = await fetch("/connect", {{method: "POST"}});
  if (answer.status !== 201) return location.reload();
  const {{token}} = await answer.json();
  // Whatever comes of it, the page asks its own server again, which asks the vault.
  Keystow.connect({{
    token,
    onError: ({{code}}) => code === "popup_blocked" && location.assign("{vault}/connect#" + token),
    onClose: () => location.reload(),
  }});
}};
</script></html>"""
SIGN_UP = '<form method="post" action="/sign-up"><label>Your name <input name="name" required></label> <button>Sign up</button></form>'
NO_KEY = '<p>Hello {name}. Notes works with your own Anthropic key.</p><button id="connect">Connect my key</button>'
WITH_KEY = """<p>Hello {name}. Your key is connected.</p>
<form method="post" action="/ask"><label>Your question <input name="question" required></label> <button>Ask</button></form>
<form method="post" action="/manage"><button>Manage my keys</button></form>"""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # it would carry the token, or the user's key, elsewhere


def call(method, url, body=None, **headers):
    """The status of the answer, and its JSON."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body and json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.build_opener(NoRedirects).open(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        if "json" in refusal.headers.get("Content-Type", ""):
            return refusal.code, json.load(refusal)
    except (OSError, ValueError):
        pass
    return 503, {"detail": "There was no answer.", "hint": "Try again.", "error": {"message": "there was no answer"}}


def vault(method, path, body=None):
    return call(method, VAULT + path, body, Authorization=f"Bearer {TOKEN}")


def link(user, origin, purpose):
    return vault("POST", "/v1/connect/sessions", {
        "user_id": user["id"], "user_label": user["name"], "purpose": purpose, "providers": ["anthropic"],
        "origin": origin, "return_url": origin + "/"})


def settle(user):
    """Asks what became of the session that this browser was given: the only way in which a key comes to a user."""
    if user["session"]:
        _, session = vault("GET", f"/v1/connect/sessions/{user['session']}")
        if session.get("state") == "completed":
            user["key"], user["session"] = session["key_id"], None
    if user["key"]:
        status, key = vault("GET", f"/v1/keys/{user['key']}")
        if status == 404 or key.get("status") == "revoked":
            user["key"] = None


def ask(user, question):
    """Has the key revealed for this one call, and keeps it nowhere. If it was replaced, this is the new one already."""
    status, key = vault("POST", f"/v1/keys/{user['key']}/reveal")
    if status in [404, 410]:
        user["key"] = None
        return "Your key was removed. Connect one to go on."
    if status != 200:
        return f"{key['detail']} {key['hint']}"
    body = {"model": "claude-haiku-4-5-20251001", "max_tokens": 300, "messages": [{"role": "user", "content": question}]}
    status, answer = call("POST", ANTHROPIC + "/v1/messages", body, x_api_key=key["key"], anthropic_version="2023-06-01")
    if status == 401:
        vault("POST", f"/v1/keys/{user['key']}/check")  # so that the vault knows too, and flags the key
        return "Anthropic does not accept your key any more. Replace it under “Manage my keys”."
    return answer["content"][0]["text"] if status == 200 else f"Anthropic says: {answer['error']['message']}"


class Notes(http.server.BaseHTTPRequestHandler):
    def user(self):
        cookie = http.cookies.SimpleCookie(self.headers.get("Cookie")).get("notes")
        return USERS.get(cookie.value) if cookie else None

    def do_GET(self):
        user, body, message = self.user(), SIGN_UP, ""
        if user:
            settle(user)
            body = (WITH_KEY if user["key"] else NO_KEY).format(name=html.escape(user["name"]))
            message, user["message"] = user["message"], ""
        nonce = secrets.token_urlsafe()
        policy = f"default-src 'none'; script-src 'nonce-{nonce}' {VAULT}/connect.js; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
        page = PAGE.format(body=body, message=html.escape(message), vault=VAULT, nonce=nonce)
        self.reply(200, page, [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy)])

    def do_POST(self):
        origin = f"http://127.0.0.1:{self.server.server_port}"
        if self.headers.get("Origin") != origin:  # another site's page; the cookie is SameSite besides
            return self.reply(403, f"Open {origin}.")
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 10_000))
        form = dict(urllib.parse.parse_qsl(body.decode(errors="replace")))
        user, place, cookie = self.user(), "/", []
        if self.path == "/sign-up":  # always somebody new: a name proves nothing, and must not open another one's key
            session = secrets.token_urlsafe()
            USERS[session] = {"id": secrets.token_hex(8), "name": form.get("name", "")[:80], "session": None, "key": None, "message": ""}
            cookie = [("Set-Cookie", f"notes={session}; Path=/; HttpOnly; SameSite=Lax")]  # with https: Secure
        elif self.path == "/connect":
            if not user:
                return self.reply(401, "Sign up first.")
            settle(user)
            if user["key"]:
                return self.reply(409, "There is a key.")
            if user["session"]:  # one link at a time
                vault("DELETE", f"/v1/connect/sessions/{user['session']}")
            status, made = link(user, origin, "store")
            user["session"], user["message"] = made.get("id"), made.get("detail", "")
            return self.reply(status, json.dumps({"token": made.get("token")}))
        elif user and self.path == "/ask":
            user["message"] = ask(user, form.get("question", ""))
        elif user and self.path == "/manage":
            place = link(user, origin, "manage")[1].get("url", "/")
        self.reply(303, "", [("Location", place), *cookie])

    def reply(self, status, text, headers=()):
        self.send_response(status)
        for name, value in [("Cache-Control", "no-store"), ("Referrer-Policy", "same-origin"), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Notes)
    print(json.dumps({"listening": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()
