"""ACT: have a piece of background work, say how far it is, give it back, end it: the same for batches and imports.

Who has it is written in the row: a worker that is killed loses it when its lease ends, and one that comes back late
finds that it may not write any more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error, transaction
from django.db.models import Case, F, PositiveSmallIntegerField, Q, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import GatehouseError, NotFound, StaleState
from apps.core.events import record
from apps.core.transitions import move
from apps.knowledge.models.work import OPEN, Work
from apps.knowledge.states import RESUMABLE, UNFINISHED, WorkState

log = logging.getLogger(__name__)

# A worker goes on to other work after so long; what is left is taken up again at once, behind what waits.
TURN_SECONDS = 20.0
# How far something is, is told when a hundredth more is done and a second has passed: at most a hundred times.
TELL_EVERY = timedelta(seconds=1)
_TELLS = 100
_MOST_TRIES = 8
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=2), timedelta(minutes=5)

_SMALL = PositiveSmallIntegerField()

W = TypeVar("W", bound=Work)


class Lost(Exception):
    """Another has the work by now, or somebody cancelled it: nothing may be written."""


@dataclass(frozen=True, slots=True)
class Held(Generic[W]):
    """Work this worker has until its lease ends. noun: what its audit events are called by."""

    work: W
    noun: str
    by: UUID


def claim(model: type[W], pk: UUID, noun: str) -> Held[W] | None:
    """Take the work, if it is open, due, and nobody has it. Call outside of a transaction.

    What its workers die of again and again, without a piece done between, has failed.
    """
    now, by = timezone.now(), uuid4()
    free = Q(held_until=None) | Q(held_until__lt=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = model._default_manager.filter(pk=pk).filter(OPEN, free, due)
    taken = rows.update(
        state=WorkState.RUNNING, held_by=by, held_until=now + _lease(), started_at=Coalesce("started_at", Now()),
        tries=F("tries") + Case(When(state=WorkState.RUNNING, then=1), default=0, output_field=_SMALL),
    )  # fmt: skip
    if not taken:
        return None
    held = Held(model._default_manager.get(pk=pk), noun, by)
    if held.work.tries >= _MOST_TRIES:
        _fail(held, "Its worker was lost each time it was tried")
        return None
    return held


def work_on(held: Held[W], piece: Callable[[Held[W]], bool]) -> bool:
    """Do piece after piece until nothing is left (`piece` answers False) or the turn is over; whether work is left.

    What a piece raises is tried again later, at growing distances; too often, or where trying cannot help, and the work
    has failed, to be resumed by a person. When the database is away, the next who claims it goes on.
    """
    ends = time.monotonic() + TURN_SECONDS
    try:
        while piece(held):
            if time.monotonic() > ends:
                _give_back(held)
                return True
        _finish(held)
    except Lost:
        return False
    except GatehouseError as error:
        _fail(held, error.detail, again=getattr(error, "again", True))
    except Error:
        raise
    except Exception as error:
        log.exception("%s %s could not go on", held.noun, held.work.pk)
        _fail(held, f"It could not go on: {type(error).__name__}")
    return False


def _lease() -> timedelta:
    return timedelta(seconds=settings.KNOWLEDGE_LEASE_SECONDS)


def advance(held: Held[W], *, done: int = 0, failed: int = 0, **changes: Any) -> None:
    """Say that so many pieces more have ended. Call in the transaction that writes what they came to. Raises Lost."""
    now = timezone.now()
    changed = _mine(held).update(
        done=F("done") + done, failed=F("failed") + failed, held_until=now + _lease(), tries=0, error="", **changes
    )
    if changed != 1:
        raise Lost
    work = held.work
    work.done, work.failed, work.tries = work.done + done, work.failed + failed, 0
    ended = work.done + work.failed
    is_due = work.told_at is None or now - work.told_at >= TELL_EVERY
    if is_due and (ended - work.told) * _TELLS >= work.total:
        _mine(held).update(told=ended, told_at=now)
        work.told, work.told_at = ended, now
        tell(work, f"{held.noun}.progressed", actor="system:knowledge")


def _mine(held: Held[W]) -> Any:
    return type(held.work)._default_manager.filter(pk=held.work.pk, held_by=held.by, state=WorkState.RUNNING)


def _give_back(held: Held[W]) -> None:
    _mine(held).update(state=WorkState.QUEUED, held_by=None, held_until=None)


def _finish(held: Held[W]) -> None:
    with acting_for(held.work.business_id):
        if _end(held, WorkState.DONE):
            tell(held.work, f"{held.noun}.done", actor="system:knowledge")


def _fail(held: Held[W], words: str, *, again: bool = True) -> None:
    tries = held.work.tries + 1
    with acting_for(held.work.business_id):
        if tries >= _MOST_TRIES or not again:
            if _end(held, WorkState.FAILED, error=words[:300]):
                tell(held.work, f"{held.noun}.failed", actor="system:knowledge", why=words[:300])
            return
        wait = min(_FIRST_RETRY * 2**tries, _LONGEST_RETRY)
        _mine(held).update(
            state=WorkState.QUEUED, held_by=None, held_until=None, tries=tries, error=words[:300],
            next_try_at=timezone.now() + wait,
        )  # fmt: skip


def _end(held: Held[W], state: WorkState, **changes: Any) -> bool:
    changed = _mine(held).update(state=state, held_by=None, held_until=None, ended_at=timezone.now(), **changes)
    return bool(changed == 1)


def cancel(model: type[W], *, business_id: UUID, pk: UUID, noun: str, actor: str) -> W:
    """End open work; what is done stays. Raises NotFound, StaleState."""
    with transaction.atomic():
        work = find(model, business_id, pk)
        move(
            model._default_manager.filter(pk=pk), allowed=UNFINISHED, to=WorkState.CANCELLED,
            says=f"It is {work.state} already", held_by=None, held_until=None, ended_at=timezone.now(),
        )  # fmt: skip
        work.refresh_from_db()
        tell(work, f"{noun}.cancelled", actor=actor)
    return work


def resume(model: type[W], *, business_id: UUID, pk: UUID, noun: str, actor: str) -> W:
    """Go on with work that was cancelled or has failed. Raises NotFound, StaleState."""
    with transaction.atomic():
        work = find(model, business_id, pk)
        if work.state == WorkState.DONE:
            raise StaleState("It is done already")
        move(
            model._default_manager.filter(pk=pk), allowed=RESUMABLE, to=WorkState.QUEUED, says="It goes on already",
            tries=0, next_try_at=None, ended_at=None, error="",
        )  # fmt: skip
        work.refresh_from_db()
        tell(work, f"{noun}.resumed", actor=actor)
    return work


def find(model: type[W], business_id: UUID, pk: UUID) -> W:
    """The work of that id in the business. Raises NotFound."""
    work = model._default_manager.filter(business_id=business_id, pk=pk).defer(*model.HEAVY).first()
    if work is None:
        raise NotFound
    return work


def abandoned(model: type[W], now: datetime, most: int = 200) -> list[UUID]:
    """Open work that is due and that nobody has: its wake-up was lost, or its worker killed."""
    free = Q(held_until=None) | Q(held_until__lt=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    return list(model._default_manager.filter(OPEN, free, due).order_by("id").values_list("pk", flat=True)[:most])


def tell(work: Work, kind: str, *, actor: str, **data: Any) -> None:
    """Write the audit event of a change, which also tells open pages."""
    record(
        kind=kind, subject_type=kind.split(".")[0], subject_id=work.pk, business_id=work.business_id, actor=actor,
        total=work.total, done=work.done, failed=work.failed, **data,
    )  # fmt: skip
