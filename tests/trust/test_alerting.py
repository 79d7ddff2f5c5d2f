"""What a cycle has to tell: once while it stands, not again at the edge, news to those who ask for it."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.alerts.models import Channel, Delivery, Notice
from apps.core.sealing import seal
from apps.trust.alerting import on_cycle_ended
from apps.trust.models import LearningCycle, Pattern, PatternEvent
from apps.trust.verdicts import Trend
from tests.trust.made import Shop, agents_of, cycle_of
from tests.trust.test_health import trusted

pytestmark = pytest.mark.django_db


def end(shop: Business, kind: str = "full", **given: Any) -> LearningCycle:
    cycle = cycle_of(shop, kind, **given)
    with transaction.atomic():
        on_cycle_ended(cycle)
    return cycle


def open_ones(shop: Business) -> dict[str, str]:
    rows = Notice.objects.filter(business=shop, resolved_at=None)
    return dict(rows.exclude(dedup_key="learning:daily").values_list("dedup_key", "severity"))


def approved(shop: Business, rate: float, *, number: int = 40) -> Shop:
    made = Shop(shop)
    agent = agents_of(shop, ["Ada"])[0]
    for n in range(number):
        made.answer(agent, float(n < rate * number), days_ago=2)
    made.keep()
    return made


def pattern(shop: Business, cycle_at: Any, what: str) -> None:
    row = Pattern.objects.create(
        business=shop, key=what, category="expert", name=f"{what} one", trials=9, successes=9, rate=1, low=0.8, high=1,
        base_rate=0.5, q_value=0.01, strength="strong", found_at=cycle_at,
    )  # fmt: skip
    PatternEvent.objects.create(business=shop, pattern=row, what=what, rate=1, trials=9, at=cycle_at)


def test_an_empty_business_hears_of_the_nightly_cycle_alone(shop: Business) -> None:
    end(shop)
    assert open_ones(shop) == {}
    assert Notice.objects.get().dedup_key == "learning:daily"


def test_a_cycle_that_failed_adds_nothing(shop: Business) -> None:
    approved(shop, 0.1)
    end(shop, state="failed")
    assert not Notice.objects.exists()


def test_a_low_approval_rate_is_told_once_and_closes_when_it_is_half_again(shop: Business) -> None:
    made = approved(shop, 0.2)
    for _ in range(2):
        end(shop, "trust")
    assert open_ones(shop) == {"learning:approval:agent-0": "warning"}
    assert Notice.objects.count() == 1
    agent = Notice.objects.get().facts[0]["value"]
    assert agent == "agent-0"
    # Not surely low any more, but not half either: it stays.
    row = made.business.agents.get()
    for _ in range(15):
        made.answer(row, 1.0)
    made.keep()
    end(shop, "trust")
    assert open_ones(shop)
    for _ in range(40):
        made.answer(row, 1.0)
    made.keep()
    end(shop, "trust")
    assert open_ones(shop) == {}


def test_what_chance_may_have_made_low_is_not_told(shop: Business) -> None:
    approved(shop, 0.4, number=12)
    end(shop)
    assert open_ones(shop) == {}


def test_the_notice_of_an_agent_that_is_gone_closes(shop: Business) -> None:
    approved(shop, 0.1)
    end(shop)
    shop.agents.all().delete()
    end(shop)
    assert open_ones(shop) == {}


def test_more_than_two_declining_agents(shop: Business) -> None:
    scores = [trusted(agent, trend=Trend.DECLINING) for agent in agents_of(shop, ["A", "B", "C"])]
    end(shop)
    assert open_ones(shop) == {"learning:declining": "warning"}
    for score, stays in ((scores[0], True), (scores[1], False)):
        score.trend = Trend.STABLE
        score.save()
        end(shop)
        assert bool(open_ones(shop)) is stays


def test_trust_that_foretells_worse_than_an_average(shop: Business) -> None:
    worse = {"verdict": "worse", "n": 100, "gain": {"log_loss": [-0.1, -0.2, -0.05]}}
    end(shop, accuracy=worse)
    assert open_ones(shop) == {"learning:worse": "warning"}
    end(shop, accuracy={})
    end(shop, accuracy={"verdict": "unknown"})
    assert open_ones(shop) == {"learning:worse": "warning"}
    end(shop, accuracy={"verdict": "like"})
    assert open_ones(shop) == {}


def test_patterns_that_came_and_went_are_news(shop: Business) -> None:
    now = timezone.now()
    cycle = cycle_of(shop, started_at=now)
    for what in ("found", "retired"):
        pattern(shop, timezone.now(), what)
    with transaction.atomic():
        on_cycle_ended(cycle)
    assert open_ones(shop) == {"learning:patterns-new": "info", "learning:patterns-retired": "warning"}
    end(shop)
    assert Notice.objects.filter(dedup_key="learning:patterns-new").count() == 1


def test_news_goes_to_channels_that_ask_for_it_and_mails_nobody_unasked(shop: Business) -> None:
    asks = Channel.objects.create(business=shop, kind="slack", name="All", secret=seal("https://x"), lowest="info")
    Channel.objects.create(business=shop, kind="slack", name="Warnings", secret=seal("https://x"))
    end(shop)
    end(shop)
    told = Delivery.objects.filter(notice__dedup_key="learning:daily")
    assert {delivery.channel_id for delivery in told} == {asks.pk}
    assert {delivery.action for delivery in told} == {"trigger"}, "yesterday's closes in silence"
    assert Notice.objects.filter(dedup_key="learning:daily", resolved_at=None).count() == 1


def test_between_the_nights_only_what_stands_badly_is_told(shop: Business) -> None:
    approved(shop, 0.1)
    end(shop, "trust")
    assert [notice.dedup_key for notice in Notice.objects.all()] == ["learning:approval:agent-0"]


def test_another_business_is_told_nothing(shop: Business, other_shop: Business) -> None:
    approved(other_shop, 0.1)
    end(shop)
    assert not Notice.objects.filter(business=other_shop).exists()
    assert open_ones(shop) == {}
