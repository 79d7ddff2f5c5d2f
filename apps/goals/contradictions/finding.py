"""Statements in a goal, or between goal and context, that exclude each other.

The entry to the rules of each kind: what they find is put together, the strongest first. Each rule is read from the
wording alone; what needs knowledge of the world is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from apps.goals.contradictions.amounts import amounts_in
from apps.goals.contradictions.calendar_dates import days_in, impossible_days
from apps.goals.contradictions.clauses import clauses_of, tokens_of
from apps.goals.contradictions.context import context_against, context_dates
from apps.goals.contradictions.free import free_and_paid_in
from apps.goals.contradictions.negation import forbidden_in, left_out_in, only_one_in
from apps.goals.contradictions.opposites import opposite_acts_in, opposite_qualities_in
from apps.goals.contradictions.past import past_in
from apps.goals.contradictions.spans import order_in
from apps.goals.contradictions.values import two_values_in
from apps.goals.facts import Contradiction

MAX_FOUND = 20
MAX_TURNS = 6
_STANDING = re.compile(
    r"\b(?:never|ever|under no circumstances|must not|mustn't|in no case|at no time|no longer)\b", re.I
)


def contradictions_in(
    goal: str,
    context: Sequence[tuple[str, frozenset[str], str]],
    *,
    now: datetime,
    deadline: datetime | None = None,
    history: Sequence[str] = (),
) -> tuple[Contradiction, ...]:
    """What excludes what, the strongest first, at most MAX_FOUND.

    `context` as `supplied.flat_context` gives it; `history` are earlier turns, the oldest first: what they forbid once
    and for all still holds, other values in them give way to the goal's. Times are aware.
    """
    tokens = tokens_of(goal)
    clauses = clauses_of(goal, tokens)
    days = days_in(goal, now.date())
    bans = [
        clause
        for turn in history[-MAX_TURNS:]
        if _STANDING.search(turn)
        for clause in clauses_of(turn, tokens_of(turn[:2000]))
    ]
    found = [
        *amounts_in(goal),
        *impossible_days(goal, days),
        *order_in(goal, days),
        *past_in(goal, days, now, deadline),
        *forbidden_in(clauses, earlier=[ban for ban in bans if ban.negated]),
        *left_out_in(goal, clauses),
        *only_one_in(clauses),
        *opposite_acts_in(clauses),
        *opposite_qualities_in(goal, tokens),
        *two_values_in(goal, clauses, days),
        *free_and_paid_in(goal, clauses),
        *context_dates(context),
        *context_against(goal, tokens, clauses, days, context, history),
    ]
    return tuple(sorted(found, key=lambda one: -one.strength)[:MAX_FOUND])
