"""ACT: thresholds change by proposal: one person says why, with the figures, and another who may decides."""

import math
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Membership
from apps.accounts.principals import Principal
from apps.accounts.roles import Role
from apps.approvals.models import ApprovalRequest
from apps.approvals.policies import with_four_eyes
from apps.approvals.requesting import cancel_request, request_approval, terms_of
from apps.approvals.states import State
from apps.approvals.verdicts import EditVerdict
from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound, StaleState
from apps.goals.configuration import clear_thresholds, set_thresholds
from apps.goals.gate import Thresholds
from apps.goals.models import GateSettings
from apps.tuning.locking import wait_lock
from apps.tuning.selectors import simulation_of
from apps.tuning.simulation import in_words
from apps.tuning.standing import Standing, to_json

KIND = "thresholds"
RISK = 0.9
MOST_REASON = 500
MOST_ROUNDS = 10
_NAMED = {
    "high": {"type": "number", "title": "Runs alone from"},
    "medium": {"type": "number", "title": "Asks a person from"},
    "rounds": {"type": "integer", "title": "Rounds of questions"},
    "own": {"type": "boolean", "title": "The business's own"},
}
SCHEMA = {
    "type": "object",
    "required": ["reason", "new", "old"],
    "properties": {
        "reason": {"type": "string"},
        "new": {"type": "object", "title": "Proposed", "properties": _NAMED},
        "old": {"type": "object", "title": "In force", "properties": _NAMED},
    },
}


def propose(*, by: Principal, wanted: Standing, reason: str) -> ApprovalRequest:
    """Ask another admin or owner of the business to agree to other thresholds, with what they would have done.

    Call inside the business's transaction. wanted.own False: go back to the installation's. Raises Invalid (names
    high, medium, rounds or reason); StaleState when a proposal waits already: the transaction is then lost.
    """
    wanted, reason = _checked(wanted), reason.strip()
    check_storable(reason, "reason")
    if not 1 <= len(reason) <= MOST_REASON:
        raise Invalid("reason", f"Say why, in at most {MOST_REASON} characters: whoever decides reads it")
    old = standing_of(by.business_id)
    if wanted == old:
        raise Invalid("high", "These are the thresholds in force already")
    if open_proposal(by.business_id):
        raise StaleState("A proposal waits for its decision already; decide or withdraw it first")
    found = simulation_of(by.business_id, high=wanted.high, medium=wanted.medium)
    payload = {"reason": reason, "new": to_json(wanted), "old": to_json(old), **found.to_json()}
    return request_approval(
        business_id=by.business_id,
        kind=KIND,
        # One proposal waits at a time: two of them could not both be put in force.
        subject_id=by.business_id,
        title=f"Thresholds: run alone from {wanted.high:.2f}, ask from {wanted.medium:.2f}",
        why=f"{reason.rstrip('.')}. {in_words(found.new)}"[:500],
        payload=payload,
        payload_schema=SCHEMA,
        requested_by=by.actor,
        # Whoever made a key is behind what it asks, and may not approve it either.
        requester=by.user or (by.key.created_by if by.key else None),
        risk=RISK,
        terms=with_four_eyes(terms_of(by.business_id, KIND), Role.ADMIN),
    )


def withdraw(*, business_id: UUID, actor: str) -> None:
    """Take the proposal that waits back. Raises NotFound when none does."""
    waiting = open_proposal(business_id)
    if waiting is None:
        raise NotFound("No proposal waits")
    cancel_request(request_id=waiting.pk, actor=actor, why="The proposal was withdrawn")


def on_decision(request: ApprovalRequest) -> None:
    """Decision outcome of kind "thresholds": put the agreed ones in force. Raises StaleState when others are by now."""
    if request.state != State.APPROVED:
        return
    business_id, new = request.business_id, Standing(**request.payload["new"])
    with transaction.atomic():
        wait_lock(business_id, KIND)
        now = standing_of(business_id)
        if now != Standing(**request.payload["old"]):
            raise StaleState(
                f"The thresholds have changed since this was proposed: {now.in_words()} now. "
                "Reject it, and propose anew on today's figures"
            )
        why: dict[str, Any] = {
            "proposed_by": request.requested_by,
            "reason": request.payload["reason"],
            "request": str(request.pk),
        }
        if not new.own:
            clear_thresholds(business_id=business_id, actor=request.decided_by, **why)
            return
        set_thresholds(
            business_id=business_id,
            high=new.high,
            medium=new.medium,
            rounds=new.rounds,
            actor=request.decided_by,
            **why,
        )


def refuse_edit(request: ApprovalRequest, payload: Any) -> EditVerdict:
    """Edit check of kind "thresholds": whoever wants others proposes them, so that two people stand behind them."""
    return EditVerdict(allowed=False, reason="Reject this and propose other thresholds: the figures belong to these")


def open_proposal(business_id: UUID) -> ApprovalRequest | None:
    """The proposal that waits, if one does."""
    return ApprovalRequest.objects.filter(kind=KIND, subject_id=business_id, state=State.WAITING).first()


def standing_of(business_id: UUID) -> Standing:
    """The thresholds in force, read from the database itself."""
    row = GateSettings.objects.filter(business_id=business_id).first()
    if row:
        return Standing(row.high, row.medium, row.clarification_rounds, True)
    return installation()


def installation() -> Standing:
    return Standing(
        settings.HIGH_CONFIDENCE_THRESHOLD, settings.MEDIUM_CONFIDENCE_THRESHOLD, settings.CLARIFICATION_ROUNDS, False
    )


def others_may_decide(by: Principal) -> bool:
    """Whether anybody but this person could approve a proposal of theirs."""
    people = Membership.objects.filter(
        business_id=by.business_id, role__in=[Role.ADMIN, Role.OWNER], user__is_active=True
    )
    return people.exclude(user=by.user).exists()


def _checked(wanted: Standing) -> Standing:
    if not wanted.own:
        return installation()
    for name, value in (("high", wanted.high), ("medium", wanted.medium)):
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise Invalid(name, "A number from 0 to 1")
    try:
        Thresholds(high=wanted.high, medium=wanted.medium)
    except ValueError:
        raise Invalid("medium", "This must be below the threshold for running alone") from None
    if not 0 <= wanted.rounds <= MOST_ROUNDS:
        raise Invalid("rounds", f"From 0 to {MOST_ROUNDS}")
    return wanted
