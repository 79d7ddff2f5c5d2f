"""What a goal leaves open and what it settles, read off its words: the numbers the clarity head weighs.

Each signal is in [0, 1]. They say which kind of task it is (by the verb that orders it), which kind of thing it is
about (by its nouns), which particulars are given (places, dates, figures, names, a measure), and which of those that
this kind of task needs are not. The length of the goal is no signal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from apps.goals.clarity import words as cw
from apps.goals.clarity.tasks import Told, share, tasks_of, things_in, told_by
from apps.goals.reading import Word
from apps.goals.values import Value


class Slot(StrEnum):
    """What a person would have to ask first."""

    WHAT = "what"
    REFERENCE = "reference"
    WHO = "who"
    WHERE = "where"
    WHEN = "when"
    MEASURE = "measure"
    AMOUNT = "amount"
    FORM = "form"


class Signals(msgspec.Struct, frozen=True):
    """`values` by name. `open` has, for each slot that is plainly open, the word of the goal that shows it, "" when
    it is the kind of task that shows it."""

    values: Mapping[str, float]
    open: Mapping[Slot, str]


_MEASURE = re.compile(
    r"\b(?:based on|according to|in terms of|ranked|sorted|measured|as of|per"
    r"|by (?:the )?(?!(?:my|our|the|way|default|hand|using|myself)\b)[a-z]+(?! to\b))",
    re.I,
)
_LIMIT = re.compile(
    r"\b(?:under|over|above|below|at least|at most|less than|more than|fewer than|up to|between|within|before|after"
    r"|until|since|maximum|minimum|than)\b",
    re.I,
)
_HERE = re.compile(
    r"\b(?:my (?:area|city|town|location|region|neighbou?rhood|local)|around here|near me|close by|nearby"
    r"|the (?:area|region)|local|somewhere|wherever)\b",
    re.I,
)
_BEFORE_PLACE = re.compile(r"\b(?:in|near|at|around|from|to|of|between|for|the|across|and)\s+(?:the\s+)?$", re.I)
_BEFORE_IN = re.compile(r"\bin\s+(?:the\s+)?$", re.I)
_LATER = re.compile(
    r"\b(?:soon|later|recent(?:ly)?|sometimes?|eventually|regularly|usually|early|at some point|over time"
    r"|when (?:it|you|there|necessary|needed|possible)|in the (?:future|evenings?|past))\b",
    re.I,
)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\ds?\b|\b\d\dth century\b")
_SUPERLATIVE = re.compile(r"[a-z]{3,}est")
_LOOK_BACK = 14  # characters before a name in which its preposition stands


def signals_of(text: str, words: Sequence[Word], values: Sequence[Value]) -> Signals:
    """The signals of a goal. `words` and `values` are of `text`."""
    told = told_by(text, words, values)
    found: dict[str, float] = {}
    noted: dict[Slot, str] = {}
    tasks, verbs = tasks_of(told, found)
    things = things_in(told, verbs)
    _given(told, tasks, things, found)
    _open(told, tasks, things, found, noted)
    return Signals(found, noted)


def _given(told: Told, tasks: set[str], things: Mapping[str, str], found: dict[str, float]) -> None:
    """Particulars given, and those given where the kind of task needs them."""
    limits = len(_LIMIT.findall(told.text))
    placed = any(_follows(told, value, _BEFORE_PLACE) for value in told.names)
    named = bool(told.names)
    some_value = bool(told.precise or named or told.figures)
    details = len(told.figures) + len(told.precise) + len(told.names) + len(told.dates)
    found["named"] = share(len(told.names), 2)
    found["precise"] = share(len(told.precise), 2)
    found["figures"] = share(len(told.figures), 2)
    found["dated"] = float(bool(told.dates) or bool(_YEAR.search(told.text)))
    found["now"] = float(bool(told.said & cw.NOW))
    found["latest"] = float(bool(told.said & cw.LATEST))
    found["limits"] = share(limits, 2)
    found["measured"] = float(_measured(told))
    found["placed"] = float(placed)
    found["in_named"] = float(any(_follows(told, value, _BEFORE_IN) for value in [*told.names, *told.dates]))
    found["all"] = float(bool(told.said & cw.UNIVERSAL))
    found["knowledge"] = float("knowledge" in things)
    found["property"] = float("property" in things)
    found["property_named"] = float("property" in things and named)
    found["timed_given"] = float(("timed" in things or "timing" in tasks) and bool(told.dates))
    found["place_given"] = float("local" in things and placed)
    worked_on = "handed" in things or not tasks.isdisjoint(("working", "buying"))
    found["handed_given"] = float(worked_on and some_value)
    shaped = "plan" in things or not tasks.isdisjoint(("making", "writing"))
    found["made_given"] = float(shaped and details >= 2)
    sought = not tasks.isdisjoint(("advising", "seeking"))
    found["chosen_given"] = float(sought and bool(told.figures) and (named or limits > 0))


def _measured(told: Told) -> bool:
    """A superlative of something measured, or a measure named."""
    if not told.said.isdisjoint(cw.MEASURED) or _MEASURE.search(told.text):
        return True
    if any(
        word.endswith("est") and word not in cw.NOT_SUPERLATIVE and _SUPERLATIVE.fullmatch(word) for word in told.said
    ):
        return True
    return any(first in cw.DEGREES_OF and then in cw.MEASURED_PARTICIPLES for first, then in pairwise(told.texts))


def _open(
    told: Told, tasks: set[str], things: Mapping[str, str], found: dict[str, float], noted: dict[Slot, str]
) -> None:
    """Particulars that this kind of task needs and that are not given."""
    no_date, placed = not found["dated"] and not found["now"], bool(found["placed"])
    making = not tasks.isdisjoint(("making", "writing"))

    def note(name: str, slot: Slot, word: str, *, open_: bool = True) -> None:
        is_open = bool(word) and open_
        found[name] = float(is_open)
        if is_open:
            noted.setdefault(slot, word)

    here = _HERE.search(told.text)
    note("here", Slot.WHERE, here.group() if here else "", open_=not placed)
    note("place_open", Slot.WHERE, things.get("local", ""), open_=not placed and not told.precise)
    later = _LATER.search(told.text)
    note("later", Slot.WHEN, later.group() if later else "", open_=not told.dates)
    note("time_open", Slot.WHEN, things.get("timed", ""), open_=no_date)
    note("timing_open", Slot.WHEN, _verb(told, cw.TIMING) if "timing" in tasks else "", open_=no_date)
    note("quality", Slot.MEASURE, _first(told, cw.QUALITY), open_=not found["measured"])
    note("degree", Slot.MEASURE, _first(told, cw.DEGREE), open_=not told.figures)
    note("some", Slot.AMOUNT, _first(told, cw.SOME), open_=not told.figures)
    spends = "buying" in tasks or "timing" in tasks
    note("amount_open", Slot.AMOUNT, _verb(told, cw.BUYING | cw.TIMING) if spends else "", open_=not told.figures)
    unnamed = not told.names and not told.precise
    note("someone", Slot.WHO, _first(told, cw.SOMEONE))
    note("person_open", Slot.WHO, things.get("person", ""), open_=unnamed)
    note("handed", Slot.REFERENCE, things.get("handed", ""), open_=not told.precise and not making)
    note("pointing", Slot.REFERENCE, _first(told, cw.UNCLEAR))
    is_bare = bool(found["fact_question"]) and unnamed and not told.figures and not told.dates
    note("fact_unnamed", Slot.REFERENCE, _after_the(told), open_=is_bare)
    note("goods", Slot.WHAT, things.get("goods", ""))
    note("taste", Slot.WHAT, things.get("taste", ""))
    note("source", Slot.WHAT, things.get("source", ""))
    note("plan", Slot.WHAT, things.get("plan", ""))
    note("advice", Slot.WHAT, things.get("advice", ""))
    note("made", Slot.WHAT, things.get("handed", ""), open_=making)
    note("placeholder", Slot.WHAT, _first(told, cw.PLACEHOLDERS))
    found["nothing_given"] = float(not (told.names or told.precise or told.figures or told.dates))
    found["thin"] = max(0.0, 4 - len(telling_stems(told.words))) / 4
    for_whom = bool(found["for_self"]) or "advising" in tasks or (making and ("plan" in things or "taste" in things))
    if for_whom and not found["made_given"]:
        noted.setdefault(Slot.WHO, "")
    if making and not told.figures:
        noted.setdefault(Slot.FORM, things.get("handed", ""))
    if not told.said.isdisjoint(cw.SHAPE):
        noted.setdefault(Slot.FORM, _first(told, cw.SHAPE))
    thing = _object(told) if found["nothing_given"] else ""
    if thing:
        noted.setdefault(Slot.WHAT, thing)


def telling_stems(words: Sequence[Word]) -> set[str]:
    """The words that say something: with content, and neither stand-ins nor mere praise."""
    return {word.stem for word in words if word.content and word.text not in cw.EMPTY}


def _follows(told: Told, value: Value, before: re.Pattern[str]) -> bool:
    return bool(before.search(told.text[max(0, value.start - _LOOK_BACK) : value.start]))


def _first(told: Told, among: frozenset[str]) -> str:
    return "" if among.isdisjoint(told.said) else next(word for word in told.texts if word in among)


def _verb(told: Told, among: frozenset[str]) -> str:
    return next((word.text for word in told.words if word.stem in among), "")


def _after_the(told: Told) -> str:
    """The noun of the first "the ..."."""
    if "the" not in told.said:
        return ""
    rest = told.words[told.texts.index("the") + 1 :][:3]
    return next((word.text for word in rest if word.content), "")


def _object(told: Told) -> str:
    """The noun after the first article or "my", at the end of its run of words with content; else the last of them."""
    noun = ""
    for word, before in zip(told.words[1:], told.texts, strict=False):
        starts = before in cw.DETERMINERS
        if word.content and (noun or starts) and not word.text.endswith("ly"):
            noun = word.text
        elif noun:
            break
    return noun or next((word.text for word in reversed(told.words) if word.content), "")
