"""RULE: a mail in figures that the trained head for intents weighs: word evidence, beginnings of words, pieces of them.

Everything is the presence of a thing, never how often it is there, and the pieces together have length 1: to repeat a
word many times tells the head no more than to say it once.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping

from apps.drafts.intent_words import EVIDENCE, plain_words
from apps.drafts.states import Intent

SUBJECT_WEIGHT = 1.6
# Evidence above this is as clear as it gets: a mail full of one intent's words says no more than a clear sentence.
CLEAR = 6.0
# The beginnings of words stand for their inflected forms, in all four languages.
STEM = 5
PIECE = 4

_NEGATED = re.compile(r"\b(?:not|isn't|is not|rather than|instead of)(?: about)?(?: an?| my| the)?\s*$", re.IGNORECASE)
_TOKEN = re.compile(r"[a-z]+-\d+|\w+|[?!]")
_DIGIT = re.compile(r"\d")

Evidence = Mapping[Intent, tuple[float, tuple[str, ...]]]


def evidence_of(subject: str, text: str) -> Evidence:
    """The hand-weighed words: {intent: (sum of weights, above 0; what was found)}; only intents for which any was."""
    found: dict[Intent, tuple[float, tuple[str, ...]]] = {}
    said = plain_words(subject), plain_words(text)
    for intent, weight, pattern in EVIDENCE:
        word, strength = _strength(pattern, *said)
        if word:
            score, words = found.get(intent, (0.0, ()))
            found[intent] = score + weight * strength, (*words, word)
    return found


def pieces_of(subject: str, text: str) -> dict[str, float]:
    """{"s:deliv": v, "p:live": v, ...}: beginnings of words, pieces of four signs; each worth 1 / sqrt(number)."""
    names: dict[str, None] = {}
    for word in dict.fromkeys((*_tokens(subject), *_tokens(text))):
        names[f"s:{word[:STEM]}"] = None
        spaced = f" {word} "
        for start in range(len(spaced) - PIECE + 1):
            names[f"p:{spaced[start : start + PIECE]}"] = None
    value = 1.0 / math.sqrt(len(names) or 1)
    return dict.fromkeys(names, value)


def features_of(
    subject: str, text: str, evidence: Evidence, *, names_order: bool, names_parcel: bool
) -> dict[str, float]:
    """All figures of a mail, each in (0, 1]."""
    features = pieces_of(subject, text)
    for intent, (score, _) in evidence.items():
        features[f"e:{intent}"] = min(score, CLEAR) / CLEAR
    if names_order:
        features["n:order"] = 1.0
    if names_parcel:
        features["n:parcel"] = 1.0
    return features


def _tokens(text: str) -> Iterator[str]:
    """Words without accents, lower case; whatever has a digit is "0", so that no number is learnt."""
    plain = text.casefold()
    if not plain.isascii():
        # An accent becomes a sign of its own; some signs become many, and no more than twice the text is read.
        signs = unicodedata.normalize("NFKD", plain)[: 2 * len(text)]
        plain = "".join(sign for sign in signs if not unicodedata.combining(sign))
    for match in _TOKEN.finditer(plain):
        yield "0" if _DIGIT.search(match.group()) else match.group()


def _strength(pattern: re.Pattern[str], subject: str, text: str) -> tuple[str, float]:
    """What was found and how much it counts: more in the subject, nothing where it is said not to be meant."""
    match = pattern.search(subject)
    if match:
        return match.group().strip(), SUBJECT_WEIGHT
    for match in pattern.finditer(text):
        if not _NEGATED.search(text[max(0, match.start() - 24) : match.start()]):
            return match.group().strip(), 1.0
    return "", 0.0
