"""ACT: a business's own admins switch what is self-service; and which features it has, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.core.errors import NotAllowed, NotFound
from apps.pilots.changing import holding
from apps.pilots.having import WORDS, Terms, Why, is_on, is_turned, why
from apps.pilots.models import Feature, HeldBack, PilotBusiness, Stage
from apps.pilots.overview import phase_words_of
from apps.pilots.phases import Phase
from apps.pilots.standing import default_of
from apps.pilots.switching import switch_off, switch_on


@dataclass(frozen=True, slots=True)
class Own:
    """A feature as one business has it. may_turn: whether its own admins may set it to the other now."""

    id: UUID
    key: str
    description: str
    why: Why
    since: datetime | None
    self_service: bool
    rolled_back: bool

    @property
    def on(self) -> bool:
        return is_on(self.why)

    @property
    def turned(self) -> bool:
        return is_turned(self.why)

    @property
    def words(self) -> str:
        return "rolled back" if self.rolled_back else WORDS[self.why]

    @property
    def may_turn(self) -> bool:
        return self.self_service and (self.turned or not self.rolled_back)


def own_features(business_id: UUID, *, key: str = "") -> list[Own]:
    """The features a business has, may switch or may ask for, by key: one query. Ask across businesses.

    What another business tries out for itself is not among them.
    """
    mine = {"feature": OuterRef("pk"), "business": business_id}
    here = Stage.objects.filter(feature=OuterRef("pk"), position=OuterRef("stage"))
    listed, held = PilotBusiness.objects.filter(**mine), HeldBack.objects.filter(**mine)
    rows = Feature.objects.filter(archived_at=None).annotate(
        is_listed=Exists(listed),
        is_held=Exists(held),
        is_rolled_back=Exists(held.filter(rollback__isnull=False)),
        since=Coalesce(Subquery(held.values("held_at")[:1]), Subquery(listed.values("enabled_at")[:1])),
        is_baseline=Coalesce(Subquery(here.values("baseline")[:1]), False),
    )
    if key:
        rows = rows.filter(key=key)
    owns = [(_own(row, business_id), row) for row in rows.order_by("key")]
    return [own for own, row in owns if row.self_service or row.exposed or row.is_listed or row.is_held or own.on]


def turn_own(*, feature_id: UUID, business_id: UUID, on: bool, actor: str) -> None:
    """Switch a self-service feature for the business of the person who asks.

    Raises NotFound, NotAllowed: it is not self-service, or was rolled back; and as switch_on and switch_off.
    """
    with holding(feature_id) as feature:
        if not feature.self_service:
            raise NotFound
        if not on:
            switch_off(feature_id=feature_id, business_id=business_id, actor=actor)
            return
        # What was taken back because of harm is not given again by who may not know of it.
        own = HeldBack.objects.filter(feature=feature, business_id=business_id, rollback__isnull=False)
        if own.exists() or phase_words_of(feature_id)[0] is Phase.ROLLED_BACK:
            raise NotAllowed("It was rolled back. Those who run the rollout turn it on again")
        switch_on(feature_id=feature_id, business_id=business_id, actor=actor)


def _own(row: Any, business_id: UUID) -> Own:
    terms = Terms(row.key, row.share, not row.is_baseline, default_of(row) == row.on_variant)
    reason = why(terms, str(business_id), listed=row.is_listed, held=row.is_held)
    return Own(row.pk, row.key, row.description, reason, row.since, row.self_service, row.is_rolled_back)
