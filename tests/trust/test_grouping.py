"""What patterns are tested on: what is counted of a day, what it weighs, and what groups are called."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.trust.discovering import discover
from apps.trust.gathering import evidence_of
from apps.trust.grouping import days_to_count, stretches
from apps.trust.groups import Kind, Sums, groups_of, mean_half_life, name_of
from apps.trust.models import CountedDay, DailyTally, GroupTally, Recommendation
from tests.trust.made import Shop, agents_of, cycle_of, tally, today
from tests.trust.test_discovering import work

pytestmark = pytest.mark.django_db


def test_an_outcome_that_came_late_or_changed_is_counted_anew(shop: Business) -> None:
    ada, bea = agents_of(shop, ["Ada", "Bea"])
    made = Shop(shop)
    first = made.answer(ada, 1.0, days_ago=5, group="g", digest="same")
    made.answer(bea, None, days_ago=5, group="g", digest="same")
    made.keep()
    discover(cycle_of(shop))
    size = GroupTally.objects.get(category="consensus", agents=[])
    assert (size.seen, size.trials, size.successes) == (1, 1, 1)
    CountedDay.objects.update(counted_at=timezone.now() - timedelta(hours=1))
    Recommendation.objects.filter(pk=first.pk).update(value=0.0)
    tally(shop)
    discover(cycle_of(shop, "incremental"))
    size = GroupTally.objects.get(category="consensus", agents=[])
    assert (size.seen, size.trials, size.successes) == (1, 1, 0)


def test_days_of_which_nothing_was_heard_are_left_alone(shop: Business) -> None:
    agents = agents_of(shop, ["Ada", "Bea"])
    work(Shop(shop), agents, skill=[0.7, 0.7], runs=30, seed=1, days=(2, 9))
    DailyTally.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    discover(cycle_of(shop))
    assert days_to_count(shop.pk, today()) == []
    DailyTally.objects.filter(day=today() - timedelta(days=4)).update(changed_at=timezone.now() + timedelta(seconds=1))
    assert days_to_count(shop.pk, today()) == [today() - timedelta(days=4)]


def test_between_the_nights_only_new_days_are_counted(shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea"]), skill=[0.7, 0.7], runs=200, seed=1, days=(1, 60))
    discover(cycle_of(shop, "incremental"))
    assert CountedDay.objects.count() == 14
    discover(cycle_of(shop, "full"))
    assert CountedDay.objects.count() == DailyTally.objects.values("day").distinct().count()


def test_of_a_crowd_of_one_mind_no_pairs_are_told_apart(shop: Business) -> None:
    made = Shop(shop)
    for agent in agents_of(shop, [f"Agent {n}" for n in range(12)]):
        made.answer(agent, 1.0, group="g", digest="same")
    made.keep()
    discover(cycle_of(shop))
    assert [(row.place, row.agents) for row in GroupTally.objects.filter(category="consensus")] == [(5, [])]


def test_failures_and_the_same_agent_twice_agree_with_nobody(shop: Business) -> None:
    ada, bea = agents_of(shop, ["Ada", "Bea"])
    made = Shop(shop)
    made.answer(ada, 1.0, group="g", digest="same")
    made.answer(ada, 1.0, group="g", digest="same")
    made.answer(bea, 1.0, group="g", digest="same", failure="timeout")
    made.answer(bea, 1.0, group="h", digest="")
    made.answer(ada, 1.0, group="h", digest="")
    made.keep()
    discover(cycle_of(shop))
    assert not GroupTally.objects.exists()


def test_an_outcome_that_stands_for_twenty_weighs_twenty(shop: Business) -> None:
    """One in twenty of what ran alone was looked at; of the decided ones all."""
    (ada,) = agents_of(shop, ["Ada"])
    made = Shop(shop)
    for n in range(40):
        made.answer(ada, float(n % 2), days_ago=0, weight=1)
        made.answer(ada, 1.0, days_ago=0, weight=20)
    made.keep()
    evidence = evidence_of(shop.pk, today(), 30)
    sums = evidence.experts[ada.pk, "research"]
    assert sums.rate == pytest.approx((20 + 800) / 840)
    assert sums.trials == pytest.approx(840**2 / (40 + 40 * 400))


def test_days_that_follow_each_other_are_one_stretch() -> None:
    start = today()
    days = [start, start + timedelta(days=1), start + timedelta(days=5)]
    assert [(end - begin).days for begin, end in stretches(days[::-1])] == [2, 1]
    assert stretches([]) == []


def test_names_are_cut_and_what_is_said_of_them_is_not() -> None:
    kind = Kind("consensus", "research", 2, (UUID(int=1), UUID(int=2)))
    name = name_of(kind, ["A" * 120, "B" * 120])
    assert len(name) <= 200 and name.endswith("agree on research")
    assert name_of(Kind("consensus", "", 5), []) == "5 or more agents agree"
    assert name_of(Kind("high_confidence", "research", 9), []) == "Claims of 0.9 to 1.0 on research"


def test_keys_tell_groups_apart_and_fit() -> None:
    ids = tuple(UUID(int=n) for n in range(4))
    keys = {Kind("consensus", "t" * 40, 4, ids).key, Kind("consensus", "t" * 40, 4, ids[::-1]).key}
    assert len(keys) == 1 and len(keys.pop()) <= 200
    assert Kind("expert", "a", 0, ids[:1]).key != Kind("expert", "a", 0, ids[1:2]).key


def test_the_half_life_is_the_one_evidence_has_shown() -> None:
    assert mean_half_life({}) == 30
    assert mean_half_life({28.0: 1.0}) == 28
    assert mean_half_life({float("inf"): 1.0}) == 60
    assert mean_half_life({1.0: 1.0}) == 7


def test_a_group_that_is_all_there_is_has_nothing_to_be_compared_with() -> None:
    sums = Sums(10, 9, 10)
    agent = UUID(int=1)
    (group,) = groups_of({Kind("expert", "a", 0, (agent,)): sums}, {(agent, "a"): sums})
    assert (group.base_trials, group.base_successes) == (0, 0)


def test_groups_weigh_what_their_outcomes_stand_for(shop: Business) -> None:
    made = Shop(shop)
    for agent in agents_of(shop, ["Ada", "Bea"]):
        for run, (value, weight) in enumerate([(1.0, 20.0), (0.0, 1.0)]):
            made.answer(agent, value, weight=weight, group=f"g{run}", digest="same", confidence=0.95)
    made.keep()
    discover(cycle_of(shop))
    for facts, seen in (({"category": "consensus"}, 2), ({"category": "high_confidence"}, 4)):
        row = GroupTally.objects.get(agents=[], **facts)
        each = seen / 2
        assert (row.seen, row.trials, row.successes, row.squares) == (seen, 21 * each, 20 * each, 401 * each)


def test_what_is_old_counts_less_and_is_worth_less(shop: Business) -> None:
    """One outcome of today and one of a half-life ago: weights 1 and 1/2, so (3/2)^2 / (1 + 1/4) outcomes."""
    (ada,) = agents_of(shop, ["Ada"])
    made = Shop(shop)
    made.answer(ada, 1.0, days_ago=0, confidence=0.95)
    made.answer(ada, 0.0, days_ago=30, confidence=0.95)
    made.keep()
    discover(cycle_of(shop))
    evidence = evidence_of(shop.pk, today(), 30)
    sums = evidence.experts[ada.pk, "research"]
    assert [sums.trials, sums.rate] == pytest.approx([1.8, 2 / 3])
