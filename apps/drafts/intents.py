"""RULE: what the writer of a mail wants, how surely, and what they name: order and tracking numbers, days.

Evidence is words, weighed: what stands in the subject or in a question counts more, what is negated or quoted does not.
The confidence is the share of the evidence that speaks for the intent, shrunk towards "GENERAL" where there is little.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.drafts.intent_words import EVIDENCE, plain_words
from apps.drafts.states import Intent

# More of a mail than this is not read: what somebody wants stands at its beginning.
MOST_READ = 4_000
# Evidence for GENERAL that every mail brings along: a single weak word does not make an order of a greeting.
BASE = 1.0
SUBJECT_WEIGHT = 1.6
# The confidence of GENERAL where nothing speaks for anything.
UNTOLD = 0.3
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


_NEGATED = re.compile(r"\b(?:not|isn't|is not|rather than|instead of)(?: about)?(?: an?| my| the)?\s*$", re.IGNORECASE)

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
    subject, text = subject[:300], text[:MOST_READ]
    scores: dict[Intent, float] = {Intent.GENERAL: BASE}
    words: dict[Intent, list[str]] = {}
    said = plain_words(subject), plain_words(text)
    for intent, weight, pattern in EVIDENCE:
        found, strength = _strength(pattern, *said)
        if found:
            scores[intent] = scores.get(intent, 0.0) + weight * strength
            words.setdefault(intent, []).append(found)
    orders, tracked = named_orders(f"{subject}\n{text}"), named_parcels(f"{subject}\n{text}")
    if tracked:
        scores[Intent.TRACKING] = scores.get(Intent.TRACKING, 0.0) + 1.5
    if orders:
        scores[Intent.ORDER] = scores.get(Intent.ORDER, 0.0) + 1.0
    best = max(scores, key=lambda intent: (scores[intent], intent.value))
    return Reading(
        intent=best,
        confidence=round(_confidence(scores, best), 3),
        words=tuple(words.get(best, ()))[:MOST_NAMED],
        order_numbers=orders,
        tracking_numbers=tracked,
        dates=_distinct(match.group() for match in _DATE.finditer(text)),
    )


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


def _strength(pattern: re.Pattern[str], subject: str, text: str) -> tuple[str, float]:
    """What was found and how much it counts: more in the subject, nothing where it is said not to be meant."""
    match = pattern.search(subject)
    if match:
        return match.group().strip(), SUBJECT_WEIGHT
    for match in pattern.finditer(text):
        if not _NEGATED.search(text[max(0, match.start() - 24) : match.start()]):
            return match.group().strip(), 1.0
    return "", 0.0


def _confidence(scores: Mapping[Intent, float], best: Intent) -> float:
    if len(scores) == 1 and scores[best] == BASE:
        return UNTOLD
    total = sum(scores.values())
    # Two thirds of the evidence is what a person would call clear; BASE keeps one word from being certainty.
    return min(0.99, scores[best] / total) if total else 0.0


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MOST_NAMED]
