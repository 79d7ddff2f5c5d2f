"""Mail about notices, by a real mail server that refuses and goes away."""

from typing import Any

import pytest

from apps.accounts.models import Business, User
from apps.alerts import mailing
from apps.alerts.connecting import add_channel
from apps.alerts.models import Delivery
from apps.alerts.retrying import MOST_ATTEMPTS
from tests.alerts.conftest import ACTOR, MailServer, by, make_due, raise_one, resolve_one, work
from tests.conftest import person

pytestmark = pytest.mark.django_db


def test_admins_and_owners_are_told_once_and_nobody_else(
    shop: Business,
    alice: User,
    bob: User,
    carol: User,
    victor: User,
    mallory: User,
    root: User,
    mail_server: MailServer,
) -> None:
    raise_one(shop.pk)
    raise_one(shop.pk)
    work()
    work()
    assert mail_server.addresses == ["bob@example.com", "carol@example.com"]
    _, message = mail_server.taken[0]
    assert message["Subject"] == "Error: The new checkout was rolled back (Corner Shop)"
    body = str(message.get_payload())
    assert "approval rate: 41 %" in body
    assert "/admin/watch/" in body


def test_notices_of_the_installation_go_to_superusers(root: User, bob: User, mail_server: MailServer) -> None:
    raise_one(None)
    work()
    assert mail_server.addresses == ["root@example.com"]
    assert mail_server.taken[0][1]["Subject"] == "Error: The new checkout was rolled back"


def test_a_mail_channel_tells_more_addresses_and_of_the_end(shop: Business, bob: User, mail_server: MailServer) -> None:
    addresses = ["desk@example.com", "bob@example.com"]
    add_channel(business_id=shop.pk, kind="email", name="desk", addresses=addresses, actor=ACTOR)
    raise_one(shop.pk)
    work()
    resolve_one(shop.pk)
    work()
    assert mail_server.addresses == ["bob@example.com"] * 2 + ["desk@example.com"] * 2
    began, over = mail_server.taken[0][1], mail_server.taken[2][1]
    assert over["Subject"].startswith("Over: ")
    assert over["In-Reply-To"] == over["References"] == began["Message-ID"]
    assert over["Message-ID"] != began["Message-ID"]


def test_without_a_channel_the_end_is_not_mailed(shop: Business, bob: User, mail_server: MailServer) -> None:
    raise_one(shop.pk)
    work()
    resolve_one(shop.pk)
    work()
    assert len(mail_server.taken) == 1


def test_nothing_of_a_title_becomes_a_header(shop: Business, bob: User, mail_server: MailServer) -> None:
    shop.name = "Corner\r\nBcc: x@y.z"
    shop.save()
    raise_one(shop.pk, title="a\r\nBcc: x@y.z\r\n\r\nbody <!channel>" + "x" * 5000)
    work()
    ((address, message),) = mail_server.taken
    assert address == "bob@example.com"
    assert message["Bcc"] is None
    assert message["To"] == "bob@example.com"


def test_one_address_that_is_refused_keeps_nobody_from_theirs(
    shop: Business, bob: User, carol: User, mail_server: MailServer
) -> None:
    mail_server.refuse["bob@example.com"] = "550 no such person bob@example.com"
    raise_one(shop.pk)
    work()
    assert mail_server.addresses == ["carol@example.com"]
    assert (by("").state, by("").last_error) == ("delivered", "The mail server refused 1 of the addresses")


def test_one_that_is_refused_for_now_is_tried_again_and_the_others_are_not(
    shop: Business, bob: User, carol: User, mail_server: MailServer
) -> None:
    mail_server.refuse["bob@example.com"] = "451 try again later"
    raise_one(shop.pk)
    work()
    assert (by("").state, by("").mailed) == ("pending", ["carol@example.com"])
    mail_server.refuse.clear()
    make_due()
    work()
    assert mail_server.addresses == ["bob@example.com", "carol@example.com"]
    assert by("").state == "delivered"


def test_when_every_address_is_refused_it_has_failed(shop: Business, bob: User, mail_server: MailServer) -> None:
    mail_server.refuse["bob@example.com"] = "550 no"
    raise_one(shop.pk)
    work()
    assert by("").state == "failed"


def test_nobody_to_mail_is_said(shop: Business) -> None:
    raise_one(shop.pk)
    work()
    assert (by("").state, by("").last_error) == ("failed", "Nobody there has a mail address")


def test_people_who_left_are_not_mailed(shop: Business, bob: User, mail_server: MailServer) -> None:
    raise_one(shop.pk)
    bob.is_active = False
    bob.save()
    person("barbara", shop, "admin")
    work()
    assert mail_server.addresses == ["barbara@example.com"]


def test_a_mail_server_that_is_away_is_tried_later_and_not_for_ever(shop: Business, bob: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    raise_one(shop.pk)
    work()
    assert by("").state == "pending"
    assert "ConnectionRefusedError" in by("").last_error
    for _ in range(MOST_ATTEMPTS):
        make_due()
        work()
    assert (by("").state, by("").attempts) == ("failed", MOST_ATTEMPTS)


def test_a_mail_sent_twice_after_a_death_has_one_message_id(
    shop: Business, bob: User, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    raise_one(shop.pk)
    with monkeypatch.context() as patched:
        patched.setattr(mailing, "_summed", die)
        with pytest.raises(KeyboardInterrupt):
            work()
    make_due()
    work()
    assert len(mail_server.taken) == 2
    assert len({message["Message-ID"] for _, message in mail_server.taken}) == 1
    assert by("").attempts == 2


def test_a_slow_mail_server_is_left_before_the_lease_is_over(
    shop: Business, bob: User, carol: User, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "WORK_SECONDS", -1)
    raise_one(shop.pk)
    work()
    assert mail_server.taken == []
    assert Delivery.objects.get().last_error == "The mail server is slow"
