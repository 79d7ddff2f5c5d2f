"""Figures in sentences: what is surely so, with its figures, and nothing of what is not."""

from dataclasses import replace

import pytest

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.trust.advising import advise
from apps.trust.discovering import discover
from apps.trust.insights import MOST, AgentFigures, Figures, Insight, Kind, PatternFigures, insights_of
from apps.trust.measuring import measure
from apps.trust.models import LearningCycle
from tests.trust.made import Shop, agents_of, cycle_of, luck

EXPERT = PatternFigures("expert", "strategy", "Ada is an expert on strategy", ("Ada",), False, 80, 0.9, 0.78, 0.95, 0.6)
AGREE = PatternFigures("consensus", "strategy", "2 agents agree on strategy", (), True, 120, 0.85, 0.8, 0.89, 0.6)
AGENT = AgentFigures("ada", "Ada", True, True, 0.8, 0.7, 0.88, 120, "stable", 0.0)


def texts(figures: Figures, kind: Kind | None = None) -> list[str]:
    return [one.text for one in insights_of(figures) if kind in (None, one.kind)]


def one_about(figures: Figures, words: str) -> Insight:
    (found,) = [one for one in insights_of(figures) if words in one.text]
    return found


def test_nothing_is_said_of_nothing() -> None:
    assert texts(Figures()) == ["Nothing to tell yet: no recommendation has been judged."]


def test_experts_are_counted_once_with_the_share_all_surely_surpass() -> None:
    others = [replace(EXPERT, agents=(name,), low=low) for name, low in (("Bea", 0.81), ("Cleo", 0.9), ("Ada", 0.76))]
    found = one_about(Figures(patterns=(EXPERT, *others)), "experts")
    assert found.text == "3 agents identified as experts (>75 % approval): Cleo, Bea, Ada"
    assert (found.kind, found.link, found.n) == (Kind.INSIGHT, "patterns", 320)
    assert found.low == 0.76 and found.high == 0.95
    assert (
        one_about(Figures(patterns=(EXPERT,)), "expert (").text
        == "1 agent identified as an expert (>75 % approval): Ada"
    )


def test_consensus_has_its_share_and_what_it_is_above() -> None:
    found = one_about(Figures(patterns=(AGREE,)), "Consensus")
    assert found.text == "Consensus recommendations have 85 % approval, 25 points above average"
    assert (found.value, found.low, found.high, found.n) == (0.85, 0.8, 0.89, 120)


def test_trends_that_were_tested_are_told_and_the_rest_is_not() -> None:
    rising = replace(AGENT, name="MoveArchitect", trend="improving", change=0.12)
    falling = replace(AGENT, key="psyche", name="PsycheLens", trend="declining", change=-0.15)
    thin = replace(AGENT, name="Newcomer", enough=False, trend="declining", change=-0.5)
    figures = Figures(agents=(rising, falling, thin, AGENT))
    assert "MoveArchitect shows an improving trend (+12 points in 30 days)" in texts(figures, Kind.INSIGHT)
    assert "PsycheLens is declining (−15 points in 30 days)" in texts(figures, Kind.CAUTION)
    assert "Train PsycheLens (recent decline)" in texts(figures, Kind.ADVICE)
    assert "1 agent has too little evidence to be told apart yet: Newcomer" in texts(figures)
    assert not [text for text in texts(figures) if "Newcomer" in text and "declin" in text]
    assert one_about(figures, "Train").link == "agent:psyche"


def test_advice_rests_on_what_was_confirmed() -> None:
    assert texts(Figures(patterns=(EXPERT, replace(AGREE, confirmed=False))), Kind.ADVICE) == []
    found = texts(Figures(patterns=(replace(EXPERT, confirmed=True), AGREE)), Kind.ADVICE)
    assert "Ask for agreement of several agents where a recommendation is risky (strategy)" in found
    assert "Ask the experts first (strategy): Ada" in found


def test_little_trust_is_told_where_it_is_sure() -> None:
    low = replace(AGENT, overall=0.28, low=0.2, high=0.37, enabled=False)
    assert "Ada is trusted little (0.28, surely below 0.5) and is disabled" in texts(Figures(agents=(low,)))
    unsure = replace(AGENT, overall=0.45, low=0.3, high=0.6)
    assert texts(Figures(agents=(unsure,))) == ["Nothing to tell yet: no recommendation has been judged."]


def test_accuracy_of_too_few_is_not_told() -> None:
    told = Figures(accuracy="Trust called 87 % right.", accuracy_verdict="better", share_right=(0.87, 0.8, 0.9))
    assert texts(told) == ["Trust called 87 % right."]
    assert "Trust called 87 % right." not in texts(replace(told, accuracy_verdict="unknown"))
    assert insights_of(replace(told, accuracy_verdict="worse"))[0].kind == Kind.CAUTION


def test_little_judged_is_advised_against() -> None:
    assert "Judge more of what is recommended: 40 % of the last 30 days has an outcome" in texts(Figures(coverage=0.4))
    assert "Judge more" not in " ".join(texts(Figures(coverage=0.9)))


def test_there_is_an_end_to_it_and_insights_come_first() -> None:
    agents = tuple(replace(AGENT, key=f"a{n}", overall=0.2, low=0.1, high=0.3) for n in range(50))
    found = insights_of(Figures(agents=agents, patterns=(EXPERT, AGREE), retired=("A", "B")))
    assert len(found) == MOST and found[0].kind == Kind.INSIGHT


@pytest.mark.django_db
class TestOfACycle:
    def test_of_an_empty_business(self, shop: Business) -> None:
        cycle = cycle_of(shop)
        measure(cycle)
        advise(cycle)
        cycle.refresh_from_db()
        assert (cycle.accuracy, cycle.coverage) == ({}, None)
        assert [one["kind"] for one in cycle.insights] == ["insight"]

    def test_what_was_found_is_told(self, shop: Business) -> None:
        agents, draw, made = agents_of(shop, ["Ada", "李雷", "Cleo"]), luck(1), Shop(shop)
        for n in range(150):
            for agent, rate in zip(agents, (0.97, 0.6, 0.5), strict=True):
                value = float(draw.random() < rate) if n % 3 else None
                made.answer(agent, value, days_ago=draw.uniform(1, 20), expected=rate, average=0.7)
        made.keep()
        cycle = cycle_of(shop)
        discover(cycle)
        with acting_for(shop.pk):
            measure(cycle)
            advise(cycle)
        kept = LearningCycle.objects.get(pk=cycle.pk)
        assert kept.coverage == pytest.approx(2 / 3)
        assert kept.accuracy["verdict"] == "better" and kept.accuracy["n"] == 300
        told = [one["text"] for one in kept.insights]
        assert any(text.startswith("1 agent identified as an expert") for text in told)
        assert any(text.startswith("Trust called") for text in told)
        assert all({"kind", "text", "link", "n", "value", "low", "high"} == set(one) for one in kept.insights)

    def test_of_another_business_nothing_is_told(self, shop: Business, other_shop: Business) -> None:
        made = Shop(other_shop)
        for agent in agents_of(other_shop, ["Ina"]):
            for _ in range(50):
                made.answer(agent, 1.0, expected=0.5, average=0.5)
        made.keep()
        cycle = cycle_of(shop)
        measure(cycle)
        assert cycle.accuracy == {} and cycle.coverage is None
