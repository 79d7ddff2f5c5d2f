"""Agents head to head: the order of skill, ties, and nothing said of a few."""

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.trust.comparing import head_to_head
from tests.trust.made import Shop, agents_of, luck

pytestmark = pytest.mark.django_db


def test_nobody_met_anybody(shop: Business) -> None:
    (agent,) = agents_of(shop, ["Ada"])
    made = Shop(shop)
    made.answer(agent, 1.0, group="g")
    made.keep()
    found = head_to_head(shop.pk, timezone.now())
    assert found.rows == () and not found.enough
    assert "none can be compared" in found.words


def test_the_order_is_that_of_skill(shop: Business) -> None:
    skill = {"Worst": 0.2, "Best": 0.95, "Middling": 0.6}
    agents, draw, made = agents_of(shop, skill), luck(2), Shop(shop)
    for n in range(150):
        for agent in agents:
            made.answer(agent, float(draw.random() < skill[agent.name]), group=f"g{n}", days_ago=draw.uniform(1, 90))
    made.keep()
    with acting_for(shop.pk):
        found = head_to_head(shop.pk, timezone.now())
    assert [row.name for row in found.rows] == ["Best", "Middling", "Worst"]
    assert found.enough and found.contests == 450
    assert all(row.low <= row.strength <= row.high for row in found.rows)
    assert all(row.won + row.lost + row.tied == row.met == 300 for row in found.rows)
    assert "Best is the best of 3" in found.words
    assert all(pair.better >= 0.5 for pair in found.pairs)


def test_the_same_outcome_is_a_tie_and_nobody_is_best(shop: Business) -> None:
    made = Shop(shop)
    for n, agent in [(n, agent) for agent in agents_of(shop, ["Ada", "Bea"]) for n in range(60)]:
        made.answer(agent, float(n % 2), group=f"g{n}")
    made.keep()
    found = head_to_head(shop.pk, timezone.now())
    assert [row.tied for row in found.rows] == [60, 60]
    assert [row.strength for row in found.rows] == pytest.approx([0, 0])
    assert "not told apart" in found.words


def test_a_group_is_one_contest_however_often_an_agent_answered(shop: Business) -> None:
    ada, bea = agents_of(shop, ["Ada", "Bea"])
    made = Shop(shop)
    for value in (1.0, 0.0, 1.0):
        made.answer(ada, value, group="g")
    made.answer(bea, 0.0, group="g")
    made.answer(bea, None, group="h")
    made.answer(ada, 1.0, group="h")
    made.keep()
    (pair,) = head_to_head(shop.pk, timezone.now()).pairs
    assert (pair.a, pair.won, pair.contests) == ("agent-0", 1, 1)


def test_by_type_and_by_business(shop: Business, other_shop: Business) -> None:
    for business in (shop, other_shop):
        made = Shop(business)
        for agent in agents_of(business, ["Ada", "Bea"]):
            made.answer(agent, 1.0, group="g")
            made.answer(agent, 1.0, group="h", type="review")
        made.keep()
    assert head_to_head(shop.pk, timezone.now()).contests == 2
    assert head_to_head(shop.pk, timezone.now(), type_="review").contests == 1
    assert head_to_head(shop.pk, timezone.now(), type_="other").contests == 0


def test_few_comparisons_rank_nobody(shop: Business) -> None:
    made = Shop(shop)
    for value, agent in zip((1.0, 0.0), agents_of(shop, ["Ada", "Bea"]), strict=True):
        for n in range(5):
            made.answer(agent, value, group=f"g{n}")
    made.keep()
    found = head_to_head(shop.pk, timezone.now())
    assert not found.enough and not found.rows[0].enough
    assert "too few" in found.words


def test_fifty_agents_take_two_queries(shop: Business, django_assert_num_queries: object) -> None:
    made = Shop(shop)
    for agent in agents_of(shop, [f"Agent {n}" for n in range(50)]):
        made.answer(agent, 1.0, group="g")
    made.keep()
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = head_to_head(shop.pk, timezone.now())
    assert len(found.rows) == 50 and found.contests == 50 * 49 / 2
