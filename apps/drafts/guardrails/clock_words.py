"""RULE: times of the day in words: noon, half past eight, a quarter to nine, twenty to ten."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.drafts.guardrails.calendar_words import NUMBERS
from apps.drafts.guardrails.tables import row, table
from apps.drafts.guardrails.values import Key, Value

CUES = table("noon midday midnight quarter half five ten twenty twenty-five")
_MINUTES = {"quarter": 15, "half": 30, "five": 5, "ten": 10, "twenty": 20, "twenty-five": 25}
_HOURS = "|".join(row("one two three four five six seven eight nine ten eleven twelve"))
_SPOKEN = re.compile(
    rf"\b(?:a )?(?P<minutes>{'|'.join(sorted(_MINUTES, key=len, reverse=True))})(?: minutes)? (?P<way>past|to) "
    rf"(?P<hour>{_HOURS}|\d{{1,2}})\b(?! (?:\w+ )?(?:days?|weeks?|months?|hours?|minutes?|items?)\b)"
    r"|\b(?:12 |twelve )?(?P<named>noon|midday|midnight)\b",
    re.I,
)


def clock_words(text: str) -> Iterator[Value]:
    """Times in words; of the morning and of the evening where the words leave it open."""
    for found in _SPOKEN.finditer(text):
        if found["named"]:
            hour = 0 if found["named"].lower() == "midnight" else 12
            yield Value("time", *found.span(), (("t", hour, 0),))
            continue
        said = found["hour"].lower()
        hour, minutes = NUMBERS.get(said) or int(said), _MINUTES[found["minutes"].lower()]
        if hour <= 24:
            past = found["way"].lower() == "past"
            yield Value(
                "time", *found.span(), both_halves(hour if past else hour - 1, minutes if past else 60 - minutes)
            )


def both_halves(hour: int, minutes: int) -> tuple[Key, ...]:
    """An hour as it is said: of the morning, and of the evening when it may be."""
    late = ("t", hour + 12, minutes)
    return (("t", hour, minutes), late) if hour < 12 else (("t", hour, minutes),)
