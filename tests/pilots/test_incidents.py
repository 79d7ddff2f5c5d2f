"""Incidents: taken up once, closed once, and everybody told of both, by real servers."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.alerts.connecting import add_channel
from apps.alerts.models import Notice
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots.incidents import acknowledge, close
from apps.pilots.models import Feature, Incident
from apps.pilots.watching import watch_guards
from tests.alerts.conftest import ROUTING_KEY, SLACK_SECRET, mail_server, make_due, work  # noqa: F401
from tests.fakes import Outsider, outsider
from tests.pilots.guarded import ACTOR, Decide, guard_on, out_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(switch: Feature, shop: Business, decided: Decide) -> Incident:
    guard_on(switch, armed=out_for(switch, shop))
    decided(shop, approved=10, rejected=90)
    watch_guards(now=timezone.now())
    return Incident.objects.get()


def test_one_person_takes_it_up(incident: Incident) -> None:
    assert acknowledge(incident_id=incident.pk, actor=ACTOR).acknowledged_by == ACTOR
    with pytest.raises(StaleState, match="has acknowledged this already"):
        acknowledge(incident_id=incident.pk, actor="user:carol@example.com")
    assert Event.objects.filter(kind="feature.incident_acknowledged").count() == 1


def test_it_is_closed_once_with_a_note_and_its_notice_ends(incident: Incident) -> None:
    for wrong in ("", "  ", "x" * 501, "a\0b"):
        with pytest.raises(Invalid):
            close(incident_id=incident.pk, actor=ACTOR, note=wrong)
    closed = close(incident_id=incident.pk, actor=ACTOR, note="A prompt was wrong; it is mended")
    assert (closed.closed_by, closed.note) == (ACTOR, "A prompt was wrong; it is mended")
    assert Notice.objects.get().resolved_at is not None
    for again in (
        lambda: close(incident_id=incident.pk, actor=ACTOR, note="x"),
        lambda: acknowledge(incident_id=incident.pk, actor=ACTOR),
    ):
        with pytest.raises(StaleState, match="closed this"):
            again()
    assert Event.objects.filter(kind="feature.incident_closed").count() == 1


def test_unknown_ones(db: None) -> None:
    with pytest.raises(NotFound):
        acknowledge(incident_id=new_id(), actor=ACTOR)
    with pytest.raises(NotFound):
        close(incident_id=new_id(), actor=ACTOR, note="x")


def test_another_home_since_is_no_matter(incident: Incident, other_shop: Business) -> None:
    Feature.objects.update(home=other_shop)
    close(incident_id=incident.pk, actor=ACTOR, note="Done")
    assert Notice.objects.get().resolved_at is not None


def test_a_feature_without_a_home_tells_the_installation(switch: Feature, shop: Business, decided: Decide) -> None:
    Feature.objects.update(home=None)
    guard_on(switch, armed=out_for(switch, shop))
    decided(shop, rejected=90)
    assert watch_guards(now=timezone.now()) == 1
    assert Notice.objects.get().business is None
    close(incident_id=Incident.objects.get().pk, actor=ACTOR, note="Done")
    assert Notice.objects.get().resolved_at is not None


@pytest.fixture
def pagerduty(shop: Business, settings: Any) -> Iterator[Outsider]:
    """PagerDuty, which cannot take the first event and takes every later one."""
    with outsider() as told:
        settings.PAGERDUTY_EVENTS_URL = told.url
        told.answers = [(500, b"", {})]
        told.answer = (202, b'{"status": "success", "message": "Event processed", "dedup_key": "k"}', {})
        add_channel(business_id=shop.pk, kind="pagerduty", name="On call", secret=ROUTING_KEY, actor=ACTOR)
        yield told


def test_from_the_fall_of_a_rate_to_mail_slack_and_pagerduty_and_the_end(
    switch: Feature,
    shop: Business,
    bob: User,
    decided: Decide,
    outside: Outsider,
    pagerduty: Outsider,
    mail_server: Any,  # noqa: F811
) -> None:
    """The whole way: a real SMTP server and two real HTTP servers hear of the beginning, and of the end."""
    add_channel(business_id=shop.pk, kind="slack", name="#alerts", secret=outside.url + SLACK_SECRET, actor=ACTOR)
    add_channel(business_id=shop.pk, kind="email", name="desk", addresses=["desk@example.com"], actor=ACTOR)
    guard_on(switch, armed=out_for(switch, shop))
    decided(shop, approved=10, rejected=90)
    watch_guards(now=timezone.now())
    work()
    make_due()
    work()
    assert "desk@example.com" in mail_server.addresses
    message = mail_server.taken[0][1]
    assert "BULK_APPROVE was taken back from everybody" in message["Subject"]
    body = str(message.get_payload())
    assert "Approval rate 10 % from 100 decisions, at least 70 %" in body
    assert "/features/BULK_APPROVE/" in body
    assert "BULK_APPROVE was taken back" in outside.received[0].body.decode()
    failed, taken = (received.json() for received in pagerduty.received)
    assert (taken["event_action"], taken["payload"]["severity"]) == ("trigger", "critical")
    assert taken["dedup_key"] == failed["dedup_key"]
    told = len(outside.received)
    close(incident_id=Incident.objects.get().pk, actor=ACTOR, note="Mended")
    work()
    assert len(outside.received) == told + 1
    ended = pagerduty.received[-1].json()
    assert (ended["event_action"], ended["dedup_key"]) == ("resolve", taken["dedup_key"])
