"""Lets schemathesis try whatever the OpenAPI document admits, and what it does not, on the real server.

    run.py KEYSTOW KEYSTOW-SANDBOX SCHEMATHESIS [--requests N]

Three callers: an app with every scope, an admin, and, once, nobody; the page's calls are made with a link's token. Ends
with 0 only when every check of schemathesis held for each of them, no answer was a 5xx, the app and the admin made at
least N requests (20,000), enough of these succeeded, of each call at least one, and the callers' tokens still worked at
the end. The first round goes through all its phases, with few made-up requests of each call; those that follow, each with
a seed of its own, make up many. Before them it has to fail on two documents that say what is not so. What it may see
besides is in schemathesis.toml, with the reasons.
"""

import argparse
import collections
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Harness"))

import calls  # noqa: E402
import fakes  # noqa: E402
import servers  # noqa: E402

SCOPES = ["keys:read", "keys:write", "keys:reveal", "connect:write", "policy:write", "tokens:write", "projects:write",
          "audit:read"]
# Made once, when all else is over: nothing is answered after it.
SEAL = "/v1/keyring/seal"
CALLERS = ["app", "admin"]
SETTINGS = {"KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_VALIDATION_LIMITS": "off",
            "KEYSTOW_SECURITY_CONTACT": "mailto:security@keys.example"}
# How many of a caller's requests have to succeed, at least: most are made up to be refused.
SUCCEED = 0.1


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("keystow")
    arguments.add_argument("sandbox")
    arguments.add_argument("schemathesis")
    arguments.add_argument("--examples", type=int, default=50, help="for each call, in each round but the first")
    arguments.add_argument("--requests", type=int, default=20_000)
    given = arguments.parse_args()
    servers.stop_on_signals()
    began, total, bad = time.monotonic(), 0, []
    tallies = {name: Tally() for name in CALLERS + ["nobody"]}
    with Stage(given.keystow, given.sandbox, **SETTINGS) as stage:
        world = World(stage)
        bad += world.unnoticed(given.schemathesis)
        for number in itertools.count(1):
            before = total
            for name in tallies if number == 1 else CALLERS:
                status, counts = world.round(given.schemathesis, name, number, given.examples)
                tallies[name].add(counts)
                by_status = ", ".join(f"{count} × {status}" for status, count in sorted(counts["statuses"].items()))
                print(f"round {number}, {name}: {sum(counts['statuses'].values())} requests: {by_status}", flush=True)
                if status:
                    bad.append(f"round {number}, {name}: schemathesis ended with {status}")
                if counts["errors"]:
                    bad.append(f"round {number}, {name}: {counts['errors'][:5]}")
            total = sum(tallies[name].made for name in CALLERS)
            if bad or total >= given.requests or total == before:
                break
        bad += world.faults() + failures(tallies, world.documented())
    seconds = time.monotonic() - began
    print(f"{total} generated requests in {seconds:.0f} s, {total / seconds:.0f} a second")
    if total < given.requests:
        bad.append(f"only {total} requests, where {given.requests} were asked for")
    for fault in bad:
        print(f"schemathesis: {fault}", file=sys.stderr)
    return 1 if bad else 0


class Tally:
    """What has come of one caller's requests, in all rounds."""

    def __init__(self):
        self.made = 0
        self.succeeded = collections.Counter()

    def add(self, counts):
        self.made += sum(counts["statuses"].values())
        self.succeeded.update(counts["succeeded"])


def failures(tallies, documented):
    """Where too little succeeded for the rest to say anything."""
    bad, succeeded = [], collections.Counter()
    for name in CALLERS:
        share = tallies[name].succeeded.total() / max(tallies[name].made, 1)
        print(f"{name}: {share:.0%} of {tallies[name].made} requests succeeded")
        if share < SUCCEED:
            bad.append(f"of the requests as {name} only {share:.1%} succeeded, where {SUCCEED:.0%} were asked for")
        succeeded.update(tallies[name].succeeded)
    never = [call for call in documented if not succeeded[call]]
    print(f"{len(documented) - len(never)} of {len(documented)} calls succeeded; "
          + ", ".join(f"{call} {succeeded[call]} ×" for call in sorted(documented, key=lambda call: succeeded[call])[:8]))
    return bad + [f"no {call} succeeded" for call in never]


class Stage(servers.Stage):
    def endpoints(self):
        """Every provider is the stand-in: whatever is made up, nothing leaves this machine."""
        catalogue = HERE.parent.parent / "Sources/VaultProviders/Catalogue"
        names = [json.loads(file.read_text()).get("id") for file in catalogue.glob("*.json")]
        return {f"KEYSTOW_ENDPOINT_{name.upper()}": self.provider.url for name in names if name}


