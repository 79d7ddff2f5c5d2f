"""ACT: by the clock, take the steps that are due and ask for those that nobody has to begin."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.row_access import across_businesses
from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.core.errors import GatehouseError
from apps.pilots.changing import holding
from apps.pilots.ladder import OPEN, AdvanceState
from apps.pilots.models import Advance, Feature
from apps.pilots.progress import progress_of
from apps.pilots.stepping import drop_request, end_step, problem_of, take_step
from apps.pilots.widening import KIND, ask

log = logging.getLogger(__name__)

ACTOR = "system:pilots"
# A step that was refused, blocked or withdrawn is not asked for again before so long.
ASK_AGAIN_AFTER = timedelta(hours=24)


def advance_due(*, now: datetime) -> int:
    """Take the steps that are due, and ask for those that criteria allow and nobody has to begin; how many in all.

    Each feature in a transaction of its own: run twice, late or after a kill it comes to the same.
    """
    with across_businesses():
        due = Advance.objects.filter(state=AdvanceState.SCHEDULED, due_at__lte=now)
        scheduled = list(due.order_by("due_at").values_list("feature_id", flat=True))
        waiting = ApprovalRequest.objects.filter(kind=KIND, state=State.WAITING).values("pk")
        ended = Advance.objects.filter(request_id__in=waiting).exclude(state__in=OPEN)
        orphans = list(ended.values_list("pk", flat=True))
        willing = Feature.objects.filter(auto_advance=True, archived_at=None).exclude(home=None)
        asking = list(willing.order_by("key").values_list("pk", flat=True))
    for advance_id in orphans:
        _alone(lambda pk, _: drop_request(advance_id=pk), advance_id, now)
    jobs = [*((_take_due, pk) for pk in scheduled), *((_ask_by_itself, pk) for pk in asking)]
    return sum(_alone(job, feature_id, now) for job, feature_id in jobs)


def _alone(job: Callable[[UUID, datetime], bool], pk: UUID, now: datetime) -> int:
    try:
        return int(job(pk, now))
    except GatehouseError as error:
        log.info("rollout %s: %s", pk, error.detail)
    except Exception:
        # One feature that cannot be measured must not keep the others from their steps.
        log.exception("rollout %s could not be advanced", pk)
    return 0


def _take_due(feature_id: UUID, now: datetime) -> bool:
    with holding(feature_id, archived_too=True) as feature:
        advance = Advance.objects.filter(feature=feature, state=AdvanceState.SCHEDULED, due_at__lte=now).first()
        if advance is None:
            return False
        if problem := problem_of(feature, advance, now):
            end_step(feature, advance, AdvanceState.BLOCKED, ACTOR, problem)
            return False
        take_step(feature, advance, advance.decided_by, now)
        return True


def _ask_by_itself(feature_id: UUID, now: datetime) -> bool:
    with holding(feature_id) as feature:
        lately = Advance.objects.filter(
            feature=feature, to_stage=feature.stage + 1, asked_at__gt=now - ASK_AGAIN_AFTER
        ).exclude(state=AdvanceState.DONE)
        if lately.exists():
            return False
        progress = progress_of(feature, now)
        if not progress.is_ready or progress.open:
            return False
        ask(feature, progress, ACTOR, now)
        return True
