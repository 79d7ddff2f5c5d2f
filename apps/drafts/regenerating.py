"""ACT: have another version written: because a reviewer wants it different, or because the thread has moved on."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import cancel_request
from apps.approvals.states import State as RequestState
from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.events import record
from apps.core.later import later
from apps.drafts.models import Draft, Message, Thread
from apps.drafts.requests import LONGEST_INSTRUCTION
from apps.drafts.selectors import KIND
from apps.drafts.states import Direction, DraftState

ACTOR = "system:drafts"
MAKE = "apps.drafts.tasks.make_draft"
# Before a person has decided: what may still be replaced by the reply to a newer message.
OPEN = (DraftState.QUEUED, DraftState.MAKING, DraftState.WAITING)
MOVED_ON = "The customer has written again, so a reply to the newer message takes its place"
ANSWERED = "Somebody has answered this thread in the meantime"


def regenerate(*, draft_id: UUID, instruction: str, actor: str, user_id: UUID | None = None) -> Draft:
    """Have a new version of a draft written as `instruction` says; the draft as it is then, queued.

    The version before stays with its reviewer until the new one is there. actor: who wants it, as in the audit trail;
    user_id: the same person, who may hold the request. Also brings a draft back whose making failed.
    Raises NotFound; StaleState when it was decided, is being written or is held by somebody else; Invalid.
    """
    words = instruction.strip()
    check_storable(words, "instruction")
    if not 1 <= len(words) <= LONGEST_INSTRUCTION:
        raise Invalid("instruction", f"Say what should be different, in 1 to {LONGEST_INSTRUCTION} characters")
    now = timezone.now()
    with transaction.atomic():
        _refuse_if_held(draft_id, user_id)
        rows = Draft.objects.filter(pk=draft_id)
        changed = rows.filter(state__in=[DraftState.WAITING, DraftState.FAILED]).update(
            state=DraftState.QUEUED,
            instruction=words,
            wanted_by=actor[:120],
            attempts=0,
            held_until=None,
            next_attempt_at=now,
            error="",
        )
        draft = rows.first()
        if draft is None:
            raise NotFound(f"There is no draft {draft_id}")
        if not changed:
            raise StaleState(why_not(draft), state=draft.state)
        record_draft("draft.instructed", draft, actor, instruction=words)
        later(MAKE, str(draft_id))
    return draft


def thread_moved_on(*, thread_id: UUID, message: Message) -> list[UUID]:
    """Take the drafts of a thread back that `message` overtakes, with their requests; which they were.

    Call in the transaction that stores the message. Drafts that were decided before are left alone.
    """
    with transaction.atomic():
        # Whoever finishes a draft takes this lock too: it sees this message, or we see its request.
        Thread.objects.select_for_update(no_key=True).filter(pk=thread_id).first()
        earlier = Q(message__received_at__lt=message.received_at)
        earlier |= Q(message__received_at=message.received_at, message_id__lt=message.pk)
        drafts = list(Draft.objects.filter(earlier, thread_id=thread_id, state__in=OPEN).order_by("id"))
        words = MOVED_ON if message.direction == Direction.IN else ANSWERED
        return [draft.pk for draft in drafts if leave_behind(draft, words)]


def leave_behind(draft: Draft, words: str) -> bool:
    """Make an open draft STALE and take its request back; False when it was decided first. With the thread locked."""
    waiting = ApprovalRequest.objects.filter(kind=KIND, subject_id=draft.pk, state=RequestState.WAITING)
    request = waiting.select_for_update().first()
    rows = Draft.objects.filter(pk=draft.pk, state__in=OPEN)
    if not rows.update(state=DraftState.STALE, held_until=None, next_attempt_at=None, error=words):
        return False
    if request is not None:
        cancel_request(request_id=request.pk, actor=ACTOR, why=words)
    record_draft("draft.stale", draft, ACTOR, why=words)
    return True


def _refuse_if_held(draft_id: UUID, user_id: UUID | None) -> None:
    """Lock the open request, before the draft, and see that nobody else is deciding it."""
    waiting = ApprovalRequest.objects.filter(kind=KIND, subject_id=draft_id, state=RequestState.WAITING)
    request = waiting.select_for_update().first()
    if request is None or request.claimed_by_id is None or request.claimed_until is None:
        return
    if request.claimed_by_id != user_id and request.claimed_until > timezone.now():
        until = request.claimed_until.isoformat(timespec="seconds")
        raise StaleState(f"Somebody else is deciding this, until {until} at the latest", claimed_until=until)


def why_not(draft: Draft) -> str:
    """Why a draft that waits for nobody can be neither approved nor written anew."""
    if draft.state in (DraftState.QUEUED, DraftState.MAKING):
        return "A new version is being written; look again when it is there"
    if draft.state == DraftState.STALE:
        return "The thread has moved on: a newer message is being answered"
    return f"It was decided before: it is {draft.state}"


def record_draft(kind: str, draft: Draft, actor: str, **data: Any) -> None:
    """Write down what happened to a draft, with the thread it belongs to, in the transaction of what happened."""
    record(
        kind=kind,
        subject_type="draft",
        subject_id=draft.pk,
        business_id=draft.business_id,
        actor=actor,
        thread=str(draft.thread_id),
        **data,
    )
