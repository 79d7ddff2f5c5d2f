"""What pages and the API read of providers and of their use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDay

from apps.core.ids import first_id_at
from apps.llm.models import Provider, Usage

MOST_GROUPS = 400
BY = ("day", "model", "purpose", "provider")


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """since, until: of the request, half open. kind: chat or embedding. failed: only those that ended badly."""

    since: datetime | None = None
    until: datetime | None = None
    purpose: str = ""
    model: str = ""
    provider: str = ""
    kind: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """of: a day (ISO), a model, a purpose or a provider; "" for all. unpriced: requests with tokens and no known cost.
    cost: USD of those with one. latency_ms: mean."""

    of: str
    requests: int
    failed: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost: Decimal
    unpriced: int
    latency_ms: float | None


def providers_of(business_id: UUID) -> list[Provider]:
    """Those of the business and of the installation, in the order in which they are asked."""
    rows = Provider.objects.filter(Q(business_id=business_id) | Q(business=None))
    return list(rows.order_by(F("business").asc(nulls_last=True), "kind", "position", "created_at"))


def find_provider(business_id: UUID, pk: UUID) -> Provider | None:
    """One the business may ask: its own or the installation's."""
    return Provider.objects.filter(Q(business_id=business_id) | Q(business=None), pk=pk).first()


def usage_of(business_id: UUID, wanted: UsageFilter) -> QuerySet[Usage]:
    """Requests made for the business, newest first."""
    rows = Usage.objects.filter(business_id=business_id).order_by("-id")
    # Ids grow with time, so a range of time is a range of the index.
    if wanted.since:
        rows = rows.filter(id__gte=first_id_at(wanted.since))
    if wanted.until:
        rows = rows.filter(id__lt=first_id_at(wanted.until))
    for name in ("purpose", "model", "provider", "kind"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    return rows.exclude(why="") if wanted.failed else rows


def totals_of(rows: QuerySet[Usage], by: str) -> list[Total]:
    """Sums by `by` (one of BY), days newest first, the others dearest first; at most MOST_GROUPS."""
    grouped: Any = rows.annotate(of=TruncDay("at")) if by == "day" else rows.annotate(of=F(by))
    order: Sequence[Any] = ["-of"] if by == "day" else [F("usd").desc(nulls_last=True), "-requests", "of"]
    found = grouped.order_by().values("of").annotate(**_SUMS).order_by(*order)[:MOST_GROUPS]
    return [_total(row, row["of"].date().isoformat() if by == "day" else row["of"]) for row in found]


def total_of(rows: QuerySet[Usage]) -> Total:
    """All of it together."""
    return _total(rows.order_by().aggregate(**_SUMS), "")


def choices_of(business_id: UUID, since: datetime) -> dict[str, list[str]]:
    """What there is to filter by."""
    rows = Usage.objects.filter(business_id=business_id, id__gte=first_id_at(since)).order_by()
    return {
        name: sorted(filter(None, rows.values_list(name, flat=True).distinct()[:MOST_GROUPS]))
        for name in ("purpose", "model", "provider")
    }


def _total(row: dict[str, Any], of: str) -> Total:
    return Total(
        of=of,
        requests=row["requests"],
        failed=row["bad"],
        tokens_in=row["read"],
        tokens_cached=row["cached"],
        tokens_out=row["written"],
        cost=row["usd"] or Decimal(0),
        unpriced=row["unpriced"],
        latency_ms=row["latency"],
    )


_SUMS: dict[str, Any] = {
    "requests": Count("id"),
    "bad": Count("id", filter=~Q(why="")),
    "read": Coalesce(Sum("tokens_in"), 0),
    "cached": Coalesce(Sum("tokens_cached"), 0),
    "written": Coalesce(Sum("tokens_out"), 0),
    "usd": Sum("cost"),
    "unpriced": Count("id", filter=Q(cost=None) & (Q(tokens_in__gt=0) | Q(tokens_out__gt=0))),
    "latency": Avg("latency_ms"),
}
