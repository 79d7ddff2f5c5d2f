"""Bounds and shares that no amount can keep: swapped ranges, more than the whole, a part above the total."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import msgspec

from apps.goals.contradictions.word_lists import listed
from apps.goals.facts import Contradiction

EMPTY, EMPTY_BETWEEN, WHOLE, PART, CLOCK, UNSENT = 0.85, 0.75, 0.75, 0.75, 0.75, 0.75
SHOWN = 80

_SIGN = r"[$\u20ac\u00a3]?\s?"
_AMOUNT = rf"{_SIGN}(?P<amount>\d[\d,]{{0,12}}(?:\.\d{{1,6}})?)(?P<thousand>k\b)?"
_UNIT = r"\s?(?P<unit>%|\u00b0\s?[cf]?|[a-z]+)?"
_MEASURE = (
    r"(?:\s(?:length|width|height|weight|price|size|age|number|amount|total|cost|duration|speed|rating|value|budget))?"
)
_LEAST = re.compile(
    rf"\b(?:at least|(?<!not )(?<!no )more than|(?<!not )(?<!n.t go )over|(?<!not )above|"
    rf"minimum{_MEASURE}(?: of)?|no less than|not less than|no fewer than|not fewer than"
    rf"|not under|not below|starting from|exceeding)\s+{_AMOUNT}{_UNIT}",
    re.I,
)
_MOST = re.compile(
    rf"\b(?:at most|(?<!no )(?<!not )less than|(?<!no )(?<!not )fewer than|(?<!not )under|"
    rf"(?<!not )below|maximum{_MEASURE}(?: of)?|no more than|not more than"
    rf"|up to|not over|not above|not exceeding|no higher than)\s+{_AMOUNT}{_UNIT}",
    re.I,
)
_BETWEEN = re.compile(
    rf"\bbetween\s+{_SIGN}(\d[\d,]{{0,12}}(?:\.\d{{1,6}})?)\s?[a-z%]{{0,12}}\s+and\s+{_SIGN}(\d[\d,]{{0,12}}(?:\.\d{{1,6}})?)(?![\d:/-])(?!\s?[ap]\.?m)",
    re.I,
)
_CLOCK = r"(\d{{1,2}})(?::([0-5]\d))?\s?({0})"
_AM_PM, _ANY = r"[ap]\.?m\.?", r"[ap]\.?m\.?|(?<=:\d\d)|o'clock"
_HOURS = re.compile(
    r"\b(?:from|between|court|room|hall|desk|slot|meeting|call|shift|start(?:s|ing)? at|"
    r"begin(?:s|ning)? at|after|leav(?:e|es|ing) (?:at|after)|"
    r"not before)\s+(?P<a>\d{1,2}(?::[0-5]\d)?\s?(?:[ap]\.?m\b\.?)?)"
    r"(?P<gap>[^.;!?\d]{0,40}?)\b(?:to|until|till|and|end(?:s|ing)? (?:at|by)|before|by|"
    r"finish(?:es|ing)? (?:at|by))\s+(?P<b>\d{1,2}(?::[0-5]\d)?\s?(?:[ap]\.?m\b\.?)?)(?![\d:]|"
    r"\s?(?:%|euro|dollar|[ap]m))",
    re.I,
)
_NO_CLOCK = re.compile(
    r"\b(?:at|for|to|until|by|from|before|after)\s+((?:2[4-9]|[3-9]\d):[0-5]\d|"
    r"\d{1,2}:[6-9]\d)\b(?!:)(?!\s?(?:min|h|ratio|aspect))",
    re.I,
)
_OF_ALL = re.compile(
    r"\b(\d{1,6})\s+(?:out\s+)?of\s+(?:(?:the|my|our|your|his|her|their|these|"
    r"those)\s+)(\d{1,6})\b(?!\s*(?:%|st|nd|rd|th))(?![./:-]\d)",
    re.I,
)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s?(?:%|percent\b|per cent\b)", re.I)
_SPLITS = re.compile(
    r"\b(?:split|allocat\w*|divid\w*|distribut\w*|apportion|portfolio|mix|composed|consist\w*|"
    r"made up|break ?down|budget:)\b",
    re.I,
)
_CHANGES = re.compile(
    r"\b(?:increas\w*|decreas\w*|rais\w*|grew|grow\w*|discount|off|inflation|interest|more|less|up|down|vat|tax|tip)\b",
    re.I,
)
_CAPPED_AFTER = re.compile(
    r"^\s*(?:of|discount|off|refund|reduction|probability|chance|certain\w*|confiden\w*|"
    r"rebate|share|occupancy|attendance)\b(?!\s+(?:last|previous|normal|usual|original|target|"
    r"their original|its original|the original))",
    re.I,
)
_CAPPED_BEFORE = re.compile(
    r"\b(?:discount|reduc\w+|lower\w*|cut|decreas\w+|rebate|probability|chance|drop|"
    r"refund)\s+(?:\w+\s+){0,4}(?:of|by|to)?\s*$",
    re.I,
)
_GROWS = re.compile(
    r"\b(?:increase|raise|grow|scale|zoom|enlarge|resize|boost|return|profit|scale up|"
    r"multiply|volume|brightness|speed)\b",
    re.I,
)
_MONEY = (
    r"(?:[$\u20ac\u00a3]\s?(\d[\d,]{0,12}(?:\.\d\d)?)|"
    r"(\d[\d,]{0,12}(?:\.\d\d)?)\s?(?:dollars?|euros?|pounds?|usd|eur|gbp|chf|francs?))"
)
_BUDGET = re.compile(
    rf"\b(?:budget|limit|spending cap|allowance|i only have|i have only|we only have|"
    rf"we have only)\b(?:\s+(?:of|is|at|for \w+ is|to))?[:\s]+(?:only\s+|just\s+|"
    rf"a total of\s+)?{_MONEY}",
    re.I,
)
_SPEND = re.compile(
    rf"\b(?:pay|spend|spending|buy|book|order|transfer|cost(?:s|ing)?|charge|price of|hotel|"
    rf"room|for)\b(?!\s+(?:under|below|less))[^.;!?\d]{{0,30}}?{_MONEY}",
    re.I,
)
_NOT_SPENT = re.compile(
    r"\b(?:increase|raise|save|saving|exceed|over|above|more than|instead|extend|refund|from|"
    r"beyond|separate|own|insured)\b",
    re.I,
)
_UNSENT = re.compile(
    r"\b(?:arriv\w*|be delivered|land|reach\w*|return|end|finish|"
    r"close)\b[^.;!?]{0,20}?\bbefore (?:it|they|the \w+|he|she)(?: is| are| has|"
    r" have)?(?: been)? "
    r"(?:sent|shipped|dispatched|leaves?|departs?|starts?|begins?|started|begun|opens?|posted)\b",
    re.I,
)
_MOVES = re.compile(
    r"\b(?:move|moved|chang\w+|shift\w*|reschedul\w*|postpon\w*|bring|switch\w*|rebook\w*|"
    r"convert\w*|swap\w*|advance)\b",
    re.I,
)
_HAS_NUMBER = re.compile(r"\d")


class _Bound(msgspec.Struct, frozen=True, gc=False):
    amount: float
    unit: str
    text: str
    start: int
    end: int


def amounts_in(text: str) -> list[Contradiction]:
    """What no amount, share or hour can keep."""
    found = [
        Contradiction("the end is before the start", match.group()[:SHOWN], "before it has begun", UNSENT)
        for match in _UNSENT.finditer(text)
    ]
    if _HAS_NUMBER.search(text):
        found += [*_bounds(text), *_hours(text), *_shares(text), *_budget(text)]
    return found


def _number(text: str) -> float:
    return float(text.replace(",", "") or 0)


def _bounds(text: str) -> Iterator[Contradiction]:
    for match in _BETWEEN.finditer(text):
        if _number(match.group(1)) > _number(match.group(2)) and not _year_pair(match):
            yield Contradiction("the range is empty", match.group(), "its ends are swapped", EMPTY_BETWEEN)
    least = [_bound(match) for match in _LEAST.finditer(text)][:20]
    most = [_bound(match) for match in _MOST.finditer(text)][:20]
    for low in least:
        for high in most:
            if low.amount > high.amount and _same_measure(text, low, high):
                yield Contradiction("no amount is both", low.text, high.text, EMPTY)


def _year_pair(match: re.Match[str]) -> bool:
    return bool(re.search(r"\d{1,2}\s?(?:am|pm)", match.group(), re.I))


def _bound(match: re.Match[str]) -> _Bound:
    amount = _number(match.group("amount")) * (1000 if match.group("thousand") else 1)
    unit = (match.group("unit") or "").lower()
    return _Bound(amount, "" if unit in _JOINING else unit, match.group().strip(), match.start(), match.end())


_JOINING = listed("and but or with for in on of the to if yet that per at a")


def _same_measure(text: str, low: _Bound, high: _Bound) -> bool:
    """The same unit, or none on the later one; and the two near each other in one sentence, not as alternatives."""
    first, second = (low, high) if low.start < high.start else (high, low)
    between = text[first.end : second.start]
    if len(between) > 60 or re.search(r"[.;!?]\s|\b(?:or|otherwise|if|then)\b", between):
        return False
    if first.unit and second.unit and first.unit.rstrip("s") != second.unit.rstrip("s"):
        return False
    return bool(second.unit) == bool(first.unit) or not second.unit or len(between) < 12


def _hours(text: str) -> Iterator[Contradiction]:
    for match in _HOURS.finditer(text):
        first, second = _minutes(match.group("a")), _minutes(match.group("b"))
        if first is None or second is None or second >= first:
            continue
        if _MOVES.search(text[max(0, match.start() - 60) : match.start()]) and " to " in match.group():
            continue
        same_day = "same day" in text.lower()
        if second >= 12 * 60 or same_day:  # an end in the morning may be the next day's
            yield Contradiction(
                "the end is before the start", match.group("a").strip(), match.group("b").strip(), CLOCK
            )
    for match in _NO_CLOCK.finditer(text):
        yield Contradiction("no such time", match.group(1), "the clock", CLOCK)


def _minutes(clock: str) -> int | None:
    """Minutes since midnight; None where neither minutes nor am/pm tell that it is a time of day."""
    match = re.match(r"(\d{1,2})(?::(\d\d))?\s?([ap])?", clock.lower())
    if match is None or not (match.group(2) or match.group(3)):
        return None
    hour = int(match.group(1))
    if match.group(3):
        hour = hour % 12 + (12 if match.group(3) == "p" else 0)
    return hour * 60 + int(match.group(2) or 0)


def _shares(text: str) -> Iterator[Contradiction]:
    for match in _OF_ALL.finditer(text):
        if int(match.group(1)) > int(match.group(2)):
            yield Contradiction("more than there are", match.group(1), match.group(), WHOLE)
    percents = list(_PERCENT.finditer(text))[:20]
    for match in percents:
        if float(match.group(1)) > 100:
            before = text[max(0, match.start() - 50) : match.start()]
            if (
                _CAPPED_AFTER.match(text[match.end() : match.end() + 40]) or _CAPPED_BEFORE.search(before)
            ) and not _GROWS.search(before):
                yield Contradiction("more than the whole", match.group(), "100 %", WHOLE)
    if len(percents) > 1 and _SPLITS.search(text):
        first, last = percents[0], percents[-1]
        part = text[max(0, first.start() - 60) : last.end() + 10]
        total = sum(float(match.group(1)) for match in percents)
        near = all(b.start() - a.end() < 40 for a, b in itertools.pairwise(percents))
        if (
            total > 100.5
            and near
            and not _CHANGES.search(part)
            and not re.search(r"[.;!?]\s|\bor\b", text[first.start() : last.start()])
        ):
            yield Contradiction(
                "the shares exceed the whole", text[first.start() : last.end()][:SHOWN], f"{total:g} % in all", WHOLE
            )


def _budget(text: str) -> Iterator[Contradiction]:
    budget = _BUDGET.search(text)
    if budget is None or _NOT_SPENT.search(text[max(0, budget.start() - 25) : budget.start()]):
        return
    most = _number(budget.group(1) or budget.group(2))
    for spend in _SPEND.finditer(text):
        if spend.start() < budget.end() and spend.end() > budget.start():
            continue
        amount = _number(spend.group(1) or spend.group(2))
        if amount > most and not _NOT_SPENT.search(text[max(0, spend.start() - 20) : spend.end()]):
            yield Contradiction("more than the budget", budget.group(), spend.group()[:SHOWN], PART)
            return
