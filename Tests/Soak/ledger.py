"""What the clients know of the vault: what was acknowledged, and what was on its way when the server died."""

import collections
import dataclasses
import threading

ACTIVE, QUARANTINED, REVOKED = "active", "quarantined", "revoked"


@dataclasses.dataclass
class Key:
    """A key as it was last acknowledged. Belongs to one client at a time."""

    id: str
    user: str
    secret: str
    version: int = 1
    state: str = ACTIVE
    # Set while a request is on its way, and left so when no answer came.
    coming_secret: str | None = None
    coming_state: str | None = None

    @property
    def possible_states(self):
        return {self.state, self.coming_state or self.state}

    @property
    def possible_secrets(self):
        """By version: a rotation that was not acknowledged is either there or not, whole."""
        secrets = {self.version: self.secret}
        if self.coming_secret:
            secrets[self.version + 1] = self.coming_secret
        return secrets

    def settle(self, state, version, secret=None):
        """Takes over what the server was seen to have after a restart."""
        if version != self.version and self.coming_secret:
            self.secret, self.version = self.coming_secret, version
        if secret is not None:
            self.secret = secret
        self.state = state
        self.coming_secret = self.coming_state = None


class Ledger:
    """All keys, and what was found wrong with them. Safe to use from several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.keys = {}
        # Secrets of creations that were not acknowledged, by user.
        self.coming = collections.defaultdict(set)
        self.acknowledged = collections.Counter()
        # Acknowledged in this cycle: (request id, audit action).
        self.releases = []
        self.touched = set()
        self.in_flight = collections.Counter()
        self.violations = []

    def violated(self, kind, what):
        with self.lock:
            self.violations.append((kind, what))

    def acknowledge(self, act, answer, action=None, key=None):
        """Counts an answer that promises something; `action` is what the audit log must then hold."""
        with self.lock:
            self.acknowledged[act] += 1
            if action:
                self.releases.append((answer.request_id, action))
            if key:
                self.touched.add(key.id)

    def add(self, key):
        with self.lock:
            self.keys[key.id] = key
            self.touched.add(key.id)

    def of_user(self, user):
        with self.lock:
            return [key for key in self.keys.values() if key.user == user]

    def kinds(self):
        return collections.Counter(kind for kind, _ in self.violations)
