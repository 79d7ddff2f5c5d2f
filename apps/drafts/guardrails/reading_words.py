"""RULE: days by their name, and numbers in words with what they count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from apps.drafts.guardrails.calendar_words import MONTHS, NUMBERS, ORDINALS, RELATIVE, UNITS, WEAK_MONTHS, WEEKDAYS
from apps.drafts.guardrails.reading_units import WORD, keys_of, unit_after
from apps.drafts.guardrails.values import Key, Value


def values_in_words(text: str, now: date) -> Iterator[Value]:
    """Days by their name, and numbers in words with what they count."""
    pending: tuple[int, int, float] | None = None  # start, end, value of a number in words
    previous_end, previous = 0, ""
    for found in WORD.finditer(text):
        raw = found.group()
        word = raw.lower()
        if pending is None and word not in _TELLING and "-" not in word and "’" not in word:
            previous_end, previous = found.end(), word
            continue
        word = word.replace("’", "'")
        start, end = found.span()
        number = _spelled_number(word)
        if number is not None and word not in ("second",):
            if pending and start - pending[1] <= 5 and text[pending[1] : start].strip() in ("", "-", "and"):
                total = pending[2] * number if number in (100, 1000) else pending[2] + number
                pending = (pending[0], end, total)
            else:
                if pending:
                    yield from _counted(text, pending)
                pending = (start, end, number)
        else:
            if pending and word not in ("and",):
                yield from _counted(text, pending)
                pending = None
            yield from _named_day(raw, word, start, end, previous, previous_end, now, text)
        previous_end, previous = end, word
    if pending:
        yield from _counted(text, pending)


_TELLING = frozenset((*NUMBERS, *WEEKDAYS, *RELATIVE, *UNITS, *MONTHS, *ORDINALS, "day"))


def _spelled_number(word: str) -> float | None:
    if word in NUMBERS:
        return NUMBERS[word]
    if "-" in word:
        tens, _, ones = word.partition("-")
        if tens in NUMBERS and ones in NUMBERS and NUMBERS[tens] % 10 == 0 and NUMBERS[ones] < 10:
            return NUMBERS[tens] + NUMBERS[ones]
    return None


def _counted(text: str, pending: tuple[int, int, float]) -> Iterator[Value]:
    start, end, number = pending
    unit = unit_after(text, end)
    if unit:
        kind, after, factor, name = unit
        yield Value(kind, start, after, keys_of(kind, factor, name)((float(number),)), name)
    elif (number > 1 and text[start:end].lower() not in ("hundred", "thousand", "dozen", "six", "an")) or (number == 6):
        if re.match(r"\s+of\s+(?:us|our|the|my|these|them)\b", text[end : end + 12], re.I):
            return
        yield Value("number", start, end, (("n", float(number)),))


_SINGLE = frozenset("within in takes take after for under next per than every each".split())


def _named_day(
    raw: str, word: str, start: int, end: int, previous: str, previous_end: int, now: date, text: str
) -> Iterator[Value]:
    if word in WEEKDAYS:
        yield Value("date", start, end, (("wd", WEEKDAYS[word]),))
    elif (
        word in RELATIVE
        and not (word == "morgen" and previous in ("guten", "goedem", "goede"))
        and not (word == "hier" and not _french(text))
    ):
        day = now + timedelta(days=RELATIVE[word])
        yield Value("date", start, end, (("d", day), ("rel", word)), unit="relative")
    elif word == "day" and previous in ("next", "same"):
        yield Value("duration", previous_end - 4, end, (("rel", f"{previous} day"), ("u", 24.0, "bd"), ("u", 24.0, "")))
    elif "-" in word and (number := _spelled_number(word.partition("-")[0])) and word.partition("-")[2] in UNITS:
        factor, unit = UNITS[word.partition("-")[2]]
        yield Value("duration", start, end, (("u", round(number * factor, 2), unit),), unit)
    elif word in UNITS and previous in ("a", "an", "next"):
        lead = WORD.findall(text[max(0, previous_end - 24) : previous_end - len(previous)])
        hours, name = UNITS[word]
        if previous == "next" and word in ("week", "month", "year"):
            late = [w.lower() for w in lead[-2:]] == ["end", "of"] and word == "week"
            keys = _next(word, now)[4:] if late else _next(word, now)
            yield Value("date", previous_end - 4, end, (("rel", f"next {word}"), *keys), unit="relative")
        elif previous != "next" and lead and lead[-1].lower() in _SINGLE:
            yield Value("duration", previous_end - len(previous), end, (("u", round(hours, 2), name),), name)
    elif (word in MONTHS and word not in WEAK_MONTHS and raw[:1].isupper()) or (
        word in ("march", "august")
        and raw[:1].isupper()
        and previous in ("in", "by", "until", "since", "early", "late", "mid", "end", "of")
    ):
        yield Value("date", start, end, (("m", MONTHS[word]),))
    elif word in ORDINALS and previous == "the" and re.match(r" of [A-Z]", text[end : end + 5]):
        month = MONTHS.get(WORD.match(text, end + 4).group().lower(), 0)  # type: ignore[union-attr]
        if month:
            yield Value("date", start, end, (("md", month, ORDINALS[word]),))


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
