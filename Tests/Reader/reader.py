"""Opens and makes what Keystow seals, without a line of Keystow: the format as it is written down, and nothing else.

    python3 Tests/Reader/reader.py vault DATABASE MASTER    the SHA-256 of every secret in a database
    python3 Tests/Reader/reader.py reseal DATABASE MASTER   seals every secret anew, in a database that nobody else has
    python3 Tests/Reader/reader.py keys DATABASE MASTER     every key above the secrets, as hexadecimal
    python3 Tests/Reader/reader.py open                     opens the records on standard input, a JSON object a line
    python3 Tests/Reader/reader.py seal COUNT               makes that many

The master key is a file: 32 bytes, or 44 characters of base64. Ends with 1 at the first thing that does not open.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import random
import sqlite3
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC, SUITE, OVERHEAD = b"KST1", 1, 102
SECRET, DEK, KEK, ROOT, CANARY, SIGNER, RECOVERY = 1, 2, 3, 4, 5, 6, 7
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Unopened(Exception):
    """A box is not what its row says, or was changed."""


def lp(field):
    """A field with its length before it."""
    return struct.pack(">I", len(field)) + field


def place(instance, project=b"", owner=b"", object_id=b"", version=0, provider=b"", endpoint=b""):
    """What a box is bound to, after its header: where its row says that it lies."""
    return (lp(instance) + lp(project) + lp(owner) + lp(object_id) + struct.pack(">Q", version) + lp(provider)
            + lp(endpoint))


def derived(key, salt, kind):
    """The key of one box, and its commitment."""
    purpose = b"seal" if kind == SECRET else b"wrap"
    info = lp(b"keystow/v1") + lp(purpose) + bytes([SUITE])
    okm = HKDF(algorithm=hashes.SHA512(), length=64, salt=salt, info=info).derive(key)
    return okm[:32], okm[32:]


def header(kind, term):
    return MAGIC + bytes([SUITE, kind]) + struct.pack(">I", term)


def open_box(blob, kind, term, bound_to, key):
    """What is in a box, which must be of this kind and term, in this place, under this key."""
    if len(blob) <= OVERHEAD or blob[:10] != header(kind, term):
        raise Unopened
    salt, nonce, commit, sealed = blob[10:42], blob[42:54], blob[54:86], blob[86:]
    box_key, expected = derived(key, salt, kind)
    if not hmac.compare_digest(commit, expected):
        raise Unopened
    try:
        return AESGCM(box_key).decrypt(nonce, sealed, header(kind, term) + bound_to)
    except InvalidTag:
        raise Unopened from None


def seal_box(plaintext, kind, term, bound_to, key):
    salt, nonce = os.urandom(32), os.urandom(12)
    box_key, commit = derived(key, salt, kind)
    sealed = AESGCM(box_key).encrypt(nonce, plaintext, header(kind, term) + bound_to)
    return header(kind, term) + salt + nonce + commit + sealed


def text_id(prefix, raw):
    """An id as the API prints it: its prefix and 26 digits of base32 for its 128 bits."""
    number = int.from_bytes(raw, "big")
    return (prefix + "_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))).encode()


class Vault:
    """A database, and the keys that its master opens. Every canary is opened first."""

    def __init__(self, database, master):
        self.database, self.master = database, master
        self.instance = text_id("vlt", database.execute("SELECT instance_id FROM instance").fetchone()[0])
        rows = database.execute("SELECT kind, term, blob FROM keyring").fetchall()
        self.keks = {term: self._open(blob, KEK, 0, b"kek", term) for kind, term, blob in rows if kind == "kek"}
        self.root = next(self._open(blob, ROOT, 0, b"root", 1) for kind, _, blob in rows if kind == "root")
        canaries = {term: blob for kind, term, blob in rows if kind == "canary"}
        for term, key in [(0, master), *self.keks.items()]:
            if open_box(canaries[term], CANARY, term, self._named(b"canary", 0), key) != b"keystow canary 1":
                raise Unopened

    def _named(self, name, number):
        return place(self.instance, object_id=name, version=number)

    def _open(self, blob, kind, term, name, number):
        return open_box(blob, kind, term, self._named(name, number), self.master)

    def versions(self):
        """Every version that still has a secret: its row, its place, its DEK, the secret."""
        for row, key, number, project, owner, provider, endpoint, term, wrapped, box in self.database.execute(
                "SELECT rowid, key_id, number, project_id, owner, provider, endpoint, term, wrapped_dek, box"
                " FROM versions WHERE box IS NOT NULL ORDER BY key_id, number").fetchall():
            where = place(
                self.instance, text_id("prj", project), owner.encode(), text_id("key", key), number,
                provider.encode(), endpoint.encode())
            dek = open_box(wrapped, DEK, term, where, self.keks[term])
            yield row, term, where, dek, text_id("key", key).decode(), number, open_box(box, SECRET, 0, where, dek)

    def reseal(self):
        """Puts other boxes with the same secrets, under other DEKs, in the place of all that there are."""
        for row, term, where, _, _, _, secret in list(self.versions()):
            dek = os.urandom(32)
            self.database.execute(
                "UPDATE versions SET wrapped_dek = ?, box = ? WHERE rowid = ?",
                [seal_box(dek, DEK, term, where, self.keks[term]), seal_box(secret, SECRET, 0, where, dek), row])
        self.database.commit()


def master_key(path):
    raw = pathlib.Path(path).read_bytes()
    return raw if len(raw) == 32 else base64.b64decode(raw, validate=False)


@contextlib.contextmanager
def vault(path, master, mode):
    database = sqlite3.connect(f"file:{path}?mode={mode}", uri=True)
    try:
        yield Vault(database, master_key(master))
    finally:
        database.close()


def record_place(record):
    texts = {name: record[name].encode() for name in ["instance", "project", "object_id", "provider", "endpoint"]}
    return place(owner=bytes.fromhex(record["owner"]), version=record["version"], **texts)


def made_record(number):
    """A record of some kind in some place, with what is needed to open it."""
    kind = random.choice([SECRET, SECRET, DEK, KEK, ROOT, CANARY, SIGNER, RECOVERY])
    size = {SECRET: random.choice([1, 16, 108, 512, 4096]), CANARY: 16}.get(kind, 32)
    record = {
        "kind": kind, "term": random.choice([0, 1, 7, 2**32 - 1]), "version": random.choice([0, 1, number, 2**62]),
        "instance": text_id("vlt", os.urandom(16)).decode(), "project": random.choice(["", "prj_x", "é\0"]),
        "owner": os.urandom(random.choice([0, 1, 200])).hex(), "object_id": text_id("key", os.urandom(16)).decode(),
        "provider": random.choice(["", "anthropic"]), "endpoint": random.choice(["", "https://api.example.com:8443"]),
        "key": os.urandom(32).hex(),
    }
    plaintext = os.urandom(size)
    blob = seal_box(plaintext, kind, record["term"], record_place(record), bytes.fromhex(record["key"]))
    return record | {"sha256": hashlib.sha256(plaintext).hexdigest(), "blob": blob.hex()}


def main(act, *arguments):
    if act == "open":
        for line in sys.stdin:
            record = json.loads(line)
            where, key = record_place(record), bytes.fromhex(record["key"])
            secret = open_box(bytes.fromhex(record["blob"]), record["kind"], record["term"], where, key)
            print(hashlib.sha256(secret).hexdigest())
    elif act == "seal":
        for number in range(int(arguments[0])):
            print(json.dumps(made_record(number)))
    elif act == "reseal":
        with vault(*arguments, "rw") as opened:
            opened.reseal()
    else:
        with vault(*arguments, "ro") as opened:
            if act == "keys":
                named = {"master": opened.master, "root": opened.root}
                named |= {f"kek {term}": key for term, key in opened.keks.items()}
                named |= {f"dek {key} {number}": dek for _, _, _, dek, key, number, _ in opened.versions()}
                print("\n".join(f"{key.hex()} {name}" for name, key in named.items()))
            else:
                for _, _, _, _, key, number, secret in opened.versions():
                    print(hashlib.sha256(secret).hexdigest(), key, number)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Unopened:
        sys.exit("reader: a box does not open")
