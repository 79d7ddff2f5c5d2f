"""Guards put on, changed and armed: what begins anew, what is frozen, and what the audit says."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots.arming import restarted_at
from apps.pilots.defining import archive_feature
from apps.pilots.guarding import MOST_GUARDS, arm_guard, change_guard, remove_guard
from apps.pilots.ladder import AdvanceState
from apps.pilots.models import Advance, Feature, Guard
from apps.pilots.watching import look
from tests.pilots.guarded import ACTOR, Decide, guard_on, out_for

pytestmark = pytest.mark.django_db


def test_a_guard_is_armed_from_its_first_moment(switch: Feature) -> None:
    before = timezone.now()
    guard = guard_on(switch, level="business", alpha=0.02)
    assert before <= guard.armed_at <= timezone.now()
    assert (guard.enabled, guard.baseline, guard.cooling_until) == (True, None, None)
    event = Event.objects.get(kind="feature.guard_added")
    assert (event.actor, event.data["limit"], event.data["level"]) == (ACTOR, 0.7, "business")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"metric": "happiness"}, "metric"),
        ({"comparison": "about"}, "comparison"),
        ({"level": "moon"}, "level"),
        ({"limit": 7.0}, "limit"),
        ({"alpha": 0.0}, "alpha"),
        ({"minimum": 0}, "minimum"),
        ({"minimum": 10**7}, "minimum"),
        ({"cooldown_minutes": -1}, "cooldown_minutes"),
        ({"metric": "goal_latency"}, "comparison"),
    ],
)
def test_what_makes_no_sense_is_refused(switch: Feature, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        guard_on(switch, **changes)
    assert error.value.errors[0]["field"] == field
    assert not Guard.objects.exists()


def test_there_is_an_end_to_guards(switch: Feature) -> None:
    for _ in range(MOST_GUARDS):
        guard_on(switch)
    with pytest.raises(Invalid, match="At most"):
        guard_on(switch)


def test_unknown_and_archived(switch: Feature) -> None:
    guard = guard_on(switch)
    with pytest.raises(NotFound):
        arm_guard(guard_id=new_id(), actor=ACTOR)
    archive_feature(feature_id=switch.pk, actor=ACTOR)
    with pytest.raises(StaleState):
        arm_guard(guard_id=guard.pk, actor=ACTOR)


def test_another_test_begins_anew_and_other_words_do_not(switch: Feature) -> None:
    past = timezone.now() - timedelta(hours=1)
    guard = guard_on(switch, armed=past)
    change_guard(guard_id=guard.pk, actor=ACTOR, minimum=50, cooldown_minutes=5)
    assert Guard.objects.get().armed_at == past
    change_guard(guard_id=guard.pk, actor=ACTOR, limit=0.6)
    assert Guard.objects.get().armed_at > past
    assert Event.objects.filter(kind="feature.guard_changed").count() == 2
    change_guard(guard_id=guard.pk, actor=ACTOR, limit=0.6)
    assert Event.objects.filter(kind="feature.guard_changed").count() == 2
    with pytest.raises(Invalid):
        change_guard(guard_id=guard.pk, actor=ACTOR, limit=1.6)
    with pytest.raises(Invalid):
        change_guard(guard_id=guard.pk, actor=ACTOR, armed_at=past)
    assert Guard.objects.get().limit == 0.6


def test_one_switched_on_again_begins_anew(switch: Feature) -> None:
    past = timezone.now() - timedelta(hours=1)
    guard = guard_on(switch, armed=past)
    change_guard(guard_id=guard.pk, actor=ACTOR, enabled=False)
    assert Guard.objects.get().armed_at == past
    change_guard(guard_id=guard.pk, actor=ACTOR, enabled=True)
    assert Guard.objects.get().armed_at > past


def test_one_taken_away_is_gone(switch: Feature) -> None:
    guard = guard_on(switch)
    remove_guard(guard_id=guard.pk, actor=ACTOR)
    assert not Guard.objects.exists()
    assert Event.objects.filter(kind="feature.guard_removed").exists()


def test_arming_freezes_the_week_before(switch: Feature, shop: Business, other_shop: Business, decided: Decide) -> None:
    out_for(switch, shop)
    now = timezone.now()
    decided(shop, approved=90, rejected=10, at=now - timedelta(days=2))
    decided(shop, rejected=50, at=now - timedelta(days=8))
    decided(other_shop, rejected=50, at=now - timedelta(days=2))
    guard = guard_on(switch, relative=True, limit=0.8)
    assert (guard.baseline, guard.baseline_n) == (0.9, 100)
    decided(shop, rejected=100)
    with across_businesses():
        look(guard_id=guard.pk, now=timezone.now())
    guard.refresh_from_db()
    assert (guard.baseline, guard.baseline_n) == (0.9, 100)
    assert arm_guard(guard_id=guard.pk, actor=ACTOR).baseline == 0.45


def test_the_baseline_stage_is_the_baseline(feature: Feature, shop: Business, decided: Decide) -> None:
    now = timezone.now()
    days = [now - timedelta(days=n) for n in (4, 2)]
    out_for(feature, shop, since=timedelta(days=5))
    decided(shop, approved=80, rejected=20, at=days[0] + timedelta(hours=5))
    decided(shop, rejected=40, at=days[0] - timedelta(hours=5))
    Feature.objects.filter(pk=feature.pk).update(stage=1, stage_since=days[0])
    guard = guard_on(feature, relative=True, limit=0.8)
    assert guard.baseline is None
    for step, at in enumerate(days):
        Advance.objects.create(
            feature=feature, from_stage=step, to_stage=step + 1, from_share=0, to_share=0, state=AdvanceState.DONE,
            asked_by=ACTOR, asked_at=at, done_at=at,
        )  # fmt: skip
    Guard.objects.filter(pk=guard.pk).update(armed_at=days[0])
    Feature.objects.filter(pk=feature.pk).update(stage=2, stage_since=days[1])
    look(guard_id=guard.pk, now=now)
    guard.refresh_from_db()
    assert [guard.baseline, guard.baseline_n] == [0.8, 100]
    assert guard.armed_at == days[1]


def test_nothing_is_looked_at_while_a_ladder_only_measures(feature: Feature, shop: Business, decided: Decide) -> None:
    at = out_for(feature, shop)
    Feature.objects.filter(pk=feature.pk).update(stage=1, stage_since=at)
    guard = guard_on(feature, armed=at)
    decided(shop, rejected=200)
    assert look(guard_id=guard.pk, now=timezone.now()) == []
    assert not guard.readings.exists()


def test_evidence_begins_anew_with_whoever_gets_the_feature(switch: Feature, shop: Business) -> None:
    at = out_for(switch, shop)
    guard = guard_on(switch, armed=at - timedelta(hours=9))
    look(guard_id=guard.pk, now=timezone.now())
    guard.refresh_from_db()
    assert guard.armed_at == at == restarted_at(switch)
    later = timezone.now() - timedelta(minutes=5)
    Feature.objects.filter(pk=switch.pk).update(stage_since=later)
    look(guard_id=guard.pk, now=timezone.now())
    guard.refresh_from_db()
    assert guard.armed_at == later
