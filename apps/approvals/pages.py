"""EDGE: the queue page and the parts of it that a browser fetches. Nothing here changes anything."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.approvals import queue
from apps.approvals.models import ApprovalRequest
from apps.approvals.page_context import (
    Filled,
    Notice,
    find_request,
    is_part,
    item_context,
    list_context,
    person_of,
    shell,
    status_context,
    user_of,
)
from apps.approvals.precedents import precedents_context
from apps.approvals.queue import Filters, filters_from


@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """The list, and beside it the first item this person can decide."""
    if getattr(request, "seat", None) is None:
        return render(request, "approvals/no_business.html", shell(request))
    person, filters = person_of(request), filters_from(request.GET)
    if is_part(request):
        return render(request, "approvals/queue/list_body.html", list_context(request, filters))
    listed = list_context(request, filters)
    row = (
        queue.first_open(listed["rows"], filters, user=user_of(request), role=person.role) if filters.waiting else None
    )
    return whole_page(request, row, filters, view="list", listed=listed)


@require_safe
def item_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One item: alone for a page that has the list already, else with the list beside it."""
    row, filters = find_request(pk), filters_from(request.GET)
    if is_part(request):
        return item_part(request, row, filters)
    return whole_page(request, row, filters, view="item")


@require_safe
def rows_part(request: HttpRequest) -> HttpResponse:
    """More rows of the list (`after`), or the first `n` of it anew."""
    filters, wanted = filters_from(request.GET), request.GET.get("n", "")
    limit = int(wanted) if wanted.isdecimal() else queue.PAGE
    context = list_context(request, filters, after=request.GET.get("after", ""), limit=limit)
    return render(request, "approvals/queue/rows.html", context)


@require_safe
def status_part(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who is on an item, or who decided it."""
    row = find_request(pk)
    voted = row.decisions.filter(user=user_of(request), version=row.version).exists()
    return status_line(request, row, filters_from(request.GET), voted=voted)


@require_safe
def precedents_part(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What people decided before on requests like this one: fetched once the item is open, which waits for nothing."""
    row = find_request(pk)
    context = {"item": row, **precedents_context(row)}
    return render(request, "approvals/queue/precedents.html", context)


def status_line(request: HttpRequest, row: ApprovalRequest, filters: Filters, *, voted: bool = False) -> HttpResponse:
    context = status_context(request, row, filters, voted=voted and row.state == "awaiting_approval")
    return render(request, "approvals/queue/status.html", context)


def item_part(
    request: HttpRequest,
    row: ApprovalRequest | None,
    filters: Filters,
    *,
    notice: Notice | None = None,
    filled: Filled | None = None,
    status: int = 200,
) -> HttpResponse:
    """The right side alone; without a row, what to do when nothing is left."""
    if row is None:
        context = {"filters": filters, "notice": notice}
        return render(request, "approvals/queue/nothing.html", context, status=status)
    context = item_context(request, row, filters, notice=notice, filled=filled)
    return render(request, "approvals/queue/item.html", context, status=status)


def whole_page(
    request: HttpRequest,
    row: ApprovalRequest | None,
    filters: Filters,
    *,
    view: str,
    notice: Notice | None = None,
    filled: Filled | None = None,
    status: int = 200,
    listed: dict[str, Any] | None = None,
) -> HttpResponse:
    """List and item in the shell. `view` is the one a narrow screen shows, list or item."""
    context = shell(request) | (listed or list_context(request, filters)) | {"view": view, "notice": notice}
    if row is not None:
        context |= item_context(request, row, filters, notice=notice, filled=filled)
    return render(request, "approvals/queue.html", context, status=status)
