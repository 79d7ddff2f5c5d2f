"""Conversations of the past, for tests of what is learned of them."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.drafts.models import Message, Thread
from tests.drafts.drafted import a_message, mailbox_of

THINGS = ("lamp", "kettle", "chair", "carpet", "clock", "mirror", "shelf", "stool", "vase", "desk")
MATTERS = ("arrived broken", "is too small", "lacks a screw", "has the wrong colour", "came twice", "never came")


def conversation(
    business: Business, asked: str, reply: str, *, at: datetime | None = None, name: str = "", **more: Any
) -> Message:
    """A customer's mail and our reply half an hour later (by `at`, else a day ago); the reply."""
    at = at or timezone.now() - timedelta(days=1)
    with across_businesses():
        thread = Thread.objects.create(
            business=business, mailbox=mailbox_of(business), subject="Your order", customer="kim@example.net",
            customer_name=name, messages_count=2, last_message_at=at,
        )  # fmt: skip
        if asked:
            a_message(business, thread, asked, at=at - timedelta(minutes=30)).save()
        sent = a_message(business, thread, reply, at=at, out=True, **more)
        sent.save()
    return sent


def conversations(business: Business, number: int, *, at: datetime | None = None) -> list[Message]:
    """So many that differ, a minute apart, the last of them at `at` (a day ago)."""
    at = at or timezone.now() - timedelta(days=1)
    mailbox = mailbox_of(business)
    with across_businesses():
        threads = Thread.objects.bulk_create(
            Thread(business=business, mailbox=mailbox, subject="A question", customer="kim@example.net",
                   messages_count=2, last_message_at=at)
            for _ in range(number)
        )  # fmt: skip
        asked, sent = [], []
        for place, thread in enumerate(threads):
            moment = at - timedelta(minutes=number - place)
            about = f"{THINGS[place % 10]} {MATTERS[place // 10 % 6]}, number {place}"
            asked.append(a_message(business, thread, f"My {about}. What now?", at=moment - timedelta(seconds=20)))
            sent.append(
                a_message(business, thread, f"We are sorry that your {about}. We send another.", at=moment, out=True)
            )
        Message.objects.bulk_create(asked)
        return Message.objects.bulk_create(sent)
