"""Tells the story: prints each exchange for people, counts what was checked, hides what is secret."""

import http.client
import json
import os
import re

TOKEN = re.compile(r"kst_(adm|app|con|use)_\w+")
CREDENTIAL = re.compile(r"sk-ant-[a-z0-9]+-(?:[\w-]|\\n){16,}")
SHOWN_HEADERS = ["content-type", "etag", "cache-control", "request-id", "retry-after"]


class Failed(Exception):
    """Something was not as it must be."""


def masked(text):
    """Tokens and keys as far as a console shows them; a line break within a key stays to be seen."""
    def shorten(match):
        key = match[0]
        middle = "…\\n…" if "\\n" in key else "…"
        return key[:16] + middle + key[-4:]

    return CREDENTIAL.sub(shorten, TOKEN.sub(lambda match: f"kst_{match[1]}_…", text))


def abbreviated(value):
    """A column as one would write it in SQL, a blob by its first bytes."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value[:8].hex()}{'…' if len(value) > 8 else ''}' ({len(value)} bytes)"
    return repr(value)


def by_member(text):
    """A JSON object with a line for each member, and a list of objects with one for each."""
    value = json.loads(text)
    if not isinstance(value, dict):
        return text
    lines = []
    for name, member in value.items():
        if isinstance(member, list) and member and isinstance(member[0], dict):
            items = ",\n    ".join(json.dumps(item, ensure_ascii=False) for item in member)
            lines.append(f'  "{name}": [\n    {items}]')
        else:
            lines.append(f'  "{name}": {json.dumps(member, ensure_ascii=False)}')
    return "{\n" + ",\n".join(lines) + "\n}"


class Narrator:
    """Writes to `out`, in colour on a terminal only."""

    def __init__(self, out):
        self.out = out
        self.is_coloured = out.isatty() and "NO_COLOR" not in os.environ
        self.steps = 0
        self.checks = 0
        self.title = "0. start the server and the stand-in provider"

    def step(self, title):
        self.steps += 1
        self.title = f"{self.steps}. {title}"
        self._say(f"\n━━ {self.title}", "1")

    def exchange(self, token, method, path, body, answer, whole=False):
        """Prints a request and its answer; `whole` leaves the secret in the answer readable."""
        self._say(f"\n{method} {path} HTTP/1.1", "1;34")
        self._say(masked(f"Authorization: Bearer {token}"), "2")
        if body is not None:
            self._say("Content-Type: application/json\n", "2")
            self._say(masked(json.dumps(body, ensure_ascii=False)))
        phrase = http.client.responses.get(answer.status, "")
        self._say(f"\nHTTP/1.1 {answer.status} {phrase}", "1;32" if answer.status < 400 else "1;33")
        for name in SHOWN_HEADERS:
            if name in answer.headers:
                self._say(f"{name.title()}: {answer.headers[name]}", "2")
        text = by_member(answer.text) if answer.text else ""
        self._say("\n" + (text if whole else masked(text)) + "\n")

    def row(self, table, row):
        """Prints a row of the database, without its empty columns."""
        self._say(f"\nsqlite> SELECT * FROM {table};", "1;34")
        for name in row.keys():
            if row[name] is not None:
                self._say(f"  {name:>28} = {masked(abbreviated(row[name]))}")
        self._say("")

    def chain(self, entries):
        """Prints the end of the audit log as it lies in the database."""
        for entry in entries:
            hash = entry["hash"].hex()[:24]
            self._say(f"  {entry['seq']:>4}  {entry['action']:<14} {entry['actor_name']:<12} {hash}…")
        self._say("")

    def expect(self, holds, text, found=None):
        """Counts a check that holds; raises Failed for one that does not."""
        if not holds:
            raise Failed(f"this does not hold: {text}" + (f"; found: {found}" if found else ""))
        self.checks += 1
        self._say(f"  ✓ {text}", "32")

    def _say(self, text, style=""):
        if self.is_coloured and style:
            text = "\n".join(f"\033[{style}m{line}\033[0m" if line else line for line in text.split("\n"))
        print(text, file=self.out, flush=True)
