"""RULE: what a feature answers whom: held back, listed, within the share, else the default.

The share is taken by a sticky hash, so that whoever is in at 10 % is in at 25 %: a bucket in [0, 2^32) is MurmurHash3
(x86, 32 bit) of the targeting key, seeded by the same hash of the feature's key, and is in while it lies below the
share of that range. CRC-32 will not do: it is linear, so the buckets of two features differ by a constant only and the
same businesses would be first in every rollout.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import mmh3

BUCKETS = 2**32


class Reason(StrEnum):
    """Why an answer is what it is, in the words of the OpenFeature specification."""

    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"
    STATIC = "STATIC"
    DEFAULT = "DEFAULT"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a feature. on: whether it is the variant that the rollout brings. wire: itself, as OFREP's JSON."""

    key: str
    variant: str
    value: Any
    reason: str
    on: bool
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FlagTerms:
    """What is known of a feature. share: percent, 0 to 100. listed, held: targeting keys. serves: the list counts."""

    key: str
    variants: Mapping[str, Any]
    on_variant: str
    off_variant: str
    default_variant: str
    share: int = 0
    serves: bool = True
    listed: Iterable[str] = ()
    held: Iterable[str] = ()
    archived: bool = False


@dataclass(slots=True)
class Flag:
    """A feature, ready to answer. own: by targeting key. seen: set by whoever asks, taken back by whoever counts."""

    key: str
    seed: int
    cut: int
    own: dict[str, Answer]
    included: Answer
    rest: Answer
    archived: bool
    seen: bool = False

    def answer(self, targeting_key: str) -> Answer:
        """The answer for a targeting key: a business's id, or whatever a program splits by."""
        self.seen = True
        own = self.own.get(targeting_key)
        if own is not None:
            return own
        if self.cut and mmh3.hash(targeting_key, self.seed, False) < self.cut:
            return self.included
        return self.rest

    def peek(self, targeting_key: str) -> Answer:
        """The same, but nobody is counted as having asked."""
        seen = self.seen
        found = self.answer(targeting_key)
        self.seen = seen
        return found


def flag_of(terms: FlagTerms) -> Flag:
    """The feature, with its few possible answers made once."""
    off = _answer(terms, terms.off_variant, Reason.TARGETING_MATCH)
    on = _answer(terms, terms.on_variant, Reason.TARGETING_MATCH)
    own = dict.fromkeys(terms.listed, on) if terms.serves else {}
    own |= dict.fromkeys(terms.held, off)
    share = 0 if terms.archived else terms.share
    return Flag(
        key=terms.key,
        seed=seed_of(terms.key),
        cut=cut_of(share),
        own={} if terms.archived else own,
        included=_answer(terms, terms.on_variant, Reason.STATIC if share == 100 else Reason.SPLIT),
        rest=_rest(terms, share),
        archived=terms.archived,
    )


def seed_of(key: str) -> int:
    """The seed of a feature's buckets, by its key: the same on every machine, for ever."""
    return mmh3.hash(key, 0, False)


def bucket_of(key: str, targeting_key: str) -> float:
    """Where a targeting key lies in a feature's rollout, in [0, 100) percent."""
    return mmh3.hash(targeting_key, seed_of(key), False) / BUCKETS * 100


def cut_of(share: int) -> int:
    """The first bucket that is out at this share, in percent."""
    return BUCKETS * share // 100


def _rest(terms: FlagTerms, share: int) -> Answer:
    if terms.archived:
        return _answer(terms, terms.off_variant, Reason.DISABLED)
    return _answer(terms, terms.default_variant, Reason.SPLIT if share else Reason.DEFAULT)


def _answer(terms: FlagTerms, variant: str, reason: Reason) -> Answer:
    value = terms.variants[variant]
    wire = {"key": terms.key, "value": value, "variant": variant, "reason": reason.value}
    text = json.dumps(wire, separators=(",", ":"), ensure_ascii=False)
    return Answer(terms.key, variant, value, reason.value, variant == terms.on_variant, text.encode())
