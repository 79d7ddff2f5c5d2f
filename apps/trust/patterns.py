"""SELECTOR: patterns as they are asked for, and what became of them when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.trust.models import Pattern, PatternEvent

MOST_MOMENTS = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """what: found, confirmed, retired, again. rate, trials: what it went by, 0 to 1 and a number of outcomes."""

    at: datetime
    what: str
    pattern_id: UUID
    name: str
    category: str
    rate: float
    trials: float


def patterns_of(
    business_id: UUID, *, category: str = "", state: str = "", type_: str = "", agent: str = ""
) -> QuerySet[Pattern]:
    """The surest first. agent: its key. What is empty does not restrict."""
    rows = Pattern.objects.filter(business_id=business_id)
    for name, value in (("category", category), ("state", state), ("type", type_)):
        rows = rows.filter(**{name: value}) if value else rows
    if agent:
        rows = rows.filter(agent_keys__contains=[agent])
    return rows.order_by("-low", "id")


def timeline_of(business_id: UUID, *, pattern_id: UUID | None = None, limit: int = 50) -> Sequence[Moment]:
    """The newest first, of one pattern or of all. One query."""
    rows = PatternEvent.objects.filter(business_id=business_id)
    if pattern_id is not None:
        rows = rows.filter(pattern_id=pattern_id)
    found = rows.order_by("-at", "-pk").values_list(
        "at", "what", "pattern_id", "pattern__name", "pattern__category", "rate", "trials"
    )
    return [Moment(*row) for row in found[: min(limit, MOST_MOMENTS)]]
