"""Where learning is off nothing is tracked, learned or steered, and nobody is kept from anything."""

from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.snapshot import forget_everything
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Feature
from apps.pilots.switching import switch_off
from apps.trust import tasks
from apps.trust.evaluating import Rated, record_outcome, record_ratings
from apps.trust.models import Buffered, Delta, LearningCycle, Outcome, Recommendation
from apps.trust.recommending import flush_buffer, track
from apps.trust.routing import NEUTRAL, priority_for, rank, standing_of
from apps.trust.switch import FEATURE, is_learning
from apps.trust.verdicts import Source, Verdict
from tests.trust.conftest import Tracked, an_agent

pytestmark = pytest.mark.django_db


def learning_off(business: Business) -> None:
    feature = Feature.objects.get_or_create(key=FEATURE, defaults={"variants": ON_OFF})[0]
    switch_off(feature_id=feature.pk, business_id=business.pk, actor="user:a", hold=True)


def test_a_business_learns_unless_it_was_switched_off(shop: Business, other_shop: Business) -> None:
    assert is_learning(shop.pk)
    learning_off(shop)
    assert not is_learning(shop.pk)
    assert is_learning(other_shop.pk)


def test_without_the_feature_the_environment_decides(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    Feature.objects.filter(key=FEATURE).delete()
    forget_everything()
    assert is_learning(shop.pk)
    monkeypatch.setitem(settings.FEATURE_DEFAULTS, FEATURE, "off")
    assert not is_learning(shop.pk)


def test_the_environment_switches_it_off_for_all(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.FEATURE_DEFAULTS, FEATURE, "off")
    forget_everything()
    assert not is_learning(shop.pk)


def test_nothing_is_tracked(shop: Business, writer: Agent) -> None:
    learning_off(shop)
    told = track(business_id=shop.pk, agent_id=writer.pk, type="draft", content="x", correlation_id="m")
    assert told is None
    assert not Buffered.objects.exists()


def test_nothing_is_judged_and_nobody_is_refused(shop: Business, tracked: Tracked) -> None:
    found = tracked()
    flush_buffer()
    learning_off(shop)
    said: dict[str, Any] = {"source": Source.APPROVAL, "verdict": Verdict.APPROVED, "value": 1.0, "judged_by": "user:a"}
    assert record_outcome(business_id=shop.pk, recommendation_id=found, **said) is None
    assert record_ratings(business_id=shop.pk, rated=[Rated(found, 90.0)], judged_by="system:x") == 0
    assert not Outcome.objects.exists()
    assert Recommendation.objects.get().verdict == "pending"
    assert Delta.objects.count() == 1


def test_nobody_is_preferred(shop: Business, writer: Agent, reader: Agent) -> None:
    learning_off(shop)
    assert standing_of(shop.pk, writer.pk, "draft") is NEUTRAL
    assert priority_for(shop.pk, writer.pk, "draft") == 1
    third = an_agent(shop, "aaa")
    assert rank(shop.pk, "draft", [writer, reader, third], "seed") == [writer, reader, third]


def test_no_cycle_is_started(shop: Business, tracked: Tracked) -> None:
    tracked()
    flush_buffer()
    learning_off(shop)
    assert tasks.learn_all() == tasks.refresh_trust() == 0
    assert not LearningCycle.objects.exists()
