"""ACT: look after what waits: remind at half of the time, escalate or expire at the deadline. Never approve."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.roles import Role, at_least
from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest, Notice
from apps.approvals.outcomes import tell_outcome
from apps.approvals.recording import record_change
from apps.approvals.states import OnTimeout, State
from apps.core.transitions import move

log = logging.getLogger(__name__)

ACTOR = "system:sweep"
BATCH = 500
# One sweep leaves the rest to the next one, ten seconds later.
MOST = 5000


@dataclass(frozen=True, slots=True)
class Swept:
    """How many requests one sweep reminded of, escalated and let expire."""

    reminded: int
    escalated: int
    expired: int


def sweep(*, now: datetime) -> Swept:
    """Do what is due at `now`, each request in a transaction of its own; sweeps may overlap or die half-way.

    Runs with the rights of the tables' owner, because it looks across businesses, and acts for one at a time.
    """
    waiting = ApprovalRequest.objects.filter(state=State.WAITING)
    overdue = waiting.filter(escalated_at=None, deadline__lte=now)
    return Swept(
        # What is past its deadline is not reminded of first: hence the deadlines before the reminders.
        expired=_each(overdue.filter(on_timeout=OnTimeout.REJECT), "deadline", lambda row: _expire(row, now)),
        escalated=_each(overdue.filter(on_timeout=OnTimeout.ESCALATE), "deadline", lambda row: _escalate(row, now)),
        reminded=_each(waiting.filter(remind_at__lte=now), "remind_at", _remind),
    )


def _each(rows: QuerySet[ApprovalRequest], moment: str, act: Callable[[ApprovalRequest], None]) -> int:
    done = 0
    for request_id, business_id in _due(rows, moment):
        try:
            with acting_for(business_id):
                # Somebody who decides it now, or another sweep, has the row: then it needs nothing from this one.
                row = rows.filter(pk=request_id).select_for_update(skip_locked=True).first()
                if row is not None:
                    act(row)
                    done += 1
        except Exception:
            log.exception("request %s could not be swept; the next sweep tries again", request_id)
    return done


def _due(rows: QuerySet[ApprovalRequest], moment: str) -> Iterator[tuple[UUID, UUID]]:
    """(request, business), the longest due first; goes on past rows that fail."""
    last: tuple[datetime, UUID] | None = None
    for _ in range(MOST // BATCH):
        page = rows.order_by(moment, "id")
        if last is not None:
            page = page.filter(**{f"{moment}__gte": last[0]}).exclude(**{moment: last[0], "id__lte": last[1]})
        found = list(page.values_list("pk", "business_id", moment)[:BATCH])
        yield from ((request_id, business_id) for request_id, business_id, _moment in found)
        if len(found) < BATCH:
            return
        last = (found[-1][2], found[-1][0])


def _remind(request: ApprovalRequest) -> None:
    request.remind_at = None
    request.save(update_fields=["remind_at"])
    _notify(request, Notice.Kind.REMINDER, request.decider_role)
    record_change("approval.reminded", request, ACTOR, deadline=request.deadline.isoformat(), role=request.decider_role)


def _escalate(request: ApprovalRequest, now: datetime) -> None:
    role = request.escalate_to if at_least(request.escalate_to, request.decider_role) else request.decider_role
    request.escalated_at, request.remind_at = now, None
    request.save(update_fields=["escalated_at", "remind_at"])
    _notify(request, Notice.Kind.ESCALATION, role)
    record_change("approval.escalated", request, ACTOR, deadline=request.deadline.isoformat(), role=Role(role).value)


def _expire(request: ApprovalRequest, now: datetime) -> None:
    ended: dict[str, Any] = {"decided_at": now, "decided_by": ACTOR, "claimed_by": None, "claimed_until": None}
    move(ApprovalRequest.objects.filter(pk=request.pk), allowed=[State.WAITING], to=State.EXPIRED, **ended)
    request.refresh_from_db()
    record_change("approval.expired", request, ACTOR, deadline=request.deadline.isoformat())
    tell_outcome(request)


def _notify(request: ApprovalRequest, kind: str, role: str) -> None:
    Notice.objects.get_or_create(
        request=request,
        kind=kind,
        defaults={"business_id": request.business_id, "role": role, "next_attempt_at": request.created_at},
    )
