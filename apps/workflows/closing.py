"""ACT: end a run, once: its result, what its own review made of the recommendations, and whoever waited for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.events import record
from apps.trust.evaluating import Rated, record_ratings
from apps.workflows.models import Run, Step
from apps.workflows.plans import Rating
from apps.workflows.showing import show
from apps.workflows.states import RunState

ENGINE = "system:workflows"
_FIELDS = ["state", "ending", "stage", "result", "error", "quality", "advance_after", "finished_at"]


def end_run(
    run: Run,
    state: RunState,
    now: datetime,
    *,
    result: Any = None,
    rated: tuple[Sequence[Rating], float | None] = ((), None),
) -> None:
    """Bring the locked run to this end and tell whoever started it, in the caller's transaction.

    A run whose undoing was tried again ends as before and tells nobody twice.
    """
    first = run.finished_at is None
    ratings, quality = rated
    run.state, run.ending, run.result, run.quality = state, "", result, quality
    run.advance_after, run.finished_at = None, now
    run.save(update_fields=_FIELDS)
    _keep_ratings(run, ratings)
    record(
        kind="run.ended",
        subject_type="run",
        subject_id=run.pk,
        business_id=run.business_id,
        actor=ENGINE,
        state=state.value,
        title=run.title,
        error=run.error[:300],
        subject=[run.subject_type, str(run.subject_id)] if run.subject_id else [],
        quality=quality,
        cost=str(run.cost),
        seconds=round((now - run.created_at).total_seconds(), 3),
    )
    show(run.business_id, run.pk)
    path = settings.RUN_OUTCOMES.get(run.subject_type)
    if path and first:
        import_string(path)(run)


def _keep_ratings(run: Run, ratings: Sequence[Rating]) -> None:
    if not ratings:
        return
    rows = Step.objects.filter(run_id=run.pk, key__in=[one.step for one in ratings], recommendation_id__isnull=False)
    tracked = dict(rows.values_list("key", "recommendation_id"))
    rated = [Rated(found, one.quality, one.feedback) for one in ratings if (found := tracked.get(one.step))]
    record_ratings(business_id=run.business_id, rated=rated, judged_by=f"workflow:{run.pattern}")
