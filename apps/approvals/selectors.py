"""SELECTOR: the queue as people look at it: in order, filtered, page by page, counted cheaply."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.models import User
from apps.approvals.cursors import Place, read_place, write_place
from apps.approvals.models import ApprovalRequest, Decision
from apps.approvals.risks import Band, limits_of
from apps.approvals.states import State

# Beyond this nobody counts: the badge says 999+.
COUNT_LIMIT = 999
_HEAVY = ("payload", "payload_schema", "original", "factors", "checks", "search")
_ID_START = re.compile(r"^[0-9a-f]{8}[0-9a-f-]{0,28}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some rows of a list, without their payloads, and the cursor of the next ones ("" at the end)."""

    items: list[ApprovalRequest]
    after: str


def queue_items(
    business_id: UUID,
    *,
    kind: str = "",
    state: str = State.WAITING,
    risk: str = "",
    search: str = "",
    mine: bool = False,
    user: User | None = None,
    now: datetime | None = None,
    limit: int = 50,
    after: str = "",
) -> QueuePage:
    """The queue in its order (risk, then deadline), or with another `state` what ended so, newest first.

    risk: high, medium, low or "". search: words of title, reason and requester, or the beginning of an id.
    mine with user: only what this person holds at `now`. after: the cursor of the page before; an unknown one starts anew.
    At most two queries, whatever the number of rows.
    """
    rows = _narrowed(ApprovalRequest.objects.filter(business_id=business_id, state=state), kind, risk, search)
    if mine and user is not None:
        rows = rows.filter(claimed_by=user, claimed_until__gt=now) if now else rows.filter(claimed_by=user)
    rows = rows.select_related("claimed_by").defer(*_HEAVY)
    place = read_place(after) if after else None
    waiting = state == State.WAITING
    found = _waiting_page(rows, place, limit + 1) if waiting else _decided_page(rows, place, limit + 1)
    more = len(found) > limit
    items = found[:limit]
    return QueuePage(items, write_place(_place_of(items[-1], waiting)) if more else "")


def waiting_count(business_id: UUID, *, limit: int = COUNT_LIMIT) -> int:
    """How many wait, counted up to `limit` + 1."""
    rows = ApprovalRequest.objects.filter(business_id=business_id, state=State.WAITING)
    # Without an order PostgreSQL may stop at any `limit` + 1 entries of the index.
    return rows.order_by()[: limit + 1].count()


def waiting_badge(request: HttpRequest) -> str:
    """The number beside Queue in the navigation; empty when nothing waits."""
    seat = getattr(request, "seat", None)
    if seat is None:
        return ""
    count = waiting_count(seat.business_id)
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count or "")


def counts_by_kind(business_id: UUID) -> dict[str, int]:
    """How many wait, by kind."""
    rows = ApprovalRequest.objects.filter(business_id=business_id, state=State.WAITING)
    return dict(rows.order_by("kind").values_list("kind").annotate(Count("pk")))


def last_decision(request: ApprovalRequest) -> Decision | None:
    """The word that ended the request, with its answers and reason; None while it waits or when nobody spoke."""
    return Decision.objects.filter(request=request).order_by("-at", "-id").first()


def _narrowed(
    rows: QuerySet[ApprovalRequest], kind: str, risk: str, search: str
) -> QuerySet[ApprovalRequest]:
    if kind:
        rows = rows.filter(kind=kind)
    if risk in tuple(Band):
        low, below = limits_of(Band(risk))
        rows = rows.filter(risk__gte=low, risk__lt=below)
    words = search.strip().replace("\x00", "")[:200]
    return rows.filter(_matching(words)) if words else rows


def _matching(words: str) -> Q:
    if _ID_START.match(words):
        digits = words.replace("-", "").lower()[:32]
        if len(digits) == 32:
            return Q(pk=UUID(digits)) | Q(subject_id=UUID(digits))
        return Q(pk__gte=UUID(digits.ljust(32, "0")), pk__lte=UUID(digits.ljust(32, "f")))
    return Q(search=SearchQuery(words, search_type="websearch", config="simple"))


def _waiting_page(rows: QuerySet[ApprovalRequest], place: Place | None, size: int) -> list[ApprovalRequest]:
    ordered = rows.order_by("-risk", "deadline", "id")
    if place is None:
        return list(ordered[:size])
    # Two ranges of the index, one after the other: what is left of this risk, then the lower risks.
    later = Q(deadline__gt=place.moment) | Q(deadline=place.moment, id__gt=place.id)
    found = list(ordered.filter(later, risk=place.rank, deadline__gte=place.moment)[:size])
    if len(found) < size:
        found += list(ordered.filter(risk__lt=place.rank)[: size - len(found)])
    return found


def _decided_page(rows: QuerySet[ApprovalRequest], place: Place | None, size: int) -> list[ApprovalRequest]:
    ordered = rows.order_by("-decided_at", "-id")
    if place is not None:
        earlier = Q(decided_at__lt=place.moment) | Q(decided_at=place.moment, id__lt=place.id)
        ordered = ordered.filter(earlier, decided_at__lte=place.moment)
    return list(ordered[:size])


def _place_of(request: ApprovalRequest, waiting: bool) -> Place:
    if waiting:
        return Place(request.risk, request.deadline, request.pk)
    return Place(0.0, request.decided_at or request.created_at, request.pk)
