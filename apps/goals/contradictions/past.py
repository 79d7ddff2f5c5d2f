"""Deadlines that have passed, and plans for days gone by. To ask about the past is no contradiction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from apps.goals.contradictions.calendar_dates import Day
from apps.goals.contradictions.word_lists import listed
from apps.goals.facts import Contradiction

PAST_DUE, PAST_PLAN, DEADLINE = 0.75, 0.7, 0.75
KIND = "the date has passed"
SHOWN = 60

_DUE = re.compile(
    r"\b(?:by|before|until|till|no later than|not later than|at the latest on|due(?: on| by)?|"
    r"due date is|deadline(?: [\w ]{0,30})?(?: is| of|:)?)"
    r"\s+(?:the\s+)?(?:end of\s+|beginning of\s+|start of\s+|close of\s+|midnight\s+(?:on\s+)?)?$",
    re.I,
)
_PLANS_TEXT = """
schedule book reserve plan arrange set remind register order deliver start launch begin organise organize invite water
feed postpone reschedule move submit finish renew buy rent hire sign ship publish post send make have hold fix
host pick collect clean cook
"""
_LEADS = r"(?:^|[.;!?,\n]\s*|\b(?:please|and|to|you|sure|kindly|i need|i want|must|should)\s+)"
_PLAN = re.compile(rf"{_LEADS}({'|'.join(_PLANS_TEXT.split())})\b", re.I)
_HAPPENS = re.compile(
    r"\bmake sure\b.{0,40}?\b(arrives?|reach(?:es)?|gets?|comes?)\b|\b(start|begin|take place)s?\b(?=[^,]*$)", re.I
)
# Acts that as often handle what is there: "send the sales report of last week".
_EITHER = listed("send post publish make have move order buy start collect pick fix")
_ABOUT_DATA = re.compile(r"\b(?:report|list|chart|summary|overview|analysis|graph|table of)\b", re.I)
_A_FIELD = re.compile(r"\b(?:date|field|value|parameter|year|variable|filter)\b", re.I)
_OF_OTHERS = re.compile(r"\b(?:that|which|who|i|we|he|she|they|you|was|were|from|of)\b", re.I)
_WAS = re.compile(r"\b(?:was|were|had|did)\b", re.I)
_LOOKS_BACK = re.compile(
    r"\b(?:was|were|had|did|has been|have been|what|which|who|whom|when|where|how|why|show|"
    r"find|list|check|look|search|retrieve|fetch|get|give me|display|tell|see|"
    r"view|read|compare|summari[sz]e|analy[sz]e|calculate|trace|track|review|archive|"
    r"report on|history|historical|past|previous|since|"
    r"i|he|she|they|you|we)\b",
    re.I,
)
_BEFORE_BARE = re.compile(r"\b(?:on|for|at|in|to begin|starting)\s+(?:the\s+)?(?:summer\s+of\s+)?$|(?:^|\s)$", re.I)
_TIED = re.compile(
    r"\b(?:from|of|since|dated|after|between|through|and|to|than|like|as|until|till|by|before|"
    r"\w+ed|made|sent|bought|taken|held|written|born|given|done|paid)"
    r"\s+(?:on|in|at|for|the|from)?\s*$",
    re.I,
)
_WEEKDAY_LAST = re.compile(r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+(?:the\s+)?)$", re.I)
_SENTENCE_END = re.compile(r"[.;!?\n](?:\s|$)")
_PASSIVE_WANT = re.compile(
    r"\b(?:must|should|has to|have to|needs? to|make sure|will|shall|i need|i want|deadline|due date)\b", re.I
)


def past_in(text: str, days: Sequence[Day], now: datetime, deadline: datetime | None) -> list[Contradiction]:
    """Contradictions with the clock. `days` are the dates of `text`; times are aware."""
    found = []
    if deadline is not None and deadline < now:
        found.append(Contradiction("the deadline has passed", f"deadline {deadline:%Y-%m-%d %H:%M}", "now", DEADLINE))
    for day in days:
        said, strength = _wanted_by_then(text, day, now.date())
        if said:
            found.append(Contradiction(KIND, said, f"today, {now:%Y-%m-%d}", strength))
    return found


def _wanted_by_then(text: str, day: Day, today: date) -> tuple[str, float]:
    """(what is wanted by or on a day that is gone, strength); "" when the day is to come, or only spoken of."""
    if day.last is None or day.last > today:
        return "", 0.0
    before = _sentence_before(text, day.start)
    due = _DUE.search(before)
    if day.last == today and not (due and due.group().strip().lower().startswith("before")):
        return "", 0.0
    if _asks_back(text, day, before):
        return "", 0.0
    if due:
        looks_back = _LOOKS_BACK.search(" ".join(before.split()[:4])) and not _PASSIVE_WANT.search(before)
        return ("", 0.0) if looks_back else (_tail(before, due.start()) + day.text, PAST_DUE)
    place = _planned(before)
    return ("", 0.0) if place is None else (before[place:] + day.text, PAST_PLAN)


def _tail(before: str, upto: int) -> str:
    """The end of the sentence, from at most SHOWN characters ahead of `upto` on, whole words only."""
    start = max(0, upto - SHOWN)
    return before[start:].lstrip() if start == 0 else before[start:].partition(" ")[2]


def _asks_back(text: str, day: Day, before: str) -> bool:
    end = _SENTENCE_END.search(text, day.end)
    stop = end.start() if end else len(text)
    asked = end is not None and text[stop] == "?"
    return asked or bool(_WAS.search(f"{before} {text[day.end : min(day.end + 60, stop)]}"))


def _sentence_before(text: str, start: int) -> str:
    """The sentence up to `start`, at most 200 characters of it."""
    part = text[max(0, start - 200) : start]
    ends = [match.end() for match in _SENTENCE_END.finditer(part)]
    return part[ends[-1] :] if ends else part


def _planned(before: str) -> int | None:
    """Where the act planned for the day begins; None when the day belongs to something else in the sentence."""
    plans = list(_PLAN.finditer(before))
    happens = None if plans else _HAPPENS.search(before)
    if plans:
        act, start, end = plans[-1].group(1).lower(), plans[-1].start(1), plans[-1].end()
    elif happens:
        act, start, end = happens.group().split()[-1].lower(), happens.start(), happens.end()
    else:
        return None
    between = before[end:]
    if not _on_the_day(_WEEKDAY_LAST.sub("", before), act):
        return None
    if _OF_OTHERS.search(between) and "summer of" not in between:
        return None
    of_data = (act in _EITHER and _ABOUT_DATA.search(between)) or (act == "set" and _A_FIELD.search(between))
    return None if of_data else start


def _on_the_day(before: str, act: str) -> bool:
    """Whether the day says when the act is to be, not which thing is meant ("the invoice of", "sent on")."""
    if act == "send" and before.endswith(" for "):
        return False
    if _TIED.search(before):
        moved = act in {"set", "move", "postpone", "reschedule"} and before.endswith(" to ")
        return moved or (act == "register" and before.endswith(" of "))
    return bool(_BEFORE_BARE.search(before))
