"""Alerts: opened when a figure is surely out of its band, closed when it is back, told once."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.alerts.models import Channel, Notice
from apps.approvals.endpoints import add_endpoint
from apps.approvals.models import WebhookDelivery
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.models import Event
from apps.core.outbox import drain
from apps.goals.models import GateError, Goal
from apps.watch import alerting, tasks
from apps.watch.alerting import acknowledge, evaluate, worth_a_look
from apps.watch.hysteresis import COOL_DOWN, HOLD
from apps.watch.models import Alert, TargetBand
from tests.alerts.conftest import MailServer, work
from tests.fakes import Outsider
from tests.watch.conftest import Put
from tests.watch.made import errors_at

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
GOOD = {"executed": 60, "approved": 25, "clarification": 11, "rejected": 10}
ASKS_TOO_OFTEN = {"executed": 20, "approved": 90, "clarification": 11, "rejected": 10}


def kinds() -> list[str]:
    found = Event.objects.filter(subject_type="alert").order_by("id")
    return [event.kind.removeprefix("gate.alert_") for event in found]


def test_a_gate_in_its_bands_raises_no_alert(shop: Business, put: Put, now: datetime) -> None:
    put(now, **GOOD)
    assert evaluate(business_id=shop.pk, now=now) == 0
    assert not Alert.objects.exists()


def test_it_opens_one_alert_and_tells_of_it_once(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    for minute in range(3):
        evaluate(business_id=shop.pk, now=now + minute * MINUTE)
    alert = Alert.objects.get()
    assert (alert.figure, alert.n, alert.band_high) == ("approval_rate", 131, 0.3)
    assert alert.value == pytest.approx(90 / 131)
    assert alert.low > 0.3
    assert kinds() == ["opened"]


def test_a_few_goals_say_nothing(shop: Business, put: Put, now: datetime) -> None:
    put(now, approved=25)
    assert evaluate(business_id=shop.pk, now=now) == 0


def test_what_may_be_chance_raises_no_alert(shop: Business, put: Put, now: datetime) -> None:
    put(now, executed=60, approved=35, clarification=5)
    assert evaluate(business_id=shop.pk, now=now) == 0


def test_it_closes_when_the_figure_has_stayed_back(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    Goal.objects.all().delete()
    put(now, **GOOD)
    evaluate(business_id=shop.pk, now=now + MINUTE)
    assert Alert.objects.get().calm_since == now + MINUTE
    evaluate(business_id=shop.pk, now=now + HOLD)
    assert Alert.objects.get().closed_at is None
    assert evaluate(business_id=shop.pk, now=now + MINUTE + HOLD) == 1
    alert = Alert.objects.get()
    assert (alert.closed_at, alert.ending) == (now + MINUTE + HOLD, "back")
    assert kinds() == ["opened", "closed"]


def test_a_figure_at_the_edge_does_not_flap(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    for minute in range(2, 20, 2):
        Goal.objects.all().delete()
        put(now, **(GOOD if minute % 4 else ASKS_TOO_OFTEN))
        evaluate(business_id=shop.pk, now=now + minute * MINUTE)
    assert kinds() == ["opened"]
    assert Alert.objects.get().closed_at is None


def test_after_one_has_closed_the_next_waits(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    Alert.objects.update(closed_at=now, ending="back")
    evaluate(business_id=shop.pk, now=now + COOL_DOWN - MINUTE)
    assert Alert.objects.count() == 1
    evaluate(business_id=shop.pk, now=now + COOL_DOWN)
    assert Alert.objects.filter(closed_at=None).count() == 1


def test_it_closes_when_nothing_comes_in_any_more(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    late = now + timedelta(hours=9)
    evaluate(business_id=shop.pk, now=late)
    evaluate(business_id=shop.pk, now=late + HOLD)
    assert Alert.objects.get().ending == "too_little"


def test_a_business_sets_its_own_band(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    TargetBand.objects.create(business=shop, figure="approval_rate", low=0.5)
    assert evaluate(business_id=shop.pk, now=now) == 0
    TargetBand.objects.update(low=0.9)
    assert evaluate(business_id=shop.pk, now=now) == 1
    TargetBand.objects.update(low=None)
    evaluate(business_id=shop.pk, now=now)
    evaluate(business_id=shop.pk, now=now + HOLD)
    assert Alert.objects.get().ending == "no_band"


@pytest.mark.parametrize(
    "bad", [{"low": 0.5, "high": 0.4}, {"low": -1.0}, {"high": 2.0}, {"figure": "nonsense"}, {"low": 0.4, "high": 0.4}]
)
def test_the_database_refuses_a_band_that_is_none(shop: Business, bad: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TargetBand.objects.create(business=shop, **({"figure": "approval_rate"} | bad))


def test_the_database_holds_one_open_alert_about_a_figure(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    again = Alert.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_runs_that_overlap_open_one_alert_and_send_one_mail(shop: Business, bob: User, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait(10)
        evaluate(business_id=shop.pk, now=now)
        work()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    work()
    assert Alert.objects.count() == 1
    assert kinds() == ["opened"]
    assert len(mail.outbox) == 1


def test_one_business_does_not_alarm_another(
    shop: Business, other_shop: Business, put: Put, now: datetime, bob: User, mallory: User
) -> None:
    put(now, **ASKS_TOO_OFTEN)
    put(now, of=other_shop, **GOOD)
    tasks.watch_gate()
    work()
    assert Alert.objects.get().business_id == shop.pk
    assert {message.to[0] for message in mail.outbox} == {"bob@example.com"}
    with acting_for(other_shop.pk):
        assert not Alert.objects.exists()
        with pytest.raises(NotFound):
            acknowledge(alert_id=Alert(id=other_shop.pk).pk, actor="user:mallory@example.com")


def test_the_mail_says_what_is_wrong_to_admins_and_owners(
    shop: Business, put: Put, now: datetime, alice: User, bob: User, carol: User
) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    evaluate(business_id=shop.pk, now=now + MINUTE)
    assert work() == 1
    assert work() == 0
    assert sorted(message.to[0] for message in mail.outbox) == ["bob@example.com", "carol@example.com"]
    message = mail.outbox[0]
    assert message.subject == "Warning: Asked to approve out of band (Corner Shop)"
    assert "68.7 %" in message.body
    assert "10 % to 30 %" in message.body
    assert "131 in the last 60 minutes" in message.body
    assert "/admin/watch/" in message.body


def test_what_has_closed_before_its_mail_is_not_mailed(shop: Business, bob: User, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    Goal.objects.all().delete()
    evaluate(business_id=shop.pk, now=now)
    evaluate(business_id=shop.pk, now=now + HOLD)
    assert work() == 0
    assert not mail.outbox
    assert Notice.objects.get().resolved_at is not None


def test_slack_and_pagerduty_are_told_of_both_ends(
    shop: Business, slack: Channel, pagerduty: Channel, put: Put, now: datetime, outside: Outsider
) -> None:
    Channel.objects.update(lowest="warning")
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    work()
    Goal.objects.all().delete()
    evaluate(business_id=shop.pk, now=now)
    evaluate(business_id=shop.pk, now=now + HOLD)
    work()
    bodies = [got.json() for got in outside.received]
    assert [body["event_action"] for body in bodies if "event_action" in body] == ["trigger", "resolve"]
    assert [body["text"] for body in bodies if "blocks" in body] == [
        "Warning: Asked to approve out of band (Corner Shop)",
        "Over: Asked to approve out of band (Corner Shop)",
    ]


def test_an_alert_that_could_not_be_opened_tells_nobody(
    shop: Business, put: Put, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    put(now, **ASKS_TOO_OFTEN)
    monkeypatch.setattr(alerting, "record", fail)
    with pytest.raises(ZeroDivisionError):
        evaluate(business_id=shop.pk, now=now)
    assert not Notice.objects.exists()
    assert not Alert.objects.exists()


def test_each_opening_of_a_figure_is_told(shop: Business, bob: User, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    work()
    Goal.objects.all().delete()
    evaluate(business_id=shop.pk, now=now)
    evaluate(business_id=shop.pk, now=now + HOLD)
    put(now + HOLD + COOL_DOWN, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now + HOLD + COOL_DOWN)
    work()
    assert kinds() == ["opened", "closed", "opened"]
    assert len(mail.outbox) == 2


def test_it_goes_out_by_smtp(shop: Business, bob: User, put: Put, now: datetime, mail_server: MailServer) -> None:
    put(now, **ASKS_TOO_OFTEN)
    shop.name = "Corner\r\nBcc: x@y.z"
    shop.save()
    for _ in range(2):
        tasks.watch_gate()
        work()
    ((address, message),) = mail_server.taken
    assert address == message["To"] == "bob@example.com"
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Warning: Asked to approve out of band (Corner")


def test_somebody_looks_after_it_once(shop: Business, put: Put, now: datetime) -> None:
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    pk = Alert.objects.get().pk
    with acting_for(shop.pk):
        with pytest.raises(Invalid):
            acknowledge(alert_id=pk, actor="user:bob@example.com", note="x" * 501)
        acknowledge(alert_id=pk, actor="user:bob@example.com", note=" A new agent asks for much ")
        with pytest.raises(StaleState, match="bob"):
            acknowledge(alert_id=pk, actor="user:carol@example.com")
    alert = Alert.objects.get()
    assert (alert.acknowledged_by, alert.note) == ("user:bob@example.com", "A new agent asks for much")
    assert kinds() == ["opened", "acknowledged"]


def test_a_webhook_is_told(shop: Business, put: Put, now: datetime) -> None:
    with acting_for(shop.pk):
        add_endpoint(business_id=shop.pk, url="http://127.0.0.1:9/", kinds=["gate.*"], actor="user:bob@example.com")
    put(now, **ASKS_TOO_OFTEN)
    evaluate(business_id=shop.pk, now=now)
    drain()
    delivery = WebhookDelivery.objects.get(kind="gate.alert_opened")
    assert delivery.body["data"]["figure"] == "approval_rate"
    assert delivery.body["data"]["value"] == pytest.approx(90 / 131)


def test_one_business_that_cannot_be_measured_keeps_no_other_from_it(
    shop: Business, other_shop: Business, put: Put, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(now, of=other_shop, **ASKS_TOO_OFTEN)
    put(now, **ASKS_TOO_OFTEN)

    def fails_for_shop(*, business_id: Any, now: datetime) -> int:
        if business_id == shop.pk:
            raise ZeroDivisionError
        return evaluate(business_id=business_id, now=now)

    monkeypatch.setattr(tasks, "evaluate", fails_for_shop)
    assert tasks.watch_gate() == 1
    assert Alert.objects.get().business_id == other_shop.pk


def test_errors_of_ours_open_an_alert(api: APIClient, shop: Business, put: Put, now: datetime) -> None:
    put(now, **GOOD)
    errors_at(shop, [now - MINUTE] * 20)
    evaluate(business_id=shop.pk, now=now)
    assert Alert.objects.get().figure == "error_rate"


def test_only_businesses_where_something_may_change_are_looked_at(
    shop: Business, other_shop: Business, put: Put, now: datetime
) -> None:
    assert worth_a_look(now=now) == []
    put(now - timedelta(hours=2), executed=3)
    assert worth_a_look(now=now) == []
    put(now, executed=1)
    errors_at(other_shop, [now - MINUTE])
    assert set(worth_a_look(now=now)) == {shop.pk, other_shop.pk}
    later = now + timedelta(hours=3)
    Alert.objects.create(
        business=shop, figure="error_rate", opened_at=now, window_minutes=60, value=0.1, low=0.1, high=0.2, n=90
    )
    assert worth_a_look(now=later) == [shop.pk]


def test_errors_of_long_ago_are_forgotten(shop: Business, now: datetime) -> None:
    errors_at(shop, [now - timedelta(days=63), now - MINUTE])
    tasks.watch_gate()
    assert GateError.objects.get().at == now - MINUTE
