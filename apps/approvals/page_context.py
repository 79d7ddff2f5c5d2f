"""EDGE: what the templates of the queue page are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.accounts.models import User
from apps.accounts.principals import Principal, of_person
from apps.approvals import queue
from apps.approvals.answer_fields import answer_fields
from apps.approvals.facts import asked_of, decider_of
from apps.approvals.models import ApprovalRequest
from apps.approvals.payload_fields import Field, fields_of
from apps.approvals.queue import Filters
from apps.approvals.states import State, Verdict
from apps.approvals.verdicts import Saying, refusal
from apps.core.errors import Invalid

# The kinds offered as filters; others are still found by their address.
KINDS = ("goal", "step", "recommendation", "audit", "thresholds", "draft", "action", "rollout")


@dataclass(frozen=True, slots=True)
class Notice:
    """A message above the open item. `tone` is good, bad or note."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A decision form as it came in, to be shown again with what was wrong."""

    fields: tuple[Field, ...] | None = None
    answers: tuple[Field, ...] | None = None
    opened: str = ""
    reason: str = ""
    comment: str = ""


def person_of(request: HttpRequest) -> Principal:
    """The signed-in person in the current business. Raises PermissionDenied for somebody in no business."""
    seat = getattr(request, "seat", None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    return of_person(user_of(request), seat)


def user_of(request: HttpRequest) -> User:
    """The signed-in person; the admin site lets nobody else through."""
    return cast(User, request.user)


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks for a part of the page, to put it into the page it has."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return (bool(htmx) and not htmx.history_restore_request) or request.headers.get("x-part") == "1"


def find_request(pk: UUID) -> ApprovalRequest:
    """The request of the current business; Http404 for one of another, or none."""
    found = ApprovalRequest.objects.select_related("claimed_by", "requester").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def shell(request: HttpRequest) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": "Queue", "pane_assets": settings.PANE_ASSETS}


def list_context(request: HttpRequest, filters: Filters, *, after: str = "", limit: int = queue.PAGE) -> dict[str, Any]:
    """The list and its filters: one query."""
    page = queue.list_page(filters, user=user_of(request), after=after, limit=limit)
    return {
        "rows": page.rows,
        "after_given": bool(after),
        "after": page.after,
        "filters": filters,
        "kinds": [*KINDS, *([filters.kind] if filters.kind and filters.kind not in KINDS else [])],
        "states": [state.value for state in State],
        "now": timezone.now(),
    }


def item_context(
    request: HttpRequest,
    row: ApprovalRequest,
    filters: Filters,
    *,
    notice: Notice | None = None,
    filled: Filled | None = None,
) -> dict[str, Any]:
    """The open item: two queries, for its history."""
    filled = filled or Filled()
    history, original = queue.history_of(row), fields_of(row.payload, row.payload_schema)
    return {
        **status_context(request, row, filters, voted=_has_voted(history, request, row)),
        "original": original,
        "fields": filled.fields or original,
        "answers": filled.answers or answer_fields(row.questions),
        "filled": filled,
        "notice": notice,
        "history": history,
        "approvals_so_far": _approvals(history, row),
        "factors": factor_bars(row.factors),
        "subject_url": _subject_url(row),
        "checks": row.checks.get("checks", []) if isinstance(row.checks, dict) else [],
        "pane": pane_of(request, row),
    }


def pane_of(request: HttpRequest, row: ApprovalRequest) -> Mapping[str, Any] | None:
    """What a kind shows in place of the bare payload (settings.REQUEST_PANES): {template, approve, ...} or None.

    Its form posts the payload's fields under the names that payload_fields gives them.
    """
    path = settings.REQUEST_PANES.get(row.kind)
    return cast("Mapping[str, Any] | None", import_string(path)(request, row)) if path else None


def status_context(
    request: HttpRequest, row: ApprovalRequest, filters: Filters, *, voted: bool = False
) -> dict[str, Any]:
    """Who is on an item and whether this person may decide it: no query."""
    person, now = person_of(request), timezone.now()
    why_not = _why_not(person, row, voted)
    held = row.claimed_by if row.claimed_until and row.claimed_until > now else None
    return {
        "item": row,
        "filters": filters,
        "waiting": row.state == State.WAITING,
        "held_by": held,
        "held_by_me": held is not None and held == person.user,
        "why_not": why_not,
        "may_decide": not why_not,
        "now": now,
        "item_url": item_url(row.pk, filters),
    }


def item_url(pk: UUID, filters: Filters) -> str:
    return with_filters(reverse("admin:queue-item", args=[pk]), filters)


def with_filters(url: str, filters: Filters) -> str:
    return f"{url}?{filters.query}" if filters.query else url


def _subject_url(row: ApprovalRequest) -> str:
    page = settings.SUBJECT_PAGES.get(row.kind)
    return reverse(page, args=[row.subject_id]) if page and row.subject_id != row.pk else ""


def factor_bars(factors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The factors of a confidence, and what they add up to."""
    rows = [
        {
            "name": str(factor.get("name", "")),
            "score": _share(factor.get("score")),
            "weight": _share(factor.get("weight")),
            "contribution": float(factor.get("contribution") or 0),
            "reason": str(factor.get("reason") or ""),
        }
        for factor in factors
        if isinstance(factor, dict)
    ]
    return {"rows": rows, "sum": sum(row["contribution"] for row in rows)}


def _share(value: Any) -> float:
    return max(0.0, min(1.0, float(value))) if isinstance(value, int | float) else 0.0


def _why_not(person: Principal, row: ApprovalRequest, voted: bool) -> str:
    """The words to show instead of the decision, "" when this person may decide."""
    if voted:
        return "You have approved this; another person must approve it too"
    verdict = Verdict.ANSWER if row.questions else Verdict.APPROVE
    answers = {question["field"]: "-" for question in row.questions[:1]} if row.questions else None
    saying = Saying(verdict, row.payload_hash, answers=answers)
    found = refusal(asked_of(row), decider_of(person), saying, timezone.now())
    return "" if found is None or found.error is Invalid else found.words


def _has_voted(history: list[queue.Entry], request: HttpRequest, row: ApprovalRequest) -> bool:
    return row.state == State.WAITING and any(
        entry.decision and entry.decision.user_id == request.user.pk and entry.decision.version == row.version
        for entry in history
    )


def _approvals(history: list[queue.Entry], row: ApprovalRequest) -> int:
    return sum(
        1
        for entry in history
        if entry.decision and entry.decision.verdict == Verdict.APPROVE and entry.decision.version == row.version
    )
