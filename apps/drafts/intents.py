"""RULE: what the writer of a mail wants, how surely, and what they name: order and tracking numbers, days.

A trained head (intent_head) weighs the words chosen by hand together with the beginnings and pieces of all words. The
confidence is its probability, fitted so that of mails called 70 % sure about 70 % are right.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from apps.drafts.intent_features import Evidence, evidence_of, features_of
from apps.drafts.intent_head import Head, shipped
from apps.drafts.states import TOOL_REQUIRED, Intent

# More of a mail than this is not read: what somebody wants stands at its beginning.
MOST_READ = 4_000
MOST_SUBJECT = 300
# The confidence of GENERAL where nothing speaks for anything.
UNTOLD = 0.3
# Where fewer of a mail's figures are known than this, it is in a language that the head was not fitted to.
LEAST_KNOWN = 0.2
SUREST = 0.99
# Where words speak for another intent as well, no more than this and the share of the words for the one chosen.
DISPUTED = 0.6
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """intent: what they want. confidence: 0 to 1. words: what spoke for it. The rest: what they named, in order."""

    intent: Intent
    confidence: float
    words: tuple[str, ...] = ()
    order_numbers: tuple[str, ...] = ()
    tracking_numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


_ORDER_CODE = re.compile(r"\b[A-Z]{1,5}-\d{3,10}\b|#\d{3,12}\b")
_ORDER_SAID = re.compile(
    r"\b(?:order|purchase|invoice|booking|reference|ref)(?: ?(?:number|no\.?|nr\.?|id|code|#))?[ :#]{1,3}"
    r"([A-Za-z]{0,5}-?\d[\dA-Za-z-]{2,20})\b",
    re.IGNORECASE,
)
_TRACKING_CODE = re.compile(r"\b(?:1Z[0-9A-Z]{16}|[A-Z]{2}\d{8,10}(?:[A-Z]{2})?|JD\d{16,20})\b")
_TRACKING_SAID = re.compile(
    r"\b(?:tracking|parcel|consignment|shipment)(?: ?(?:number|no\.?|nr\.?|id|code|#))?[ :#]{1,3}"
    r"([A-Za-z0-9-]{6,34})\b",
    re.IGNORECASE,
)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_DATE = re.compile(
    r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTHS})(?: \d{{4}})?"
    rf"|(?:{_MONTHS}) \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?)\b",
    re.IGNORECASE,
)


def read_intent(subject: str, text: str) -> Reading:
    """What a mail wants. subject, text: of the newest message, without what it quotes; any length, any characters."""
    return told_by(_shipped(), subject, text)


def told_by(head: Head, subject: str, text: str) -> Reading:
    """What a mail wants, as a given head tells it."""
    subject, text = subject[:MOST_SUBJECT], text[:MOST_READ]
    whole = f"{subject}\n{text}"
    orders, tracked = named_orders(whole), named_parcels(whole)
    evidence = evidence_of(subject, text)
    if (orders or tracked) and evidence.keys() == {Intent.GENERAL} and not (named_orders(text) or named_parcels(text)):
        # The number is the old subject of a thread in which something else is asked now.
        intent, confidence = _told(head, figures_of("", text), evidence, numbered=False)
        return _reading(intent, confidence, evidence, text, orders, tracked)
    figures = features_of(subject, text, evidence, names_order=bool(orders), names_parcel=bool(tracked))
    intent, confidence = _told(head, figures, evidence, numbered=bool(orders or tracked))
    return _reading(intent, confidence, evidence, text, orders, tracked)


def _reading(
    intent: Intent, confidence: float, evidence: Evidence, text: str, orders: tuple[str, ...], tracked: tuple[str, ...]
) -> Reading:
    return Reading(
        intent=intent,
        confidence=confidence,
        words=evidence[intent][1][:MOST_NAMED] if intent in evidence else (),
        order_numbers=orders,
        tracking_numbers=tracked,
        dates=_distinct(match.group() for match in _DATE.finditer(text)),
    )


def figures_of(subject: str, text: str) -> dict[str, float]:
    """What a head is fitted to: the figures of a mail as `told_by` gives them to it."""
    subject, text = subject[:MOST_SUBJECT], text[:MOST_READ]
    whole = f"{subject}\n{text}"
    named = {"names_order": bool(named_orders(whole)), "names_parcel": bool(named_parcels(whole))}
    return features_of(subject, text, evidence_of(subject, text), **named)


def named_orders(text: str) -> tuple[str, ...]:
    """Order numbers a text names, upper case, without a leading #."""
    said = (match.group(1) for match in _ORDER_SAID.finditer(text))
    coded = (match.group() for match in _ORDER_CODE.finditer(text))
    return _distinct(number.lstrip("#").upper() for number in (*coded, *said))


def named_parcels(text: str) -> tuple[str, ...]:
    """Tracking numbers a text names, upper case."""
    said = (match.group(1) for match in _TRACKING_SAID.finditer(text) if any(c.isdigit() for c in match.group(1)))
    coded = (match.group() for match in _TRACKING_CODE.finditer(text))
    return _distinct(number.upper() for number in (*coded, *said))


def _told(head: Head, figures: dict[str, float], evidence: Evidence, *, numbered: bool) -> tuple[Intent, float]:
    """The likeliest intent. Who names a number wants its data, unless words and head both say a general question."""
    if not evidence and not numbered and head.known(figures) < LEAST_KNOWN:
        return Intent.GENERAL, UNTOLD
    likely = head.probabilities(figures)
    best = max(likely, key=lambda intent: (likely[intent], intent.value))
    if best is Intent.GENERAL and numbered and Intent.GENERAL not in evidence:
        best = max(TOOL_REQUIRED, key=lambda intent: (likely[intent], intent.value))
    sure = min(likely[best], _surest(best, evidence), SUREST)
    return best, round(max(1 - SUREST, sure), 3)


def _surest(best: Intent, evidence: Evidence) -> float:
    """What the confidence may be at most, 0.6 to 1: less where words of other intents were found too."""
    if not evidence.keys() - {best}:
        return 1.0
    own = evidence[best][0] if best in evidence else 0.0
    return DISPUTED + (1.0 - DISPUTED) * own / sum(score for score, _ in evidence.values())


@lru_cache(maxsize=1)
def _shipped() -> Head:
    return shipped()


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MOST_NAMED]
