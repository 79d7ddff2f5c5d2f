"""ACT: the program that asked answers its own question, so nobody in the queue need do so."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.approvals.models import ApprovalRequest
from apps.approvals.recording import record_change
from apps.approvals.states import State
from apps.core.transitions import move


def answer_by_caller(*, request_id: UUID, actor: str, answers: dict[str, Any]) -> None:
    """Close an open question as answered. Raises StaleState when it was answered or ended before.

    What the answer leads to is the caller's business: no decision outcome is called. The answers themselves stay with
    what was asked about; the audit tells which fields were answered.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = ApprovalRequest.objects.filter(pk=request_id)
        move(
            rows,
            allowed=[State.WAITING],
            to=State.ANSWERED,
            says="This question was answered before",
            decided_at=now,
            decided_by=actor,
            claimed_by=None,
            claimed_until=None,
        )
        record_change("approval.answered", rows.get(), actor, fields=sorted(answers))
