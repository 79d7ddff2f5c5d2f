"""ACT: a step of a rollout is taken, or ended without; its request leaves the queue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.row_access import across_businesses
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import cancel_request
from apps.approvals.states import State
from apps.core.errors import StaleState
from apps.core.later import later
from apps.pilots.changing import change, tell
from apps.pilots.ladder import OPEN, AdvanceState
from apps.pilots.models import Advance, Feature
from apps.pilots.progress import progress_of


def problem_of(feature: Feature, advance: Advance, now: datetime) -> str:
    """Why a step that was agreed to cannot be taken as things are; empty when it can."""
    if feature.archived_at:
        return "The feature is archived"
    if (feature.stage, feature.share) != (advance.from_stage, advance.from_share):
        return f"The rollout stands on stage {feature.stage} with {feature.share} % by now"
    progress = progress_of(feature, now)
    if progress.next is None or progress.next.share != advance.to_share:
        return "The ladder has changed since"
    return "" if advance.override_reason else "; ".join(progress.unmet)


def take_step(feature: Feature, advance: Advance, actor: str, now: datetime) -> None:
    with transaction.atomic():
        rows = Advance.objects.filter(pk=advance.pk, state__in=OPEN)
        if not rows.update(state=AdvanceState.DONE, done_at=now, decided_by=actor[:120]):
            raise StaleState
        change(feature, actor=actor, stage=advance.to_stage, share=advance.to_share, stage_since=now)
        tell_step(feature, "advanced", actor, advance, asked_by=advance.asked_by, override=advance.override_reason)


def end_step(feature: Feature, advance: Advance, state: AdvanceState, actor: str, why: str) -> None:
    rows = Advance.objects.filter(pk=advance.pk, state__in=OPEN)
    if rows.update(state=state, decided_by=actor[:120], ended_because=why[:500]):
        tell_step(feature, f"advance_{state}", actor, advance, why=why)


def tell_step(feature: Feature, kind: str, actor: str, advance: Advance, **data: Any) -> None:
    data |= {
        "advance": str(advance.pk),
        "stages": [advance.from_stage, advance.to_stage],
        "shares": [advance.from_share, advance.to_share],
    }
    tell(feature, kind, actor, **data)


def end_open_advance(feature: Feature, *, actor: str, why: str) -> Advance | None:
    """End the open step of a feature that is held, if there is one. Its request leaves the queue after commit."""
    advance = Advance.objects.filter(feature=feature, state__in=OPEN).first()
    if advance is None:
        return None
    was_asked = advance.state == AdvanceState.ASKED
    end_step(feature, advance, AdvanceState.CANCELLED, actor, why)
    if was_asked and advance.request_id:
        # Not here: whoever decides it holds the request and waits for the feature.
        later("apps.pilots.tasks.drop_request", str(advance.pk))
    return advance


def drop_request(*, advance_id: UUID) -> bool:
    """Take the request of a step that has ended out of the queue; whether it was there still."""
    with across_businesses():
        advance = Advance.objects.filter(pk=advance_id).exclude(state__in=OPEN).first()
        if advance is None or advance.request_id is None:
            return False
        if not ApprovalRequest.objects.filter(pk=advance.request_id, state=State.WAITING).exists():
            return False
        cancel_request(
            request_id=advance.request_id, actor=advance.decided_by, why=advance.ended_because or "The step was ended"
        )
    return True
