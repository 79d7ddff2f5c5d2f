"""ACT: learn the replies of the last so many days, at a rate, with a position to go on from after whatever stopped it.

Who works on a run holds its lock with the connection, and so lets go of it when killed; the next goes on behind the
last batch that was written down. What was learned twice counts once (learning_replies.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.accounts.row_access import across_businesses, acting_for
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.events import record
from apps.core.later import later
from apps.core.locking import holding
from apps.drafts.learning_replies import BATCH, Learned, index_replies, replies
from apps.drafts.models import BackfillRun, Message
from apps.drafts.models.settings import RunState

log = logging.getLogger(__name__)

RUN = "apps.drafts.tasks.run_backfill"
MOST_DAYS, MOST_PER_SECOND = 3650, 10_000.0
# One turn of a worker; then others have theirs.
TURN = 45.0
TRIES = 3
Progress = Callable[[BackfillRun], None]


def start_backfill(*, business_id: UUID, days: int = 90, per_second: float = 50.0, actor: str) -> BackfillRun:
    """Write a run down and have the workers begin. A paused or failed one before it is given up.

    days: 1 to 3650. per_second: above 0, at most 10,000. Raises Invalid, StaleState (one is running).
    """
    run = write_run(business_id=business_id, days=days, per_second=per_second, actor=actor)
    with acting_for(business_id):
        later(RUN, str(run.pk), str(business_id))
    return run


def write_run(*, business_id: UUID, days: int, per_second: float, actor: str) -> BackfillRun:
    """The same without the workers: who calls carries it out itself."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("days", f"From 1 to {MOST_DAYS:,}")
    if not 0 < per_second <= MOST_PER_SECOND:
        raise Invalid("per_second", f"Above 0, at most {MOST_PER_SECOND:,.0f}")
    since = timezone.now() - timedelta(days=days)
    with acting_for(business_id):
        stopped = Q(state=RunState.PAUSED) | Q(state=RunState.FAILED)
        BackfillRun.objects.filter(stopped).update(state=RunState.CANCELLED, ended_at=timezone.now())
        run = BackfillRun(
            business_id=business_id, days=days, since=since, per_second=per_second, started_by=actor[:120],
            total=_waiting(since, {}).count(),
        )  # fmt: skip
        _save_running(lambda: run.save(force_insert=True))
        _tell(run, "started", actor, days=days)
    return run


def pause(*, business_id: UUID, run_id: UUID, actor: str) -> BackfillRun:
    """Stop behind the batch under way. Raises NotFound, StaleState (it is not running)."""
    return _turn(business_id, run_id, (RunState.RUNNING,), RunState.PAUSED, "paused", actor)


def resume(*, business_id: UUID, run_id: UUID, actor: str) -> BackfillRun:
    """Go on where it stopped. Raises NotFound, StaleState (it neither pauses nor failed, or another is running)."""
    run = _turn(business_id, run_id, (RunState.PAUSED, RunState.FAILED), RunState.RUNNING, "resumed", actor)
    with acting_for(business_id):
        later(RUN, str(run.pk), str(business_id))
    return run


def cancel(*, business_id: UUID, run_id: UUID, actor: str) -> BackfillRun:
    """Give it up; what was learned stays. Raises NotFound, StaleState (it has ended)."""
    unfinished = (RunState.RUNNING, RunState.PAUSED, RunState.FAILED)
    return _turn(business_id, run_id, unfinished, RunState.CANCELLED, "cancelled", actor)


def run_backfill(
    *, business_id: UUID, run_id: UUID, seconds: float | None = None, progress: Progress | None = None
) -> BackfillRun | None:
    """Work on a run until it ends, is stopped, or the seconds are over; None where somebody else works on it."""
    with holding(f"backfill:{run_id}") as held:
        if not held:
            return None
        until = None if seconds is None else time.monotonic() + seconds
        pace = _Pace()
        while True:
            run = _found(business_id, run_id)
            if progress:
                progress(run)
            if run.state != RunState.RUNNING or (until is not None and time.monotonic() >= until):
                return run
            pace.wait(run.per_second)
            pace.done += _step(run)


