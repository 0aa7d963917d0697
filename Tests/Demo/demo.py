"""The whole story of one key, told by the real server against a stand-in for the provider, and checked.

    python3 Tests/Demo/demo.py KEYSTOW KEYSTOW-SANDBOX

Each step is printed as the HTTP exchange that a user would see, tokens and secrets masked. Ends with 0 only when
every answer was exactly as it must be; else names the step that failed and ends with 1. Leaves nothing behind.
"""

import pathlib
import sys
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Harness"))

import audit  # noqa: E402
import calls  # noqa: E402
import fakes  # noqa: E402
import servers  # noqa: E402
import traces  # noqa: E402
from narrator import Failed, Narrator  # noqa: E402

OAUTH = (
    "OAuth authentication is currently not supported. This credential is only authorized for use with Claude Code "
    "and cannot be used for other API requests."
)
QUOTED = {
    "type": "error",
    "error": {"type": "authentication_error", "message": "OAuth authentication is currently not supported."},
}
SCHEDULER_LOOKS_WITHIN = 30.0
SHREDDED_WITHIN = 10.0


class Story:
    """The steps, in their order; each leaves what the next one needs."""

    def __init__(self, stage, narrator):
        self.stage = stage
        self.narrator = narrator
        self.app = calls.Client(stage.vault.port, stage.tokens["app_token"])
        self.admin = calls.Client(stage.vault.port, stage.tokens["admin_token"])
        self.secret = fakes.anthropic("valid")
        self.successor = fakes.anthropic("valid")
        self.refused = [fakes.oauth_access_token(), self.secret[:60], fakes.anthropic("revoked")]
        self.unwanted = fakes.anthropic("revoked")
        self.key = None

    def tell(self):
        """Runs every step; raises Failed at the first answer that is not as it must be."""
        for step in [
            self.refuses_a_sign_in_token, self.refuses_mistyped_keys, self.takes_a_good_key, self.lies_sealed,
            self.lists_and_reveals, self.becomes_stale, self.rotates, self.revokes, self.accounts_for_it_all,
            self.stops_on_control_c,
        ]:
            self.narrator.step(step.__doc__.strip().splitlines()[0])
            step()

    # Steps

    def refuses_a_sign_in_token(self):
        """An OAuth access token is not an API key"""
        answer = self.post("/v1/keys", {"user_id": "ada", "key": self.refused[0]}, 422, "oauth_token_rejected")
        problem = answer.json
        self.expect(problem["title"] == "OAuth tokens cannot be used as API keys", "the title says so")
        self.expect(problem["detail"] == OAUTH, "the detail is the documented text, word for word")
        self.expect(problem["kind"] == "oauth_access_token", "the kind of credential is named")
        self.expect(
            problem["provider_error"] == QUOTED and problem["quoted"] is True,
            "the provider's error is quoted from its documentation, and marked as quoted")
        self.expect(problem["retryable"] is False and problem["hint"], "it says what to do instead")
        self.expect(self.seen_by_the_provider() == 0, "nothing was sent: the provider has seen 0 requests")
        self.expect_empty_list()
        self.expect_no_trace_of([self.refused[0]], "the token")

    def refuses_mistyped_keys(self):
        """A mistyped key: cut short, then one that the provider does not know"""
        answer = self.post("/v1/keys", {"user_id": "ada", "key": self.refused[1]}, 422, "truncated_key")
        self.expect(
            answer.json["detail"] == "The key looks cut off: 60 characters instead of 108.", "it says what is missing")
        self.expect(self.seen_by_the_provider() == 0, "nobody was asked about it: the provider has seen 0 requests")
        answer = self.post("/v1/keys", {"user_id": "ada", "key": self.refused[2]}, 422, "invalid_key")
        problem = answer.json
        self.expect(problem["provider_error"]["error"]["type"] == "authentication_error", "the provider's own error")
        self.expect("quoted" not in problem, "not quoted this time: a call was made")
        self.expect(self.seen_by_the_provider() == 1, "the provider has seen 1 request")
        self.expect_empty_list()
        self.expect_no_trace_of(self.refused, "any of the three")

    def takes_a_good_key(self):
        """A good key, pasted with quotes around it and a line break in it"""
        paste = f'\n "{self.secret[:52]}\n{self.secret[52:]}" '
        answer = self.post("/v1/keys", {"user_id": "ada", "key": paste, "label": "work"}, 201)
        self.key = answer.json
        self.expect(self.key["status"] == "active" and self.key["version"] == 1, "it is active, in version 1")
        verdict = self.key["verdict"]
        self.expect((verdict["code"], verdict["tested"]) == ("valid", ["identity"]), "it was proven by a test call")
        self.expect(self.seen_by_the_provider() == 2, "the provider has seen 1 request more")
        self.expect(self.key["hint"] == f"{self.secret[:16]}…{self.secret[-4:]}", "the hint is the console's")
        self.expect(self.key["stale"]["is_stale"] is False, "it is fresh")
        self.expect(self.secret not in answer.text, "the secret is not in the answer")
        self.expect(answer.headers["etag"] == '"1"', "the ETag is its revision")
        self.post("/v1/keys", {"user_id": "ada", "key": self.secret}, 409, "duplicate_key")
        self.expect(self.seen_by_the_provider() == 2, "the same key again: refused before any test call")

    def lies_sealed(self):
        """What lies on the disk"""
        with self.stage.snapshot() as path, audit.opened(path) as database:
            row = database.execute("SELECT * FROM keys").fetchall()
            versions = database.execute("SELECT * FROM versions").fetchall()
        self.expect(len(row) == len(versions) == 1, "there is one key with one version")
        self.narrator.row("keys", row[0])
        self.narrator.row("versions", versions[0])
        box, dek = versions[0]["box"], versions[0]["wrapped_dek"]
        self.expect(box[:4] == dek[:4] == b"KST1", "both are sealed boxes: the key under its own DEK, the DEK in turn")
        self.expect((len(box), len(dek)) == (108 + 102, 32 + 102), "a box is 102 bytes longer than what is in it")
        self.expect_no_trace_of([self.secret], "the key")
        control = traces.files_with(self.stage.folder, [self.key["hint"].encode(), self.key["id"].encode()])
        self.expect(
            any(name.startswith("vault.db") for name in control),
            f"and the search does find what is there: the hint, in {', '.join(control)}")
        self.expect(traces.finds_each_form(self.secret), "in each of the forms, for each alignment")

    def lists_and_reveals(self):
        """The list shows keys without secrets; reveal hands one out"""
        answer = self.get("/v1/keys?user_id=ada")
        self.expect([key["id"] for key in answer.json["data"]] == [self.key["id"]], "the list has the one key")
        self.expect(self.secret not in answer.text, "and no secret")
        self.expect_revealed(self.secret, version=1, whole=True)

    def becomes_stale(self):
        """A policy of one second makes the key stale; it goes on working"""
        path = f"/v1/projects/{self.key['project_id']}/policy"
        answer = self.exchange(self.admin, "PUT", path, {"max_age_seconds": 1}, 200)
        self.expect(answer.json["max_age_seconds"] == 1, "the policy holds")
        self.expect(
            not (self.stage.data / "first-tokens.json").exists(), "an admin token was used: the file of tokens is gone")
        flagged = self.until_stale()
        self.expect(flagged["stale"]["reasons"] == ["age"], "the scheduler has flagged it: age")
        self.expect(flagged["status"] == "active", "stale is a flag, not a status: it still works")
        answer = self.get("/v1/keys?stale=true")
        self.expect([key["id"] for key in answer.json["data"]] == [self.key["id"]], "it is among the stale ones")
        self.key = flagged

    def rotates(self):
        """Rotation: a refused new key changes nothing, a good one swaps"""
        path = f"/v1/keys/{self.key['id']}"
        self.post(path + "/rotate", {"key": self.unwanted}, 422, "invalid_key")
        self.expect(self.get(path).json == self.key, "the key is as it was, to the last member")
        self.expect_revealed(self.secret, version=1)
        rotated = self.post(path + "/rotate", {"key": self.successor}, 200).json
        self.expect((rotated["id"], rotated["version"]) == (self.key["id"], 2), "the id stays, the version is 2")
        self.expect(rotated["stale"] | {"rotate_by": None} == {
            "is_stale": False, "reasons": [], "since": None, "rotate_by": None}, "it is fresh again")
        self.expect(rotated["fingerprint"] != self.key["fingerprint"], "the fingerprint is another")
        self.expect_revealed(self.successor, version=2)
        states = [(entry["version"], entry["state"]) for entry in self.get(path + "/versions").json["data"]]
        self.expect(sorted(states) == [(1, "previous"), (2, "current")], "the old secret is kept for the grace time")

    def revokes(self):
        """Revocation is final"""
        with self.stage.snapshot() as path, audit.opened(path) as database:
            sealed = database.execute("SELECT box, wrapped_dek FROM versions").fetchall()
        path = f"/v1/keys/{self.key['id']}"
        tombstone = self.post(path + "/revoke", {"reason": "ada has left"}, 200).json
        self.expect(tombstone["status"] == "revoked" and tombstone["revoked_at"], "the record stays as a tombstone")
        gone = self.post(path + "/reveal", None, 410, "key_revoked").json
        self.expect(gone["key_id"] == self.key["id"], "the secret does not come back")
        self.expect(self.get(path).json == tombstone, "the tombstone can still be read")
        with self.stage.snapshot() as copy, audit.opened(copy) as database:
            left = database.execute("SELECT count(*) FROM versions WHERE box OR wrapped_dek NOTNULL").fetchone()[0]
        self.expect(left == 0, "no version has a box or a DEK any more")
        parts = [part for row in sealed for part in row]
        self.expect(
            len(parts) == 4 and self.until_gone(parts), "the bytes of both boxes and DEKs are in no file either")

    def accounts_for_it_all(self):
        """The audit log has it all, and holds together"""
        answer = self.exchange(self.admin, "GET", f"/v1/audit/entries?key_id={self.key['id']}", None, 200)
        told = answer.json["data"]
        # A slow machine lets the scheduler flag the new version too: that is its own entry, and no part of the story.
        asked = [entry["action"] for entry in told if entry["actor"]["kind"] == "app"]
        self.expect(asked == [
            "key.created", "key.revealed", "key.revealed", "key.rotated", "key.revealed", "key.revoked",
        ], "every release and every change, in its order")
        before = told[:[entry["action"] for entry in told].index("key.rotated")]
        self.expect(
            [entry["actor"]["name"] for entry in before if entry["action"] == "key.stale"] == ["scheduler"],
            "and the scheduler's flag")
        head = self.exchange(self.admin, "GET", "/v1/audit/head", None, 200).json
        with self.stage.snapshot() as path, audit.opened(path) as database:
            chain = audit.Chain()
            entries = chain.verify(database)
            self.expect(audit.integrity(database) == [], "SQLite finds nothing wrong with the file")
        self.narrator.chain(entries[-3:])
        self.expect(chain.sequence == len(entries) == head["seq"], f"{len(entries)} entries, none missing")
        self.expect(
            chain.hash.hex() == head["hash"],
            "SHA-256 over each entry and the hash before it: this script gets the head that the server has")
        self.expect_tampering_is_seen()
        self.expect_no_trace_of(self.refused + [self.unwanted, self.secret, self.successor], "any key of this story")

    def stops_on_control_c(self):
        """Ctrl-C, while two connections are open"""
        code = self.stage.vault.stop()
        self.expect(code == 0, f"the server ends with {code}")
        with self.stage.snapshot() as path, audit.opened(path) as database:
            self.expect(audit.integrity(database) == [] and audit.Chain().verify(database), "and leaves whole files")

    # What the steps are made of

    def exchange(self, client, method, path, body, status, code="", whole=False):
        answer = client.call(method, path, body)
        self.narrator.exchange(client.token, method, path, body, answer, whole)
        self.expect(
            (answer.status, answer.code) == (status, code), f"{status} {code}".strip(),
            f"{answer.status} {answer.code}".strip())
        return answer

    def get(self, path):
        return self.exchange(self.app, "GET", path, None, 200)

    def post(self, path, body, status, code="", whole=False):
        return self.exchange(self.app, "POST", path, body, status, code, whole)

    def expect(self, holds, text, found=None):
        self.narrator.expect(holds, text, found)

    def expect_empty_list(self):
        self.expect(self.get("/v1/keys").json == {"data": [], "next_cursor": None}, "nothing was stored")

    def expect_revealed(self, secret, version, whole=False):
        answer = self.post(f"/v1/keys/{self.key['id']}/reveal", None, 200, whole=whole)
        self.expect(
            answer.json == {"id": self.key["id"], "provider": "anthropic", "version": version, "key": secret},
            f"it is the secret of version {version}, byte for byte")
        self.expect(answer.headers["cache-control"] == "no-store", "and nobody may keep the answer")

    def expect_no_trace_of(self, secrets, what):
        found = {name for secret in secrets for name in traces.files_with(self.stage.folder, traces.forms(secret))}
        count = len(traces.files(self.stage.folder))
        self.expect(
            not found,
            f"no piece of {what} is in any of the {count} files, logs included: not plain, not in base64 or hex",
            ", ".join(sorted(found)))

    def expect_tampering_is_seen(self):
        with self.stage.snapshot() as path, audit.opened(path) as database:
            database.execute("UPDATE audit SET actor_name = 'nobody' WHERE action = 'key.revealed'")
            try:
                audit.Chain().verify(database)
                self.expect(False, "a changed entry breaks the chain")
            except audit.Broken as fault:
                self.expect(True, f"in a copy where an entry was changed, it does not: {fault}")

    def seen_by_the_provider(self):
        """How many requests the stand-in has had."""
        with urllib.request.urlopen(self.stage.provider.url + "/sandbox/requests") as answer:
            return int(answer.read().split(b":")[1].rstrip(b"}"))

    def until_stale(self):
        end = time.monotonic() + SCHEDULER_LOOKS_WITHIN
        while time.monotonic() < end:
            answer = self.app.get(f"/v1/keys/{self.key['id']}")
            if answer.json["stale"]["is_stale"]:
                self.narrator.exchange(self.app.token, "GET", f"/v1/keys/{self.key['id']}", None, answer)
                return answer.json
            time.sleep(0.05)
        raise Failed(f"the scheduler has not flagged the key within {SCHEDULER_LOOKS_WITHIN:.0f} s")

    def until_gone(self, parts):
        """Shredded bytes leave the log of SQLite with its next checkpoint, not at once."""
        end = time.monotonic() + SHREDDED_WITHIN
        while traces.files_with(self.stage.data, parts) and time.monotonic() < end:
            time.sleep(0.05)
        return not traces.files_with(self.stage.data, parts)


def main(keystow, sandbox):
    narrator = Narrator(sys.stdout)
    servers.stop_on_signals()
    log = "(the server had not begun)"
    try:
        with servers.Stage(keystow, sandbox, KEYSTOW_SCHEDULER_INTERVAL="200ms") as stage:
            try:
                Story(stage, narrator).tell()
            finally:
                log = stage.vault.log.read_text(errors="replace")
    except KeyboardInterrupt:
        print("\ninterrupted; everything was cleaned up", file=sys.stderr)
        return 130
    except Exception as error:
        what = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
        print(f"\nFAILED in step {narrator.title}\n  {what}\n\nThe server's log:\n{log}", file=sys.stderr)
        return 1
    print(f"\nThe demo held: {narrator.steps} steps, {narrator.checks} checks.")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: demo.py KEYSTOW KEYSTOW-SANDBOX")
    sys.exit(main(sys.argv[1], sys.argv[2]))
