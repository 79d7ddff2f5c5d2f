"""RULE: days by their name, and numbers in words with what they count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from apps.drafts.guardrails.calendar_words import MONTHS, NUMBERS, ORDINALS, RELATIVE, UNITS, WEAK_MONTHS, WEEKDAYS
from apps.drafts.guardrails.clock_words import both_halves
from apps.drafts.guardrails.reading_units import WORD, keys_of, unit_after
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.values import Key, Value


def values_in_words(text: str, now: date, first: int, last: int) -> Iterator[Value]:
    """Days by their name, and numbers in words with what they count, between two offsets."""
    pending: _Count | None = None
    low: _Count | None = None  # the lower end of a range
    previous_end, previous = 0, ""
    for found in WORD.finditer(text, first, last):
        raw = found.group()
        word = raw.lower()
        if pending is None and word not in _TELLING and "-" not in word and "’" not in word:
            previous_end, previous = found.end(), word
            continue
        word = word.replace("’", "'")
        start, end = found.span()
        number = _spelled_number(word)
        if number is not None and word not in ("second",):
            if pending and start - pending.end <= 5 and text[pending.end : start].strip() in ("", "-", "and"):
                pending = _Count(pending.start, end, _together(pending.number, number))
            elif pending and text[pending.end : start].strip().lower() in _RANGES:
                low, pending = pending, _Count(start, end, number)
            else:
                yield from _counted(text, pending, low)
                low, pending = None, _Count(start, end, number)
        elif not (pending and (word == "and" or word in _RANGES)):
            yield from _counted(text, pending, low)
            low = pending = None
            yield from _named_day(_Word(word, start, end, raw[:1].isupper(), previous, previous_end), now, text)
        previous_end, previous = end, word
    yield from _counted(text, pending, low)


class _Count(NamedTuple):
    """A number in words, with its offsets."""

    start: int
    end: int
    number: float


_RANGES = table("to or bis oder à ou a o tot of")


def _together(before: float, number: float) -> float:
    """Two hundred, or twenty five."""
    return before * number if number in (100, 1000) else before + number


_TELLING = frozenset((*NUMBERS, *WEEKDAYS, *RELATIVE, *UNITS, *MONTHS, *ORDINALS, "day"))


def _spelled_number(word: str) -> float | None:
    if word in NUMBERS:
        return NUMBERS[word]
    if "-" in word:
        tens, _, ones = word.partition("-")
        if tens in NUMBERS and ones in NUMBERS and NUMBERS[tens] % 10 == 0 and NUMBERS[ones] < 10:
            return NUMBERS[tens] + NUMBERS[ones]
    return None


def _counted(text: str, count: _Count | None, low: _Count | None) -> Iterator[Value]:
    """What a number in words counts, and before it the lower end of its range."""
    if count is None:
        return
    start, end, number = count
    unit = unit_after(text, end)
    if unit:
        kind, after, factor, name = unit
        keys = keys_of(kind, factor, name)
        if low:
            yield Value(kind, low.start, low.end, keys((float(low.number),)), name, low=True)
        yield Value(kind, start, after, keys((float(number),)), name)
        return
    if clock := _hours(text, count, low):
        yield from clock
        return
    for one in filter(None, (low, count)):
        if _says_number(text, one):
            yield Value("number", one.start, one.end, (("n", float(one.number)),))


def _hours(text: str, count: _Count, low: _Count | None) -> list[Value]:
    """Times in words: at ten, until Sunday at five, de siete a ocho y media."""
    first = low or count
    if not (0 < first.number <= 12 and _AT.search(text, max(0, first.start - 8), first.start)):
        return []
    half = _AND_HALF.match(text, count.end)
    end = half.end() if half else count.end
    if not (half or _NO_NOUN.match(text, end)):
        return []
    found = [Value("time", low.start, low.end, both_halves(int(low.number), 0))] if low else []
    return [*found, Value("time", count.start, end, both_halves(int(count.number) % 12 or 12, 30 if half else 0))]


_AT = re.compile(r"\b(?:at|until|till|by|from|las|um|om|alle|de)\s$", re.I)
_AND_HALF = re.compile(r" (?:y media|e mezza|et demie)\b", re.I)
_NO_NOUN = re.compile(
    r"\W{0,2}$|[.,;:!?)]|\s(?:until|till|to|on|in the|o'clock|and|or|sharp|this|tomorrow|y|e|et|de la|del|uhr|am|pm"
    r"|a\.m|p\.m)\b",
    re.I,
)


def _says_number(text: str, count: _Count) -> bool:
    """Whether a number without a unit states one: not one of us, nor "due" in an English text."""
    word = text[count.start : count.end].lower()
    if word in _NO_NUMBER or count.number <= 1:
        return False
    return _OF_US.match(text, count.end) is None


_NO_NUMBER = table("hundred thousand dozen an due sept tien dos tre")
_OF_US = re.compile(r"\s+of\s+(?:us|our|the|my|these|them)\b", re.I)
_SINGLE = table("within in takes take after for under next per than every each")


_ABOUT = table("about around roughly approximately only just almost nearly")


class _Word(NamedTuple):
    """A word, in lower case, with its offsets and the word before it. capital: it is written with one."""

    text: str
    start: int
    end: int
    capital: bool
    previous: str
    previous_end: int


def _named_day(word: _Word, now: date, text: str) -> Iterator[Value]:
    """A day by its name, or a span of time by one word."""
    said, start, end = word.text, word.start, word.end
    if said in WEEKDAYS:
        yield Value("date", start, end, (("wd", WEEKDAYS[said]),))
    elif said in RELATIVE and not _greets(word, text):
        day = now + timedelta(days=RELATIVE[said])
        yield Value("date", start, end, (("d", day), ("rel", said)), unit="relative")
    elif said == "day" and word.previous in ("next", "same"):
        keys = (("rel", f"{word.previous} day"), ("u", 24.0, "bd"), ("u", 24.0, ""))
        yield Value("duration", word.previous_end - 4, end, keys)
    elif "-" in said:
        yield from _joined(word)
    elif said in UNITS and word.previous in ("a", "an", "next"):
        yield from _one_unit(word, now, text)
    elif said in MONTHS and _is_month(word):
        yield Value("date", start, end, (("m", MONTHS[said]),))
    elif said in ORDINALS and word.previous == "the":
        yield from _day_of_month(word, text)


def _greets(word: _Word, text: str) -> bool:
    """Guten Morgen is no day, nor is hier in a text that is not French."""
    if word.text == "morgen":
        return word.previous in ("guten", "goedem", "goede")
    return word.text == "hier" and not _french(text)


def _joined(word: _Word) -> Iterator[Value]:
    """Two-day, three-month."""
    count, _, unit = word.text.partition("-")
    number = _spelled_number(count)
    if number and unit in UNITS:
        factor, name = UNITS[unit]
        yield Value("duration", word.start, word.end, (("u", round(number * factor, 2), name),), name)


def _one_unit(word: _Word, now: date, text: str) -> Iterator[Value]:
    """Next week, within a day."""
    begin = word.previous_end - len(word.previous)
    lead = [w.lower() for w in WORD.findall(text[max(0, word.previous_end - 24) : begin])]
    hours, name = UNITS[word.text]
    if word.previous == "next" and word.text in ("week", "month", "year"):
        late = lead[-2:] == ["end", "of"] and word.text == "week"
        keys = _next(word.text, now)[4:] if late else _next(word.text, now)
        yield Value("date", begin, word.end, (("rel", f"next {word.text}"), *keys), unit="relative")
    elif (
        word.previous != "next"
        and lead
        and (lead[-1] in _SINGLE or (lead[-1] in _ABOUT and lead[-2:-1] and lead[-2] in _SINGLE))
    ):
        yield Value("duration", begin, word.end, (("u", round(hours, 2), name),), name)


def _is_month(word: _Word) -> bool:
    """Whether a word that may be a month is one: with a capital, and where it may be another word, behind "in"."""
    if word.text in ("march", "august"):
        return word.capital and word.previous in _MONTH_CUES
    return word.capital and word.text not in WEAK_MONTHS


_MONTH_CUES = table("in by until since early late mid end of")


def _day_of_month(word: _Word, text: str) -> Iterator[Value]:
    """The third of May."""
    named = _OF_MONTH.match(text, word.end)
    month = MONTHS.get(named[1].lower(), 0) if named else 0
    if month:
        yield Value("date", word.start, word.end, (("md", month, ORDINALS[word.text]),))


_OF_MONTH = re.compile(r" of ([A-Z][^\W\d_]+)")


def _french(text: str) -> bool:
    lower = text.lower()
    return " votre " in lower or " vous " in lower or " nous " in lower


def _next(word: str, now: date) -> tuple[Key, ...]:
    if word == "week":
        monday = now + timedelta(days=7 - now.weekday())
        return tuple(("d", monday + timedelta(days=n)) for n in range(7))
    if word == "month":
        return (("ym", now.year + now.month // 12, now.month % 12 + 1),)
    return (("y", now.year + 1),)
