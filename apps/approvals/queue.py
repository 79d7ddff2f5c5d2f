"""SELECTOR: what the queue page shows: a page of the list, the next item to open, the history of one request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals.models import ApprovalRequest, Decision
from apps.approvals.searching import matching
from apps.approvals.selectors import decidable_by
from apps.approvals.states import State
from apps.core.models import Event

PAGE = 40
MOST_ROWS = 400
HISTORY_ROWS = 100

RISKS = {"high": (0.66, None), "medium": (0.33, 0.66), "low": (None, 0.33)}
ORDERS = {"risk": ("-risk", "deadline", "id"), "deadline": ("deadline", "id"), "newest": ("-id",)}
# Everything a row shows; the payload and the reasons are read for the open item only.
LIST_COLUMNS = (
    *("id", "business_id", "kind", "title", "risk", "confidence", "state", "deadline", "requested_by", "payload_hash"),
    *("version", "decided_at", "decided_by", "decider_role", "claimed_until"),
    *("claimed_by__id", "claimed_by__username", "claimed_by__first_name", "claimed_by__last_name"),
)
# Claims come and go by the minute; they are shown live, not as history.
NOT_HISTORY = (
    "approval.claimed",
    "approval.released",
    "approval.approved",
    "approval.rejected",
    "approval.answered",
    "approval.vote",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reviewer wants to see. `risk` is high, medium, low or empty; `mine` is what I have claimed."""

    q: str = ""
    kind: str = ""
    risk: str = ""
    state: str = State.WAITING.value
    order: str = "risk"
    mine: bool = False

    @property
    def is_default(self) -> bool:
        """Whether nothing that waits is left out."""
        return not (self.q or self.kind or self.risk or self.mine) and self.waiting

    @property
    def waiting(self) -> bool:
        return self.state == State.WAITING

    @property
    def query(self) -> str:
        """As a query string, without what is as usual."""
        usual = Filters()
        values = {name: getattr(self, name) for name in ("q", "kind", "risk", "state", "order")}
        kept = {name: value for name, value in values.items() if value != getattr(usual, name)}
        return urlencode(kept | ({"mine": "1"} if self.mine else {}))


def filters_from(values: Mapping[str, Any]) -> Filters:
    """Filters from a query string; what is not understood is as if not given."""
    risk, state, order = values.get("risk", ""), values.get("state", ""), values.get("order", "")
    return Filters(
        q=values.get("q", "").replace("\x00", "").strip()[:200],
        kind=values.get("kind", "").replace("\x00", "")[:30],
        risk=risk if risk in RISKS else "",
        state=state if state in [s.value for s in State] else State.WAITING.value,
        order=order if order in ORDERS else "risk",
        mine=values.get("mine") == "1",
    )


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows of the list, and where the following page starts ("" at the end)."""

    rows: list[ApprovalRequest]
    after: str


def list_page(filters: Filters, *, user: User, after: str = "", limit: int = PAGE) -> ListPage:
    """One page of the list, by keyset: constant work however long the queue is."""
    rows = _ordered(_matching(filters, user), filters)
    if bound := _parse_cursor(after, filters):
        rows = rows.filter(bound)
    limit = max(1, min(limit, MOST_ROWS))
    found = list(rows.select_related("claimed_by").only(*LIST_COLUMNS)[: limit + 1])
    more = len(found) > limit
    return ListPage(found[:limit], cursor_of(found[limit - 1], filters) if more else "")


def next_places(
    filters: Filters, *, user: User, role: str | None, after: ApprovalRequest | None, skip: tuple[UUID, ...] = ()
) -> Iterator[QuerySet[ApprovalRequest]]:
    """Where to look for the next request this person can decide and nobody else works on, in the order of the list.

    First what follows `after`, then from the top.
    """
    rows = decidable_by(_matching(filters, user), user=user, role=role, now=timezone.now()).exclude(pk__in=skip)
    rows = _ordered(rows, filters).select_related("claimed_by")
    if after is not None:
        yield rows.filter(_beyond(after, filters))
    yield rows


def first_open(
    listed: list[ApprovalRequest], filters: Filters, *, user: User, role: str | None
) -> ApprovalRequest | None:
    """The request to show first; of a search, one of the rows found, so that nothing is searched twice."""
    if filters.q:
        found = ApprovalRequest.objects.filter(pk__in=[row.pk for row in listed])
        rows = _ordered(decidable_by(found, user=user, role=role, now=timezone.now()), filters)
        return rows.select_related("claimed_by").first()
    (rows,) = next_places(filters, user=user, role=role, after=None)
    return rows.first()


def cursor_of(row: ApprovalRequest, filters: Filters) -> str:
    """Where a list goes on after this row, as text."""
    if not filters.waiting:
        return f"{row.decided_at.isoformat() if row.decided_at else ''}|{row.pk}"
    return f"{row.risk!r}|{row.deadline.isoformat()}|{row.pk}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a request's history. `kind` is the event's, or decision.<verdict>; `data` depends on it."""

    at: datetime
    actor: str
    kind: str
    data: dict[str, Any]
    decision: Decision | None = None


