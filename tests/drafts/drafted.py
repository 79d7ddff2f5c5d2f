"""Drafts as rows, for tests of what is measured on them."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.ids import new_id
from apps.drafts.models import Draft, Mailbox, Message, Thread


def mailbox_of(business: Business) -> Mailbox:
    found, _ = Mailbox.objects.get_or_create(business=business, address=f"help@{business.slug}.example.com")
    return found


def a_message(
    business: Business, thread: Thread, text: str, *, at: datetime, out: bool = False, **more: Any
) -> Message:
    """One mail that a person wrote; not saved."""
    values: dict[str, Any] = {
        "business": business, "mailbox": thread.mailbox, "thread": thread, "direction": "out" if out else "in",
        "source": "sent" if out else "import", "message_id": f"{new_id()}@example.com", "subject": thread.subject,
        "sender": thread.mailbox.address if out else thread.customer, "text": text, "reply_text": text,
        "digest": "0" * 64, "received_at": at,
    }  # fmt: skip
    return Message(**(values | more))


def drafts(business: Business, number: int = 1, *, threads: int | None = None, **columns: Any) -> list[Draft]:
    """So many drafts that were made an hour ago, or as the columns say. threads: how many share them; each its own."""
    with across_businesses():
        return _drafts(business, number, threads or number, columns)


def _drafts(business: Business, number: int, shared: int, columns: dict[str, Any]) -> list[Draft]:
    mailbox, at = mailbox_of(business), columns.get("made_at") or timezone.now() - timedelta(hours=1)
    arm = columns.get("arm", "")
    threads = Thread.objects.bulk_create(
        Thread(
            business=business, mailbox=mailbox, subject="Where is it?", customer=f"c{place}@example.com", arm=arm,
            messages_count=1, last_message_at=at,
        )
        for place in range(shared)
    )  # fmt: skip
    messages = Message.objects.bulk_create(
        a_message(business, threads[place % shared], "Where is my order?", at=at) for place in range(number)
    )
    values: dict[str, Any] = {
        "state": "waiting", "version": 1, "intent": "ORDER", "made_by": "model", "made_at": at, "retrieval": "off",
    }  # fmt: skip
    return Draft.objects.bulk_create(
        Draft(business=business, thread=message.thread, message=message, **(values | columns)) for message in messages
    )


def decided(business: Business, number: int = 1, *, state: str = "sent", edit: float = 0.0, **more: Any) -> list[Draft]:
    """So many drafts that a person has decided an hour ago."""
    at = more.pop("at", None) or timezone.now() - timedelta(hours=1)
    values: dict[str, Any] = {
        "made_at": at, "decided_at": at, "decided_by": "user:alice@example.com", "state": state,
        "edit_distance": None if state == "discarded" else edit,
    }  # fmt: skip
    return drafts(business, number, **(values | more))
