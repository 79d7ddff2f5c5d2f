"""Deliveries by Slack and PagerDuty against a server that misbehaves."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.alerts import sending, telling
from apps.alerts.connecting import change_channel
from apps.alerts.models import Channel, Delivery, Notice
from apps.alerts.raising import WITHDRAWN
from apps.alerts.retrying import MOST_ATTEMPTS
from apps.alerts.sending import deliver, due_deliveries
from apps.alerts.tasks import forget_notices, send_delivery, send_due_deliveries
from apps.core.models import Event
from tests.alerts.conftest import (
    ACTOR,
    ROUTING_KEY,
    SLACK_SECRET,
    by,
    every_text,
    make_due,
    raise_one,
    resolve_one,
    work,
)
from tests.approvals.threads import in_threads
from tests.fakes import Outsider

pytestmark = pytest.mark.django_db


def kinds(subject: str) -> list[str]:
    return [event.kind for event in Event.objects.filter(subject_type=subject).order_by("id")]


def test_slack_gets_a_post_to_its_address(shop: Business, slack: Channel, outside: Outsider) -> None:
    raise_one(shop.pk)
    work()
    (got,) = outside.received
    assert got.path == SLACK_SECRET
    assert got.headers["content-type"] == "application/json"
    assert got.json()["text"] == "Error: The new checkout was rolled back (Corner Shop)"
    delivery = by("slack")
    assert (delivery.state, delivery.attempts, delivery.response_status) == ("delivered", 1, 200)
    slack.refresh_from_db()
    assert (slack.last_words, slack.failing) == ("Delivered", "")


def test_pagerduty_gets_the_beginning_and_the_end_under_one_key(
    shop: Business, pagerduty: Channel, outside: Outsider
) -> None:
    notice = raise_one(shop.pk)
    work()
    resolve_one(shop.pk)
    work()
    began, ended = (got.json() for got in outside.received)
    assert {got.path for got in outside.received} == {"/v2/enqueue"}
    assert (began["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert began["dedup_key"] == ended["dedup_key"] == f"gatehouse-{notice.pk}"
    assert began["routing_key"] == ROUTING_KEY
    assert began["payload"]["severity"] == "error"
    assert began["links"][0]["href"].endswith("/admin/watch/")


def test_500_is_tried_again_with_the_same_key(shop: Business, pagerduty: Channel, outside: Outsider) -> None:
    outside.answers = [(500, b"", {})]
    raise_one(shop.pk)
    work()
    delivery = by("pagerduty")
    assert (delivery.state, delivery.last_error) == ("pending", "Answered 500")
    assert 9 < (delivery.next_attempt_at - timezone.now()).total_seconds() < 13
    work()
    assert len(outside.received) == 1
    make_due()
    work()
    assert by("pagerduty").state == "delivered"
    assert len({got.json()["dedup_key"] for got in outside.received}) == 1


def test_429_gives_the_channel_the_time_it_asks_for(shop: Business, slack: Channel, outside: Outsider) -> None:
    outside.answers = [(429, b"rate_limited", {"Retry-After": "600"})]
    raise_one(shop.pk)
    raise_one(shop.pk, dedup_key="another")
    work()
    assert len(outside.received) == 1
    waits = [(d.next_attempt_at - timezone.now()).total_seconds() for d in Delivery.objects.filter(channel=slack)]
    assert all(595 < wait < 760 for wait in waits)
    assert by_error(slack) == {"Answered 429: rate_limited", ""}


def by_error(channel: Channel) -> set[str]:
    return set(Delivery.objects.filter(channel=channel).values_list("last_error", flat=True))


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_refusal_for_good_is_not_repeated_and_marks_the_channel(
    shop: Business, bob: User, slack: Channel, outside: Outsider, status: int
) -> None:
    outside.answers = [(status, b"channel_is_archived", {})]
    raise_one(shop.pk)
    work()
    make_due()
    work()
    slack.refresh_from_db()
    assert len(outside.received) == 1
    assert by("slack").state == "failed"
    assert slack.failing == f"Answered {status}: channel_is_archived"
    assert slack.enabled
    assert kinds("alert_channel") == ["alert_channel.added", "alert_channel.failing"]
    assert kinds("notice") == ["notice.raised", "notice.not_delivered"]
    raise_one(shop.pk, dedup_key="next")
    work()
    slack.refresh_from_db()
    assert slack.failing == ""
    assert kinds("alert_channel")[-1] == "alert_channel.recovered"


def test_it_gives_up_after_so_many_attempts_and_says_so(shop: Business, slack: Channel, outside: Outsider) -> None:
    outside.answer = (503, b"", {})
    raise_one(shop.pk)
    for _ in range(MOST_ATTEMPTS + 3):
        make_due()
        for pk in due_deliveries():
            deliver(delivery_id=pk, business_id=shop.pk)
    assert len(outside.received) == MOST_ATTEMPTS == by("slack").attempts
    assert by("slack").state == "failed"
    slack.refresh_from_db()
    assert slack.failing == "Answered 503"
    told = Event.objects.get(kind="notice.not_delivered", data__by="Slack: #alerts")
    assert (told.data["attempts"], told.data["reason"]) == (MOST_ATTEMPTS, "Answered 503")


def test_no_answer_is_tried_again(
    shop: Business, slack: Channel, outside: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "TIMEOUT_SECONDS", 0.3)
    outside.slow = 0.8
    raise_one(shop.pk)
    work()
    assert (by("slack").state, by("slack").last_error) == ("pending", "No answer within 0.3 s")


def test_nobody_there_is_tried_again(shop: Business, pagerduty: Channel, settings: Any) -> None:
    settings.PAGERDUTY_EVENTS_URL = "http://127.0.0.1:1"
    raise_one(shop.pk)
    work()
    assert by("pagerduty").state == "pending"
    assert by("pagerduty").last_error


def test_a_redirect_is_not_followed(shop: Business, slack: Channel, outside: Outsider) -> None:
    outside.answers = [(302, b"", {"Location": "http://169.254.169.254/latest/meta-data"})]
    raise_one(shop.pk)
    work()
    assert len(outside.received) == 1
    assert (by("slack").state, by("slack").last_error) == ("failed", "Answered 302: redirects are not followed")


def test_private_addresses_are_not_reached(
    shop: Business, slack: Channel, pagerduty: Channel, outside: Outsider, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    raise_one(shop.pk)
    work()
    assert outside.received == []
    for kind in ("slack", "pagerduty"):
        assert by(kind).state == "failed"
        assert "may not be reached" in by(kind).last_error


def test_secrets_are_nowhere(
    shop: Business, bob: User, slack: Channel, pagerduty: Channel, outside: Outsider, caplog: Any, settings: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"no hook at {SLACK_SECRET} for {ROUTING_KEY}".encode()
    outside.answers = [
        (404, echo, {}),
        (400, b'{"message": "bad", "errors": ["%s"]}' % ROUTING_KEY.encode(), {}),
        (500, echo, {}),
    ]
    raise_one(shop.pk)
    work()
    settings.PAGERDUTY_EVENTS_URL = "http://127.0.0.1:1"
    raise_one(shop.pk, dedup_key="another")
    work()
    assert len(outside.received) == 3
    everything = every_text() + caplog.text
    assert "not_delivered" in everything
    for secret in (SLACK_SECRET, "kVerySecretPathOfAHook99", "T0SECRETS", ROUTING_KEY, ROUTING_KEY[8:28]):
        assert secret not in everything


def test_an_error_of_ours_is_told_by_its_name_only(
    shop: Business, slack: Channel, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError(SLACK_SECRET)

    monkeypatch.setattr(telling, "send", fail)
    raise_one(shop.pk)
    work()
    assert by("slack").last_error == "ZeroDivisionError in Gatehouse"
    assert SLACK_SECRET not in caplog.text + every_text()


def test_a_secret_that_cannot_be_opened_is_a_failed_attempt(shop: Business, slack: Channel) -> None:
    Channel.objects.update(secret="not sealed by us")
    raise_one(shop.pk)
    work()
    assert by("slack").state == "pending"
    assert "could not be opened" in by("slack").last_error


def test_no_transaction_is_open_while_the_other_side_answers(
    shop: Business, slack: Channel, outside: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths, real = [], telling.send

    def look(*args: Any, **kwargs: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        return real(*args, **kwargs)

    monkeypatch.setattr(telling, "send", look)
    before = len(connection.savepoint_ids)
    raise_one(shop.pk)
    work()
    assert depths == [before]


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_once(shop: Business, slack: Channel, outside: Outsider) -> None:
    outside.slow = 0.2
    raise_one(shop.pk)
    pk = by("slack").pk
    got: list[bool] = []
    in_threads(4, lambda _: got.append(deliver(delivery_id=pk, business_id=shop.pk)))
    assert sum(got) == 1
    assert len(outside.received) == 1


def test_a_worker_that_died_has_used_an_attempt_and_another_goes_on_after_the_lease(
    shop: Business, slack: Channel, outside: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_one(shop.pk)

    def die(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(telling, "send", die)
        with pytest.raises(KeyboardInterrupt):
            deliver(delivery_id=by("slack").pk, business_id=shop.pk)
    assert by("slack").pk not in due_deliveries()
    assert not deliver(delivery_id=by("slack").pk, business_id=shop.pk)
    Delivery.objects.update(held_until=timezone.now())
    work()
    assert (by("slack").state, by("slack").attempts) == ("delivered", 2)
    assert len(outside.received) == 1


def test_an_attempt_that_outlived_its_lease_overwrites_nothing(
    shop: Business, slack: Channel, outside: Outsider
) -> None:
    raise_one(shop.pk)
    pk = by("slack").pk
    taken = sending._take(pk, shop.pk)
    assert taken
    Delivery.objects.filter(pk=pk).update(held_until=timezone.now())
    assert deliver(delivery_id=pk, business_id=shop.pk)
    assert not sending._keep(taken[0], sending.Result(ok=False, error="late", permanent=True))
    assert (by("slack").state, by("slack").last_error) == ("delivered", "")


def test_what_is_over_before_it_was_told_is_not_told(
    shop: Business, bob: User, slack: Channel, mailoutbox: Any
) -> None:
    raise_one(shop.pk)
    resolve_one(shop.pk)
    assert work() == 0
    assert mailoutbox == []
    assert set(Delivery.objects.values_list("state", "last_error")) == {("withdrawn", WITHDRAWN)}
    assert not Delivery.objects.filter(action="resolve").exists()


def test_the_end_waits_while_the_beginning_is_being_told(shop: Business, pagerduty: Channel, outside: Outsider) -> None:
    raise_one(shop.pk)
    taken = sending._take(by("pagerduty").pk, shop.pk)
    assert taken
    resolve_one(shop.pk)
    assert not deliver(delivery_id=by("pagerduty", "resolve").pk, business_id=shop.pk)
    sending._keep(taken[0], sending._attempt(*taken))
    work()
    assert [got.json()["event_action"] for got in outside.received] == ["trigger", "resolve"]


def test_a_beginning_that_may_have_got_through_is_ended_at_pagerduty_and_not_at_slack(
    shop: Business, slack: Channel, pagerduty: Channel, outside: Outsider
) -> None:
    outside.answers = [(500, b"", {}), (500, b"", {})]
    raise_one(shop.pk)
    work()
    resolve_one(shop.pk)
    work()
    assert [got.json().get("event_action") for got in outside.received[2:]] == ["resolve"]
    assert (by("slack").state, by("pagerduty").state) == ("withdrawn", "withdrawn")
    assert by("slack", "resolve").last_error == "It was never told that it began"


def test_one_that_died_while_it_ended_is_not_told_late(shop: Business, slack: Channel, outside: Outsider) -> None:
    raise_one(shop.pk)
    assert sending._take(by("slack").pk, shop.pk)
    resolve_one(shop.pk)
    Delivery.objects.update(held_until=timezone.now())
    work()
    assert by("slack").state == "withdrawn"
    assert outside.received == []


def test_a_channel_that_is_switched_off_gets_nothing_more(shop: Business, slack: Channel, outside: Outsider) -> None:
    raise_one(shop.pk)
    change_channel(channel_id=slack.pk, business_id=shop.pk, actor=ACTOR, enabled=False)
    work()
    assert (by("slack").state, by("slack").last_error) == ("withdrawn", "The channel was switched off")
    raise_one(shop.pk, dedup_key="next")
    assert Delivery.objects.filter(channel=slack).count() == 1
    assert outside.received == []


def test_a_changed_secret_is_used_by_the_next_attempt(shop: Business, slack: Channel, outside: Outsider) -> None:
    outside.answers = [(500, b"", {})]
    raise_one(shop.pk)
    work()
    change_channel(channel_id=slack.pk, business_id=shop.pk, actor=ACTOR, secret=outside.url + "/services/new")
    make_due()
    work()
    assert [got.path for got in outside.received] == [SLACK_SECRET, "/services/new"]


def test_the_sweep_wakes_what_is_due(shop: Business, slack: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(send_delivery, "delay", woken.append)
    raise_one(shop.pk)
    send_due_deliveries()
    assert set(woken) == {str(pk) for pk in Delivery.objects.values_list("pk", flat=True)}
    assert send_delivery(str(by("slack").pk))
    assert not send_delivery(str(shop.pk))


def test_commits_wake_a_worker(
    shop: Business, slack: Channel, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, args, **more: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        raise_one(shop.pk)
    assert ("apps.alerts.tasks.send_delivery", (str(by("slack").pk),)) in sent


def test_old_notices_are_forgotten_open_ones_are_not(shop: Business, slack: Channel) -> None:
    raise_one(shop.pk)
    raise_one(shop.pk, dedup_key="old")
    resolve_one(shop.pk, "old")
    long_ago = timezone.now() - timedelta(days=91)
    Notice.objects.filter(dedup_key="old").update(opened_at=long_ago, resolved_at=long_ago)
    Notice.objects.exclude(dedup_key="old").update(opened_at=long_ago)
    forget_notices()
    assert Notice.objects.get().dedup_key == "rollback:7"


@pytest.mark.django_db(transaction=True)
def test_whatever_the_order_what_began_at_pagerduty_ends_there(
    shop: Business, pagerduty: Channel, outside: Outsider
) -> None:
    keys = [str(number) for number in range(20)]
    outside.answers = [(500, b"", {}), (202, b"", {})] * 10

    def sending(_: int) -> None:
        for _ in range(4):
            work()
            make_due_unheld()

    def resolving(_: int) -> None:
        for key in keys:
            resolve_one(shop.pk, key)

    for key in keys:
        raise_one(shop.pk, dedup_key=key)
    in_threads(3, lambda n: (sending, sending, resolving)[n](n))
    for _ in range(3):
        make_due()
        work()
    assert not Delivery.objects.filter(state="pending").exists()
    for pk in Notice.objects.values_list("pk", flat=True):
        told = [got.json() for got in outside.received]
        actions = [event["event_action"] for event in told if event["dedup_key"] == f"gatehouse-{pk}"]
        assert actions == [] or (actions[-1] == "resolve" and set(actions[:-1]) == {"trigger"})


def make_due_unheld() -> None:
    Delivery.objects.filter(state="pending", held_until=None).update(next_attempt_at=timezone.now())
