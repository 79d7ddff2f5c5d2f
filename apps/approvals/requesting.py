"""ACT: put a request into the queue, and take it out again when nobody needs the decision any more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals.models import ApprovalRequest, Policy
from apps.approvals.outcomes import tell_outcome
from apps.approvals.payloads import payload_hash, problem_of
from apps.approvals.policies import EVERY_KIND, Terms, deadline_of, reminder_of
from apps.approvals.recording import change_event, record_change
from apps.approvals.states import State
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.inserting import insert
from apps.core.recall import Recall
from apps.core.transitions import move

_terms: Recall[tuple[UUID, str], Terms] = Recall()


def request_approval(
    *,
    business_id: UUID,
    kind: str,
    subject_id: UUID | None,
    title: str,
    why: str,
    payload: dict[str, Any],
    requested_by: str,
    payload_schema: dict[str, Any] | None = None,
    requester: User | None = None,
    confidence: float | None = None,
    risk: float = 0.5,
    factors: Sequence[Mapping[str, Any]] = (),
    checks: Mapping[str, Any] | None = None,
    questions: Sequence[Mapping[str, Any]] = (),
    deadline: datetime | None = None,
    request_id: UUID | None = None,
    beside: Sequence[Model] = (),
    terms: Terms | None = None,
) -> ApprovalRequest:
    """Ask people to decide about `payload`. Call inside a transaction of the business.

    kind: the word policies and outcomes are kept by. subject_id: what waits; None when it is the request itself.
    title, why: cut to 200 and 500 characters. risk, confidence: 0 to 1. questions: [{field, question, type, why}];
    with them an answer is wanted, not an approval. deadline: the policy's, if that is earlier. request_id: a new id, if
    the caller has made it already. beside: new rows to be written in the same round trip. terms: not the policy's.
    Raises Invalid (payload, deadline); StaleState when this subject waits already: the transaction is then lost.
    """
    now = timezone.now()
    if problem := problem_of(payload):
        raise Invalid("payload", problem)
    if deadline is not None and deadline <= now:
        raise Invalid("deadline", "This moment has passed")
    terms = terms or terms_of(business_id, kind)
    due = deadline_of(terms, deadline, now)
    request_id = request_id or new_id()
    request = ApprovalRequest(
        id=request_id,
        business_id=business_id,
        kind=kind,
        subject_id=subject_id or request_id,
        title=title[:200],
        why=why[:500],
        requested_by=requested_by[:120],
        requester=requester,
        payload=payload,
        payload_schema=payload_schema or {},
        payload_hash=payload_hash(payload),
        questions=list(questions),
        confidence=confidence,
        risk=risk,
        factors=list(factors),
        checks=dict(checks or {}),
        decider_role=terms.decider_role,
        approvers_needed=terms.approvers,
        requester_may_decide=terms.requester_may_decide,
        on_timeout=terms.on_timeout,
        escalate_to=terms.escalate_to,
        reason_presets=terms.reason_presets,
        deadline=due,
        remind_at=reminder_of(due, now) if terms.reminds else None,
    )
    told = {"title": request.title, "risk": risk, "confidence": confidence, "deadline": due.isoformat()}
    _insert(request, change_event("approval.requested", request, requested_by, **told), *beside)
    return request


def cancel_request(*, request_id: UUID, actor: str, why: str) -> ApprovalRequest:
    """Take a waiting request out of the queue: what it asks about is gone. Raises NotFound, StaleState."""
    with transaction.atomic():
        rows = ApprovalRequest.objects.filter(pk=request_id)
        request = rows.select_for_update().first()
        if request is None:
            raise NotFound
        changes = {"decided_at": timezone.now(), "decided_by": actor[:120], "claimed_by": None, "claimed_until": None}
        move(rows, allowed=[State.WAITING], to=State.CANCELLED, says=f"This is {request.state} already", **changes)
        request.refresh_from_db()
        record_change("approval.cancelled", request, actor, why=why)
        tell_outcome(request)
    return request


def terms_of(business_id: UUID, kind: str) -> Terms:
    """The policy of the kind, else the one for every kind, else the installation's; changes count within a second."""
    key = (business_id, kind)
    return _terms.get([key], lambda _: {key: _look_up_terms(business_id, kind)})[key]


def _look_up_terms(business_id: UUID, kind: str) -> Terms:
    rows = Policy.objects.filter(business_id=business_id, kind__in=[kind, EVERY_KIND])
    found = {policy.kind: policy for policy in rows}
    policy = found.get(kind) or found.get(EVERY_KIND)
    if policy is None:
        return Terms()
    return Terms(
        decider_role=policy.decider_role,
        approvers=policy.approvers,
        requester_may_decide=policy.requester_may_decide,
        deadline_minutes=policy.deadline_minutes,
        on_timeout=policy.on_timeout,
        escalate_to=policy.escalate_to,
        reason_presets=policy.reason_presets or Terms().reason_presets,
    )


def _insert(*rows: Model) -> None:
    try:
        insert(*rows)
    except IntegrityError as error:
        if "request_open_once" not in str(error):
            raise
        raise StaleState("This waits for a decision already") from None
