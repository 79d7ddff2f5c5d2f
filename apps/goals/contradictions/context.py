"""The goal against the context beside it: one field, two values.

A field of the context is compared only where the goal plainly speaks of the same field: by the word for it ("order
1055"), the unit (4 people), or because the goal has exactly one value of that form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.goals.contradictions.calendar_dates import Day
from apps.goals.contradictions.clauses import Clause, Token
from apps.goals.contradictions.context_values import date_of, other_value
from apps.goals.contradictions.word_lists import stems_listed
from apps.goals.contradictions.words import ACTS
from apps.goals.facts import Contradiction
from apps.goals.reading import stem

Leaf = tuple[str, frozenset[str], str]

DIFFERS, SWITCHED, SWAPPED = 0.6, 0.7, 0.85
KIND = "goal and context differ"

_FILLERS = stems_listed("""
    send is has with include allow enable use want needs auto automatic enabled allowed required option flag
    request add
""")
_TRUE, _FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})
_CORRECTS = re.compile(
    r"\b(?:actually|instead|rather|make (?:it|that)|change|changed|correction|sorry|no,|not)\b", re.I
)


def context_dates(context: Sequence[Leaf]) -> list[Contradiction]:
    """A start after its end among the context's fields."""
    dated = [(key, stems, value[:10]) for key, stems, value in context if date_of(value) is not None]
    starts = [
        row
        for row in dated
        if row[1] & {"start", "from", "begin", "checkin", "arriv", "departur"} or _inside(row[0], "check_in")
    ]
    ends = [
        row for row in dated if row[1] & {"end", "to", "until", "checkout", "return"} or _inside(row[0], "check_out")
    ]
    return [
        Contradiction("the end is before the start", f"{a[0]} {a[2]}", f"{b[0]} {b[2]}", SWAPPED)
        for a in starts
        for b in ends
        if b[2] < a[2]
    ]


def _inside(key: str, part: str) -> bool:
    return part in key.lower()


def context_against(
    goal: str,
    tokens: Sequence[Token],
    clauses: Sequence[Clause],
    days: Sequence[Day],
    context: Sequence[Leaf],
    history: Sequence[str],
) -> list[Contradiction]:
    """Each field of the context that the goal gives another value. A value that an earlier turn corrects to holds."""
    found = []
    lower = goal.lower()
    for key, stems, value in context:
        plain = value.strip().lower()
        if plain in _TRUE or plain in _FALSE:
            said = _switched(stems, clauses, wanted=plain in _TRUE)
            if said:
                found.append(Contradiction(KIND, said, f"{key} {value}", SWITCHED))
            continue
        if not plain or len(plain) > 80 or re.search(rf"(?<![\w.]){re.escape(plain)}(?![\w])", lower):
            continue
        said = other_value(goal, tokens, days, stems, value)
        if said and not _corrected(said, history):
            found.append(Contradiction(KIND, said, f"{key} {value}", DIFFERS))
    return found


def _corrected(said: str, history: Sequence[str]) -> bool:
    """An earlier turn changed to what the goal says."""
    for turn in history[-6:]:
        place = turn.lower().rfind(said.lower())
        if place >= 0 and _CORRECTS.search(turn[max(0, place - 60) : place]):
            return True
    return False


def _switched(stems: frozenset[str], clauses: Sequence[Clause], *, wanted: bool) -> str:
    """The clause that says the other of yes and no for a field that is a switch."""
    about = stems - _FILLERS
    if not about:
        return ""
    acts = {ACTS.get(one, one) for one in about}
    for clause in clauses:
        if clause.asks or clause.loose:
            continue
        said = {
            stem(part)
            for token in clause.tokens
            for part in (token.text.split("-") if "-" in token.text else (token.text,))
        }
        means = said | clause.acts
        if not all(one in said or ACTS.get(one, one) in means for one in about):
            continue
        denied = clause.negated and (
            not clause.denied
            or bool(clause.denied & acts)
            or bool(stems & _FILLERS & clause.denied)
            or "without" in said
            or bool(clause.nouns & about)
        )
        if clause.acts & {"disabl", "switch-off", "cancel", "remov"}:
            denied = not denied
        if denied == wanted:
            return clause.text[:160]
    return ""
