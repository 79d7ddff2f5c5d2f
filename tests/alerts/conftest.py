"""Channels that lead to servers of the test, and a worker that makes whatever is due."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.alerts.connecting import add_channel
from apps.alerts.models import Channel, Delivery, Notice
from apps.alerts.raising import raise_notice, resolve_notice
from apps.alerts.sending import deliver, due_deliveries
from tests.fakes import Outsider

SLACK_SECRET = "/services/T0SECRETS/B0SECRETS/kVerySecretPathOfAHook99"
ROUTING_KEY = "R0123456789abcdefSECRETKEY012345"
ACTOR = "user:bob@example.com"


def raise_one(business_id: UUID | None, **changes: Any) -> Notice:
    values: dict[str, Any] = {
        "business_id": business_id,
        "severity": "error",
        "title": "The new checkout was rolled back",
        "text": "Its approval rate fell below the limit.",
        "facts": [("approval rate", "41 %"), ("limit", "60 %")],
        "link": "/admin/watch/",
        "dedup_key": "rollback:7",
        "source": "pilots",
    }
    with transaction.atomic():
        return raise_notice(**(values | changes))


def resolve_one(business_id: UUID | None, dedup_key: str = "rollback:7") -> Notice | None:
    with transaction.atomic():
        return resolve_notice(business_id=business_id, dedup_key=dedup_key)


def work() -> int:
    """What workers do: make everything that is due, again and again until nothing is; how many got through."""
    done = 0
    while due := due_deliveries():
        for pk in due:
            business_id = Delivery.objects.values_list("business_id", flat=True).get(pk=pk)
            done += deliver(delivery_id=pk, business_id=business_id)
    return done


def make_due() -> None:
    """Time passes: what waits for another attempt is due, and leases are over."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(state="pending").update(next_attempt_at=past, held_until=None)


def by(kind: str, action: str = "trigger") -> Delivery:
    """The delivery by this kind of channel, "" for the mail without a channel."""
    return Delivery.objects.get(channel__kind=kind, action=action) if kind else Delivery.objects.get(channel=None)


def every_text() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{table}\" t")
            found.append(cursor.fetchone()[0])
    return "\n".join(found)


@pytest.fixture
def slack(shop: Business, outside: Outsider) -> Channel:
    return add_channel(
        business_id=shop.pk, kind="slack", name="#alerts", secret=outside.url + SLACK_SECRET, actor=ACTOR
    )


@pytest.fixture
def pagerduty(shop: Business, outside: Outsider, settings: Any) -> Channel:
    settings.PAGERDUTY_EVENTS_URL = outside.url
    outside.answer = (202, b'{"status": "success", "message": "Event processed", "dedup_key": "k"}', {})
    return add_channel(business_id=shop.pk, kind="pagerduty", name="On call", secret=ROUTING_KEY, actor=ACTOR)


@dataclass
class MailServer:
    """refuse: address -> the answer to RCPT TO. taken: the mails it took, with the address each was for."""

    refuse: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, Message]] = field(default_factory=list)
    after: Callable[[], object] = lambda: None

    @property
    def addresses(self) -> list[str]:
        return sorted(address for address, _ in self.taken)


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """A real SMTP server."""
    told = MailServer()

    class Taking:
        async def handle_RCPT(  # noqa: N802
            self, server: Any, session: Any, envelope: Any, address: str, options: Any
        ) -> str:
            if address in told.refuse:
                return told.refuse[address]
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            told.taken.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content)))
            await asyncio.get_running_loop().run_in_executor(None, told.after)
            return "250 OK"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Taking(), hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield told
    controller.stop()
