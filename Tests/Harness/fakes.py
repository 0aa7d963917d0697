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


def openai(word="valid"):
    return "sk-" + "proj-" + f"{word}{filler(74 - len(word))}" + "T3BlbkFJ" + filler(74)


def groq(word="valid"):
    return "gsk_" + word + filler(52 - len(word))


def without_prefix(length=32):
    """Hexadecimal digits and nothing else: a shape that several providers' keys have."""
    return "".join(source.choice("23456789bcdf") for _ in range(length))


def claude(kind):
    """What Anthropic gives out beside API keys: `oat01`, `ort01`, `sid01`, `admin01`."""
    return f"sk-ant-{kind}-" + filler(93) + "AA"
