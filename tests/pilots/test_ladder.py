"""The rules of ladders and of what a feature may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.measures import Sample
from apps.goals.pilot_metrics import error_rate
from apps.pilots.criteria import Comparison, CriterionTerms, Verdict, judge
from apps.pilots.kinds import problem_of_key, problem_of_variants
from apps.pilots.ladder import (
    StageKind,
    StageTerms,
    problem_of_ladder,
    problem_of_step,
    room_left,
    seven_days,
    soaked_at,
)
from apps.pilots.plans import StagePlan, problem_of_plans, seven_day_plan

METRICS = ["approval_rate", "error_rate"]
LIST = StageTerms(1, "List", StageKind.ALLOWLIST, 1, 2)
TENTH = StageTerms(2, "10 %", StageKind.PERCENTAGE, share=10)


def test_the_seven_day_plan_is_the_one_of_the_source() -> None:
    plan = seven_day_plan()
    assert problem_of_plans(plan, METRICS) is None
    rooms = [(p.stage.businesses_min, p.stage.businesses_max, p.stage.share, p.stage.baseline) for p in plan]
    assert rooms == [
        (1, 2, 0, True), (2, 2, 0, False), (2, 5, 0, False),
        (0, None, 10, False), (0, None, 25, False), (0, None, 50, False), (0, None, 100, False),
    ]  # fmt: skip
    assert [p.stage.soak.days for p in plan] == [0, 2, 2, 2, 7, 7, 7]
    assert [len(p.criteria) for p in plan] == [0, 0, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("stages", "field"),
    [
        ([LIST, replace(TENTH, share=0)], "stages.1.share"),
        ([LIST, replace(TENTH, share=101)], "stages.1.share"),
        ([LIST, TENTH, replace(TENTH, position=3)], "stages.2.share"),
        ([LIST, TENTH, replace(LIST, position=3)], "stages.2.kind"),
        ([replace(LIST, share=5)], "stages.0.share"),
        ([replace(LIST, name=" ")], "stages.0.name"),
        ([replace(LIST, businesses_max=None)], "stages.0.businesses_max"),
        ([replace(LIST, businesses_min=3)], "stages.0.businesses_max"),
        ([LIST, replace(LIST, position=2, businesses_max=1)], "stages.1.businesses_max"),
        ([LIST, replace(LIST, position=2, baseline=True)], "stages.1.baseline"),
        ([LIST, replace(TENTH, baseline=True)], "stages.1.baseline"),
        ([LIST] * 21, "stages"),
    ],
)
def test_a_ladder_that_is_none_names_where(stages: list[StageTerms], field: str) -> None:
    problem = problem_of_ladder(stages)
    assert problem and problem[0] == field and problem[1]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"metric": "luck"}, "metric"),
        ({"limit": float("nan")}, "limit"),
        ({"window_hours": 0}, "window_hours"),
        ({"minimum": 0}, "minimum"),
    ],
)
def test_a_criterion_that_is_none_names_where(changed: dict[str, Any], field: str) -> None:
    sound = CriterionTerms("error_rate", Comparison.AT_MOST, 0.05, 24, 30)
    assert problem_of_plans([StagePlan(LIST, (sound,))], METRICS) is None
    plans = [StagePlan(LIST, (sound, replace(sound, **changed)))]
    problem = problem_of_plans(plans, METRICS)
    assert problem and problem[0] == f"stages.0.criteria.1.{field}"


def test_positions_have_no_gap() -> None:
    assert problem_of_plans([StagePlan(replace(LIST, position=2))], METRICS) == (
        "stages.0.position", "Positions go from 1 without a gap",
    )  # fmt: skip


def test_a_step_goes_up_one_and_never_shrinks() -> None:
    assert problem_of_step(stage=1, share=0, to=TENTH) == ""
    assert "roll it back" in problem_of_step(stage=2, share=10, to=LIST)
    assert "roll it back" in problem_of_step(stage=1, share=25, to=TENTH)
    assert "roll it back" in problem_of_step(stage=2, share=10, to=TENTH)
    assert "1 is next" in problem_of_step(stage=0, share=0, to=TENTH)


def test_a_stage_must_last_as_long_as_the_next_one_asks() -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    assert soaked_at(since=since, to=seven_days()[1]) == since + timedelta(days=2)
    assert soaked_at(since=since, to=LIST) is None
    assert soaked_at(since=None, to=seven_days()[1]) is None


def test_room_is_what_is_left_of_the_stage() -> None:
    assert room_left(stage=LIST, listed=1) == 1
    assert room_left(stage=LIST, listed=5) == 0
    assert room_left(stage=TENTH, listed=5) is None
    assert room_left(stage=None, listed=5) is None


@pytest.mark.parametrize(
    ("sample", "verdict"),
    [
        (Sample(0), Verdict.NO_DATA),
        (Sample(29, 0, 0.0), Verdict.TOO_LITTLE_DATA),
        (Sample(30, 0, 0.0), Verdict.MET),
        (Sample(100, 5, 0.05), Verdict.MET),
        (Sample(100, 6, 0.06), Verdict.FAILED),
    ],
)
def test_without_data_a_criterion_is_never_met(sample: Sample, verdict: Verdict) -> None:
    assert judge(error_rate, CriterionTerms("error_rate", Comparison.AT_MOST, 0.05, 24, 30), sample).verdict is verdict


@pytest.mark.parametrize("key", ["RAG_PILOT", "new-drafts", "a.b_c"])
def test_a_key_is_a_word_of_programs(key: str) -> None:
    assert problem_of_key(key) == ""


@pytest.mark.parametrize("key", ["", "1st", "a b", "a/b", "é", "a" * 81, "A\n", "A\0", "stale"])
def test_a_key_is_nothing_else(key: str) -> None:
    assert problem_of_key(key)


@pytest.mark.parametrize(
    ("kind", "variants"),
    [
        ("boolean", {"on": True, "off": False}),
        ("string", {"a": "x", "b": ""}),
        ("number", {"a": 1, "b": -0.5, "c": 2**53}),
        ("object", {"a": {"x": [1]}, "b": {}}),
    ],
)
def test_variants_fit_the_kind(kind: str, variants: dict[str, Any]) -> None:
    assert problem_of_variants(kind, variants) == ""


@pytest.mark.parametrize(
    ("kind", "variants"),
    [
        ("boolean", {"on": 1, "off": 0}),
        ("boolean", {"on": True}),
        ("number", {"a": True, "b": 1}),
        ("number", {"a": 2**53 + 1, "b": 1}),
        ("string", {"a": "\0", "b": ""}),
        ("object", {"a": [], "b": {}}),
        ("object", {"a": {"x": "\0"}, "b": {}}),
        ("string", {"a b": "x", "b": ""}),
        ("string", {"a": "x" * 9000, "b": ""}),
        ("string", {str(n): "x" for n in range(21)}),
    ],
)
def test_variants_that_do_not_fit_are_told(kind: str, variants: dict[str, Any]) -> None:
    assert problem_of_variants(kind, variants)
