"""Looks for pieces of a secret in every byte of every file."""

import base64
import pathlib
import tempfile

# 18 bytes are 24 characters of base64 without padding. A key's public prefix and hint are shorter than that.
PIECE = 18


def forms(secret):
    """Every piece of `secret` of 18 bytes: as it is, in both base64 alphabets, in hex of either case.

    Since there is a piece for every start, each of the three alignments of base64 is among them.
    """
    data = secret.encode()
    body = data[data.index(b"-", len("sk-ant-")) + 1:]
    found = set()
    for start in range(len(body) - PIECE + 1):
        piece = body[start:start + PIECE]
        found |= {
            piece, base64.b64encode(piece), base64.urlsafe_b64encode(piece), piece.hex().encode(),
            piece.hex().upper().encode(),
        }
    return found


def files(folder):
    return sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())


def files_with(folder, needles):
    """The names of the files in `folder` that hold any of `needles`."""
    found = []
    for path in files(folder):
        data = path.read_bytes()
        if any(needle in data for needle in needles):
            found.append(path.name)
    return found


def finds_each_form(secret):
    """The control: files made to hold `secret` in each form, at each alignment, are found, and an empty one is not."""
    data, needles = secret.encode(), forms(secret)
    with tempfile.TemporaryDirectory(prefix="keystow-control-") as folder:
        made = [data, data.hex().encode(), data.hex().upper().encode()]
        made += [base64.b64encode(b"x" * shift + data) for shift in range(3)]
        made += [base64.urlsafe_b64encode(b"x" * shift + data) for shift in range(3)]
        made += [data[20:60], b""]
        for number, content in enumerate(made):
            (pathlib.Path(folder) / str(number)).write_bytes(b"\x00before" + content + b"\x00after")
        return sorted(files_with(folder, needles), key=int) == [str(number) for number in range(len(made) - 1)]
