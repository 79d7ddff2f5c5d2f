"""Questions about what happened to a feature, newest first, in pages by keyset. Ask across businesses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from apps.accounts.models import Business
from apps.core.models import Event
from apps.pilots.models import Feature
from apps.pilots.telling import told, why_of

PAGE = 30
# As changing.py calls it in the trail.
SUBJECT = "feature"


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry. actor: a person by their mail address, a program or a part of the system as the trail names it."""

    id: UUID
    at: datetime
    actor: str
    words: str
    why: str


def timeline_of(feature: Feature, *, after: str = "", limit: int = PAGE) -> tuple[list[Moment], str]:
    """(entries, the cursor of the next page or ""), in two queries. after: a cursor; one that is none begins anew."""
    rows = _rows(feature)
    cursor = _uuid(after)
    if cursor:
        rows = rows.filter(pk__lt=cursor)
    events = list(rows.order_by("-pk")[: limit + 1])
    names = _names(events)
    moments = [
        Moment(
            event.pk,
            event.at,
            event.actor.removeprefix("user:"),
            told(event.kind, event.data, names.get(str(event.data.get("business")), "")),
            why_of(event.data),
        )
        for event in events[:limit]
    ]
    return moments, str(events[limit - 1].pk) if len(events) > limit else ""


def _rows(feature: Feature) -> Any:
    """What concerns one business is in its own trail as well as in that of the home: told once."""
    about = Cast("business_id", TextField())
    copies = Q(business_id__isnull=False, about=F("told_of")) & ~Q(business_id=feature.home_id)
    rows = Event.objects.filter(subject_type=SUBJECT, subject_id=str(feature.pk))
    return rows.alias(about=about, told_of=KT("data__business")).exclude(copies)


def _names(events: Iterable[Event]) -> dict[str, str]:
    ids: Sequence[UUID] = [pk for event in events if (pk := _uuid(str(event.data.get("business", ""))))]
    return {str(pk): name for pk, name in Business.objects.filter(pk__in=ids).values_list("pk", "name")}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
