"""RULE: how much of what an agent recommended a person changed, by normalised edit distance.

The distance is Levenshtein's (V. I. Levenshtein, Binary codes capable of correcting deletions, insertions, and
reversals, Soviet Physics Doklady 10, 1966) divided by the length of the longer of the two: 0 untouched, 1 rewritten.
Texts are compared by characters, anything else by the characters of its canonical JSON. Beyond MOST_CHARACTERS the
words are the units, and beyond MOST_WORDS it is the share of words that are not in both, wherever they stand.
"""

import hashlib
import json
import math
import re
from collections import Counter
from typing import Any

import msgspec
from rapidfuzz.distance import Levenshtein

from apps.trust.verdicts import Verdict

MOST_CHARACTERS = 20_000
MOST_WORDS = 20_000
# Stands for JSON that is nested beyond reading.
TOO_DEEP = "..."

_WORDS = re.compile(r"\w+|[^\w\s]")
_LINE_ENDS = re.compile(r"[ \t]*\r?\n")


def judge_edit(original: Any, final: Any) -> tuple[Verdict, float, float]:
    """(verdict, value 0 to 1, share edited 0 to 1) of a content that was approved as `final`.

    final None: it was left out, which rejects it. The value is what was left of it: 1 - the share edited. How lines
    end, spaces at their ends, the order of keys and 1 against 1.0 are no change.
    """
    if final is None and original is not None:
        return Verdict.REJECTED, 0.0, 1.0
    before, after = _text(original), _text(final)
    if before == after:
        return Verdict.APPROVED, 1.0, 0.0
    edited = _distance(before, after)
    return Verdict.PARTIAL, 1.0 - edited, edited


def canonical(content: Any) -> str:
    """JSON that is the same for the same content: keys in order, no spaces, whole numbers without a fraction."""
    try:
        encoded = msgspec.json.encode(content, order="deterministic")
        # Only what holds a whole number written as a fraction needs to be gone through.
        if b".0" in encoded:
            encoded = msgspec.json.encode(_plain(content), order="deterministic")
        return encoded.decode()
    except RecursionError:
        return TOO_DEEP
    except (TypeError, ValueError, OverflowError):
        # Lone surrogates, whole numbers beyond 64 bits, and what is no JSON at all.
        return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), default=repr)


def digest_of(content: Any) -> str:
    """SHA-256 of the canonical JSON, hex."""
    return hashlib.sha256(canonical(content).encode(errors="replace")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and math.fabs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _text(content: Any) -> str:
    return _LINE_ENDS.sub("\n", content).strip() if isinstance(content, str) else canonical(content)


def _distance(before: str, after: str) -> float:
    if max(len(before), len(after)) <= MOST_CHARACTERS:
        return Levenshtein.normalized_distance(before, after)
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) <= MOST_WORDS:
        return Levenshtein.normalized_distance(old, new)
    return 1.0 - (Counter(old) & Counter(new)).total() / max(len(old), len(new))