def history_of(request: ApprovalRequest) -> list[Entry]:
    """What happened to a request, oldest first: two queries."""
    events = Event.objects.filter(subject_type="approval", subject_id=str(request.pk)).exclude(kind__in=NOT_HISTORY)
    entries = [Entry(event.at, event.actor, event.kind, event.data) for event in events.order_by("id")[:HISTORY_ROWS]]
    for decision in request.decisions.select_related("user").order_by("at")[:HISTORY_ROWS]:
        entries.append(Entry(decision.at, decision.actor, f"decision.{decision.verdict}", {}, decision))
    return sorted(entries, key=lambda entry: entry.at)


def _matching(filters: Filters, user: User) -> QuerySet[ApprovalRequest]:
    rows = ApprovalRequest.objects.filter(state=filters.state)
    if not filters.waiting:
        rows = rows.exclude(decided_at=None)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.risk:
        low, high = RISKS[filters.risk]
        rows = rows.filter(**({"risk__gte": low} if low else {}), **({"risk__lt": high} if high else {}))
    if filters.mine:
        rows = (
            rows.filter(claimed_by=user, claimed_until__gt=timezone.now())
            if filters.waiting
            else _decided_by(rows, user)
        )
    return matching(rows, filters.q, waiting=filters.waiting)


def _decided_by(rows: QuerySet[ApprovalRequest], user: User) -> QuerySet[ApprovalRequest]:
    return rows.filter(Exists(Decision.objects.filter(request=OuterRef("pk"), user=user)))


def _ordered(rows: QuerySet[ApprovalRequest], filters: Filters) -> QuerySet[ApprovalRequest]:
    return rows.order_by(*ORDERS[filters.order]) if filters.waiting else rows.order_by("-decided_at", "-id")


def _beyond(row: ApprovalRequest, filters: Filters) -> Q:
    if not filters.waiting:
        return _older(row.decided_at, row.pk) if row.decided_at else Q()
    return _after(filters.order, row.risk, row.deadline, row.pk)


def _older(decided_at: datetime, pk: UUID) -> Q:
    return Q(decided_at__lte=decided_at) & (Q(decided_at__lt=decided_at) | Q(pk__lt=pk))


def _after(order: str, risk: float, deadline: datetime, pk: UUID) -> Q:
    if order == "newest":
        return Q(pk__lt=pk)
    later = Q(deadline__gt=deadline) | Q(deadline=deadline, pk__gt=pk)
    if order == "deadline":
        return Q(deadline__gte=deadline) & later
    # The first condition says nothing new, but lets the index start at the right place.
    return Q(risk__lte=risk) & (Q(risk__lt=risk) | (Q(risk=risk) & later))


def _parse_cursor(text: str, filters: Filters) -> Q | None:
    parts = text.split("|")
    try:
        if not filters.waiting:
            return _older(datetime.fromisoformat(parts[0]), UUID(parts[1]))
        return _after(filters.order, float(parts[0]), datetime.fromisoformat(parts[1]), UUID(parts[2]))
    except (IndexError, ValueError):
        return None
