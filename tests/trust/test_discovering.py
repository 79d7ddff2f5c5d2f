"""Patterns: planted ones are found, chance ones are not, and what came after confirms or retires them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.core.models import Event
from apps.trust.discovering import discover
from apps.trust.models import CountedDay, GroupTally, LearningCycle, Pattern, PatternEvent, Recommendation
from tests.trust.made import Shop, agents_of, cycle_of, luck

pytestmark = pytest.mark.django_db


def found(business: Business) -> dict[str, Pattern]:
    return {pattern.name: pattern for pattern in Pattern.objects.filter(business=business)}


def work(
    shop: Shop, agents: list[Agent], *, skill: list[float], runs: int, seed: int, days: tuple[int, int] = (2, 20)
) -> None:
    """Runs of all agents side by side; each is approved as often as it is skilled, whatever the others say."""
    draw = luck(seed)
    for run in range(runs):
        ago = draw.uniform(*days)
        for agent, rate in zip(agents, skill, strict=True):
            shop.answer(
                agent,
                float(draw.random() < rate),
                days_ago=ago,
                group=f"run{seed}-{run}",
                digest=str(draw.randrange(3)),
                confidence=draw.random(),
            )
    shop.keep()


def test_a_business_without_anything_has_no_patterns(shop: Business) -> None:
    cycle = cycle_of(shop)
    discover(cycle)
    assert not Pattern.objects.exists()
    assert (cycle.patterns_found, cycle.patterns_confirmed, cycle.patterns_retired) == (0, 0, 0)


def test_an_expert_is_found_and_written_down(shop: Business) -> None:
    agents = agents_of(shop, ["Ada", "Bea", "Cleo"])
    work(Shop(shop), agents, skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    cycle = cycle_of(shop)
    discover(cycle)
    pattern = found(shop)["Ada is an expert on research"]
    assert pattern.state == Pattern.State.FOUND
    assert pattern.agent_keys == ["agent-0"] and pattern.agent_ids == [agents[0].pk]
    assert pattern.low > pattern.base_rate + 0.2 and pattern.q_value < 0.01
    assert pattern.low <= pattern.rate <= pattern.high
    cycle.refresh_from_db()
    assert cycle.patterns_found == Pattern.objects.count()
    assert PatternEvent.objects.filter(pattern=pattern, what="found").count() == 1
    assert Event.objects.filter(kind="pattern.found", subject_id=str(pattern.pk)).count() == 1


def test_twice_on_the_same_evidence_changes_nothing(shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    discover(cycle_of(shop))
    before = list(Pattern.objects.order_by("key").values("key", "state", "rate", "low"))
    again = cycle_of(shop)
    discover(again)
    assert list(Pattern.objects.order_by("key").values("key", "state", "rate", "low")) == before
    assert (again.patterns_found, again.patterns_confirmed) == (0, 0)


def test_agreement_is_found_by_size_and_by_who_agreed(shop: Business) -> None:
    """Answers that several gave are approved far more often than those that one gave alone."""
    ada, bea, cleo = agents_of(shop, ["Ada", "Bea", "Cleo"])
    made, draw = Shop(shop), luck(3)
    for run in range(200):
        agreed, ago = run % 2 == 0, draw.uniform(2, 20)
        value = float(draw.random() < (0.95 if agreed else 0.45))
        for place, agent in enumerate((ada, bea)):
            same = "same" if agreed else str(place)
            made.answer(agent, value, days_ago=ago, group=f"g{run}", digest=same)
        made.answer(cleo, float(draw.random() < 0.5), days_ago=ago, group=f"g{run}", digest="other")
    made.keep()
    discover(cycle_of(shop))
    patterns = found(shop)
    assert {"2 agents agree on research", "Ada and Bea agree on research"} <= set(patterns)
    pair = patterns["Ada and Bea agree on research"]
    assert pair.category == "consensus" and pair.agent_keys == ["agent-0", "agent-1"]
    # A hundred times they agreed, and each time is one trial although two recommendations were judged; it has faded.
    assert 60 < pair.trials < 101


def test_confident_claims_are_found_where_they_mean_something(shop: Business) -> None:
    ada, bea = agents_of(shop, ["Ada", "Bea"])
    made, draw = Shop(shop), luck(4)
    for _ in range(300):
        claim = draw.random()
        made.answer(ada, float(draw.random() < (0.95 if claim >= 0.9 else 0.5)), confidence=claim, days_ago=3)
        made.answer(bea, float(draw.random() < 0.5), confidence=draw.random(), days_ago=3)
    made.keep()
    discover(cycle_of(shop))
    assert "Ada claims 0.9 to 1.0 on research" in found(shop)
    assert not [name for name in found(shop) if name.startswith("Bea")]


def test_a_good_agents_sure_answers_are_no_news_when_its_others_are_as_good(shop: Business) -> None:
    ada, bea = agents_of(shop, ["Ada", "Bea"])
    made, draw = Shop(shop), luck(5)
    for _ in range(300):
        made.answer(ada, float(draw.random() < 0.9), confidence=draw.random(), days_ago=3)
        made.answer(bea, float(draw.random() < 0.4), confidence=draw.random(), days_ago=3)
    made.keep()
    discover(cycle_of(shop))
    names = set(found(shop))
    assert "Ada is an expert on research" in names
    assert not [name for name in names if name.startswith("Ada claims")]


def test_without_any_effect_hardly_a_cycle_finds_anything(shop: Business, other_shop: Business) -> None:
    """Of cycles where nothing is so, at most a twentieth finds something; 40 of them, so 6 would be surely too many."""
    hits = 0
    for seed in range(40):
        Recommendation.objects.all().delete()
        for model in (Pattern, GroupTally, CountedDay, Agent):
            model.objects.all().delete()
        agents = agents_of(shop, ["Ada", "Bea", "Cleo", "Dora", "Edna"])
        work(Shop(shop), agents, skill=[0.65] * 5, runs=60, seed=1000 + seed)
        cycle = cycle_of(shop)
        discover(cycle)
        hits += cycle.patterns_found > 0
    assert hits <= 5


def test_what_came_after_confirms(shop: Business) -> None:
    agents = agents_of(shop, ["Ada", "Bea", "Cleo"])
    work(Shop(shop), agents, skill=[0.95, 0.6, 0.55], runs=100, seed=6, days=(15, 30))
    discover(cycle_of(shop))
    Pattern.objects.update(found_at=timezone.now() - timedelta(days=12))
    work(Shop(shop), agents, skill=[0.95, 0.6, 0.55], runs=100, seed=7, days=(1, 10))
    cycle = cycle_of(shop)
    discover(cycle)
    pattern = found(shop)["Ada is an expert on research"]
    assert pattern.state == Pattern.State.CONFIRMED and pattern.confirmed_at
    assert cycle.patterns_confirmed >= 1
    event = PatternEvent.objects.get(pattern=pattern, what="confirmed")
    assert event.trials == pytest.approx(100), "the outcomes that came after, and those alone"


def test_the_evidence_that_found_it_does_not_confirm_it(shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=100, seed=6)
    for _ in range(3):
        discover(cycle_of(shop))
    assert not Pattern.objects.filter(state=Pattern.State.CONFIRMED).exists()


def test_drifting_away_retires_and_it_must_show_itself_anew(shop: Business) -> None:
    agents = agents_of(shop, ["Ada", "Bea", "Cleo"])
    work(Shop(shop), agents, skill=[0.95, 0.6, 0.55], runs=150, seed=8, days=(20, 40))
    discover(cycle_of(shop))
    Pattern.objects.update(found_at=timezone.now() - timedelta(days=15))
    work(Shop(shop), agents, skill=[0.3, 0.6, 0.55], runs=150, seed=9, days=(4, 14))
    cycle = cycle_of(shop)
    discover(cycle)
    pattern = found(shop)["Ada is an expert on research"]
    assert pattern.state == Pattern.State.RETIRED and pattern.retired_at
    assert cycle.patterns_retired >= 1
    discover(cycle_of(shop))
    assert found(shop)["Ada is an expert on research"].state == Pattern.State.RETIRED
    Pattern.objects.filter(pk=pattern.pk).update(retired_at=timezone.now() - timedelta(days=3))
    work(Shop(shop), agents, skill=[0.98, 0.6, 0.55], runs=80, seed=10, days=(0, 2))
    discover(cycle_of(shop))
    again = found(shop)["Ada is an expert on research"]
    assert again.state == Pattern.State.FOUND and again.confirmed_at is None
    assert list(again.events.order_by("at").values_list("what", flat=True)) == ["found", "retired", "again"]


def test_an_agent_that_is_gone_takes_its_patterns_along(shop: Business) -> None:
    ada, *others = agents_of(shop, ["Ada", "Bea", "Cleo"])
    work(Shop(shop), [ada, *others], skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    discover(cycle_of(shop))
    ada.delete()
    discover(cycle_of(shop))
    pattern = found(shop)["Ada is an expert on research"]
    assert pattern.state == Pattern.State.RETIRED and pattern.agent_keys == ["agent-0"]


def test_one_business_does_not_see_anothers(shop: Business, other_shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    work(Shop(other_shop), agents_of(other_shop, ["Ina"]), skill=[0.6], runs=20, seed=1)
    discover(cycle_of(other_shop))
    assert not Pattern.objects.exists()
    discover(cycle_of(shop))
    with acting_for(other_shop.pk):
        assert not Pattern.objects.exists() and not GroupTally.objects.filter(business=shop).exists()


def test_it_may_be_called_inside_of_the_business(shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    with acting_for(shop.pk):
        discover(cycle_of(shop))
    assert "Ada is an expert on research" in found(shop)


def test_many_agents_and_types_are_a_handful_of_queries(shop: Business, django_assert_max_num_queries: object) -> None:
    made, draw = Shop(shop), luck(12)
    names = ["Ωmega", "Zoë", "李雷"] + [f"Agent {n}" for n in range(47)]
    for place, agent in enumerate(agents_of(shop, names)):
        for _ in range(30):
            rate = 0.98 if place < 3 else 0.5
            made.answer(agent, float(draw.random() < rate), type=f"type {place % 4}", days_ago=draw.uniform(1, 6))
    made.keep()
    cycle = cycle_of(shop)
    with django_assert_max_num_queries(70):  # type: ignore[operator]
        discover(cycle)
    assert {"Ωmega is an expert on type 0", "Zoë is an expert on type 1", "李雷 is an expert on type 2"} <= set(
        found(shop)
    )


def test_the_cycle_counts_what_a_killed_one_had_found(shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    cycle = cycle_of(shop)
    discover(cycle)
    again = LearningCycle.objects.get(pk=cycle.pk)
    discover(again)
    assert again.patterns_found == cycle.patterns_found > 0


def test_a_retired_one_is_not_found_again_by_what_was_known_before(shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    discover(cycle_of(shop))
    Pattern.objects.update(state="retired", retired_at=timezone.now() - timedelta(days=1))
    again = cycle_of(shop)
    discover(again)
    assert again.patterns_found == 0
    assert set(Pattern.objects.values_list("state", flat=True)) == {"retired"}
