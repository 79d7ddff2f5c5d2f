"""RULE: numbers as a text writes them: with a unit or a currency, as a range, as an id, a year or a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from apps.drafts.guardrails.calendar_words import CURRENCIES, UNITS, WEEKDAYS
from apps.drafts.guardrails.clock_words import both_halves
from apps.drafts.guardrails.reading_dates import clock, day_month, day_of
from apps.drafts.guardrails.reading_units import (
    NUMBER_FORM,
    WORD,
    currency_before,
    floats,
    keys_of,
    plain_keys,
    unit_after,
)
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.values import Key, Value, id_key

_TOKEN = re.compile(r"[\w#/&+.:-]*\w")
_RANGE = re.compile(rf"({NUMBER_FORM})\s?(-|–|—|to|or|and|bis|und|à|a|et|oder|ou|o|e|y|tot|en)\s?({NUMBER_FORM})(?!\d)")
_NUMBER = re.compile(NUMBER_FORM)
_ID_CUE = re.compile(
    r"(?:#|\b(?:order|number|no|nr|nº|n°|num|ref|reference|tracking|invoice|ticket|case|id|code|sku|rma"
    r"|booking|bestellung|bestellnummer|sendungsnummer|commande|pedido|numéro|número|ordine|factuur"
    r"|rechnung)\b)[\s.:#(]{0,3}(?:number|no|nr|is|id|code|was)?\.?[\s:#]{0,3}$",
    re.I,
)
_LIST_MARK = re.compile(r"(?:^|\n)[ \t>*-]{0,6}$")
_SIZE = table("kg g mg lb lbs oz ml l cl cm mm m km ft inch inches in gb mb tb kb w kw v ma mah px hz ghz mhz pt")
_MEASURES = frozenset((*UNITS, *CURRENCIES, *_SIZE, "x", "k", "pcs", "percent"))


def token_at(text: str, at: int) -> list[Value]:
    start = at
    while start > 0 and at - start < 40 and (text[start - 1].isalnum() or text[start - 1] in "-_/#."):
        start -= 1
    while start < at and text[start] in "-./_":
        start += 1
    token = _TOKEN.match(text, start)
    end = min(token.end() if token else at + 1, start + 80)
    return [Value("id", start, max(end, at + 1), (("i", id_key(text[start:end])),))]


def range_at(text: str, at: int) -> list[Value] | None:
    """3-5 business days, £10 to £20, 9 to 17: two values of the same unit; None for anything else."""
    found = _RANGE.match(text, at)
    if found is None or (found[2].isalpha() and currency_before(text, at)):
        return None
    unit = unit_after(text, found.end())
    low, high = floats(found[1]), floats(found[3])
    if unit and unit[0] in ("duration", "percentage", "amount") and not _of_clock(text, at, found):
        kind, end, factor, name = unit
        make = keys_of(kind, factor, name)
        return [
            Value(kind, at, found.end(1), make(low), name, low=True),
            Value(kind, found.start(3), end, make(high), name),
        ]
    if found[1].isdigit() and int(found[1]) <= 31 and (until := day_month(text, found.start(3), _ANY_DAY)):
        return [Value("date", at, found.end(1), tuple(_same_month(until, int(found[1])))), until]
    if hours := _hours(text, at, found):
        return hours
    currency = currency_before(text, at)
    if currency:
        return [
            Value("amount", currency[1], found.end(1), plain_keys(low), currency[0], low=True),
            Value("amount", found.start(3), found.end(), plain_keys(high), currency[0]),
        ]
    return None


def _of_clock(text: str, at: int, found: re.Match[str]) -> bool:
    """Whether hours are meant as times: de 7 a 22 h."""
    return (
        text[found.end() : found.end() + 3].strip(" .,;)").lower() == "h"
        and _FROM.search(text, max(0, at - 10), at) is not None
    )


def _hours(text: str, at: int, found: re.Match[str]) -> list[Value] | None:
    """8 bis 18 Uhr, between 8 and 12: times of the day, where both may be."""
    low, high = found[1], found[3]
    if not (low.isdigit() and high.isdigit() and int(low) <= 24 and int(high) <= 24):
        return None
    first = Value("time", at, found.end(1), (*both_halves(int(low), 0), *plain_keys(floats(low))))
    until = clock(text, found.start(3), _ANY_DAY)
    if until and until.end > found.end():
        return [first, until]
    if _FROM.search(text, max(0, at - 10), at) and not _COUNTED.match(text, found.end()):
        behind = text[found.end() : found.end() + 2].rstrip(" .,;)") if _of_clock(text, at, found) else ""
        end = found.end() + len(behind)
        return [first, Value("time", found.start(3), end, (*both_halves(int(high), 0), *plain_keys(floats(high))))]
    return None


_FROM = re.compile(r"\b(?:between|from|zwischen|von|entre|de|tussen|van|dalle|tra)\s$", re.I)
_COUNTED = re.compile(r"\s[^\W\d_]{2,}s\b", re.I)
_ANY_DAY = date(2026, 1, 1)


def _same_month(until: Value, day: int) -> Iterator[Key]:
    """Of "4 to 7 December", the fourth."""
    for key in until.keys:
        if key[0] == "md":
            yield ("md", key[1], day)
        elif isinstance(key[1], date) and (exact := day_of(key[1].year, key[1].month, day)):
            yield ("d", exact)


def number_at(text: str, at: int) -> list[Value] | int:
    """A number with its unit or currency, an id, a year, a day; or the offset behind what is none of them."""
    found = _NUMBER.match(text, at)
    if not found:
        return at + 1
    end = found.end() - (found.group()[-1:] in ".,")
    if _goes_on(text, end):
        return token_at(text, at)
    if _is_list_mark(text, at, end):
        return end + 1
    values = floats(text[at:end])
    if currency := currency_before(text, at):
        thousands = text[end : end + 1] in ("k", "K")
        keys = plain_keys(tuple(round(v * 1000, 4) for v in values)) if thousands else plain_keys(values)
        return [Value("amount", currency[1], end + thousands, keys, currency[0])]
    if unit := unit_after(text, end):
        kind, after, per, name = unit
        return [Value(kind, at, after, keys_of(kind, per, name)(values), name)]
    return [_bare(text, at, end, found.group(), values)]


def _goes_on(text: str, end: int) -> bool:
    """Whether letters go on behind the number that are no unit, as in 12ab or 12-b."""
    following = text[end : end + 1]
    if following in ("-", "/", "_", "."):
        return text[end + 1 : end + 2].isalnum() and not _spaced_word(text, end)
    word = _LETTERS.match(text, end, end + 12)
    if word is None:
        return False
    known = word.group().lower() in _MEASURES
    return not known or text[word.end() : word.end() + 1].isdigit()


def _is_list_mark(text: str, at: int, end: int) -> bool:
    """Whether it counts the items of a list: 1. or 2) at the beginning of a line."""
    if end - at > 2 or text[end : end + 1] not in (".", ")", ":") or not text[end + 1 : end + 2].isspace():
        return False
    return _LIST_MARK.search(text[max(0, at - 12) : at]) is not None


def _bare(text: str, at: int, end: int, digits: str, values: tuple[float, ...]) -> Value:
    """A number with nothing behind it."""
    if not digits.isdigit():
        return Value("number", at, end, plain_keys(values))
    if len(digits) >= 5 or _ID_CUE.search(text[max(0, at - 28) : at]) or (digits[0] == "0" and len(digits) > 2):
        return Value("id", at, end, (("i", digits),))
    if len(digits) == 4 and digits[:2] in ("19", "20") and _YEAR_CUE.search(text[max(0, at - 8) : at]):
        return Value("date", at, end, (("y", int(digits)),))
    if int(digits) <= 31 and _is_weekday(text, at):
        return Value("date", at, end, (("dom", int(digits)),))
    return Value("number", at, end, plain_keys(values))


_LETTERS = re.compile(r"[^\W\d_]+")
_YEAR_CUE = re.compile(r"\b(?:in|since|of|year|from|until|©|seit|depuis)\s$", re.I)


def _is_weekday(text: str, at: int) -> bool:
    """Whether a day of the week stands before, as in Thursday 12."""
    word = _WORD_BEFORE.search(text, max(0, at - 16), at)
    return word is not None and word[1].lower() in WEEKDAYS


_WORD_BEFORE = re.compile(r"([^\W\d_]+),?\s(?:the\s|den\s|le\s)?$")


def _spaced_word(text: str, end: int) -> bool:
    """Whether what follows the sign is a word of its own, as in 14-day or 3-year, or the end of a sentence."""
    word = WORD.match(text, end + 1)
    return bool(
        word
        and text[end] in "-"
        and (
            word.group().lower().split("-")[0] in UNITS
            or word.group().lower() in ("pack", "piece", "star", "seater", "inch", "part", "step", "in")
        )
    )
