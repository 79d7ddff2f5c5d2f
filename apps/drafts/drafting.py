"""ACT: want a reply drafted to a mail: one draft a message, whatever comes in twice."""

from django.utils import timezone

from apps.core.events import record
from apps.core.later import later
from apps.drafts.choosing import settings_of
from apps.drafts.models import Draft, Message
from apps.drafts.regenerating import ACTOR, MAKE, MOVED_ON, thread_moved_on
from apps.drafts.selectors import after
from apps.drafts.states import Direction, DraftState


def want_draft(*, message: Message) -> Draft | None:
    """Have a reply to `message` drafted; the draft, or None where none is wanted (not a person's mail, switched off).

    Call in the transaction that stores the message. Drafts for older messages of the thread are taken back. A message
    that comes in after a newer one of its thread gets a draft that is STALE from the start.
    """
    if message.direction != Direction.IN or message.automatic:
        return None
    thread_moved_on(thread_id=message.thread_id, message=message)
    if not settings_of(message.business_id).enabled:
        return None
    late = after(message).filter(direction=Direction.IN).exists()
    draft, fresh = Draft.objects.get_or_create(
        message=message,
        defaults={
            "business_id": message.business_id,
            "thread_id": message.thread_id,
            "state": DraftState.STALE if late else DraftState.QUEUED,
            "error": MOVED_ON if late else "",
            "next_attempt_at": None if late else timezone.now(),
        },
    )
    if fresh and not late:
        record(
            kind="draft.wanted",
            subject_type="draft",
            subject_id=draft.pk,
            business_id=draft.business_id,
            actor=ACTOR,
            thread=str(draft.thread_id),
        )
        later(MAKE, str(draft.pk))
    return draft
