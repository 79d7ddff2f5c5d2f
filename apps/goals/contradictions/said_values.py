"""The values a clause gives, each with the field it is a value of.

A field is told by the unit (people, degrees, days), by the form (clock time, money), by the word itself (a colour, a
format), or by the thing counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from apps.goals.contradictions.calendar_dates import Day
from apps.goals.contradictions.clauses import Clause, Token
from apps.goals.contradictions.word_lists import listed, stems_listed
from apps.goals.contradictions.words import FIELDS
from apps.goals.reading import FUNCTION_WORDS

_UNITS = {
    word: unit
    for unit, words in {
        "people": "people persons person guests guest pax diners attendees participants",
        "time": "minutes minute min mins hours hour",
        "days": "days day nights night weeks week months month years year",
        "degrees": "degrees degree celsius",
        "percent": "percent %",
        "weight": "kg kilos kilo grams gram g mg pounds lbs tonnes",
        "length": "km m metres meters cm mm miles inches feet",
        "money": "euros euro dollars dollar pounds usd eur gbp francs cents",
        "size": "gb mb tb kb",
        "volume": "ml l litres litre liters liter",
        "power": "watts watt kw volts volt bar psi",
    }.items()
    for word in words.split()
}
_SCALE = {"hour": 60.0, "week": 7.0, "month": 30.4, "year": 365.0}
_NUMBERS_TEXT = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {name: float(number) for number, name in enumerate(_NUMBERS_TEXT.split(), 1)}
_CLOCK = re.compile(r"^(\d{1,2})(?:[:.](\d\d))?(am|pm)?$")
_NOT_COUNTED = FUNCTION_WORDS | listed("""
    january february march april june july august september october november december noon midnight o'clock
""")
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)$")
# Words for a setting with a number after it. Not those of things that have numbers: orders, rooms, gates.
_NUMBERED = listed("size port level volume channel version grade speed")
_GOING = stems_listed("send ship dispatch deliver fly travel go relocate")


class Said(msgspec.Struct, frozen=True, gc=False):
    """One value: its field, the value, what was said, its place among the clause's words, and the word before it."""

    field: str
    value: str | float
    text: str
    at: int
    preposition: str


def values_said(text: str, clauses: Sequence[Clause], days: Sequence[Day]) -> list[list[Said]]:
    """The values of each clause, in order; `days` are the dates of the text."""
    said = [_values(text, clause) for clause in clauses]
    exact = [day for day in days if day.first is not None and day.first == day.last and day.month_day]
    for day in exact:
        for clause, values in zip(clauses, said, strict=True):
            if clause.start <= day.start < clause.end:
                at = next((n for n, token in enumerate(clause.tokens) if token.start >= day.start), 0)
                values.append(Said("date", str(day.month_day), day.text, at, _text(clause.tokens, at - 1)))
    return said


def _text(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].text if 0 <= place < len(tokens) else ""


def _values(text: str, clause: Clause) -> list[Said]:
    found = []
    for place, token in enumerate(clause.tokens):
        if token.digit or token.named or token.text in FIELDS or token.text in _NUMBERS:
            value = _value(text, clause.tokens, place)
            if value is not None:
                said = text[token.start : value[2]]
                found.append(Said(value[0], value[1], said, place, _text(clause.tokens, place - 1)))
    return found


def _value(text: str, tokens: Sequence[Token], place: int) -> tuple[str, str | float, int] | None:
    """(field, value, where it ends)."""
    token, before = tokens[place], _text(tokens, place - 1)
    counted = place > 0 and (tokens[place - 1].digit or before in _NUMBERS)
    if token.text in FIELDS:
        field = FIELDS[token.text]
        return None if field == "currency" and counted else (field, token.text, token.end)
    if token.named and not token.digit:
        goes = before in {"to", "in"} and any(earlier.stem in _GOING for earlier in tokens[:place])
        return ("place", token.text, token.end) if goes else None
    if _ORDINAL.match(token.text):
        return "day of the month", token.text, token.end
    number = _number(token.text)
    if number is not None and before in _NUMBERED:
        return before, number, token.end
    if number is None:
        clock = _CLOCK.match(token.text)
        return ("clock", _minutes(clock), token.end) if clock and (clock.group(2) or clock.group(3)) else None
    if token.start and text[token.start - 1] in "$\u20ac\u00a3":
        return "money", number, token.end
    if text[token.end : token.end + 2].strip()[:1] == "%":
        return "percent", number, token.end + 1
    return _measured(text, tokens, place, number)


def _measured(text: str, tokens: Sequence[Token], place: int, number: float) -> tuple[str, float, int] | None:
    """A number with its unit, or with the thing it counts."""
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    if following is None or text[tokens[place].end : following.start].strip(" -"):
        return None
    unit, end = following.text, following.end
    if unit in {"am", "pm"}:
        return ("clock", (number % 12 + (12 if unit == "pm" else 0)) * 60, end) if number <= 12 else None
    if text[end : end + 1] in {"/", "^"}:
        return None
    if unit in _UNITS:
        return _UNITS[unit], number * _SCALE.get(unit.rstrip("s"), 1.0), end
    thing = not (unit in _NOT_COUNTED or len(unit) < 3 or following.digit or following.named)
    return (f"count {following.stem}", number, end) if thing else None


def _number(text: str) -> float | None:
    if text in _NUMBERS:
        return _NUMBERS[text]
    plain = text.replace(",", "")
    return float(plain) if plain.replace(".", "", 1).isdigit() and plain.isascii() and len(plain) < 12 else None


def _minutes(clock: re.Match[str]) -> float:
    hour = int(clock.group(1))
    if clock.group(3):
        hour = hour % 12 + (12 if clock.group(3) == "pm" else 0)
    return hour * 60.0 + int(clock.group(2) or 0)
