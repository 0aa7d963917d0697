"""Compares what a server has after a restart with what was acknowledged before it died."""

import concurrent.futures
import threading

import audit
import calls
from ledger import ACTIVE, QUARANTINED, REVOKED, Key

AT_ONCE = 8
STATES = {"active": ACTIVE, "unverified": ACTIVE, "quarantined": QUARANTINED, "revoked": REVOKED}


class Inspection:
    """One look at everything. What is wrong goes into the ledger, what was uncertain is settled there."""

    def __init__(self, ledger, stage):
        self.ledger = ledger
        self.stage = stage
        self.local = threading.local()

    def client(self):
        """A connection for each thread."""
        if not hasattr(self.local, "client"):
            self.local.client = calls.Client(self.stage.vault.port, self.stage.tokens["app_token"])
        return self.local.client

    def inspect(self, ids):
        """The list against all keys; the secrets of those in `ids`, and of those that nobody was told of."""
        listed = {row["id"]: row for row in self.client().pages("/v1/keys")}
        strangers = [row for id, row in listed.items() if id not in self.ledger.keys]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.adopt, strangers))
            looks = [(key, listed.get(id), id in ids) for id, key in list(self.ledger.keys.items())]
            list(pool.map(lambda look: self.compare(*look), looks))
        for user in list(self.ledger.coming):
            del self.ledger.coming[user]

    def adopt(self, row):
        """A key whose creation was not acknowledged may be there, but then whole."""
        answer = self.client().post(f"/v1/keys/{row['id']}/reveal")
        secret = answer.json.get("key")
        if row["status"] == "revoked" and answer.status == 410:
            return
        if secret not in self.ledger.coming[row["user_id"]]:
            self.ledger.violated("half-written", f"{row['id']} is listed, but no client sent it: {answer.status}")
            return
        self.ledger.add(Key(row["id"], row["user_id"], secret))

    def compare(self, key, row, is_thorough):
        """One key, as it is listed; if thorough, also as it is revealed."""
        if row is None:
            return self.ledger.violated("lost", f"{key.id} was acknowledged and is not listed")
        state, version = STATES.get(row["status"]), row["version"]
        if state not in key.possible_states:
            kind = "resurrected" if key.state == REVOKED else "lost"
            self.ledger.violated(kind, f"{key.id} is {row['status']}, acknowledged was {key.state}")
        elif version not in key.possible_secrets:
            self.ledger.violated("lost", f"{key.id} is in version {version}, not {key.version}")
        elif is_thorough:
            self.reveal(key, state, version)
        return key.settle(state, version)

    def reveal(self, key, state, version):
        answer = self.client().post(f"/v1/keys/{key.id}/reveal")
        expected = {ACTIVE: (200, ""), QUARANTINED: (409, "wrong_state"), REVOKED: (410, "key_revoked")}[state]
        if state == REVOKED and answer.status == 200:
            self.ledger.violated("resurrected", f"{key.id} is revoked and revealed")
        elif (answer.status, answer.code) != expected:
            self.ledger.violated("lost", f"{key.id} is {state}, and reveal answers {answer.status} {answer.code}")
        elif state == ACTIVE and answer.json["key"] != key.possible_secrets.get(answer.json["version"]):
            self.ledger.violated("half-written", f"{key.id} reveals a secret that is not that of version {version}")

    def inspect_files(self, chain):
        """SQLite's own check, the audit chain, the log against the rows, and an entry for all that was acknowledged since
        the last look."""
        with self.stage.snapshot() as path, audit.opened(path) as database:
            for fault in audit.integrity(database):
                self.ledger.violated("corrupt", fault)
            try:
                entries = chain.verify(database)
            except audit.Broken as fault:
                return self.ledger.violated("chain", str(fault))
            for fault in audit.Balance(database).faults():
                self.ledger.violated("unbalanced", fault)
        written = {(entry["request_id"], entry["action"]) for entry in entries}
        for request, action in self.ledger.releases:
            if (audit.identifier(request), action) not in written:
                self.ledger.violated("unaudited", f"{action} of {request} was answered and is not in the audit log")
        self.ledger.releases.clear()
        return None
