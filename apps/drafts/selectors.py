"""SELECTOR: threads and drafts as lists and pages ask for them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State as RequestState
from apps.core.errors import NotFound
from apps.drafts.models import Draft, DraftVersion, Message, Thread
from apps.drafts.states import Direction, DraftState

KIND = "draft"
# Of a thread's mails a draft reads at most so many, the newest.
MOST_EARLIER = 20


@dataclass(frozen=True, slots=True)
class Newer:
    """What has come into a thread since the message that a draft answers.

    messages: how many. newest: the last of them. draft_id: of the reply to the customer's newest message, if there is
    one and it is another draft.
    """

    messages: int
    newest: Message
    draft_id: UUID | None


def threads_of(business_id: UUID) -> QuerySet[Thread]:
    return Thread.objects.filter(business_id=business_id)


def find_thread(business_id: UUID, thread_id: UUID) -> Thread:
    """Raises NotFound, for a thread of another business too."""
    thread = threads_of(business_id).select_related("mailbox").filter(pk=thread_id).first()
    if thread is None:
        raise NotFound(f"There is no thread {thread_id}")
    return thread


def messages_of(thread_id: UUID, most: int = 200) -> list[Message]:
    """The newest `most` messages of a thread, oldest first, without their HTML."""
    rows = Message.objects.filter(thread_id=thread_id).defer("html").order_by("-received_at", "-id")
    return list(reversed(rows[:most]))


def drafts_of(business_id: UUID) -> QuerySet[Draft]:
    return Draft.objects.filter(business_id=business_id)


def find_draft(business_id: UUID, draft_id: UUID) -> Draft:
    """Raises NotFound, for a draft of another business too."""
    draft = drafts_of(business_id).select_related("thread", "message").filter(pk=draft_id).first()
    if draft is None:
        raise NotFound(f"There is no draft {draft_id}")
    return draft


def newest_version(draft_id: UUID) -> DraftVersion | None:
    return DraftVersion.objects.filter(draft_id=draft_id).order_by("-number").first()


def first_version(draft_id: UUID) -> DraftVersion | None:
    return DraftVersion.objects.filter(draft_id=draft_id, number=1).first()


def open_request_of(draft_id: UUID) -> ApprovalRequest | None:
    """The request by which a draft waits for its decision, if it does."""
    return ApprovalRequest.objects.filter(kind=KIND, subject_id=draft_id, state=RequestState.WAITING).first()


def after(message: Message) -> QuerySet[Message]:
    """The messages of the same thread that came in or went out later, of people."""
    later = Q(received_at__gt=message.received_at) | Q(received_at=message.received_at, pk__gt=message.pk)
    return Message.objects.filter(later, thread_id=message.thread_id, automatic="")


def newer_of(draft: Draft) -> Newer | None:
    """What the thread has moved on to since the message that `draft` answers; None while nothing has come.

    Our own reply that went out of this very draft does not count.
    """
    sent = draft.sending.message_id if hasattr(draft, "sending") else ""
    later = after(draft.message).exclude(message_id=sent) if sent else after(draft.message)
    found = list(later.defer("html", "text").order_by("received_at", "id")[:200])
    if not found:
        return None
    asked = [message.pk for message in found if message.direction == Direction.IN]
    drafts = dict(Draft.objects.filter(message_id__in=asked).values_list("message_id", "pk"))
    newest = next((drafts[pk] for pk in reversed(asked) if pk in drafts), None)
    return Newer(len(found), found[-1], newest)


def due_drafts(now: datetime, most: int) -> list[UUID]:
    """What is to be made and nobody is making, the longest due first."""
    rows = Draft.objects.filter(state__in=[DraftState.QUEUED, DraftState.MAKING], next_attempt_at__lte=now)
    return list(rows.order_by("next_attempt_at", "id").values_list("pk", flat=True)[:most])
