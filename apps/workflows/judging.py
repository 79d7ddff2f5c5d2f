"""ACT: tell trust what a person's decision says about each recommendation that was before them."""

import logging
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.db import transaction

from apps.approvals.models import ApprovalRequest
from apps.core.errors import GatehouseError
from apps.trust.edits import judge_edit
from apps.trust.evaluating import record_outcome
from apps.trust.verdicts import Source, Verdict
from apps.workflows.models import Run, Step

log = logging.getLogger(__name__)


def judge_recommendations(run: Run, step: Step, request: ApprovalRequest, *, approved: bool) -> None:
    """Record an outcome for each step named in `judges` of a person's step, in the decision's transaction.

    What was approved as it was is approved; what was changed, by how much; what was left out, or everything where the
    request was rejected, is rejected.
    """
    judges = [key for key in step.input.get("judges") or () if isinstance(key, str)]
    if not judges:
        return
    before = _parts(step.input.get("payload"))
    after = _parts(request.payload) if approved else {}
    tracked = Step.objects.filter(run=run, key__in=judges, recommendation_id__isnull=False)
    # In the order of the ids, so that two who judge the same ones cannot wait for each other in a circle.
    for key, recommendation_id in tracked.order_by("recommendation_id").values_list("key", "recommendation_id"):
        verdict, value, edited = Verdict.REJECTED, 0.0, None
        if key in after:
            verdict, value, edited = judge_edit(before.get(key), after[key])
        _record(request, cast(UUID, recommendation_id), verdict=verdict, value=value, edited=edited)


def _record(request: ApprovalRequest, recommendation_id: UUID, **said: Any) -> None:
    try:
        with transaction.atomic():
            record_outcome(
                business_id=request.business_id,
                recommendation_id=recommendation_id,
                source=Source.APPROVAL,
                judged_by=request.decided_by,
                judged_at=request.decided_at,
                **said,
            )
    except GatehouseError as error:
        # A decision must stand even where what trust kept of the recommendation is gone.
        log.warning("recommendation %s could not be judged: %s", recommendation_id, error.detail)


def _parts(payload: Any) -> Mapping[str, Any]:
    found = payload.get("recommendations") if isinstance(payload, Mapping) else None
    return found if isinstance(found, Mapping) else {}
