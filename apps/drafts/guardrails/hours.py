"""RULE: opening hours: which times a text gives for which days of the week, and on which days it is closed."""

from __future__ import annotations

import re
from typing import NamedTuple

from apps.drafts.guardrails.calendar_words import WEEKDAYS
from apps.drafts.guardrails.sentences import WORD, Sentence
from apps.drafts.guardrails.tables import table


class Hours(NamedTuple):
    """days: 1 (Monday) to 7. closed: the text says so of them. start, end: offsets in the sentence."""

    days: frozenset[int]
    closed: bool
    start: int
    end: int


_PART = re.compile(
    r"[;:,](?!\d)|\band\b(?= (?:on |from |closed|open|we |it ))|\bund\b|\bbut\b|\. |\b(?:y|et|e"
    r"|en)\b(?= (?:los?|el|les?|il|la|op) )"
)
_UNTIL = table("to until till through thru bis tot à al - –")
_GENERAL = {
    "weekdays": frozenset({1, 2, 3, 4, 5}),
    "weekday": frozenset({1, 2, 3, 4, 5}),
    "weekend": frozenset({6, 7}),
    "weekends": frozenset({6, 7}),
    "daily": frozenset(range(1, 8)),
    "werktags": frozenset({1, 2, 3, 4, 5}),
}
_OPEN = table(
    """
    open opens opening hours closed close closes available reach phone lines geöffnet geschlossen öffnen schließen
    ouvert ouverte ouvre ouvrons fermé fermée fermons abierto abierta cerrado cerrada abre abren abrimos cierra
    cierran cerramos aperto aperta apriamo chiuso chiusa chiudiamo geopend gesloten dicht
    """
)


_SHUT = (
    "closed",
    "not open",
    "geschlossen",
    "schließen",
    "ferm",
    "cerrad",
    "cerramos",
    "cierra",
    "chius",
    "chiud",
    "gesloten",
    "dicht",
)


_SHUTS_AT = re.compile(
    r"\b(?:close[sd]? (?:\w+ )?(?:at|from|after)|schließ\w+ (?:\w+ ){0,2}(?:um|ab)|ferm\w+ (?:\w+ )?à"
    r"|cierra\w* a|chiud\w+ alle"
    r"|sluit\w* (?:\w+ )?om) \d"
)


def speaks_of_hours(sentence: Sentence) -> bool:
    """Whether the sentence gives hours or closed days for days of the week."""
    return not _OPEN.isdisjoint(sentence.words) and not (
        sentence.words.isdisjoint(WEEKDAYS) and sentence.words.isdisjoint(_GENERAL)
    )


def hours_in(sentence: Sentence) -> list[Hours]:
    """The parts of a sentence that name days, each reaching to where the next begins."""
    marks: list[tuple[int, frozenset[int], bool]] = []
    begin = 0
    for bound in [*(m.start() for m in _PART.finditer(sentence.lower)), len(sentence.lower)]:
        part = sentence.lower[begin:bound]
        days = _days(part)
        if days:
            marks.append(
                (
                    begin,
                    days,
                    any(map(part.__contains__, _SHUT)) and not _SHUTS_AT.search(part),
                )
            )
        begin = bound
    ends = [mark[0] for mark in marks[1:]] + [len(sentence.lower)]
    return [
        Hours(days, closed, start if n else 0, end)
        for n, ((start, days, closed), end) in enumerate(zip(marks, ends, strict=True))
    ]


def _days(part: str) -> frozenset[int]:
    found: set[int] = set()
    words = WORD.findall(part.replace("-", " to ").replace("–", " to "))
    for n, word in enumerate(words):
        found |= _GENERAL.get(word, frozenset())
        day = WEEKDAYS.get(word)
        if day is None:
            continue
        found.add(day)
        if n >= 2 and words[n - 1] in _UNTIL and words[n - 2] in WEEKDAYS:
            first = WEEKDAYS[words[n - 2]]
            found |= {(first - 1 + step) % 7 + 1 for step in range((day - first) % 7 + 1)}
    return frozenset(found)
