"""ACT: a rollout takes a step: one person asks with the figures, another decides; it is done at once or when due."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.principals import Principal
from apps.accounts.roles import Role
from apps.accounts.row_access import across_businesses
from apps.approvals.models import ApprovalRequest
from apps.approvals.policies import with_four_eyes
from apps.approvals.requesting import cancel_request, request_approval, terms_of
from apps.approvals.states import State
from apps.approvals.verdicts import EditVerdict
from apps.core.errors import Invalid, NotAllowed, NotFound, StaleState
from apps.core.ids import new_id
from apps.pilots.asking import checks_of, measured_of, payload_of, schema_of, why_of
from apps.pilots.changing import holding, tell
from apps.pilots.ladder import OPEN, AdvanceState
from apps.pilots.models import Advance, Feature
from apps.pilots.progress import Progress, progress_of
from apps.pilots.stepping import end_open_advance, end_step, problem_of, take_step, tell_step
from apps.pilots.switching import check_words

KIND = "rollout"
RISK = 0.9
# Not later than this: what was approved on old figures is asked for anew.
LATEST_DUE = timedelta(days=30)


def ask_to_advance(
    *, feature_id: UUID, by: Principal, override_reason: str = "", due_at: datetime | None = None
) -> Advance:
    """Ask another admin or owner of the feature's home to agree to its next stage.

    override_reason: why an owner goes past criteria that fail or have too little data, at most 500 characters. due_at:
    do it then, if it still holds; at once without. Raises NotFound, Invalid (override_reason, due_at), NotAllowed (an
    override by who is no owner), StaleState with the words: a step is open already, and whose; what is not met.
    """
    now = timezone.now()
    reason = override_reason.strip()
    check_words(reason, "override_reason")
    if due_at and not now <= due_at <= now + LATEST_DUE:
        raise Invalid("due_at", f"Between now and {LATEST_DUE.days} days from now")
    with holding(feature_id) as feature:
        progress = progress_of(feature, now)
        _refuse_unless_fit(progress, by, reason)
        # Whoever made a key is behind what it asks, and may not approve it either.
        person = by.user or (by.key.created_by if by.key else None)
        return ask(feature, progress, by.actor, now, requester=person, override=reason, due_at=due_at)


def withdraw_advance(*, feature_id: UUID, actor: str) -> Advance:
    """Take back a step that is asked for or scheduled. Raises NotFound without one, StaleState when it is done."""
    why = "The step was withdrawn"
    with across_businesses():
        advance = Advance.objects.filter(feature=feature_id, state__in=OPEN).first()
        if advance is None:
            raise NotFound("No step is asked for or scheduled")
        # The request before the feature, as whoever decides it takes them; its outcome ends the step.
        if advance.state == AdvanceState.ASKED and advance.request_id:
            cancel_request(request_id=advance.request_id, actor=actor, why=why)
        else:
            with holding(feature_id, archived_too=True) as feature:
                end_open_advance(feature, actor=actor, why=why)
        advance.refresh_from_db()
    return advance


def on_decision(request: ApprovalRequest) -> None:
    """Decision outcome of kind "rollout": take the step, keep it for when it is due, or write down that it was not.

    Raises StaleState when the approved step does not hold any more: the request then goes on waiting.
    """
    with holding(request.subject_id, archived_too=True) as feature:
        advance = Advance.objects.filter(feature=feature, request_id=request.pk, state__in=OPEN).first()
        if request.state != State.APPROVED:
            if advance:
                ended = AdvanceState.REFUSED if request.state == State.REJECTED else AdvanceState.CANCELLED
                end_step(feature, advance, ended, request.decided_by, "")
            return
        if advance is None:
            raise StaleState("This step was taken back or overtaken. Reject it, and ask anew")
        now = timezone.now()
        if advance.due_at and advance.due_at > now:
            Advance.objects.filter(pk=advance.pk).update(state=AdvanceState.SCHEDULED, decided_by=request.decided_by)
            tell(feature, "advance_scheduled", request.decided_by, to=advance.to_stage, due=advance.due_at.isoformat())
            return
        if problem := problem_of(feature, advance, now):
            raise StaleState(f"{problem}. Reject it, or decide when that has changed")
        take_step(feature, advance, request.decided_by, now)


def refuse_edit(request: ApprovalRequest, payload: Any) -> EditVerdict:
    """Edit check of kind "rollout": the figures belong to this step."""
    return EditVerdict(allowed=False, reason="Reject this and ask for another step: the figures belong to this one")


def _refuse_unless_fit(progress: Progress, by: Principal, override: str) -> None:
    if progress.open:
        asked = progress.open
        raise StaleState(
            f"{asked.asked_by} has asked for stage {asked.to_stage} already, at {asked.asked_at:%H:%M:%S} UTC",
            asked_by=asked.asked_by,
            request=str(asked.request_id),
        )
    if progress.blocked:
        raise StaleState(progress.blocked)
    if not progress.unmet:
        return
    if not override:
        raise StaleState("; ".join(progress.unmet))
    if by.role != Role.OWNER and not (by.user and by.user.is_superuser):
        raise NotAllowed("Only an owner goes past criteria that are not met")


def ask(
    feature: Feature,
    progress: Progress,
    actor: str,
    now: datetime,
    *,
    requester: User | None = None,
    override: str = "",
    due_at: datetime | None = None,
) -> Advance:
    assert progress.next is not None and feature.home_id is not None
    request_id = new_id()
    # Where all is met there is nothing to go past.
    override = override if progress.unmet else ""
    payload = payload_of(feature.key, progress, override, due_at)
    advance = Advance.objects.create(
        feature=feature,
        from_stage=feature.stage,
        to_stage=progress.next.position,
        from_share=feature.share,
        to_share=progress.next.share,
        state=AdvanceState.ASKED,
        asked_by=actor[:120],
        asked_at=now,
        due_at=due_at,
        override_reason=override,
        measured=measured_of(progress),
        request_id=request_id,
    )
    request_approval(
        business_id=feature.home_id,
        kind=KIND,
        subject_id=feature.pk,
        title=f"Widen {feature.key} to stage {progress.next.position}: {progress.next.name}",
        why=why_of(progress, override),
        payload=payload,
        payload_schema=schema_of(payload),
        requested_by=actor,
        requester=requester,
        risk=RISK,
        checks=checks_of(progress),
        request_id=request_id,
        terms=with_four_eyes(terms_of(feature.home_id, KIND), Role.ADMIN),
    )
    tell_step(feature, "advance_asked", actor, advance, override=override, request=str(request_id))
    return advance