class World:
    """The callers, and a few things for their calls to be about."""

    def __init__(self, stage):
        self.stage = stage
        self.admin = calls.Client(stage.vault.port, stage.tokens["admin_token"])
        self.project = stage.tokens["project_id"]
        token = self.made("/v1/tokens", kind="app", project_id=self.project, name="schemathesis", scopes=SCOPES)
        self.app = calls.Client(stage.vault.port, token["token"])
        link = self.made(
            "/v1/connect/sessions", user_id="ada", purpose="manage", ttl_seconds=604_800, project_id=self.project)
        self.tokens = {"app": token["token"], "admin": stage.tokens["admin_token"], "nobody": None}
        self.link = link["token"]
        own = [calls.Client(stage.vault.port, text).get("/v1/token").json["id"]
               for text in [token["token"], stage.tokens["admin_token"]]]
        self.spared = own + [self.project, link["id"]]
        for number in range(4):
            self.made("/v1/keys", user_id="ada", key=fakes.anthropic("valid"), project_id=self.project)

    def made(self, path, **body):
        answer = self.admin.post(path, body)
        assert answer.status == 201, f"{path}: {answer.status} {answer.json}"
        return answer.json

    def documented(self):
        """Every call of the document."""
        paths = calls.Client(self.stage.vault.port, None).get("/openapi.json").json["paths"]
        return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if path != SEAL]

    def unnoticed(self, schemathesis):
        """Two documents that say what is not so, each of which a run has to fail on: else none says anything."""
        bad = []
        for fault in ["a member of another type", "a status that is not listed"]:
            document = calls.Client(self.stage.vault.port, None).get("/openapi.json").json
            if fault == "a member of another type":
                document["components"]["schemas"]["Caller"]["properties"]["name"]["type"] = "integer"
            else:
                responses = document["paths"]["/v1/token"]["get"]["responses"]
                responses["299"] = responses.pop("200")
            file = self.stage.folder / "wrong.json"
            file.write_text(json.dumps(document))
            status, _ = self.run(
                schemathesis, "app", [str(file), "--url", self.stage.vault.url, "--include-path", "/v1/token"], quiet=True)
            if status != 1:
                bad.append(f"{fault} was not noticed")
        return bad

    def round(self, schemathesis, name, number, examples):
        phases = [] if number == 1 else ["--phases", "fuzzing,stateful"]
        return self.run(
            schemathesis, name,
            ["--seed", str(number), "--max-examples", str(5 if number == 1 else examples), *phases,
             # Without a choice the call that gave the document would be left out.
             "--include-path-regex", "^/", "--exclude-path", SEAL, f"{self.stage.vault.url}/openapi.json"])

    def run(self, schemathesis, name, arguments, quiet=False):
        """One run as one caller: how schemathesis ended, and what it counted."""
        counts = self.stage.folder / f"{name}.json"
        counts.write_text('{"statuses": {}, "succeeded": {}, "errors": ["nothing was counted"]}')
        environment = os.environ | {
            "KEYSTOW_TOKEN": self.tokens[name] or "", "KEYSTOW_LINK": self.link if self.tokens[name] else "",
            "KEYSTOW_COUNTS": str(counts), "KEYSTOW_SPARED": " ".join(self.spared), "KEYSTOW_PROJECT": self.project,
            "KEYSTOW_CALLER": name, "KEYSTOW_PORT": str(self.stage.vault.port),
            "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
        }
        configuration = (HERE / "schemathesis.toml").read_text()
        if self.tokens[name] is None:
            configuration = configuration[:configuration.index("[auth.openapi]")] + configuration[
                configuration.index("# All checks are on"):]
        file = self.stage.folder / f"{name}.toml"
        file.write_text(configuration)
        ended = subprocess.run(
            [pathlib.Path(schemathesis).resolve(), "--config-file", file, "run", "--checks", "all", *arguments],
            env=environment, cwd=self.stage.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None, check=False)
        return ended.returncode, json.loads(counts.read_text())

    def faults(self):
        """Whether what the callers stand on is still there: else much of what they asked was refused unread."""
        status = {name: calls.Client(self.stage.vault.port, token).get("/v1/token").status
                  for name, token in self.tokens.items() if token}
        status["link"] = calls.Client(self.stage.vault.port, self.link).get("/connect/session").status
        status["server"] = calls.Client(self.stage.vault.port, self.tokens["app"]).get("/readyz").status
        faults = [f"{name} is answered {status} at the end" for name, status in status.items() if status != 200]
        # The other connection has been idle for too long by now.
        admin = calls.Client(self.stage.vault.port, self.tokens["admin"])
        sealed = [admin.post(SEAL).status, admin.get("/v1/token").status]
        return faults if sealed == [204, 503] else [*faults, f"sealing was answered {sealed}"]


sys.exit(main())
