"""ACT: a person's word on a request: once, bound to the payload they saw, audited, and acted on in one transaction."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.accounts.principals import Principal
from apps.approvals.editing import Edit, apply_edit, check_edit
from apps.approvals.facts import asked_of, decider_of
from apps.approvals.models import ApprovalRequest, Decision
from apps.approvals.outcomes import tell_outcome
from apps.approvals.recording import record_change
from apps.approvals.states import STATE_AFTER, State, Verdict
from apps.approvals.verdicts import Saying, is_enough, refusal
from apps.core.errors import GatehouseError, Invalid, NotFound, StaleState
from apps.core.transitions import move

log = logging.getLogger(__name__)

MAX_BULK = 200


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one request of several. detail: the words of the error, "" when it went well."""

    request_id: UUID
    ok: bool
    state: str
    detail: str = ""


def decide(
    *,
    request_id: UUID,
    by: Principal,
    verdict: str,
    payload_hash: str,
    payload: dict[str, Any] | None = None,
    reason: str = "",
    comment: str = "",
    answers: Mapping[str, Any] | None = None,
) -> ApprovalRequest:
    """Say `verdict` (approve, reject, answer) on the payload of that hash; the request as it is then.

    payload: another payload to approve instead; it must pass the checks of its kind, and approvals of the old one
    count no more. reason: at most 80 characters, one of them or `comment` (4000) is needed to reject.
    answers: {field: value} of the questions asked. Where several must approve, the request waits until they have.
    Raises NotFound, NotAllowed, StaleState (over, held, changed, said before: it tells who and when), Invalid, and what
    the checks of its kind raise.
    """
    saying = Saying(verdict, payload_hash, payload is not None, reason.strip(), comment.strip(), answers)
    with transaction.atomic():
        edit = _checked_edit(request_id, by, saying, payload) if payload is not None else None
        request = _read(request_id, by, lock=True)
        now = timezone.now()
        _refuse_unless_fit(request, by, saying, now)
        if edit:
            apply_edit(request, edit, actor=by.actor)
        if saying.verdict == Verdict.APPROVE:
            _check_approval(request)
        _keep(request, by, saying, edited=edit is not None)
        return _conclude(request, by, saying, now, edited=edit is not None)


def decide_many(
    *, items: Iterable[tuple[UUID, str]], by: Principal, verdict: str, reason: str = "", comment: str = ""
) -> list[ItemResult]:
    """Say the same on several (request id, payload hash), each for itself: one that fails stops none of the others.

    The results stand in the order of the items. Raises Invalid for more than MAX_BULK items, or to answer.
    """
    wanted = list(items)
    if len(wanted) > MAX_BULK:
        raise Invalid("items", f"At most {MAX_BULK} at once")
    if verdict not in (Verdict.APPROVE, Verdict.REJECT):
        raise Invalid("verdict", "Several at once can be approved or rejected")
    results: dict[int, ItemResult] = {}
    # In the order of the ids, so that two who decide several at once cannot wait for each other in a circle.
    for place, (request_id, seen) in sorted(enumerate(wanted), key=lambda item: item[1][0]):
        results[place] = _decide_one(request_id, seen, by, verdict, reason, comment)
    return [results[place] for place in range(len(wanted))]


def _decide_one(request_id: UUID, seen: str, by: Principal, verdict: str, reason: str, comment: str) -> ItemResult:
    try:
        request = decide(
            request_id=request_id, by=by, verdict=verdict, payload_hash=seen, reason=reason, comment=comment
        )
    except GatehouseError as error:
        return ItemResult(request_id, False, str(error.extra.get("state", "")), error.detail)
    except Exception:
        log.exception("request %s could not be decided in a batch", request_id)
        return ItemResult(request_id, False, "", "This one could not be carried out; try it alone")
    return ItemResult(request_id, True, str(request.state))


def _checked_edit(request_id: UUID, by: Principal, saying: Saying, payload: dict[str, Any]) -> Edit | None:
    """Run the checks before the row is locked: they may take long. The hash tells if it changed meanwhile."""
    request = _read(request_id, by)
    _refuse_unless_fit(request, by, saying, timezone.now())
    return check_edit(request, payload)


def _read(request_id: UUID, by: Principal, *, lock: bool = False) -> ApprovalRequest:
    # Not joined with the holder: after a wait for the lock, the row would be the new one and its holder the old.
    rows = ApprovalRequest.objects.select_for_update() if lock else ApprovalRequest.objects.all()
    request = rows.filter(pk=request_id, business_id=by.business_id).first()
    if request is None:
        raise NotFound
    return request


def _refuse_unless_fit(request: ApprovalRequest, by: Principal, saying: Saying, now: datetime) -> None:
    found = refusal(asked_of(request), decider_of(by), saying, now)
    if found:
        raise found.as_error()


def _check_approval(request: ApprovalRequest) -> None:
    """What the kind has against an approval of the payload as it is (settings.APPROVAL_CHECKS); it raises."""
    path = settings.APPROVAL_CHECKS.get(request.kind)
    if path:
        import_string(path)(request)


def _keep(request: ApprovalRequest, by: Principal, saying: Saying, *, edited: bool) -> None:
    """Write the Decision: one per person and version, which the database holds; the row lock holds it for keys."""
    actor = by.actor[:120]
    said = Decision.objects.filter(request=request, actor=actor, version=request.version).first()
    if said:
        raise StaleState(f"You said {said.verdict} already, at {said.at.isoformat(timespec='seconds')}")
    Decision.objects.create(
        business_id=request.business_id,
        request=request,
        user=by.user,
        actor=actor,
        verdict=saying.verdict,
        reason=saying.reason,
        comment=saying.comment,
        payload_hash=request.payload_hash,
        version=request.version,
        edited=edited,
        answers=dict(saying.answers or {}),
    )


def _conclude(
    request: ApprovalRequest, by: Principal, saying: Saying, now: datetime, *, edited: bool
) -> ApprovalRequest:
    approvers = _approvers_of(request)
    said = {
        "verdict": saying.verdict,
        "reason": saying.reason,
        "comment": saying.comment,
        "answers": dict(saying.answers or {}),
        "edited": edited,
        "approvals": len(approvers),
        "needed": request.approvers_needed,
    }
    rows = ApprovalRequest.objects.filter(pk=request.pk)
    request.claimed_by, request.claimed_until = None, None
    if saying.verdict == Verdict.APPROVE and not is_enough(approvers, request.approvers_needed):
        rows.update(claimed_by=None, claimed_until=None)
        record_change("approval.vote", request, by.actor, **said)
        return request
    request.state, request.decided_at, request.decided_by = STATE_AFTER[Verdict(saying.verdict)], now, by.actor[:120]
    move(
        rows,
        allowed=[State.WAITING],
        to=request.state,
        decided_at=now,
        decided_by=request.decided_by,
        claimed_by=None,
        claimed_until=None,
    )
    record_change(f"approval.{request.state}", request, by.actor, **said)
    tell_outcome(request)
    return request


def _approvers_of(request: ApprovalRequest) -> list[str]:
    """Who has approved the payload as it is now."""
    rows = Decision.objects.filter(request=request, verdict=Verdict.APPROVE, version=request.version)
    return list(rows.values_list("actor", flat=True))
