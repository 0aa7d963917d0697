"""Clients that store, rotate, reveal, quarantine and revoke until the server is gone."""

import random
import threading

import calls
import fakes
from ledger import ACTIVE, QUARANTINED, REVOKED, Key


class Actor(threading.Thread):
    """One client. Its keys are its own, so that what it was told last is what must be there.

    Writes into the ledger what is on its way before it asks, and what was acknowledged after.
    """

    def __init__(self, name, ledger, port, tokens, keys):
        super().__init__(name=name, daemon=True)
        self.ledger = ledger
        self.app = calls.Client(port, tokens["app_token"])
        self.admin = calls.Client(port, tokens["admin_token"])
        self.keys = keys
        self.random = random.Random()
        self.users = 0

    def run(self):
        acts = [(self.create, 30), (self.rotate, 25), (self.reveal, 25), (self.quarantine, 8), (self.release, 6),
                (self.revoke, 5), (self.revoke_user, 1)]
        names, weights = zip(*acts)
        act = self.create
        try:
            while True:
                act()
                act = self.random.choices(names, weights)[0]
        except calls.NoAnswer:
            self.ledger.in_flight[act.__name__] += 1
        except Exception as error:
            self.ledger.violated("unexpected", f"{self.name} in {act.__name__}: {type(error).__name__}: {error}")
        finally:
            self.app.close()
            self.admin.close()

    def create(self):
        if self.users == 0 or self.random.random() < 0.3:
            self.users += 1
        user, secret = f"{self.name}-{self.users}", fakes.anthropic()
        self.ledger.coming[user].add(secret)
        answer = self.app.post("/v1/keys", {"user_id": user, "key": secret})
        if self.is_expected(answer, "create", 201):
            key = Key(answer.json["id"], user, secret)
            self.ledger.add(key)
            self.ledger.coming[user].discard(secret)
            self.keys.append(key)
            self.ledger.acknowledge("creates", answer, "key.created", key)

    def rotate(self):
        key = self.some(ACTIVE, QUARANTINED)
        if key is None:
            return
        key.coming_secret = fakes.anthropic()
        self.ledger.touched.add(key.id)
        body = {"key": key.coming_secret, "grace_seconds": self.random.choice([0, 60])}
        answer = self.app.post(f"/v1/keys/{key.id}/rotate", body)
        if self.is_expected(answer, "rotate", 200):
            version = answer.json["version"]
            if version != key.version + 1:
                self.ledger.violated("unexpected", f"{key.id} went from version {key.version} to {version}")
            key.secret, key.version, key.coming_secret = key.coming_secret, key.version + 1, None
            self.ledger.acknowledge("rotations", answer, "key.rotated", key)

    def reveal(self):
        key = self.some(ACTIVE)
        if key is None:
            return
        answer = self.app.post(f"/v1/keys/{key.id}/reveal")
        if self.is_expected(answer, "reveal", 200):
            if answer.json["key"] != key.secret:
                self.ledger.violated("half-written", f"{key.id} reveals another secret while the server runs")
            self.ledger.acknowledge("reveals", answer, "key.revealed")

    def quarantine(self):
        self.move(self.some(ACTIVE), "quarantine", QUARANTINED, "key.quarantined")

    def release(self):
        self.move(self.some(QUARANTINED), "release", ACTIVE, "key.released")

    def revoke(self):
        self.move(self.some(ACTIVE, QUARANTINED), "revoke", REVOKED, "key.revoked")

    def move(self, key, act, state, action):
        """A change of a key's state."""
        if key is None:
            return
        key.coming_state = state
        self.ledger.touched.add(key.id)
        answer = self.app.post(f"/v1/keys/{key.id}/{act}")
        if self.is_expected(answer, act, 200):
            key.state, key.coming_state = state, None
            counted = "revocations" if state == REVOKED else "quarantines and releases"
            self.ledger.acknowledge(counted, answer, action, key)

    def revoke_user(self):
        """All keys of one user at once: an order, carried out while others go on."""
        key = self.some(ACTIVE, QUARANTINED)
        if key is None:
            return
        named = [other for other in self.ledger.of_user(key.user) if other.state != REVOKED]
        # What was on its way when a server died may be there or not, until somebody has looked.
        least = sum(other.coming_state != REVOKED for other in named)
        most = len(named) + len(self.ledger.coming[key.user])
        for other in named:
            other.coming_state = REVOKED
            self.ledger.touched.add(other.id)
        answer = self.admin.post("/v1/revoke", {"user_id": key.user, "reason": "soak"})
        if self.is_expected(answer, "revoke_user", 200):
            count = answer.json["revoked"]
            if not least <= count <= most:
                self.ledger.violated("unexpected", f"{count} keys of {key.user} revoked, not {least} to {most}")
            for other in named:
                other.state, other.coming_state = REVOKED, None
            self.ledger.acknowledge("revocations of a user", answer)

    def some(self, *states):
        """One of its keys in one of `states`, the later ones more often."""
        for _ in range(8):
            if not self.keys:
                return None
            key = self.keys[-1 - min(int(self.random.expovariate(1 / 20)), len(self.keys) - 1)]
            if key.state in states and not key.coming_state and not key.coming_secret:
                return key
        return None

    def is_expected(self, answer, act, status):
        if answer.status == status:
            return True
        self.ledger.violated("unexpected", f"{act} answered {answer.status} {answer.code}")
        return False
