"""What is measured of a business: the decisions of late, each as often as it stands for, and how many were judged."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.trust import measuring
from apps.trust.measuring import coverage_of, foretold, measure
from tests.trust.made import Shop, agents_of, cycle_of

pytestmark = pytest.mark.django_db


def test_nothing_foretold_measures_nothing(shop: Business) -> None:
    made = Shop(shop)
    (agent,) = agents_of(shop, ["Ada"])
    made.answer(agent, 1.0)
    made.answer(agent, 1.0, expected=0.5)
    made.answer(agent, None, expected=0.5, average=0.5)
    made.answer(agent, 1.0, expected=0.5, average=0.5, days_ago=40)
    made.answer(agent, 1.0, expected=0.5, average=0.5, weight=0)
    made.keep()
    cycle = cycle_of(shop)
    measure(cycle)
    cycle.refresh_from_db()
    assert cycle.accuracy == {}
    assert cycle.coverage == pytest.approx(3 / 4)


def test_the_newest_come_first_and_there_is_an_end_to_them(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Shop(shop)
    (agent,) = agents_of(shop, ["Ada"])
    for n in range(20):
        made.answer(agent, 1.0, expected=n / 20, average=0.5, days_ago=20 - n)
    made.keep()
    with acting_for(shop.pk):
        assert [one.expected for one in foretold(shop.pk, timezone.now(), 3)] == [0.95, 0.9, 0.85]
    monkeypatch.setattr(measuring, "MOST_BETWEEN", 5)
    cycle = cycle_of(shop, "incremental")
    measure(cycle)
    assert cycle.accuracy["n"] == 5


def test_audits_count_as_often_as_they_stand_for(shop: Business) -> None:
    made = Shop(shop)
    (agent,) = agents_of(shop, ["Ada"])
    made.answer(agent, 1.0, expected=1.0, average=0.5, weight=19)
    made.answer(agent, 0.0, expected=1.0, average=0.5)
    made.keep()
    cycle = cycle_of(shop)
    measure(cycle)
    assert cycle.accuracy["share_right"][0] == pytest.approx(0.95)


def test_failures_are_not_waited_for(shop: Business) -> None:
    made = Shop(shop)
    (agent,) = agents_of(shop, ["Ada"])
    made.answer(agent, 1.0)
    made.answer(agent, None, failure="timeout")
    made.keep()
    assert coverage_of(shop.pk, timezone.now()) == 1
    assert coverage_of(shop.pk, timezone.now() + timedelta(days=60)) is None


def test_it_takes_two_queries_and_one_to_write(shop: Business, django_assert_max_num_queries: Any) -> None:
    made = Shop(shop)
    for agent in agents_of(shop, [f"Agent {n}" for n in range(50)]):
        made.answer(agent, 1.0, expected=0.5, average=0.5)
    made.keep()
    cycle = cycle_of(shop)
    with acting_for(shop.pk), django_assert_max_num_queries(7):
        measure(cycle)
