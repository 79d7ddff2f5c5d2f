"""Mail is fetched from a real IMAP server: each once, whatever breaks, and nothing is changed there unasked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.models import Event
from apps.drafts import fetching
from apps.drafts.models import Draft, Mailbox, Message
from tests.drafts.mail_servers import (
    Imap,
    a_raw_mail,
    connected,
    imap_server,
)


@pytest.fixture(scope="module")
def server() -> Iterator[Imap]:
    with imap_server() as running:
        yield running


@pytest.fixture
def imap(server: Imap) -> Imap:
    """With an empty mailbox."""
    with server.client() as client:
        for folder in ("INBOX", "Sent", "Archive"):
            _, rows = client.select(folder)
            if rows[0] != b"0":
                client.store("1:*", "+FLAGS", "\\Deleted")
                client.expunge()
    return server


@pytest.fixture
def mailbox(in_shop: Business, imap: Imap) -> Mailbox:
    return connected(in_shop, imap)


def look(mailbox: Mailbox) -> fetching.Looked:
    looked = fetching.look_into(mailbox_id=mailbox.pk, business_id=mailbox.business_id, now_please=True)
    assert looked is not None
    return looked


def test_a_mail_that_is_delivered_becomes_a_message_with_a_draft(mailbox: Mailbox, imap: Imap) -> None:
    imap.deliver(a_raw_mail())
    looked = look(mailbox)
    assert (looked.taken, looked.known, looked.error, looked.more) == (1, 0, "", False)
    message = Message.objects.get()
    assert (message.source, message.sender) == ("imap", "anna@example.com")
    assert Draft.objects.get().message == message


def test_only_what_is_new_is_fetched_and_nothing_is_changed(mailbox: Mailbox, imap: Imap) -> None:
    imap.deliver(a_raw_mail())
    look(mailbox)
    imap.deliver(a_raw_mail())
    looked = look(mailbox)
    assert (looked.taken, looked.known) == (1, 0)
    assert look(mailbox).taken == 0
    assert len(imap.mails()) == 2
    assert not any("Seen" in flags or "Deleted" in flags for flags in imap.flags())


def test_who_looked_before_its_time_looks_in_vain(mailbox: Mailbox) -> None:
    look(mailbox)
    assert fetching.due_mailboxes() == []
    assert fetching.look_into(mailbox_id=mailbox.pk, business_id=mailbox.business_id) is None


def test_two_never_look_into_one_mailbox_at_once(mailbox: Mailbox) -> None:
    Mailbox.objects.update(held_until=timezone.now() + timedelta(seconds=30))
    assert fetching.due_mailboxes() == []
    assert fetching.look_into(mailbox_id=mailbox.pk, business_id=mailbox.business_id, now_please=True) is None
    Mailbox.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert fetching.due_mailboxes() == [mailbox.pk]
    assert look(mailbox).error == ""


def test_who_has_lost_the_mailbox_to_another_stops_and_doubles_nothing(
    mailbox: Mailbox, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.deliver(a_raw_mail())
    imap.deliver(a_raw_mail())
    real = fetching.receive

    def slow(**given: Any) -> Any:
        Mailbox.objects.update(held_until=timezone.now() + timedelta(seconds=99))
        return real(**given)

    monkeypatch.setattr(fetching, "receive", slow)
    assert look(mailbox).taken == 0
    assert not Message.objects.exists()


def test_a_death_between_two_mails_loses_and_doubles_none(
    mailbox: Mailbox, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        imap.deliver(a_raw_mail(message_id=f"{number}@x"))
    real, seen = fetching.receive, []

    class Killed(BaseException):
        """No handler of ours catches it, as none would catch a kill."""

    def dying(**given: Any) -> Any:
        seen.append(1)
        if len(seen) == 3:
            raise Killed
        return real(**given)

    monkeypatch.setattr(fetching, "receive", dying)
    with pytest.raises(Killed):
        look(mailbox)
    monkeypatch.undo()
    assert Message.objects.count() == 2
    Mailbox.objects.update(held_until=None)
    looked = look(mailbox)
    assert (looked.taken, looked.known) == (2, 0)
    assert Message.objects.count() == 4


def test_a_mail_that_cannot_be_stored_holds_up_no_other(
    mailbox: Mailbox, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.deliver(a_raw_mail("poison"))
    imap.deliver(a_raw_mail())
    real = fetching.receive

    def poisoned(**given: Any) -> Any:
        if b"poison" in given["raw"]:
            raise ValueError("no")
        return real(**given)

    monkeypatch.setattr(fetching, "receive", poisoned)
    assert look(mailbox).taken == 1
    assert Event.objects.get(kind="mail.skipped").data["error"] == "ValueError"
    assert look(mailbox).taken == 0


def test_new_numbering_on_the_server_doubles_nothing(mailbox: Mailbox, imap: Imap) -> None:
    imap.deliver(a_raw_mail())
    look(mailbox)
    Mailbox.objects.update(uid_validity=1, last_uid=700)
    imap.deliver(a_raw_mail())
    looked = look(mailbox)
    assert (looked.taken, looked.known) == (1, 1)
    assert Draft.objects.count() == 2


def test_a_new_mailbox_takes_the_mail_of_some_days_and_answers_only_what_is_unread(
    mailbox: Mailbox, imap: Imap
) -> None:
    now = datetime.now(UTC)
    imap.deliver(a_raw_mail(message_id="old@x"), at=now - timedelta(days=30))
    imap.deliver(a_raw_mail(message_id="read@x"), at=now - timedelta(days=2), flags="\\Seen")
    imap.deliver(a_raw_mail(message_id="unread@x"), at=now - timedelta(days=2))
    imap.deliver(a_raw_mail(message_id="answered@x"), flags="\\Answered")
    assert look(mailbox).taken == 3
    assert [draft.message.message_id for draft in Draft.objects.select_related("message")] == ["unread@x"]
    assert "old@x" not in Message.objects.values_list("message_id", flat=True)


def test_mail_is_marked_as_read_or_deleted_only_when_that_is_set(mailbox: Mailbox, imap: Imap) -> None:
    Mailbox.objects.update(after_fetch="seen")
    imap.deliver(a_raw_mail())
    look(mailbox)
    assert ["Seen" in flags for flags in imap.flags()] == [True]
    Mailbox.objects.update(after_fetch="delete")
    imap.deliver(a_raw_mail())
    look(mailbox)
    assert ["Seen" in flags for flags in imap.flags()] == [True]


def test_of_a_huge_mail_only_the_beginning_is_fetched(mailbox: Mailbox, imap: Imap) -> None:
    imap.deliver(a_raw_mail(subject="Huge") + b"x" * (26 * 1024 * 1024))
    assert look(mailbox).taken == 1
    message = Message.objects.get()
    assert (message.subject, message.text) == ("Huge", "")
    assert message.size > 26 * 1024 * 1024


def test_a_folder_of_another_name_is_looked_into(mailbox: Mailbox, imap: Imap) -> None:
    with imap.client() as client:
        client.create('"An &APw- \\"b\\""')
    Mailbox.objects.update(imap_folder='An ü "b"')
    imap.deliver(a_raw_mail(), to='"An &APw- \\"b\\""')
    assert look(mailbox).taken == 1