def go_on_with_backfills() -> int:
    """Every minute: have workers go on with what runs and nobody works on; how many."""
    with across_businesses():
        running = list(BackfillRun.objects.filter(state=RunState.RUNNING).values_list("pk", "business_id"))
        for run_id, business_id in running:
            later(RUN, str(run_id), str(business_id))
    return len(running)


def unfinished(business_id: UUID) -> BackfillRun | None:
    """The run that is under way, or stopped on the way."""
    with acting_for(business_id):
        stopped = (RunState.RUNNING, RunState.PAUSED, RunState.FAILED)
        return BackfillRun.objects.filter(state__in=stopped).order_by("-id").first()


class _Pace:
    """Lets no more through than so many a second, over the whole turn."""

    def __init__(self) -> None:
        self.began, self.done = time.monotonic(), 0

    def wait(self, per_second: float) -> None:
        ahead = self.began + self.done / per_second - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)


def _step(run: BackfillRun) -> int:
    """Learn one batch and write down how far it came; how many were in it."""
    with acting_for(run.business_id):
        batch: list[Any] = list(_waiting(run.since, run.position)[: max(1, min(BATCH, int(run.per_second)))])
    if not batch:
        _end(run, RunState.DONE, "done")
        return 0
    try:
        learned = _learn(run, batch)
    except Exception as error:
        log.exception("backfill %s stopped", run.pk)
        _end(run, RunState.FAILED, "failed", error=f"{type(error).__name__}: {error}"[:300])
        return 0
    _came_to(run, batch, learned)
    return len(batch)


def _learn(run: BackfillRun, batch: list[Message]) -> Learned:
    for turn in range(TRIES):
        try:
            return index_replies(business_id=run.business_id, messages=batch)
        except Exception:
            if turn == TRIES - 1:
                raise
            time.sleep(2**turn)
    raise AssertionError


def _came_to(run: BackfillRun, batch: list[Message], learned: Learned) -> None:
    last = batch[-1]
    with acting_for(run.business_id):
        # Whoever has paused or cancelled it meanwhile finds it behind what was done.
        BackfillRun.objects.filter(pk=run.pk).update(
            seen=F("seen") + len(batch),
            indexed=F("indexed") + learned.indexed,
            duplicates=F("duplicates") + learned.duplicates,
            failed=F("failed") + learned.failed,
            position={"received_at": last.received_at.isoformat(), "id": str(last.pk)},
        )


def _waiting(since: datetime, position: dict[str, str]) -> QuerySet[Message]:
    """What is still to be learned, oldest first."""
    rows = replies().filter(received_at__gte=since).order_by("received_at", "pk")
    at = parse_datetime(position["received_at"]) if position else None
    return rows.filter(Q(received_at__gt=at) | Q(received_at=at, pk__gt=position["id"])) if at else rows


def _end(run: BackfillRun, state: RunState, word: str, error: str = "") -> None:
    with acting_for(run.business_id):
        rows = BackfillRun.objects.filter(pk=run.pk, state=RunState.RUNNING)
        if rows.update(state=state, ended_at=timezone.now(), error=error):
            _tell(run, word, "system:drafts", **({"error": error} if error else {}))


def _turn(
    business_id: UUID, run_id: UUID, before: tuple[RunState, ...], state: RunState, word: str, actor: str
) -> BackfillRun:
    with acting_for(business_id):
        ended = timezone.now() if state == RunState.CANCELLED else None
        rows = BackfillRun.objects.filter(pk=run_id, state__in=before)
        turned = 0

        def change() -> None:
            nonlocal turned
            turned = rows.update(state=state, ended_at=ended, error="")

        _save_running(change)
        run = _found(business_id, run_id)
        if not turned:
            raise StaleState(f"This backfill is {run.state}")
        _tell(run, word, actor)
    return run


def _save_running(write: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        if "backfill_one_at_a_time" not in str(error):
            raise
        raise StaleState("A backfill of this business is running: pause or cancel it first") from None


def _found(business_id: UUID, run_id: UUID) -> BackfillRun:
    with acting_for(business_id):
        run = BackfillRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such backfill")
    return run


def _tell(run: BackfillRun, word: str, actor: str, **data: Any) -> None:
    record(
        kind=f"backfill.{word}", subject_type="backfill", subject_id=run.pk, business_id=run.business_id, actor=actor,
        **data,
    )  # fmt: skip
