"""ACT: take a draft in hand so that nobody else makes it meanwhile, and let go of it when making it failed."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.row_access import across_businesses, acting_for
from apps.core.events import record
from apps.core.joining import run
from apps.drafts.looking_up import NEWER, newer_than
from apps.drafts.models import Draft, Message
from apps.drafts.regenerating import ACTOR
from apps.drafts.selectors import due_drafts
from apps.drafts.states import DraftState

# What our own code may take beside the tools, retrieval and the model.
MARGIN = 15.0
# Attempts that may fail by our fault; and those by which the process may die, so that one mail cannot kill every worker
# in turn.
MOST_ATTEMPTS, MOST_DEATHS = 5, 10
# How long a message may take to its worker before the sweep takes it for lost.
LOST = timedelta(seconds=15)
_MAKEABLE = (DraftState.QUEUED.value, DraftState.MAKING.value)
_TAKE = (
    "UPDATE drafts_draft SET state = %s, held_until = %s, next_attempt_at = %s, attempts = attempts + 1"
    " WHERE id = %s AND state IN (%s, %s) AND next_attempt_at <= %s RETURNING business_id, version, attempts,"
    # Nobody waits for the disk: a claim that is lost with the server is made again, and what is kept needs its time.
    " set_config('synchronous_commit', 'off', true)"
)
AGAIN_AFTER = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=60), timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Held:
    """A draft in hand. until: when others may take it; also what tells this claim from every other one."""

    draft_id: UUID
    business_id: UUID
    version: int
    attempt: int
    until: datetime


def lease() -> timedelta:
    """How long a draft may be in hand: longer than all the time that its making is allowed."""
    return timedelta(
        seconds=settings.DRAFT_TOOL_SECONDS + settings.RETRIEVAL_SECONDS + settings.DRAFT_MODEL_SECONDS + MARGIN
    )


def claim(*, draft_id: UUID) -> Held | None:
    """Take the draft, if it is to be made now and nobody is making it; None otherwise."""
    now = timezone.now()
    until = now + lease()
    with _over_all():
        taken = run(_TAKE, [DraftState.MAKING.value, until, until, draft_id, *_MAKEABLE, now])
    if not taken:
        return None
    business_id, version, attempt, _ = taken[0]
    return Held(draft_id, business_id, version, attempt, until)


def _over_all() -> AbstractContextManager[None]:
    """For one statement, which is a transaction of its own where the process sees every business anyhow."""
    return across_businesses() if settings.DATABASE_ROLE or connection.in_atomic_block else nullcontext()


def send_again(send: Callable[[str], object], *, lost_after: timedelta = LOST, most: int) -> int:
    """Hand what is due and in nobody's hand to `send`, the longest due first; how many drafts.

    lost_after: how long a message may take to its worker. What was just sent is left alone for as long.
    """
    now = timezone.now()
    with across_businesses():
        due = due_drafts(now - lost_after, most)
        Draft.objects.filter(pk__in=due, next_attempt_at__lte=now - lost_after).update(next_attempt_at=now)
    for pk in due:
        send(str(pk))
    return len(due)


def let_go(held: Held, words: str) -> DraftState | None:
    """Making it failed: try again later, or no more; the state it is in then, None when it was taken from us.

    A new version that could not be written leaves the one before it with its reviewer.
    """
    now = timezone.now()
    with acting_for(held.business_id):
        rows = in_hand(held)
        if held.attempt < MOST_ATTEMPTS:
            wait = AGAIN_AFTER[min(held.attempt, len(AGAIN_AFTER)) - 1]
            changed = rows.update(
                state=DraftState.QUEUED, held_until=None, next_attempt_at=now + wait, error=words[:300]
            )
            return DraftState.QUEUED if changed else None
        state = DraftState.WAITING if held.version else DraftState.FAILED
        made_at = {} if held.version else {"made_at": now}
        if not rows.update(state=state, held_until=None, next_attempt_at=None, error=words[:300], **made_at):
            return None
        record(
            kind="draft.failed",
            subject_type="draft",
            subject_id=held.draft_id,
            business_id=held.business_id,
            actor=ACTOR,
            error=words[:300],
            version=held.version + 1,
        )
        return state


def change_held(held: Held, values: Mapping[str, Any], added: Mapping[str, int], *, message: Message) -> bool:
    """Set columns of the draft and add to others, while this claim holds it and nobody has written since `message`.

    Whether it did. Call with the thread locked.
    """
    given = [str(one) if isinstance(one, StrEnum) else one for one in (*values.values(), *added.values())]
    mine = [held.draft_id, DraftState.MAKING.value, held.until, held.version]
    return bool(run(_change(tuple(values), tuple(added)), [*given, *mine, *newer_than(message)]))


@cache
def _change(columns: tuple[str, ...], added: tuple[str, ...]) -> str:
    changes = ", ".join([f"{one} = %s" for one in columns] + [f"{one} = {one} + %s" for one in added])
    return (
        f"UPDATE drafts_draft SET {changes}"
        " WHERE id = %s AND state = %s AND held_until = %s AND version = %s"
        f" AND NOT EXISTS ({NEWER}) RETURNING id"
    )


def in_hand(held: Held) -> QuerySet[Draft]:
    """The row while this claim holds it, else no row."""
    return Draft.objects.filter(pk=held.draft_id, state=DraftState.MAKING, held_until=held.until, version=held.version)
