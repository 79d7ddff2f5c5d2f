"""The figures of learning's health: each with its target and state, calm where nothing is known."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.trust.fitness import Figure, HealthFigure, State, figure, worst, written
from apps.trust.health import health_of
from apps.trust.models import Pattern, PatternEvent, TrustScore
from tests.trust.made import Shop, agents_of, cycle_of


def trusted(agent: Agent, overall: float = 0.8, **given: Any) -> TrustScore:
    facts: dict[str, Any] = {
        "type": "", "low": overall, "high": overall, "accuracy": overall, "consistency": 1, "timeliness": 1,
        "reliability": 1, "effective_n": 50, "enough": True, "computed_at": timezone.now(), "trend": "stable",
    }  # fmt: skip
    return TrustScore.objects.create(business_id=agent.business_id, agent=agent, overall=overall, **facts | given)


@pytest.mark.parametrize(
    ("key", "value", "state"),
    [
        (Figure.CYCLES, 0.96, State.OK),
        (Figure.CYCLES, 0.9, State.WARN),
        (Figure.CYCLES, 0.5, State.BAD),
        (Figure.DURATION, 299, State.OK),
        (Figure.DURATION, 601, State.BAD),
        (Figure.COVERAGE, 0.7, State.OK),
        (Figure.DECLINING, 3, State.WARN),
        (Figure.QUALITY, 20, State.BAD),
        (Figure.ROWS, 1_000_001, State.WARN),
        (Figure.TRUST, 0.1, State.OK),
        (Figure.COVERAGE, None, State.UNKNOWN),
        (Figure.COVERAGE, float("nan"), State.UNKNOWN),
    ],
)
def test_a_figure_stands_by_its_target(key: Figure, value: float | None, state: State) -> None:
    assert figure(key, value).state == state


def test_figures_are_written_as_people_write_them() -> None:
    assert written(Figure.COVERAGE, 0.874) == "87 %"
    assert written(Figure.DURATION, 2.41) == "2.4 s"
    assert written(Figure.DURATION, 240) == "4 min"
    assert written(Figure.ROWS, 1_234_567) == "1,234,567"
    assert written(Figure.TRUST, None) == "–"


def test_the_worst_rules_and_the_unknown_does_not() -> None:
    states = [figure(Figure.COVERAGE, value) for value in (None, 0.9, 0.5)]
    assert worst(states) == State.WARN
    assert worst(states[:1]) == State.UNKNOWN


@pytest.mark.django_db
class TestOfABusiness:
    def look(self, shop: Business) -> dict[str, HealthFigure]:
        with acting_for(shop.pk):
            return {one.key: one for one in health_of(shop.pk, timezone.now()).figures}

    def test_an_empty_one_is_calm(self, shop: Business) -> None:
        found = health_of(shop.pk, timezone.now())
        assert found.state == State.OK and not found.approvals
        assert {one.key for one in found.figures} == {one.value for one in Figure}
        assert {one.state for one in found.figures} == {State.OK, State.UNKNOWN}

    def test_cycles_their_length_and_what_they_measured(self, shop: Business) -> None:
        measured = {
            "share_right": [0.87, 0.8, 0.9],
            "verdict": "better",
            "words": "Well",
            "gain": {"log_loss": [0.1, 0.05, 0.2]},
        }
        cycle_of(shop, duration_ms=2000, accuracy=measured, coverage=0.8)
        cycle_of(shop, "trust", duration_ms=4000)
        cycle_of(shop, state="failed")
        cycle_of(shop, state="running")
        cycle_of(shop, state="failed", started_at=timezone.now() - timedelta(days=40))
        found = self.look(shop)
        assert found["cycle_success"].value == pytest.approx(2 / 3)
        assert found["cycle_duration"].value == 3 and found["cycle_duration"].series == (2, 4)
        assert (found["model_accuracy"].shown, found["model_accuracy"].state) == ("87 %", State.OK)
        assert found["against_average"].value == 0.1
        assert found["coverage"].value == 0.8

    def test_accuracy_of_few_is_not_called_bad(self, shop: Business) -> None:
        cycle_of(shop, accuracy={"share_right": [0.2, 0, 1], "verdict": "unknown", "words": "too few"})
        assert self.look(shop)["model_accuracy"].state == State.UNKNOWN

    def test_trust_and_who_declines(self, shop: Business) -> None:
        agents = agents_of(shop, ["A", "B", "C", "D", "E"])
        for agent, overall, trend in zip(
            agents, (0.9, 0.7, 0.5, 0.3, 0.1), ["declining"] * 3 + ["improving"] * 2, strict=True
        ):
            trusted(agent, overall, trend=trend, enough=overall > 0.2)
        trusted(agents[0], 0.1, type="research", trend="declining")
        found = self.look(shop)
        assert found["average_trust"].value == pytest.approx(0.6)
        assert found["trust_variance"].value == pytest.approx(0.05)
        assert (found["declining_agents"].value, found["declining_agents"].state) == (3, State.WARN)
        assert found["improving_agents"].value == 1

    def test_approval_by_agent_and_quality(self, shop: Business) -> None:
        good, bad, new = agents_of(shop, ["Good", "Bad", "New"])
        made = Shop(shop)
        for n in range(40):
            made.answer(good, 1.0, quality=90)
            made.answer(bad, float(n % 10 == 0), quality=50)
        made.answer(new, 0.0)
        made.answer(good, 0.0, days_ago=60, quality=0)
        made.keep()
        found = self.look(shop)
        assert found["approval_rate"].value == pytest.approx(0.1)
        assert found["approval_rate"].state == State.BAD and "Bad" in found["approval_rate"].words
        assert found["average_quality"].value == pytest.approx(70)
        assert found["recommendations_kept"].value == 82
        names = [one.name for one in health_of(shop.pk, timezone.now()).approvals]
        assert names == ["New", "Bad", "Good"]

    def test_patterns_over_time(self, shop: Business) -> None:
        now = timezone.now()
        for n, (state, ago) in enumerate([("found", 10), ("confirmed", 5), ("retired", 20)]):
            pattern = Pattern.objects.create(
                business=shop, key=str(n), category="expert", name=str(n), trials=9, successes=9, rate=1, low=0.8,
                high=1, base_rate=0.5, q_value=0.01, strength="strong", state=state, found_at=now,
            )  # fmt: skip
            for what, at in [("found", ago), *([("retired", 3)] if state == "retired" else [])]:
                PatternEvent.objects.create(
                    business=shop, pattern=pattern, what=what, rate=1, trials=9, at=now - timedelta(days=at)
                )
        found = self.look(shop)["patterns"]
        assert found.value == 2
        assert [found.series[-1 - ago] for ago in (0, 4, 7, 15, 25)] == [2, 3, 2, 1, 0]

    def test_another_business_is_not_counted(self, shop: Business, other_shop: Business) -> None:
        made = Shop(other_shop)
        for agent in agents_of(other_shop, ["Ina"]):
            trusted(agent)
            for _ in range(20):
                made.answer(agent, 0.0)
        made.keep()
        cycle_of(other_shop, state="failed")
        assert self.look(shop)["cycle_success"].value is None
        assert health_of(shop.pk, timezone.now()).approvals == ()

    def test_fifty_agents_take_as_many_queries_as_none(self, shop: Business, django_assert_num_queries: Any) -> None:
        made = Shop(shop)
        for agent in agents_of(shop, [f"Agent {n}" for n in range(50)]):
            trusted(agent)
            made.answer(agent, 1.0)
        made.keep()
        with django_assert_num_queries(8):
            health_of(shop.pk, timezone.now())


@pytest.mark.django_db
class TestTheCommand:
    def run(self, *args: str) -> tuple[str, int]:
        out = StringIO()
        try:
            call_command("check_learning", *args, stdout=out)
        except SystemExit as error:
            return out.getvalue(), int(error.code or 0)
        return out.getvalue(), 0

    def test_an_empty_business_does_not_fail(self, shop: Business) -> None:
        out, code = self.run()
        assert code == 0 and "Nothing failed" in out and "corner-shop" in out

    def test_a_bad_figure_fails_and_json_says_which(self, shop: Business, other_shop: Business) -> None:
        cycle_of(shop, state="failed")
        out, code = self.run("--json")
        assert code == 1
        found = json.loads(out)
        assert found["failed"] == 1 and found["businesses"]["corner-shop"]["state"] == "bad"
        assert self.run("--business", "other-shop")[1] == 0

    def test_strict_takes_a_warning_for_a_failure(self, shop: Business) -> None:
        cycle_of(shop, coverage=0.5)
        assert self.run()[1] == 0
        assert self.run("--strict")[1] == 1

    def test_a_business_that_is_not_there(self, shop: Business) -> None:
        with pytest.raises(CommandError, match="no business"):
            call_command("check_learning", "--business", "nobody")
