"""kill -9 of the process that sends, between every two steps of handing a mail over: each arrives once."""

import os
import signal
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business
from apps.drafts import handing
from apps.drafts.models import Draft, Message, Sending
from apps.drafts.settling import settle_unsure
from apps.drafts.states import SendState
from tests.drafts.mail_servers import Delivered, Imap, Smtp, a_raw_mail, connected
from tests.drafts.test_sending import approved

# Of each mail that is sent: the moment at which its process is killed. After "dot" the server has lost the mail;
# after "taken" it has taken it, and its answer was not read; after "QUIT" the answer was read, and not written down.
STAGES = ("EHLO", "MAIL", "RCPT", "DATA", "dot", "taken", "QUIT")
MAILS = 50


def send_in_a_process(sending: Sending) -> int:
    """The id of a process of its own that makes one attempt."""
    pid = os.fork()
    if pid:
        return pid
    # No word of the test's goes out of this one, and nothing of its connection is closed twice.
    try:
        connection.connection = None
        handing.send_mail(sending_id=sending.pk, business_id=sending.business_id)
    finally:
        os._exit(0)


class Killer:
    """Kills the process that sends when the server reaches a stage."""

    def __init__(self, smtp: Smtp) -> None:
        self.smtp, self.stage, self.pid = smtp, "", 0
        self.killed = threading.Event()
        smtp.at, smtp.hold = self.reached, self.took

    def reached(self, stage: str) -> str | None:
        if stage != self.stage:
            return None
        self.kill()
        return "lose" if stage == "dot" else None

    def took(self, _mail: Delivered) -> None:
        if self.stage == "taken":
            self.kill()

    def kill(self) -> None:
        self.stage = ""
        os.kill(self.pid, signal.SIGKILL)
        self.killed.set()

    def send(self, sending: Sending, stage: str) -> bool:
        """Whether the process was killed."""
        self.killed.clear()
        ready = threading.Event()
        self.stage = stage
        real, self.pid = self.smtp.at, 0
        assert real is not None

        def first(at: str) -> Any:
            ready.wait(20)
            return real(at)

        self.smtp.at = first
        self.pid = send_in_a_process(sending)
        ready.set()
        _, status = os.waitpid(self.pid, 0)
        self.smtp.at, self.stage = real, ""
        return os.WIFSIGNALED(status)


def later(sending: Sending) -> None:
    """The lease of the dead process is over."""
    past = timezone.now() - timedelta(seconds=1)
    Sending.objects.filter(pk=sending.pk).update(held_until=past, next_attempt_at=past)


@pytest.mark.django_db(transaction=True)
def test_every_mail_arrives_once_whenever_its_process_is_killed(shop: Business, smtp: Smtp, imap: Imap) -> None:
    # Half of the mail servers file what they send, so that it can be looked up; of the others a person must know.
    filing = connected(shop, imap, smtp)
    plain = connected(shop, smtp=smtp, address="plain@corner-shop.example.com")
    smtp.file_in = lambda raw: imap.deliver(raw, to="Sent") if b"From: Corner Shop <help@" in raw else None
    killer = Killer(smtp)
    sendings: list[tuple[str, Sending]] = []
    for number in range(MAILS):
        mailbox = filing if number % 2 else plain
        raw = a_raw_mail(sender=f"c{number}@example.com", to=mailbox.address)
        sendings.append((STAGES[number // 2 % len(STAGES)], approved(mailbox, raw, to=[f"c{number}@example.com"])))
    for stage, sending in sendings:
        assert killer.send(sending, stage), stage
    settled: Counter[str] = Counter()
    arrived = {one.message["To"] for one in smtp.mails}
    for stage, sending in sendings:
        later(sending)
        killer.send(sending, "")
        sending.refresh_from_db()
        if sending.state == SendState.UNSURE:
            settled[stage] += 1
            settle_unsure(sending_id=sending.pk, sent=sending.recipients[0] in arrived, actor="user:alice")
            later(sending)
            killer.send(sending, "")
    assert Counter(one.recipients[0] for one in smtp.mails) == {f"c{number}@example.com": 1 for number in range(MAILS)}
    assert set(Sending.objects.values_list("state", flat=True)) == {SendState.SENT}
    assert set(Draft.objects.values_list("state", flat=True)) == {"sent"}
    assert Message.objects.filter(direction="out").count() == MAILS
    # Nobody is asked about what was certainly not taken, or what can be looked up.
    assert set(settled) == {"dot", "taken", "QUIT"}
    assert settled["dot"] > settled["taken"]
