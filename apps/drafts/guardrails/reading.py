"""RULE: the values that a text states: dates, times, amounts, shares, spans of time, ids, numbers, addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from operator import itemgetter

from apps.drafts.guardrails import clock_words, loose_times
from apps.drafts.guardrails.calendar_words import CURRENCIES, MONTHS, NUMBERS, ORDINALS, RELATIVE, UNITS, WEEKDAYS
from apps.drafts.guardrails.odd_figures import CUES as odd_cues  # noqa: N811
from apps.drafts.guardrails.odd_figures import odd_figures, signs_in
from apps.drafts.guardrails.reading_dates import clock, day_month, iso_moment, month_day, numeric_date, ordinal_day
from apps.drafts.guardrails.reading_numbers import number_at, range_at, token_at
from apps.drafts.guardrails.reading_units import (
    BEFORE,
)
from apps.drafts.guardrails.reading_words import values_in_words
from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.splitting import letters_in, words_of
from apps.drafts.guardrails.values import Value

# Words that say a value on their own, or with those beside them.
_SAID = frozenset(
    (*WEEKDAYS, *RELATIVE, *MONTHS, *NUMBERS, *ORDINALS, *UNITS, *loose_times.CUES, *clock_words.CUES, "aujourd")
)
_DIGIT = re.compile(r"\d")
_WEB = re.compile(
    r"(?:https?://|www\.)[^\s<>\"')\]]{2,500}|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|shop"
    r"|store|info|biz|co\.uk|co|de|fr|es|it|nl|eu|ru|cn|xyz|top|site|online|app|dev|ai|me|ly|gg|uk|us|ca|au"
    r"|ch|at|be|example|test|invalid)\b(?:/[^\s<>\"')\]]{0,300})?(?![\w@])",
    re.I,
)
_DOTTED = re.compile(r"\.[^\W\d]")


def read_values(text: str, now: date, sentences: Sequence[Sentence] | None = None) -> list[Value]:
    """All values in the text, in order, none overlapping another. Linear in its length.

    sentences: those of the text, when they are known: only those are read that have a word for a value.
    """
    webs = list(_webs(text)) if "." in text or "@" in text else []
    said = _said_in(text, sentences)
    words = words_of(text) if said else frozenset()
    spoken = [] if clock_words.CUES.isdisjoint(words) else list(clock_words.clock_words(text))
    webs += spoken
    blocked = {at for web in webs for at in range(web.start, web.end)} if webs else frozenset()
    found = _at_digits(text, now, blocked)
    if said:
        taken = {p for v in found for p in range(v.start, v.end)} | blocked
        for begin, end in said:
            found += [v for v in values_in_words(text, now, begin, end) if v.start not in taken]
        if not loose_times.CUES.isdisjoint(words):
            taken = {p for v in found for p in range(v.start, v.end)}
            found += [v for v in loose_times.loose_times(text, now) if taken.isdisjoint(range(v.start, v.end))]
    odd = [*odd_figures(text)] if _ROMAN.search(text) or not odd_cues.isdisjoint(words or words_of(text)) else []
    odd += signs_in(text)
    if odd:
        taken = {p for v in odd for p in range(v.start, v.end)}
        found = [v for v in found if taken.isdisjoint(range(v.start, v.end))]
        webs = [v for v in webs if taken.isdisjoint(range(v.start, v.end))]
    return sorted([*found, *webs, *odd], key=_start) if said or webs or odd else found


_ROMAN = re.compile(r"(?<!\w)[IVXLC]{2,7} [a-z]")


_start = itemgetter(1)


def _at_digits(text: str, now: date, blocked: Collection[int]) -> list[Value]:
    """What is written with digits."""
    found: list[Value] = []
    end = 0
    for digit in _DIGIT.finditer(text):
        at = digit.start()
        if at < end or at in blocked:
            continue
        value = _at_digit(text, at, now)
        if isinstance(value, int):
            end = value
            continue
        found += value
        end = max(value[-1].end, at + 1)
    return found


def _said_in(text: str, sentences: Sequence[Sentence] | None) -> list[tuple[int, int]]:
    """Where words stand that say a value on their own."""
    if sentences is None:
        return [] if _SAID.isdisjoint(letters_in(text)) else [(0, len(text))]
    return [(s.start, s.end) for s in sentences if not _SAID.isdisjoint(s.words) or _parted(s)]


def _parted(sentence: Sentence) -> bool:
    """Whether a word with a hyphen or an apostrophe holds one that says a value, as in two-day."""
    parts = (part for word in sentence.words if "-" in word or "'" in word for part in re.split("['-]", word))
    return not _SAID.isdisjoint(parts)


def _webs(text: str) -> Iterator[Value]:
    at = text.find("@")
    done = 0
    while at >= 0:
        left, right = at, at + 1
        while left > done and (text[left - 1].isalnum() or text[left - 1] in "._%+-") and at - left < 64:
            left -= 1
        while right < len(text) and (text[right].isalnum() or text[right] in ".-") and right - at < 254:
            right += 1
        while right > at + 1 and text[right - 1] in ".-":
            right -= 1
        if left < at and "." in text[at:right]:
            done = right
            yield Value("email", left, right, (("e", text[left:right].lower()),))
        at = text.find("@", max(at + 1, right))
    for web in _WEB.finditer(text) if _DOTTED.search(text) or "://" in text or "www." in text.lower() else ():
        url = web.group().rstrip(".,;:!?")
        bare = re.sub(r"^https?://(?:www\.)?|^www\.", "", url.lower()).rstrip("/")
        if web.start() >= 1 and text[web.start() - 1] == "@":
            continue
        yield Value("url", web.start(), web.start() + len(url), (("w", bare),), unit=bare.partition("/")[0])


def _at_digit(text: str, at: int, now: date) -> list[Value] | int:
    """What stands at a digit, or the offset behind what is nothing."""
    if _glued(text, at):
        return token_at(text, at)
    if moment := iso_moment(text, at):
        return moment
    for read in (numeric_date, day_month, month_day, clock, ordinal_day):
        if value := read(text, at, now):
            return [value]
    return range_at(text, at) or number_at(text, at)


def _glued(text: str, at: int) -> bool:
    """Whether the digit belongs to a token that began before it, as in ORD-1001 or #12."""
    before = text[at - 1] if at else " "
    if before.isalpha() or before in "_#":
        return not (
            before.isalpha()
            and BEFORE.search(text[max(0, at - 4) : at])
            and text[max(0, at - 3) : at].lower().strip() in CURRENCIES
        )
    return before in "-/." and at > 1 and text[at - 2].isalpha() and text[at - 2].lower() != "n"
