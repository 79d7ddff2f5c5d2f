"""EDGE: the use of models over REST."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.bodies import check_storable
from apps.core.errors import Invalid
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, problems
from apps.llm import schemas
from apps.llm.models import Usage
from apps.llm.selectors import BY, Total, UsageFilter, total_of, totals_of, usage_of

TAGS = ["Models"]
_FILTERS = [
    OpenApiParameter("since", str, description="RFC 3339; UTC without an offset"),
    OpenApiParameter("until", str, description="RFC 3339, itself not included"),
    OpenApiParameter("purpose", str, description="Such as draft"),
    OpenApiParameter("model", str),
    OpenApiParameter("provider", str),
    OpenApiParameter("kind", str, enum=schemas.KINDS),
    OpenApiParameter("failed", bool, description="true: only requests that ended badly"),
]
_FIELDS = [name for name in map(str, schemas.UsageRow().fields) if name != "cost"]


class UsageView(TenantView):
    """Requests made to providers for the business."""

    scopes = {"GET": Scope.USAGE_READ}

    @extend_schema(
        operation_id="list_usage",
        summary="List requests to language models, newest first",
        parameters=[*_FILTERS, *CURSOR],
        responses={200: schemas.UsagePage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = usage_of(self.principal.business_id, filter_in(request.query_params))
        pages = Cursor()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([row_of(row) for row in page or []])


class UsageTotalsView(TenantView):
    """What the requests come to."""

    scopes = {"GET": Scope.USAGE_READ}

    @extend_schema(
        operation_id="get_usage_totals",
        summary="Sum up requests, tokens and cost",
        parameters=[OpenApiParameter("by", str, enum=schemas.GROUPS, default="day"), *_FILTERS],
        responses={200: schemas.UsageTotals, **problems(422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        by = request.query_params.get("by", "day")
        if by not in BY:
            raise Invalid("by", f"One of {', '.join(BY)}")
        rows = usage_of(self.principal.business_id, filter_in(request.query_params))
        groups = [_sums(total) for total in totals_of(rows, by)]
        return Response({"by": by, "total": _sums(total_of(rows)), "groups": groups})


def filter_in(query: Mapping[str, Any]) -> UsageFilter:
    """The filter a query names. Raises Invalid."""
    kind, failed = query.get("kind", ""), query.get("failed", "")
    if kind and kind not in schemas.KINDS:
        raise Invalid("kind", f"One of {', '.join(schemas.KINDS)}")
    if failed not in ("", "true", "false"):
        raise Invalid("failed", "true or false")
    words = {name: query.get(name, "") for name in ("purpose", "model", "provider")}
    for name, word in words.items():
        check_storable(word, name)
    since, until = _moment(query, "since"), _moment(query, "until")
    return UsageFilter(since=since, until=until, kind=kind, failed=failed == "true", **words)


def row_of(row: Usage) -> dict[str, Any]:
    """A request as JSON."""
    return {name: getattr(row, name) for name in _FIELDS} | {"cost": None if row.cost is None else str(row.cost)}


def _sums(total: Total) -> dict[str, Any]:
    return {**asdict(total), "cost": str(total.cost)}


def _moment(query: Mapping[str, Any], name: str) -> Any:
    text = query.get(name, "")
    if not text:
        return None
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except (ValueError, OverflowError):
        found = None
    if found is None or not 1970 < found.year < 9000:
        raise Invalid(name, "A date and time, such as 2026-01-31T08:00:00Z")
    return found if timezone.is_aware(found) else found.replace(tzinfo=timezone.get_default_timezone())
