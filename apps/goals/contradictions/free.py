"""Something for nothing and at a price."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.goals.contradictions.clauses import Clause
from apps.goals.contradictions.words import concepts
from apps.goals.facts import Contradiction

FREE_AND_PAID = 0.72
SHOWN = 160

_FREE = re.compile(r"\b(?:free of charge|for free|at no (?:extra )?cost|gratis|without charge|complimentary)\b", re.I)
_COSTS = re.compile(r"(?:[$\u20ac\u00a3]\s?[1-9]|\b[1-9]\d*\s?(?:euros?|dollars?|pounds?|usd|eur|gbp)\b)", re.I)
_NOT_A_PRICE = re.compile(
    r"\b(?:over|above|worth|from|minimum|least|than|instead|voucher|if|when|budget|up to|value of)\b", re.I
)


def free_and_paid_in(text: str, clauses: Sequence[Clause]) -> list[Contradiction]:
    """A clause that gives a thing for free, and itself or the next one a price for the same thing."""
    if not _FREE.search(text):
        return []
    for place, clause in enumerate(clauses):
        free = _FREE.search(clause.text)
        if free is None or clause.loose or clause.negated:
            continue
        for other in clauses[place : place + 2]:
            cost = _COSTS.search(other.text)
            if cost and not _NOT_A_PRICE.search(other.text) and _same(clause, other):
                said = other.text[cost.start() :][:SHOWN]
                return [Contradiction("free and at a price", free.group(), said, FREE_AND_PAID)]
    return []


def _same(clause: Clause, other: Clause) -> bool:
    about = concepts(other.nouns)
    return other is clause or bool(about & concepts(clause.acts | clause.nouns)) or (other.pronoun and not about)
