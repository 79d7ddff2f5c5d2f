"""New mail is noticed at once by IMAP IDLE, at a real Dovecot, whatever breaks, and the look stays the one path."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import Business
from apps.drafts import fetching, guarding, idling, imap, watching
from apps.drafts.models import Mailbox, Message
from tests.drafts.mail_servers import Imap, a_raw_mail, connected, imap_server, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
# As long as anything may take on a busy machine.
LATE = 90.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    """The list is read again soon, and who lost a server comes back soon."""
    monkeypatch.setattr(watching, "LIST_SECONDS", 0.3)
    monkeypatch.setattr(watching, "FIRST_WAIT", 0.2)
    monkeypatch.setattr(watching, "LONGEST_WAIT", 1.0)


@pytest.fixture
def mailbox(shop: Business, imap: Imap) -> Mailbox:
    return connected(shop, imap, imap_user=f"watch-{os.urandom(4).hex()}@corner-shop.example.com")


@contextlib.contextmanager
def watched() -> Iterator[threading.Thread]:
    ended, news = threading.Event(), queue.SimpleQueue[UUID | None]()
    thread = threading.Thread(target=watching.watch, kwargs={"ended": ended, "news": news}, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        ended.set()
        news.put(None)
        thread.join(LATE)
        assert not thread.is_alive()


def idles(mailbox: Mailbox) -> int:
    """As often as mail was announced, once somebody idles; waits for that."""
    wait_for(lambda: Mailbox.objects.filter(pk=mailbox.pk, watched_until__gt=timezone.now()).exists(), LATE)
    return announced(mailbox)


def announced(mailbox: Mailbox) -> int:
    return Mailbox.objects.values_list("announced", flat=True).get(pk=mailbox.pk)


def hears_of(mailbox: Mailbox, imap: Imap, folder: str = "INBOX") -> None:
    before = announced(mailbox)
    imap.deliver(a_raw_mail(), user=mailbox.imap_user, to=folder)
    wait_for(lambda: announced(mailbox) > before, LATE)


def test_a_delivery_is_noticed_and_looked_at_by_the_usual_path(mailbox: Mailbox, imap: Imap) -> None:
    with watched():
        idles(mailbox)
        fetching.look_into(mailbox_id=mailbox.pk, business_id=mailbox.business_id, now_please=True)
        box = Mailbox.objects.get(pk=mailbox.pk)
        assert box.next_look_at is not None and box.next_look_at > timezone.now() + timedelta(seconds=30)
        hears_of(mailbox, imap)
        assert mailbox.pk in fetching.due_mailboxes()
        looked = fetching.look_into(mailbox_id=mailbox.pk, business_id=mailbox.business_id)
        assert looked is not None and looked.taken == 1
        hears_of(mailbox, imap)
    assert Message.objects.filter(mailbox=mailbox).count() == 1


def test_a_server_that_is_killed_and_comes_back_is_heard_again(shop: Business) -> None:
    with imap_server() as imap:
        mailbox = connected(shop, imap)
        with watched():
            idles(mailbox)
            os.killpg(imap.process.pid, signal.SIGKILL)
            imap.process.wait(10)
            before = announced(mailbox)
            imap.start()
            # It looks once by itself, for what came while nobody listened.
            wait_for(lambda: announced(mailbox) > before, LATE)
            hears_of(mailbox, imap)


def test_a_connection_that_is_dead_without_a_word_is_noticed(
    mailbox: Mailbox, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idling, "ROUND_SECONDS", 0.5)
    monkeypatch.setattr(guarding, "ANSWER_SECONDS", 1.0)
    with proxy(imap.port) as (port, frozen):
        Mailbox.objects.filter(pk=mailbox.pk).update(imap_port=port)
        with watched():
            before = idles(mailbox)
            frozen.set()
            time.sleep(2.5)
            frozen.clear()
            # The old connection stays dead, so this is a new one.
            wait_for(lambda: announced(mailbox) > before, LATE)
            hears_of(mailbox, imap)


@contextlib.contextmanager
def proxy(port: int) -> Iterator[tuple[int, threading.Event]]:
    """A gateway; what was connected while it is frozen stays connected and is never heard of again."""
    frozen, listening = threading.Event(), socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if frozen.is_set():
                    threading.Event().wait(60)
                target.sendall(data)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                inside, _ = listening.accept()
                outside = socket.create_connection(("127.0.0.1", port))
                for pair in ((inside, outside), (outside, inside)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(listening.getsockname()[1]), frozen
    finally:
        listening.close()


def test_a_folder_that_is_renamed_is_opened_anew(mailbox: Mailbox, imap: Imap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idling, "ROUND_SECONDS", 0.5)
    Mailbox.objects.filter(pk=mailbox.pk).update(imap_folder="Archive")
    with watched():
        idles(mailbox)
        with imap.client(mailbox.imap_user) as client:
            assert client.rename("Archive", "Old")[0] == "OK"
            client.create("Archive")
        time.sleep(1.5)
        hears_of(mailbox, imap, "Archive")


def test_who_is_switched_off_is_left_alone(mailbox: Mailbox, imap: Imap) -> None:
    with watched():
        idles(mailbox)
        assert idling_threads(mailbox)
        Mailbox.objects.filter(pk=mailbox.pk).update(enabled=False, watched_until=None)
        wait_for(lambda: not idling_threads(mailbox), LATE)
        imap.deliver(a_raw_mail(), user=mailbox.imap_user)
        before = announced(mailbox)
        time.sleep(1)
        assert announced(mailbox) == before
        Mailbox.objects.filter(pk=mailbox.pk).update(enabled=True)
        idles(mailbox)
        hears_of(mailbox, imap)
    assert not idling_threads(mailbox)


def idling_threads(mailbox: Mailbox) -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == f"idle {mailbox.pk}"]


def test_who_is_set_anew_is_signed_in_anew(mailbox: Mailbox, imap: Imap) -> None:
    with watched():
        idles(mailbox)
        other = f"moved-{os.urandom(4).hex()}@corner-shop.example.com"
        Mailbox.objects.filter(pk=mailbox.pk).update(imap_user=other, watched_until=None)
        mailbox.refresh_from_db()
        idles(mailbox)
        hears_of(mailbox, imap)


def test_one_watches_at_a_time_and_another_takes_over(mailbox: Mailbox, imap: Imap) -> None:
    with watched() as _first:
        idles(mailbox)
        with watched():
            time.sleep(1)
            assert len(idling_threads(mailbox)) == 1
    Mailbox.objects.filter(pk=mailbox.pk).update(watched_until=None)
    with watched():
        idles(mailbox)
        hears_of(mailbox, imap)


def test_a_server_that_cannot_idle_is_looked_into_as_ever(shop: Business) -> None:
    with imap_server(more="imap_capability = IMAP4rev1 UIDPLUS") as imap:
        mailbox = connected(shop, imap)
        with watched():
            wait_for(lambda: idling_threads(mailbox), LATE)
            time.sleep(1)
            box = Mailbox.objects.get(pk=mailbox.pk)
            assert box.watched_until is None and box.announced == 0
        looked = fetching.look_into(mailbox_id=mailbox.pk, business_id=mailbox.business_id)
        assert looked is not None and not looked.error
        box = Mailbox.objects.get(pk=mailbox.pk)
        assert box.next_look_at is not None and box.next_look_at < timezone.now() + timedelta(seconds=10)


def test_mail_that_is_announced_during_a_look_is_looked_for_again(mailbox: Mailbox) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(watched_until=timezone.now() + timedelta(minutes=1))
    held = fetching._take(mailbox.pk, mailbox.business_id, True)
    assert held is not None
    Mailbox.objects.filter(pk=mailbox.pk).update(announced=F("announced") + 1, next_look_at=timezone.now())
    fetching._let_go(held, fetching.Looked())
    assert mailbox.pk in fetching.due_mailboxes()
    held = fetching._take(mailbox.pk, mailbox.business_id, True)
    assert held is not None
    fetching._let_go(held, fetching.Looked())
    assert fetching.due_mailboxes() == []


def test_what_a_server_says_while_we_idle_is_not_kept(mailbox: Mailbox, imap: Imap) -> None:
    with imap_client(mailbox) as folder:
        for _ in range(30):
            assert idling.wait_for_mail(folder, 0.01) is False
            assert folder.client.untagged_responses == {}
        imap.deliver(a_raw_mail(), user=mailbox.imap_user)
        assert idling.wait_for_mail(folder, 20) is True
        assert idling.wait_for_mail(folder, 0.01) is False
        assert not folder.client.tagged_commands


@contextlib.contextmanager
def imap_client(mailbox: Mailbox) -> Iterator[imap.Folder]:
    with imap.signed_in(mailbox, seconds=None) as folder:
        folder.look_into("INBOX")
        yield folder


def test_by_tls_too(mailbox: Mailbox, imap: Imap, settings: object) -> None:
    settings.MAIL_CA_FILE = str(imap.certificate.cert)  # type: ignore[attr-defined]
    Mailbox.objects.filter(pk=mailbox.pk).update(imap_security="tls", imap_port=imap.tls_port)
    with watched():
        idles(mailbox)
        hears_of(mailbox, imap)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_process_ends_when_it_is_told_to(sign: signal.Signals) -> None:
    connection.close()
    process = subprocess.Popen([sys.executable, "manage.py", "watch_mail"], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_for(
            lambda: "SigCgt" in (status := Path(f"/proc/{process.pid}/status").read_text()) and catches(status, sign),
            LATE,
        )
        process.send_signal(sign)
        assert process.wait(LATE) == 0
    finally:
        process.kill()


def catches(status: str, sign: signal.Signals) -> bool:
    mask = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return bool(mask >> (sign - 1) & 1) and bool(mask >> (signal.SIGHUP - 1) & 1)
