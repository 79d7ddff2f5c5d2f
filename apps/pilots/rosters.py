"""Questions about the businesses of one feature: which have it, why, since when and by whom. Ask across businesses."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.accounts.models import Business
from apps.pilots.having import WORDS, Terms, Why, is_on, is_turned, why
from apps.pilots.ladder import AdvanceState
from apps.pilots.models import Advance, Feature, HeldBack, PilotBusiness
from apps.pilots.rollout import bucket_of
from apps.pilots.selectors import is_serving
from apps.pilots.standing import default_of

PAGE = 25
SHOWS = ("all", "on", "off", "listed", "held")


@dataclass(frozen=True, slots=True)
class Row:
    """One business. since, by, notes: of its row of the list, of what holds it back, or of the step that took it in."""

    id: UUID
    name: str
    slug: str
    why: Why
    listed: bool
    since: datetime | None = None
    by: str = ""
    notes: str = ""
    rollback_id: UUID | None = None

    @property
    def on(self) -> bool:
        return is_on(self.why)

    @property
    def turned(self) -> bool:
        return is_turned(self.why)

    @property
    def words(self) -> str:
        return "rolled back" if self.rollback_id else WORDS[self.why]

    @property
    def said(self) -> bool:
        """Whether something is said for this business by name."""
        return self.listed or self.why is Why.HELD


@dataclass(frozen=True, slots=True)
class Roster:
    """A page of businesses. counts: how many each choice of `show` has, among those that the search finds."""

    rows: Sequence[Row]
    counts: dict[str, int]
    show: str
    search: str
    page: int
    pages: int

    @property
    def total(self) -> int:
        return self.counts["all"]


def terms_of(feature: Feature) -> Terms:
    return Terms(
        key=feature.key,
        share=feature.share,
        serves=is_serving(feature),
        default_on=default_of(feature) == feature.on_variant,
        archived=feature.archived_at is not None,
    )


def roster_of(
    feature: Feature, *, show: str = "all", search: str = "", page: int = 1, keep: Collection[UUID] = ()
) -> Roster:
    """The businesses, those by name of which something is said first, then by name: six queries at most.

    keep: businesses a page shows already; they stay, in the order given, and what is new comes below them.
    """
    show = show if show in SHOWS else "all"
    terms, listed, held = terms_of(feature), _ids(PilotBusiness, feature), _ids(HeldBack, feature)
    found = Business.objects.filter(_like(search)).order_by("name", "pk").values_list("pk", flat=True)
    reasons = {pk: why(terms, str(pk), listed=pk in listed, held=pk in held) for pk in found}
    fitting = [pk for pk, reason in reasons.items() if _fits(show, reason, pk in listed)]
    fitting.sort(key=lambda pk: pk not in listed and pk not in held)
    pages = max(1, -(-len(fitting) // PAGE))
    page = min(max(1, page), pages)
    shown = fitting[(page - 1) * PAGE : page * PAGE]
    shown = [*(kept := [pk for pk in keep if pk in reasons]), *(pk for pk in shown if pk not in kept)]
    rows = _rows(feature, {pk: reasons[pk] for pk in shown})
    return Roster(rows, _counts(reasons, listed), show, search, page, pages)


def row_of(feature: Feature, business_id: UUID) -> Row | None:
    """One business; None when there is no such."""
    listed, held = (
        model.objects.filter(feature=feature, business=business_id).exists() for model in (PilotBusiness, HeldBack)
    )
    reason = why(terms_of(feature), str(business_id), listed=listed, held=held)
    return next(iter(_rows(feature, {business_id: reason})), None)


def _like(search: str) -> Q:
    search = search.replace("\0", "").strip()
    return Q(name__icontains=search) | Q(slug__icontains=search) | _is_id(search) if search else Q()


def _is_id(search: str) -> Q:
    try:
        return Q(pk=UUID(search))
    except ValueError:
        return Q(pk=None)


def _ids(model: Any, feature: Feature) -> set[UUID]:
    return set(model.objects.filter(feature=feature).values_list("business_id", flat=True))


def _fits(show: str, reason: Why, listed: bool) -> bool:
    if show == "all":
        return True
    if show == "listed":
        return listed
    if show == "held":
        return reason is Why.HELD
    return is_on(reason) is (show == "on")


def _counts(reasons: dict[UUID, Why], listed: set[UUID]) -> dict[str, int]:
    by_reason = Counter(reasons.values())
    on = sum(count for reason, count in by_reason.items() if is_on(reason))
    return {
        "all": len(reasons),
        "on": on,
        "off": len(reasons) - on,
        "listed": sum(1 for pk in reasons if pk in listed),
        "held": by_reason[Why.HELD],
    }


def _rows(feature: Feature, reasons: dict[UUID, Why]) -> list[Row]:
    names = {pk: (name, slug) for pk, name, slug in _named(reasons)}
    listed = {row.business_id: row for row in PilotBusiness.objects.filter(feature=feature, business__in=reasons)}
    held = {row.business_id: row for row in HeldBack.objects.filter(feature=feature, business__in=reasons)}
    steps = _steps(feature) if Why.SHARE in reasons.values() else []
    return [
        Row(pk, *names[pk], reason, pk in listed, **_facts(feature, pk, reason, listed.get(pk), held.get(pk), steps))
        for pk, reason in reasons.items()
        if pk in names
    ]


def _named(ids: Collection[UUID]) -> Any:
    return Business.objects.filter(pk__in=ids).values_list("pk", "name", "slug")


def _facts(
    feature: Feature,
    pk: UUID,
    reason: Why,
    listed: PilotBusiness | None,
    held: HeldBack | None,
    steps: list[Advance],
) -> dict[str, Any]:
    if held:
        return {"since": held.held_at, "by": held.held_by, "notes": held.reason, "rollback_id": held.rollback_id}
    if listed:
        return {"since": listed.enabled_at, "by": listed.enabled_by, "notes": listed.notes}
    if reason is Why.SHARE:
        bucket = bucket_of(feature.key, str(pk))
        step = next((one for one in steps if one.from_share <= bucket < one.to_share), None)
        return {"since": step.done_at, "by": step.decided_by} if step else {}
    return {}


def _steps(feature: Feature) -> list[Advance]:
    return list(Advance.objects.filter(feature=feature, state=AdvanceState.DONE).order_by("-done_at")[:50])
