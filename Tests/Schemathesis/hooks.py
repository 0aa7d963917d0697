"""What schemathesis cannot make up: ids that name something, and keys that a provider would take.

Only what is well formed is put in the place of what is well formed, so that a good request stays good and a bad one
bad. Counts the requests, by status, into the file that KEYSTOW_COUNTS names.
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

import schemathesis
from schemathesis.core import NOT_SET

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import fakes  # noqa: E402

ID = re.compile(r"\b(key|prj|tok|cns)_[0-7][0-9a-hjkmnp-tv-z]{25}\b")
KINDS = {"/v1/keys/": "key", "/connect/keys/": "key", "/v1/projects/": "prj", "/v1/tokens/": "tok",
         "/v1/connect/sessions/": "cns"}
# With one, any other method is 400 before its path is looked at, as tests of the server's own say.
MAY_HAVE_A_BODY = {"POST", "PUT", "PATCH", "DELETE"}
# What the run itself stands on: never deleted.
SPARED = set(os.environ["KEYSTOW_SPARED"].split())

lock = threading.Lock()
chance = random.Random(1)
seen = collections.defaultdict(list)
statuses = collections.Counter()
errors = []


def is_id(value):
    return isinstance(value, str) and ID.fullmatch(value)


@schemathesis.hook
def before_call(context, case, kwargs):
    with lock:
        kind = next((kind for path, kind in KINDS.items() if case.path.startswith(path)), None)
        given = (case.path_parameters or {}).get("id")
        if kind and is_id(given) and given not in seen[kind] and seen[kind]:
            case.path_parameters["id"] = chance.choice(seen[kind][-40:])
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
        if response.status_code >= 500:
            errors.append(f"{response.status_code} {case.method} {case.path}")
        if response.status_code < 300 and "json" in response.headers.get("content-type", [""])[0]:
            for found in ID.finditer(response.text[:20000]):
                if found.group() not in SPARED and found.group() not in seen[found.group(1)]:
                    seen[found.group(1)].append(found.group())


@atexit.register
def tell():
    if "KEYSTOW_COUNTS" in os.environ:
        counts = {"statuses": dict(statuses), "errors": errors}
        pathlib.Path(os.environ["KEYSTOW_COUNTS"]).write_text(json.dumps(counts))
