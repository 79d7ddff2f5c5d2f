"""RULE: the values that a text states: dates, times, amounts, shares, spans of time, ids, numbers, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from apps.drafts.guardrails import loose_times
from apps.drafts.guardrails.calendar_words import CURRENCIES, MONTHS, NUMBERS, ORDINALS, RELATIVE, UNITS, WEEKDAYS
from apps.drafts.guardrails.languages import words_of
from apps.drafts.guardrails.reading_dates import ISO, clock, day_month, day_of, month_day, numeric_date, ordinal_day
from apps.drafts.guardrails.reading_units import (
    BEFORE,
    NUMBER_FORM,
    WORD,
    currency_before,
    floats,
    keys_of,
    plain_keys,
    unit_after,
)
from apps.drafts.guardrails.reading_words import values_in_words
from apps.drafts.guardrails.values import Key, Value, id_key

# Words that say a value on their own, or with those beside them.
_SAID = frozenset((*WEEKDAYS, *RELATIVE, *MONTHS, *NUMBERS, *ORDINALS, *UNITS, *loose_times.CUES, "aujourd"))
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_WEB = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]{2,500}|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|shop|store|info|biz|co\.uk|co|de|fr|es|it|nl|eu|ru|cn|xyz|top|site|online|app|dev|ai|me|ly|gg|uk|us|ca|au|ch|at|be|example|test|invalid)\b(?:/[^\s<>\"')\]]{0,300})?(?![\w@])", re.I)  # fmt: skip
_DOTTED = re.compile(r"\.[^\W\d]|://|www\.", re.I)
_TOKEN = re.compile(r"[\w#/&+.:-]*\w")
_RANGE = re.compile(rf"({NUMBER_FORM})\s?(-|–|—|to|or|and|bis|à|a|oder|ou|o|e|y|tot)\s?({NUMBER_FORM})(?!\d)")
_NUMBER = re.compile(NUMBER_FORM)
_ID_CUE = re.compile(r"(?:#|\b(?:order|number|no|nr|nº|n°|num|ref|reference|tracking|invoice|ticket|case|id|code|sku|rma|booking|bestellung|bestellnummer|sendungsnummer|commande|pedido|numéro|número|ordine|factuur|rechnung)\b)[\s.:#(]{0,3}(?:number|no|nr|is|id|code|was)?\.?[\s:#]{0,3}$", re.I)  # fmt: skip
_LIST_MARK = re.compile(r"(?:^|\n)[ \t>*-]{0,6}$")
_SIZE = frozenset(
    "kg g mg lb lbs oz ml l cl cm mm m km ft inch inches in gb mb tb kb w kw v ma mah px hz ghz mhz pt".split()
)


def read_values(text: str, now: date) -> list[Value]:
    """All values in the text, in order, none overlapping another. Linear in its length."""
    first = _DIGIT.search(text)
    words = words_of(text) if len(text) > 200 else frozenset(_LETTERS.findall(text.lower()))
    said = not _SAID.isdisjoint(words)
    if first is None and not said and "@" not in text and "." not in text:
        return []
    found: list[Value] = []
    end = 0
    webs = list(_webs(text)) if "." in text or "@" in text else []
    blocked = {at for web in webs for at in range(web.start, web.end)} if webs else frozenset()
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
    if not said:
        return sorted([*found, *webs], key=lambda value: value.start)
    taken = {p for v in found for p in range(v.start, v.end)}
    named = [v for v in values_in_words(text, now) if v.start not in taken and v.start not in blocked]
    loose = () if loose_times.CUES.isdisjoint(words) else loose_times.loose_times(text, now)
    taken |= {p for v in named for p in range(v.start, v.end)}
    named += [v for v in loose if taken.isdisjoint(range(v.start, v.end))]
    return sorted([*found, *named, *webs], key=lambda value: value.start)


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
    for web in _WEB.finditer(text) if _DOTTED.search(text) else ():
        url = web.group().rstrip(".,;:!?")
        bare = re.sub(r"^https?://(?:www\.)?|^www\.", "", url.lower()).rstrip("/")
        if web.start() >= 1 and text[web.start() - 1] == "@":
            continue
        yield Value("url", web.start(), web.start() + len(url), (("w", bare),), unit=bare.partition("/")[0])


def _at_digit(text: str, at: int, now: date) -> list[Value] | int:
    """What stands at a digit, or the offset behind what is nothing."""
    if iso := ISO.match(text, at):
        day = day_of(int(iso[1]), int(iso[2]), int(iso[3]))
        if day and not _glued(text, at):
            if iso[4] and (int(iso[4]) or int(iso[5])) and int(iso[4]) < 24:
                moment = Value("time", iso.start(4), iso.end(), (("t", int(iso[4]), int(iso[5])),))
                return [Value("date", at, iso.start(4) - 1, (("d", day),)), moment]
            return [Value("date", at, iso.end(), (("d", day),))]
    if _glued(text, at):
        return _token_at(text, at)
    for read in (numeric_date, day_month, month_day, clock, ordinal_day):
        value = read(text, at, now)
        if value:
            return [value]
    if spread := _RANGE.match(text, at):
        both = None if spread[2].isalpha() and currency_before(text, at) else _range(text, at, spread)
        if both:
            return both
    return _number(text, at)


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


def _token_at(text: str, at: int) -> list[Value]:
    start = at
    while start > 0 and at - start < 40 and (text[start - 1].isalnum() or text[start - 1] in "-_/#."):
        start -= 1
    while start < at and text[start] in "-./_":
        start += 1
    token = _TOKEN.match(text, start)
    end = min(token.end() if token else at + 1, start + 80)
    return [Value("id", start, max(end, at + 1), (("i", id_key(text[start:end])),))]


def _range(text: str, at: int, found: re.Match[str]) -> list[Value] | None:
    """3-5 business days, £10 to £20, 9 to 17: two values of the same unit; None for anything else."""
    unit = unit_after(text, found.end())
    low, high = floats(found[1]), floats(found[3])
    if unit and unit[0] in ("duration", "percentage", "amount"):
        kind, end, factor, name = unit
        make = keys_of(kind, factor, name)
        return [
            Value(kind, at, found.end(1), make(low), name, low=True),
            Value(kind, found.start(3), end, make(high), name),
        ]
    if found[1].isdigit() and int(found[1]) <= 31 and (until := day_month(text, found.start(3), _ANY_DAY)):
        return [Value("date", at, found.end(1), tuple(_same_month(until, int(found[1])))), until]
    currency = currency_before(text, at)
    if currency:
        return [Value("amount", currency[1], found.end(1), plain_keys(low), currency[0], low=True),
                Value("amount", found.start(3), found.end(), plain_keys(high), currency[0])]  # fmt: skip
    return None


_ANY_DAY = date(2026, 1, 1)


def _same_month(until: Value, day: int) -> Iterator[Key]:
    """Of "4 to 7 December", the fourth."""
    for key in until.keys:
        if key[0] == "md":
            yield ("md", key[1], day)
        elif isinstance(key[1], date) and (exact := day_of(key[1].year, key[1].month, day)):
            yield ("d", exact)


def _number(text: str, at: int) -> list[Value] | int:
    found = _NUMBER.match(text, at)
    if not found:
        return at + 1
    end = found.end()
    if found.group()[-1:] in ".,":
        end -= 1
    following = text[end : end + 1]
    if following.isalpha() and (unit_word := re.match(r"[^\W\d_]+", text[end : end + 12])) is not None:
        word = unit_word.group().lower()
        behind = text[end + len(word) : end + len(word) + 1]
        if (
            not (word in UNITS or word in CURRENCIES or word in _SIZE or word in ("x", "k", "pcs", "percent"))
            or behind.isdigit()
        ):
            return _token_at(text, at)
    elif following in ("-", "/", "_", ".") and text[end + 1 : end + 2].isalnum() and not _spaced_word(text, end):
        return _token_at(text, at)
    if (
        _LIST_MARK.search(text[max(0, at - 12) : at])
        and following in (".", ")", ":")
        and text[end + 1 : end + 2].isspace()
        and end - at <= 2
    ):
        return end + 1
    values = floats(text[at:end])
    if currency := currency_before(text, at):
        factor = 1000 if following in ("k", "K") else 1
        return [
            Value(
                "amount",
                currency[1],
                end + (factor > 1),
                tuple(("n", round(v * factor, 4)) for v in values),
                currency[0],
            )
        ]
    if unit := unit_after(text, end):
        kind, after, per, name = unit
        return [Value(kind, at, after, keys_of(kind, per, name)(values), name)]
    digits = found.group()
    whole = digits.isdigit()
    if whole and (
        len(digits) >= 5 or _ID_CUE.search(text[max(0, at - 28) : at]) or (digits[0] == "0" and len(digits) > 2)
    ):
        return [Value("id", at, end, (("i", digits),))]
    if (
        whole
        and len(digits) == 4
        and digits[:2] in ("19", "20")
        and re.search(r"\b(?:in|since|of|year|from|until|©|seit|depuis)\s$", text[max(0, at - 8) : at], re.I)
    ):
        return [Value("date", at, end, (("y", int(digits)),))]
    return [Value("number", at, end, plain_keys(values))]


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
