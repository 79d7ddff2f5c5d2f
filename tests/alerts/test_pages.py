"""The pages of alert channels and notices."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.alerts.connecting import add_channel
from apps.alerts.models import Channel, Delivery, Notice
from apps.core.models import Event
from apps.core.sealing import unseal
from tests.alerts.conftest import ACTOR, ROUTING_KEY, SLACK_SECRET, raise_one, resolve_one, work
from tests.fakes import Outsider

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
SLACK = {
    "kind": "slack",
    "name": "#alerts",
    "lowest": "error",
    "given_secret": "https://hooks.slack.com/services/T/B/x",
}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:alerts_{name}", args=args)


def test_an_admin_adds_a_channel_and_never_sees_its_secret_again(signed_in: SignIn, shop: Business, bob: User) -> None:
    browser = signed_in(bob)
    assert browser.post(page("channel_add"), SLACK).status_code == 302
    channel = Channel.objects.get()
    assert (channel.business, channel.kind, channel.lowest) == (shop, "slack", "error")
    assert unseal(channel.secret) == SLACK["given_secret"]
    event = Event.objects.get(kind="alert_channel.added")
    assert event.actor == "user:bob@example.com"
    for shown in (page("channel_changelist"), page("channel_change", channel.pk)):
        text = browser.get(shown).content.decode()
        assert "#alerts" in text
        assert "hooks.slack.com" not in text
        assert channel.secret not in text


def test_a_form_that_is_refused_does_not_hand_the_secret_back(signed_in: SignIn, bob: User) -> None:
    browser = signed_in(bob)
    for wrong in (
        {"name": ""},
        {"given_secret": "ftp://hooks.slack.com/secretpath"},
        {"kind": "pagerduty", "given_secret": "secretpath"},
        {"kind": "email", "given_secret": "secretpath"},
        {"more_addresses": "a@b.example"},
        {"kind": "email", "given_secret": "", "more_addresses": "nobody"},
        {"given_secret": ""},
        {"kind": ""},
    ):
        answer = browser.post(page("channel_add"), SLACK | wrong)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "services/T/B" not in text and "secretpath" not in text
    assert not Channel.objects.exists()


def test_changing_keeps_the_secret_unless_a_new_one_is_given(
    signed_in: SignIn, shop: Business, bob: User, pagerduty: Channel
) -> None:
    browser, change = signed_in(bob), page("channel_change", pagerduty.pk)
    values = {"name": "Night shift", "lowest": "critical", "enabled": "on", "given_secret": ""}
    assert browser.post(change, values).status_code == 302
    pagerduty.refresh_from_db()
    assert (pagerduty.name, pagerduty.lowest, pagerduty.enabled) == ("Night shift", "critical", True)
    assert unseal(pagerduty.secret) == ROUTING_KEY
    assert browser.post(change, values | {"given_secret": "0" * 32, "enabled": ""}).status_code == 302
    pagerduty.refresh_from_db()
    assert (unseal(pagerduty.secret), pagerduty.enabled) == ("0" * 32, False)
    assert browser.post(change, values | {"kind": "slack"}).status_code == 302
    pagerduty.refresh_from_db()
    assert pagerduty.kind == "pagerduty"


def test_a_mail_channel_takes_addresses_one_a_line(signed_in: SignIn, bob: User) -> None:
    browser = signed_in(bob)
    values = {"kind": "email", "name": "Desk", "lowest": "info", "more_addresses": "a@b.example\r\n\r\nc@d.example"}
    assert browser.post(page("channel_add"), values).status_code == 302
    channel = Channel.objects.get()
    assert channel.addresses == ["a@b.example", "c@d.example"]
    shown = browser.get(page("channel_change", channel.pk)).content.decode()
    assert "c@d.example" in shown and "given_secret" not in shown
    browser.post(page("channel_change", channel.pk), {"name": "Desk", "lowest": "info", "more_addresses": ""})
    channel.refresh_from_db()
    assert channel.addresses == []


@pytest.mark.parametrize("name", ["channel_changelist", "channel_add", "notice_changelist"])
def test_they_are_for_admins(signed_in: SignIn, alice: User, bob: User, name: str) -> None:
    assert signed_in(bob).get(page(name)).status_code == 200
    assert signed_in(alice).get(page(name)).status_code == 403


def test_the_navigation_leads_there(signed_in: SignIn, alice: User, bob: User) -> None:
    assert "Alert channels" in signed_in(bob).get(page("channel_changelist")).content.decode()
    assert "Alert channels" not in signed_in(alice).get(reverse("admin:queue")).content.decode()


def test_nobody_of_another_business_touches_a_channel(signed_in: SignIn, slack: Channel, mallory: User) -> None:
    notice = raise_one(slack.business_id)
    browser = signed_in(mallory)
    assert "#alerts" not in browser.get(page("channel_changelist")).content.decode()
    assert browser.get(page("channel_change", slack.pk)).status_code == 302
    assert browser.post(page("channel_change", slack.pk), {"name": "mine", "lowest": "info"}).status_code == 302
    assert browser.post(page("channel_delete", slack.pk), {"post": "yes"}).status_code == 302
    assert browser.post(page("channel_test", slack.pk)).status_code in (302, 403)
    assert browser.get(page("notice_change", notice.pk)).status_code == 302
    slack.refresh_from_db()
    assert slack.name == "#alerts"
    assert Notice.objects.count() == 1


def test_superusers_alone_manage_the_channels_of_the_installation(
    signed_in: SignIn, shop: Business, bob: User, root: User
) -> None:
    browser = signed_in(root)
    assert browser.post(page("channel_add"), SLACK | {"for_installation": "on"}).status_code == 302
    channel = Channel.objects.get()
    assert channel.business is None
    notice = raise_one(None, title="The whole house")
    assert "The whole installation" in browser.get(page("channel_changelist")).content.decode()
    assert "The whole house" in browser.get(page("notice_changelist")).content.decode()
    assert browser.get(page("notice_change", notice.pk)).headers["Refresh"] == "3"
    values = {"name": "ours", "lowest": "info", "enabled": "on"}
    assert browser.post(page("channel_change", channel.pk), values).status_code == 302
    channel.refresh_from_db()
    assert (channel.name, channel.business) == ("ours", None)
    browser.post(page("channel_test", channel.pk))
    assert Notice.objects.filter(business=None, test=True).exists()
    assert Event.objects.filter(subject_type="alert_channel").exclude(business_id=None).count() == 0

    browser.get(page("channel_changelist"))
    browser = signed_in(bob)
    for name in ("channel_changelist", "notice_changelist"):
        text = browser.get(page(name)).content.decode()
        assert "ours" not in text and "The whole house" not in text
    assert browser.get(page("channel_change", channel.pk)).status_code == 302
    browser.post(page("channel_add"), SLACK | {"for_installation": "on"})
    assert Channel.objects.exclude(pk=channel.pk).get().business == shop
    assert "for_installation" not in browser.get(page("channel_add")).content.decode()
    assert signed_in(root).post(page("channel_delete", channel.pk), {"post": "yes"}).status_code == 302
    assert not Channel.objects.filter(pk=channel.pk).exists()


def test_a_test_alert_asks_first_and_shows_what_came_back(
    signed_in: SignIn, bob: User, pagerduty: Channel, outside: Outsider
) -> None:
    browser = signed_in(bob)
    asked = browser.get(page("channel_test", pagerduty.pk))
    assert asked.status_code == 200
    assert not Notice.objects.exists()
    sent = browser.post(page("channel_test", pagerduty.pk), follow=True)
    assert "on its way" in sent.content.decode()
    assert sent.headers["Refresh"] == "3"
    assert Delivery.objects.get().channel == pagerduty
    work()
    assert [got.json()["event_action"] for got in outside.received] == ["trigger", "resolve"]
    assert outside.received[0].json()["payload"]["severity"] == "info"
    done = browser.get(page("notice_change", Notice.objects.get().pk))
    assert "202" in done.content.decode() and "delivered" in done.content.decode()
    assert "Refresh" not in done.headers
    assert Event.objects.get(kind="alert_channel.tested").actor == "user:bob@example.com"


def test_a_test_that_fails_says_why_and_another_can_be_sent(
    signed_in: SignIn, bob: User, slack: Channel, outside: Outsider
) -> None:
    outside.answers = [(403, b"action_prohibited", {}), (503, b"", {})]
    browser = signed_in(bob)
    browser.post(page("channel_test", slack.pk))
    work()
    shown = browser.get(page("notice_change", Notice.objects.get().pk)).content.decode()
    assert "Answered 403: action_prohibited" in shown
    assert "failing" in browser.get(page("channel_changelist")).content.decode()
    for _ in range(2):
        browser.post(page("channel_test", slack.pk))
        work()
    assert Notice.objects.count() == 3
    assert [got.json()["text"].split(":")[0] for got in outside.received] == ["Info", "Info", "Info", "Over"]


def test_a_channel_that_is_off_is_not_tried(signed_in: SignIn, bob: User, slack: Channel) -> None:
    Channel.objects.update(enabled=False)
    answer = signed_in(bob).post(page("channel_test", slack.pk), follow=True)
    assert "switched off" in answer.content.decode()
    assert not Notice.objects.exists()


def test_notices_show_how_each_telling_went_and_cannot_be_changed(
    signed_in: SignIn, shop: Business, bob: User, slack: Channel, outside: Outsider
) -> None:
    outside.answers = [(404, b"no_service", {})]
    notice = raise_one(shop.pk, title="<script>alert(1)</script>", facts=[("<b>rate</b>", "41 %")])
    raise_one(shop.pk, dedup_key="fine", title="Fine now")
    work()
    resolve_one(shop.pk, "fine")
    browser = signed_in(bob)
    listed = browser.get(page("notice_changelist")).content.decode()
    assert "Answered 404: no_service" in listed
    assert "<script>alert(1)" not in listed
    shown = browser.get(page("notice_change", notice.pk)).content.decode()
    assert "Mail to admins and owners" in shown and "&lt;b&gt;rate" in shown
    for state, there, away in (
        ("yes", "script", "Fine now"),
        ("no", "Fine now", "script&gt;"),
        ("failed", "404", "Fine"),
    ):
        text = browser.get(page("notice_changelist") + f"?open={state}").content.decode()
        assert there in text and away not in text
    assert browser.post(page("notice_change", notice.pk), {"title": "x"}).status_code == 403
    assert browser.post(page("notice_delete", notice.pk), {"post": "yes"}).status_code == 403
    assert SLACK_SECRET not in listed + shown


def test_the_lists_take_as_many_queries_for_many_as_for_few(
    signed_in: SignIn, shop: Business, bob: User, slack: Channel
) -> None:
    browser, counts = signed_in(bob), []
    raise_one(shop.pk)
    for _ in range(2):
        for name in ("channel_changelist", "notice_changelist"):
            browser.get(page(name))
            with CaptureQueriesContext(connection) as seen:
                browser.get(page(name))
            counts.append(len(seen))
        for number in range(5):
            add_channel(business_id=shop.pk, kind="email", name=str(number), actor=ACTOR)
            raise_one(shop.pk, dedup_key=str(number))
    assert counts[:2] == counts[2:]
