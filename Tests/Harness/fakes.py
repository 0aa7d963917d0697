"""Keys that look right and are nobody's, made when they are needed so that none lies in a file."""

import random

# Without vowels and `h`, no word by which the stand-in chooses its answer can come about by chance.
LETTERS = "bcdfgjkmnpqrstvwxyzBCDFGJKMNPQRSTVWXYZ23456789"
source = random.SystemRandom()


def filler(length):
    return "".join(source.choice(LETTERS) for _ in range(length))


def anthropic(word="valid"):
    """An API key of the documented form, different each time; `word` chooses the stand-in's answer."""
    return "sk-ant-" + "api03-" + f"{word}-{filler(92 - len(word))}" + "AA"


def oauth_access_token():
    return "sk-ant-" + "oat01-" + filler(88)
