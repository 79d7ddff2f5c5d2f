"""Statements in a goal, or between goal and context, that exclude each other.

Five kinds, each visible in the wording itself: a range whose ends are swapped, the same thing asked for and forbidden,
opposite actions on one object with no order between them, a date or deadline that has passed, and a value in the goal
that differs from the one the context gives for the same thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from apps.goals.facts import Contradiction
from apps.goals.reading import stem, words_of

SWAPPED_RANGE, FORBIDDEN, OPPOSITE, PAST, CONTEXT_DIFFERS = 0.85, 0.8, 0.7, 0.75, 0.7

_AMOUNT = r"[$\u20ac\u00a3]?\s?(\d[\d,]*(?:\.\d+)?)"
_BETWEEN = re.compile(rf"\bbetween\s+{_AMOUNT}\s+and\s+{_AMOUNT}", re.I)
_LEAST = re.compile(rf"\b(?:at least|more than|over|above|minimum of|no less than)\s+{_AMOUNT}(\s*[a-z%]+)?", re.I)
_MOST = re.compile(
    rf"\b(?:at most|less than|fewer than|under|below|maximum of|no more than|up to)\s+{_AMOUNT}(\s*[a-z%]+)?", re.I
)
_ISO = r"(\d{4}-\d{2}-\d{2})"
_FROM_TO = re.compile(
    rf"\b(?:from|between|starting|start(?:s|ing)? (?:on|from))\s+{_ISO}.{{0,30}}?"
    rf"\b(?:to|until|till|and|end(?:s|ing)? on)\s+{_ISO}",
    re.I,
)
_DUE = re.compile(rf"\b(?:by|before|until|due|no later than|deadline(?: is)?)\s+(?:the\s+)?{_ISO}", re.I)
_CLAUSE = re.compile(r"[.;!?\n]+|,\s*(?=but\b|and\b|yet\b|then\b)|\b(?:but|yet|however|although|though|and)\b", re.I)
_NOT = re.compile(
    r"\b(?:do not|don't|don\u2019t|never|without|must not|mustn't|should not|shouldn't|cannot|avoid|not to|not)\b", re.I
)
_IN_ORDER = re.compile(
    r"\b(?:then|after|afterwards|later|once|before|first|next|finally|until|unless|if|instead|again|when|otherwise|except|previously|was|were|had)\b",
    re.I,
)

_NAMED_CODE = re.compile(r"\b([a-z]+)\s+(?:(?:no|number|nr|id)\.?\s+)?#?([a-z]*-?\d[\w-]*)", re.I)

_OPPOSITES = """
increase/decrease raise/lower enable/disable activate/deactivate open/close start/stop include/exclude add/remove
delete/keep remove/keep cancel/confirm cancel/keep approve/reject accept/decline lock/unlock allow/block
subscribe/unsubscribe show/hide buy/sell publish/unpublish mute/unmute connect/disconnect install/uninstall
encrypt/decrypt attach/detach expand/collapse archive/delete follow/unfollow hire/fire extend/shorten
"""
_OPPOSITE_STEMS = {frozenset(stem(word) for word in pair.split("/")) for pair in _OPPOSITES.split()}


def contradictions_in(
    goal: str, context: Sequence[tuple[str, frozenset[str], str]], *, now: datetime, deadline: datetime | None = None
) -> tuple[Contradiction, ...]:
    """What excludes what, the strongest first. `context` as `supplied.flat_context` gives it; times are aware."""
    found = [
        *_ranges(goal),
        *_past(goal, now, deadline),
        *_clauses(goal),
        *_context_dates(context),
        *_context_differs(goal, context),
    ]
    return tuple(sorted(found, key=lambda one: -one.strength))


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _ranges(goal: str) -> list[Contradiction]:
    found = [
        Contradiction("the range is empty", m.group(), "its ends are swapped", SWAPPED_RANGE / 2)
        for m in _BETWEEN.finditer(goal)
        if _number(m.group(1)) > _number(m.group(2))
    ]
    for least in _LEAST.finditer(goal):
        for most in _MOST.finditer(goal):
            same_unit = (least.group(2) or "").strip().lower() == (most.group(2) or "").strip().lower()
            if same_unit and _number(least.group(1)) > _number(most.group(1)):
                found.append(
                    Contradiction("no amount is both", least.group().strip(), most.group().strip(), SWAPPED_RANGE)
                )
    for span in _FROM_TO.finditer(goal):
        if span.group(2) < span.group(1):
            found.append(Contradiction("the end is before the start", span.group(1), span.group(2), SWAPPED_RANGE))
    return found


def _past(goal: str, now: datetime, deadline: datetime | None) -> list[Contradiction]:
    found = []
    if deadline is not None and deadline < now:
        found.append(Contradiction("the deadline has passed", f"deadline {deadline:%Y-%m-%d %H:%M}", "now", PAST))
    for due in _DUE.finditer(goal):
        day = _date(due.group(1))
        if day is not None and day < now.date():
            found.append(Contradiction("the date has passed", due.group(), f"today, {now:%Y-%m-%d}", PAST))
    return found


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _clauses(goal: str) -> list[Contradiction]:
    """Pairs of neighbouring clauses about the same object: one forbids the other, or they are opposites."""
    if not _worth_reading(goal):
        return []
    parts = [part.strip(" ,:") for part in _CLAUSE.split(goal) if part.strip(" ,:")]
    read = [(part, bool(_NOT.search(part)), {w.stem for w in words_of(part) if w.content}) for part in parts[:24]]
    found = []
    for place, (first, first_not, first_stems) in enumerate(read):
        for second, second_not, second_stems in read[place + 1 : place + 4]:
            if not first_stems or not second_stems or _IN_ORDER.search(second):
                continue
            if first_not != second_not:
                found += _forbidden(first, second, first_stems, second_stems)
            elif not first_not:
                found += _opposite(first, second, first_stems, second_stems)
    return found


def _worth_reading(goal: str) -> bool:
    """Cheap first look: is there a negation, or both halves of a pair of opposites?"""
    if _NOT.search(goal):
        return True
    stems = {word.stem for word in words_of(goal)}
    return any(pair <= stems for pair in _OPPOSITE_STEMS)


def _forbidden(first: str, second: str, a: set[str], b: set[str]) -> list[Contradiction]:
    """The shorter clause is wholly said in the other, and more than one word of it: action and object."""
    common = a & b
    if len(common) >= 2 and len(common) == min(len(a), len(b)):
        return [Contradiction("asked for and forbidden", first, second, FORBIDDEN)]
    return []


def _opposite(first: str, second: str, a: set[str], b: set[str]) -> list[Contradiction]:
    for pair in _OPPOSITE_STEMS:
        left, right = pair & a, pair & b
        if left and right and left != right:
            objects_a, objects_b = a - pair, b - pair
            if objects_a == objects_b or (not objects_a or not objects_b):
                return [Contradiction("opposites", first, second, OPPOSITE)]
    return []


def _context_dates(context: Sequence[tuple[str, frozenset[str], str]]) -> list[Contradiction]:
    """A start after its end among the context's fields."""
    dated = [(key, stems, value[:10]) for key, stems, value in context if _date(value[:10]) is not None]
    starts = [row for row in dated if row[1] & {"start", "from", "begin", "checkin"}]
    ends = [row for row in dated if row[1] & {"end", "to", "until", "checkout"}]
    return [
        Contradiction("the end is before the start", f"{a[0]} {a[2]}", f"{b[0]} {b[2]}", SWAPPED_RANGE)
        for a in starts
        for b in ends
        if b[2] < a[2]
    ]


def _context_differs(goal: str, context: Sequence[tuple[str, frozenset[str], str]]) -> list[Contradiction]:
    """The goal says order 1055 and the context order_id 1042: one word names both, and they have the same shape."""
    found = []
    for key, stems, value in context:
        if not any(char.isdigit() for char in value) or value in goal:
            continue
        for named in _NAMED_CODE.finditer(goal):
            if stem(named.group(1).lower()) in stems and _shape(named.group(2)) == _shape(value):
                found.append(Contradiction("goal and context differ", named.group(), f"{key} {value}", CONTEXT_DIFFERS))
    return found


def _shape(code: str) -> str:
    """Digits and letters told apart, nothing else: 1042 and 2001 are alike, 7 and 1042 are not."""
    return "".join("9" if char.isdigit() else "a" if char.isalpha() else char for char in code)
