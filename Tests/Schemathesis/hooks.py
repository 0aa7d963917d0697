"""What schemathesis cannot make up: ids that name something, keys that a provider would take, names of requests that no
other has had.

Only what is well formed is put in the place of what is well formed, so that a good request stays good and a bad one
bad. Counts the requests, by status and by call, into the file that KEYSTOW_COUNTS names.
"""

import atexit
import collections
import json
import os
import pathlib
import random
import re
import sys
import threading
import uuid

import schemathesis
from schemathesis.core import NOT_SET

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import calls  # noqa: E402
import fakes  # noqa: E402

ID = re.compile(r"\b(key|prj|tok|cns)_[0-7][0-9a-hjkmnp-tv-z]{25}\b")
KINDS = {"/v1/keys/": "key", "/connect/keys/": "key", "/v1/projects/": "prj", "/v1/tokens/": "tok",
         "/v1/connect/sessions/": "cns"}
# With one, any other method is 400 before its path is looked at, as tests of the server's own say.
MAY_HAVE_A_BODY = {"POST", "PUT", "PATCH", "DELETE"}
NAME = re.compile("[!-~]([ -~]{0,126}[!-~])?")
MOMENT = re.compile(r"20\d\d-[01]\d-[0-2]\dT[01]\d:[0-5]\d:[0-5]\d(\.\d{1,9})?Z")
REVISION = re.compile(r'\*|"[1-9][0-9]{0,17}"')
# What an admin says besides, and an app must not.
PROJECT = {"project_id": os.environ["KEYSTOW_PROJECT"]} if os.environ["KEYSTOW_CALLER"] == "admin" else {}
# What the run itself stands on: never deleted.
SPARED = set(os.environ["KEYSTOW_SPARED"].split())

lock = threading.Lock()
chance = random.Random(1)
seen = collections.defaultdict(list)
statuses = collections.Counter()
succeeded = collections.Counter()
errors = []


def is_id(value):
    return isinstance(value, str) and ID.fullmatch(value)


def is_name(value):
    return isinstance(value, str) and NAME.fullmatch(value)


def uses_link(case):
    return case.headers.get("Authorization") == f"Bearer {os.environ['KEYSTOW_LINK']}"


def made(path, **body):
    """Something new that the run has not spoilt yet; empty where the caller may not make it."""
    if os.environ["KEYSTOW_CALLER"] == "nobody":
        return {}
    client = calls.Client(int(os.environ["KEYSTOW_PORT"]), os.environ["KEYSTOW_TOKEN"])
    try:
        answer = client.post(path, body)
        return answer.json if answer.status in {200, 201} else {}
    finally:
        client.close()


def key(path):
    """The id of a key for this call: a new one, or one that was seen, whatever has become of it; else none."""
    if chance.random() < 0.3:
        new = made("/v1/keys", user_id="ada", key=fakes.anthropic("valid"), **PROJECT)
        if "id" in new and path.endswith("/rollback"):
            new = made(f"/v1/keys/{new['id']}/rotate", key=fakes.anthropic("valid"))
        if "id" in new:
            return new["id"]
    return chance.choice(seen["key"][-40:]) if seen["key"] else None


def make_good(case):
    """What is meant to be good and is not for a reason that no schema can say: of these, none is refused any more."""
    query = case.query or {}
    # One that is made up, however well formed, is none of ours.
    query.pop("cursor", None)
    if len(str(query.get("user_id", "")).encode(errors="replace")) > 200:
        query["user_id"] = "ada"
    for name in {"since", "until"} & query.keys():
        if not MOMENT.fullmatch(str(query[name])):
            query[name] = "2026-01-31T00:00:00Z"
    if "If-Match" in case.headers and not REVISION.fullmatch(case.headers["If-Match"]) or chance.random() < 0.5:
        # Made up without a look at the pattern that the document gives it.
        case.headers.pop("If-Match", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    with lock:
        kind = next((kind for path, kind in KINDS.items() if case.path.startswith(path)), None)
        given = (case.path_parameters or {}).get("id")
        if kind and is_id(given) and given not in seen[kind]:
            known = key(case.path) if kind == "key" else chance.choice(seen[kind][-40:]) if seen[kind] else None
            if known:
                case.path_parameters["id"] = known
        if is_name(case.headers.get("Idempotency-Key")) and chance.random() < 0.8:
            case.headers["Idempotency-Key"] = str(uuid.UUID(int=chance.getrandbits(128)))
        if case.meta is None or not case.meta.generation.mode.is_negative:
            make_good(case)
        if case.path == "/connect/keys" and case.method.upper() == "POST" and uses_link(case) and chance.random() < 0.5:
            # The link of the run manages keys; one that stores a key is used up by it.
            link = made("/v1/connect/sessions", user_id="ada", **PROJECT).get("token")
            if link:
                case.headers["Authorization"] = f"Bearer {link}"
        spares = case.method == "DELETE" and (case.path_parameters or {}).get("id") in SPARED
        if spares:
            case.path_parameters["id"] = given
        if case.method.upper() not in MAY_HAVE_A_BODY:
            # A method that a path does not have is tried with the body of another.
            case.body = NOT_SET
        if isinstance(case.body, dict):
            body = case.body
            if isinstance(body.get("key"), str) and chance.random() < 0.6:
                body["key"] = fakes.anthropic("valid")
                if isinstance(body.get("provider"), str) and re.fullmatch("[a-z][a-z0-9_-]{0,39}", body["provider"]):
                    body["provider"] = "anthropic"
            if is_id(body.get("key_id")) and seen["key"]:
                body["key_id"] = chance.choice(seen["key"][-40:])
            if is_id(body.get("project_id")):
                body["project_id"] = os.environ["KEYSTOW_PROJECT"]


@schemathesis.hook
def after_call(context, case, response):
    with lock:
        statuses[response.status_code] += 1
        if response.status_code < 300:
            succeeded[f"{case.method.upper()} {case.path}"] += 1
        if response.status_code >= 500:
            errors.append(f"{response.status_code} {case.method} {case.path}")
        if response.status_code < 300 and "json" in response.headers.get("content-type", [""])[0]:
            for found in ID.finditer(response.text[:20000]):
                if found.group() not in SPARED and found.group() not in seen[found.group(1)]:
                    seen[found.group(1)].append(found.group())


@atexit.register
def tell():
    if "KEYSTOW_COUNTS" in os.environ:
        counts = {"statuses": dict(statuses), "succeeded": dict(succeeded), "errors": errors}
        pathlib.Path(os.environ["KEYSTOW_COUNTS"]).write_text(json.dumps(counts))
