"""How mail servers are reached: checked, encrypted, bounded, and in words when they fail."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.models import Event
from apps.core.sealing import seal
from apps.drafts import connecting
from apps.drafts.models import Mailbox, Message
from tests.drafts.mail_servers import (
    ADDRESS,
    PASSWORD,
    Imap,
    a_raw_mail,
    connected,
    free_port,
    imap_server,
    smtp_server,
)
from tests.drafts.test_fetching import look


@pytest.fixture
def mailbox(in_shop: Business, imap: Imap) -> Mailbox:
    """Of an account of its own."""
    return connected(in_shop, imap, imap_user="connections@corner-shop.example.com")


def test_by_tls_the_certificate_is_checked(mailbox: Mailbox, imap: Imap, settings: Any) -> None:
    Mailbox.objects.update(imap_security="tls", imap_port=imap.tls_port)
    assert "certificate is not trusted" in look(mailbox).error
    settings.MAIL_CA_FILE = str(imap.certificate.cert)
    assert look(mailbox).error == ""
    Mailbox.objects.update(imap_security="starttls", imap_port=imap.port)
    assert look(mailbox).error == ""


def test_a_wrong_password_is_told_and_waited_for_longer_each_time(mailbox: Mailbox) -> None:
    Mailbox.objects.update(imap_password=seal("wrong"))
    assert "refuses" in look(mailbox).error
    first = Mailbox.objects.get()
    assert first.failures == 1 and first.next_look_at is not None and "wrong" not in first.last_error
    look(mailbox)
    second = Mailbox.objects.get()
    assert second.next_look_at is not None and second.next_look_at - timezone.now() > timedelta(seconds=15)
    assert Event.objects.filter(kind="mailbox.failing").count() == 1
    Mailbox.objects.update(imap_password=seal(PASSWORD))
    assert look(mailbox).error == ""
    assert Mailbox.objects.get().last_error == ""
    assert Event.objects.filter(kind="mailbox.working").count() == 1


def test_a_server_that_comes_back_is_found_again(in_shop: Business) -> None:
    with imap_server() as imap:
        mailbox = connected(in_shop, imap)
        imap.deliver(a_raw_mail())
        imap.stop()
        assert "does not answer" in look(mailbox).error
        imap.start()
        assert look(mailbox).taken == 1


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0", "192.168.1.1", "::ffff:10.0.0.1"])
def test_no_mailbox_reaches_into_our_network(mailbox: Mailbox, settings: Any, host: str) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    Mailbox.objects.update(imap_host=host, smtp_host=host, imap_security="tls")
    error = look(mailbox).error
    assert "may not be reached" in error or "could not be found" in error
    tested = connecting.test_mailbox(mailbox_id=mailbox.pk)
    assert (tested.imap_ok, tested.smtp_ok) == (False, False)


def test_without_tls_no_password_leaves_the_own_network(mailbox: Mailbox, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["0.0.0.0/0"]
    Mailbox.objects.update(imap_host="192.0.2.1", imap_security="none")
    error = look(mailbox).error
    assert "without TLS" in error or "does not answer" in error


def test_a_server_that_says_too_much_is_hung_up_on(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.drafts import imap as client

    monkeypatch.setattr(client, "MOST_ANSWER", 200_000)
    port = chatty(b"* OK [CAPABILITY IMAP4rev1] hi\r\n" + b"* 1 EXISTS " + b"x" * 1000 + b"\r\n", times=100_000)
    Mailbox.objects.update(imap_port=port)
    assert "more than a mail can hold" in look(mailbox).error


def test_a_server_that_is_no_mail_server_is_told(mailbox: Mailbox) -> None:
    port = chatty(b"HTTP/1.1 400 Bad Request\r\n\r\n", times=1)
    Mailbox.objects.update(imap_port=port)
    assert look(mailbox).error


def chatty(line: bytes, times: int) -> int:
    """The port of a server that talks without being asked."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        talking, _ = listening.accept()
        with talking:
            try:
                for _ in range(times):
                    talking.sendall(line)
            except OSError:
                return

    threading.Thread(target=run, daemon=True).start()
    return int(listening.getsockname()[1])


def test_a_connection_is_tested_without_fetching(mailbox: Mailbox, imap: Imap, shop: Business) -> None:
    imap.deliver(a_raw_mail())
    with smtp_server(tls=imap.certificate, password="letters") as smtp:
        tested = connecting.test_mailbox(mailbox_id=mailbox.pk)
        assert (tested.imap_ok, tested.smtp_ok) == (True, None)
        assert "Sent" in tested.folders
        given = {"smtp_host": "localhost", "smtp_port": smtp.port, "smtp_security": "starttls", "smtp_user": ADDRESS}
        Mailbox.objects.update(**given, smtp_password=seal("letters"))
        assert "not trusted" in connecting.test_mailbox(mailbox_id=mailbox.pk).smtp_words
    assert not Message.objects.exists()


def test_smtp_with_tls_and_a_password(mailbox: Mailbox, imap: Imap, settings: Any) -> None:
    settings.MAIL_CA_FILE = str(imap.certificate.cert)
    with smtp_server(tls=imap.certificate, password="letters") as smtp:
        given = {"smtp_host": "127.0.0.1", "smtp_port": smtp.port, "smtp_security": "starttls", "smtp_user": ADDRESS}
        Mailbox.objects.update(**given, smtp_password=seal("letters"))
        assert connecting.test_mailbox(mailbox_id=mailbox.pk).smtp_ok is True
        assert smtp.signed_in == [ADDRESS]
        Mailbox.objects.update(smtp_password=seal("wrong"))
        tested = connecting.test_mailbox(mailbox_id=mailbox.pk)
        assert tested.smtp_ok is False and "refuses the name or password" in tested.smtp_words


def test_nobody_there(mailbox: Mailbox) -> None:
    Mailbox.objects.update(imap_port=free_port())
    assert "does not answer" in look(mailbox).error
