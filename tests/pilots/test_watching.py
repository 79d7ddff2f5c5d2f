"""Guards that act: what they take back and leave, once, all or nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.alerts.models import Notice
from apps.core.models import Event
from apps.pilots import watching
from apps.pilots.guarding import change_guard
from apps.pilots.models import Feature, Guard, GuardReading, HeldBack, Incident, PilotBusiness, Rollback
from apps.pilots.rollback import roll_back
from apps.pilots.selectors import businesses_on
from apps.pilots.tasks import forget_readings, watch_guards
from apps.pilots.undoing import undo
from tests.approvals.threads import in_threads
from tests.pilots.guarded import ACTOR, Decide, guard_on, out_for

pytestmark = pytest.mark.django_db


def watch() -> int:
    return watching.watch_guards(now=timezone.now())


def test_a_breach_takes_back_opens_an_incident_and_tells(switch: Feature, shop: Business, decided: Decide) -> None:
    at = out_for(switch, shop)
    guard = guard_on(switch, armed=at)
    decided(shop, approved=40, rejected=60)
    assert watch() == 1
    assert businesses_on(switch) == []
    rollback, incident, guard = Rollback.objects.get(), Incident.objects.get(), Guard.objects.get()
    assert (incident.rollback, incident.guard, incident.feature) == (rollback, guard, switch)
    assert (rollback.actor, rollback.affected, rollback.level) == ("system:guard", 1, "everything")
    assert rollback.reason == "Approval rate 40 % from 100 decisions, at least 70 %: surely beyond its limit"
    figures = incident.figures
    assert (figures["value"], figures["n"], figures["limit"], figures["alpha"]) == (0.4, 100, 0.7, 0.01)
    assert figures["high"] < 0.7 and figures["evidence"] > 4.6
    assert guard.cooling_until is not None and guard.cooling_until > timezone.now() + timedelta(minutes=59)
    notice = Notice.objects.get()
    assert (notice.business, notice.severity, notice.source) == (shop, "critical", "pilots")
    assert notice.title == "BULK_APPROVE was taken back from everybody"
    assert notice.link.endswith("/features/BULK_APPROVE/")
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"feature.rolled_back", "feature.incident_opened", "notice.raised"} <= kinds
    assert guard.readings.get().verdict == "breached"


def test_what_is_off_already_is_left_alone(switch: Feature, shop: Business, decided: Decide) -> None:
    guard_on(switch, armed=timezone.now() - timedelta(hours=3))
    decided(shop, rejected=200)
    assert watch() == 0
    assert not Rollback.objects.exists() and not GuardReading.objects.exists()


def test_of_two_guards_one_acts_and_the_other_finds_it_off(switch: Feature, shop: Business, decided: Decide) -> None:
    at = out_for(switch, shop)
    guard_on(switch, armed=at)
    guard_on(switch, armed=at, limit=0.8)
    decided(shop, rejected=100)
    assert watch() == 1
    assert Incident.objects.count() == Rollback.objects.count() == 1


def test_without_data_or_with_too_little_nothing_happens(switch: Feature, shop: Business, decided: Decide) -> None:
    guard = guard_on(switch, armed=out_for(switch, shop), minimum=30)
    assert watch() == 0
    decided(shop, rejected=29)
    assert watch() == 0
    assert [reading.verdict for reading in guard.readings.order_by("at")] == ["no_data", "too_little_data"]
    assert businesses_on(switch) == [shop.pk]


def test_what_was_before_does_not_count(switch: Feature, shop: Business, decided: Decide) -> None:
    guard_on(switch, armed=out_for(switch, shop))
    decided(shop, rejected=200, at=timezone.now() - timedelta(hours=4))
    assert watch() == 0


def test_one_switched_off_does_not_look(switch: Feature, shop: Business, decided: Decide) -> None:
    guard = guard_on(switch, armed=out_for(switch, shop))
    Guard.objects.filter(pk=guard.pk).update(enabled=False)
    decided(shop, rejected=200)
    assert watch() == 0


def test_the_same_reading_is_written_once(switch: Feature, shop: Business, decided: Decide) -> None:
    guard = guard_on(switch, armed=out_for(switch, shop))
    decided(shop, approved=50)
    watch()
    watch()
    assert guard.readings.count() == 1
    decided(shop, approved=1)
    watch()
    reading = guard.readings.order_by("at").last()
    assert reading is not None
    assert (reading.n, reading.value, reading.verdict) == (51, 1.0, "quiet")
    assert reading.low is not None and reading.high is not None and reading.low < 1.0 <= reading.high


def test_old_readings_are_forgotten(switch: Feature, shop: Business) -> None:
    guard = guard_on(switch)
    for days in (1, 15):
        GuardReading.objects.create(guard=guard, at=timezone.now() - timedelta(days=days), n=1, verdict="quiet")
    assert forget_readings() == 1
    assert guard.readings.count() == 1


def test_a_business_alone_loses_it(switch: Feature, more_shops: list[Business], decided: Decide) -> None:
    guard_on(switch, armed=out_for(switch, *more_shops), level="business")
    bad = more_shops[7]
    for shop in more_shops:
        decided(shop, approved=60) if shop != bad else decided(shop, approved=20, rejected=60)
    assert watch() == 1
    assert HeldBack.objects.get().business == bad
    assert len(businesses_on(switch)) == 19
    incident = Incident.objects.get()
    assert (incident.figures["business"], incident.figures["businesses"]) == (str(bad.pk), 20)
    assert Notice.objects.get().title == "BULK_APPROVE was taken back from Shop 07"


def test_several_businesses_lose_it_at_once(switch: Feature, more_shops: list[Business], decided: Decide) -> None:
    guard_on(switch, armed=out_for(switch, *more_shops), level="business")
    for shop in more_shops[:3]:
        decided(shop, rejected=60)
    assert watch() == 1
    assert Incident.objects.count() == Rollback.objects.count() == 3


def test_of_very_many_the_next_look_takes_the_rest(
    switch: Feature, more_shops: list[Business], decided: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST_AT_ONCE", 2)
    guard_on(switch, armed=out_for(switch, *more_shops), level="business")
    for shop in more_shops[:3]:
        decided(shop, rejected=60)
    counts = []
    for _ in range(3):
        watch()
        counts.append((Rollback.objects.count(), Guard.objects.get().cooling_until is not None))
    assert counts == [(2, False), (3, True), (3, True)]


def test_the_newest_cohort_loses_it(switch: Feature, more_shops: list[Business], decided: Decide) -> None:
    out_for(switch, *more_shops[:5], since=timedelta(days=3))
    at = out_for(switch, *more_shops[5:8], since=timedelta(hours=2))
    Feature.objects.filter(pk=switch.pk).update(stage_since=at - timedelta(minutes=1))
    guard_on(switch, armed=at, level="cohort")
    decided(more_shops[0], rejected=300)
    assert watch() == 0
    decided(more_shops[6], rejected=100)
    assert watch() == 1
    assert sorted(businesses_on(switch)) == sorted(shop.pk for shop in more_shops[:5])


def test_after_it_has_acted_it_cools_down(switch: Feature, more_shops: list[Business], decided: Decide) -> None:
    guard = guard_on(switch, armed=out_for(switch, *more_shops), level="business")
    decided(more_shops[0], rejected=60)
    assert watch() == 1
    armed = Guard.objects.get().armed_at
    decided(more_shops[1], rejected=60, at=timezone.now())
    now = timezone.now() + timedelta(minutes=30)
    assert watching.watch_guards(now=now) == 0
    newest = guard.readings.order_by("-at").first()
    assert newest is not None and newest.verdict == "cooling"
    assert watching.watch_guards(now=now + timedelta(minutes=31)) == 1
    assert Guard.objects.get().armed_at > armed


def test_after_an_undo_evidence_begins_anew(switch: Feature, shop: Business, decided: Decide) -> None:
    guard_on(switch, armed=out_for(switch, shop), cooldown_minutes=0)
    decided(shop, rejected=100)
    assert watch() == 1
    undo(rollback_id=Rollback.objects.get().pk, reason="It was the agent", actor=ACTOR)
    assert businesses_on(switch) == [shop.pk]
    assert watch() == 0
    undone_at = Rollback.objects.get().undone_at
    assert undone_at is not None and Guard.objects.get().armed_at >= undone_at
    decided(shop, rejected=100, at=timezone.now())
    assert watch() == 1
    assert Incident.objects.count() == 2


def test_one_that_fails_stops_none_of_the_others(
    switch: Feature, feature: Feature, shop: Business, decided: Decide, settings: Any, caplog: Any
) -> None:
    out_for(feature, shop)
    at = out_for(switch, shop)
    broken = guard_on(feature, armed=at, metric="edit_rate", comparison="at_most", limit=0.5)
    guard_on(switch, armed=at)
    decided(shop, rejected=100)
    settings.PILOT_METRICS = {**settings.PILOT_METRICS, "edit_rate": "apps.nowhere.nothing"}
    assert watch() == 1
    assert str(broken.pk) in caplog.text


def test_a_kill_before_the_end_leaves_nothing(
    switch: Feature, shop: Business, decided: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard_on(switch, armed=out_for(switch, shop))
    decided(shop, rejected=100)
    with monkeypatch.context() as patched:
        patched.setattr("apps.pilots.incidents.raise_notice", lambda **_: 1 / 0)
        assert watch() == 0
    assert businesses_on(switch) == [shop.pk]
    for model in (Rollback, Incident, Notice, GuardReading):
        assert not model.objects.exists()
    assert Guard.objects.get().cooling_until is None
    assert watch() == 1
    assert Rollback.objects.count() == Incident.objects.count() == Notice.objects.count() == 1


def test_a_person_who_was_quicker_leaves_nothing_to_do(
    switch: Feature, shop: Business, decided: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard_on(switch, armed=out_for(switch, shop))
    decided(shop, rejected=100)
    judged = watching._looks

    def meanwhile(*args: Any) -> Any:
        roll_back(feature_id=switch.pk, level="everything", reason="By hand", actor=ACTOR)  # type: ignore[arg-type]
        return judged(*args)

    monkeypatch.setattr(watching, "_looks", meanwhile)
    assert watch() == 0
    assert Rollback.objects.get().reason == "By hand"
    assert not Incident.objects.exists()


def test_one_that_was_changed_meanwhile_does_not_act(
    switch: Feature, shop: Business, decided: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = guard_on(switch, armed=out_for(switch, shop))
    decided(shop, rejected=100)
    judged = watching._looks

    def meanwhile(*args: Any) -> Any:
        found = list(judged(*args))
        change_guard(guard_id=guard.pk, actor=ACTOR, limit=0.0)
        return found

    monkeypatch.setattr(watching, "_looks", meanwhile)
    assert watch() == 0
    assert businesses_on(switch) == [shop.pk]
    assert not Incident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one_incident(switch: Feature, shop: Business, decided: Decide) -> None:
    guard_on(switch, armed=out_for(switch, shop), cooldown_minutes=0)
    decided(shop, rejected=100)
    in_threads(4, lambda _: watch())
    assert Incident.objects.count() == Rollback.objects.count() == Notice.objects.count() == 1


def test_businesses_of_others_are_seen_by_the_sweep_only(
    switch: Feature, other_shop: Business, decided: Decide
) -> None:
    """The worker looks across businesses, whatever it did before."""
    guard_on(switch, armed=out_for(switch, other_shop))
    decided(other_shop, rejected=100)
    assert watch_guards() == 1
    with across_businesses():
        assert not PilotBusiness.objects.exists()


def test_each_guard_takes_as_many_queries_for_one_business_as_for_twenty(
    switch: Feature, more_shops: list[Business], decided: Decide, django_assert_max_num_queries: Any
) -> None:
    guard = guard_on(switch, armed=out_for(switch, *more_shops), level="business")
    for shop in more_shops:
        decided(shop, approved=40)
    with django_assert_max_num_queries(24):
        watching.look(guard_id=guard.pk, now=timezone.now())
