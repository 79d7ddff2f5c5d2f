"""The diagram of a run, its words, and the difference of two configurations: pure rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from apps.workflows.diagram import MOST_CARDS, StageFacts, StepFacts, diagram_of
from apps.workflows.diagram_words import barrier_words, money, share, span, step_word, why_words
from apps.workflows.diffing import Change, changes_between
from apps.workflows.plans import StageOutline

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OUTLINE = tuple(StageOutline(key=key, name=key.title()) for key in ("research", "strategy", "review"))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def stage(number: int, key: str, **changes: Any) -> StageFacts:
    plain: dict[str, Any] = {
        "id": UUID(int=number),
        "key": key,
        "name": key.title(),
        "state": "open",
        "rule": "all",
        "need": 0,
        "timeout_seconds": None,
        "opened_at": at(-100),
        "closed_at": None,
    }
    return StageFacts(**plain | changes)


def step(number: int, of: int, state: str = "done", **changes: Any) -> StepFacts:
    plain: dict[str, Any] = {
        "id": UUID(int=number),
        "stage_id": UUID(int=of),
        "key": f"step-{number}",
        "label": f"Agent {number}",
        "kind": "agent",
        "state": state,
        "attempt": 1,
        "run_after": at(0),
        "created_at": at(-100),
        "started_at": at(-90),
        "finished_at": at(-50) if state in ("done", "failed") else None,
    }
    return StepFacts(**plain | changes)


def draw(stages: Any, steps: Any = (), run_state: str = "running", outline: Any = OUTLINE) -> Any:
    return diagram_of(outline, stages, steps, run_state=run_state, now=NOW)


def test_stages_to_come_stand_behind_those_that_have_begun() -> None:
    drawn = draw([stage(1, "research")]).stages
    assert [(one.number, one.key, one.word) for one in drawn] == [
        (1, "research", "open"),
        (2, "strategy", "to come"),
        (3, "review", "to come"),
    ]


def test_a_stage_that_was_passed_over_stands_where_it_would_have_been() -> None:
    drawn = draw([stage(1, "research", state="passed", closed_at=NOW), stage(2, "review")]).stages
    assert [(one.key, one.word) for one in drawn] == [
        ("research", "passed"),
        ("strategy", "passed over"),
        ("review", "open"),
    ]


def test_after_the_end_what_did_not_begin_was_not_reached() -> None:
    drawn = draw([stage(1, "research", state="failed", closed_at=NOW)], run_state="failed").stages
    assert [one.word for one in drawn] == ["failed", "not reached", "not reached"]


def test_stages_that_the_outline_does_not_know_keep_their_order() -> None:
    stages = [stage(1, "research", state="failed"), stage(2, "undo")]
    assert [one.key for one in draw(stages).stages] == ["research", "undo", "strategy", "review"]
    assert [one.key for one in draw(stages, outline=()).stages] == ["research", "undo"]


def test_nothing_at_all_is_drawn_as_nothing() -> None:
    assert draw([], outline=()).stages == ()


def test_bars_lie_within_the_time_of_their_stage() -> None:
    steps = [step(10, 1), step(11, 1, "running", started_at=at(-20)), step(12, 1, "ready", started_at=None)]
    bars = [one.bar for one in draw([stage(1, "research")], steps).stages[0].steps]
    assert (bars[0].waited_left, bars[0].waited_width, bars[0].left, bars[0].width) == (0, 10, 10, 40)
    assert (bars[1].left, bars[1].width, bars[1].open) == (80, 20, True)
    assert (bars[2].left, bars[2].width) == (100, 0)


@pytest.mark.parametrize("seconds", [0, 1e-6, 86_400 * 400])
def test_a_bar_never_leaves_the_axis(seconds: float) -> None:
    opened = at(-seconds)
    steps = [
        step(10, 1, started_at=opened, created_at=opened, finished_at=opened),
        # A clock that goes wrong, on another machine.
        step(11, 1, created_at=at(5), started_at=at(50), finished_at=at(20)),
    ]
    for one in draw([stage(1, "research", opened_at=opened)], steps).stages[0].steps:
        assert 0 <= one.bar.left <= 100 and 0 < one.bar.width <= 100
        assert one.bar.left + one.bar.width <= 100.01


def test_what_is_to_be_tried_again_shows_no_work() -> None:
    one = draw([stage(1, "research")], [step(10, 1, "ready")]).stages[0].steps[0]
    assert (one.word, one.bar.width, one.took) == ("To be tried again", 0, "")


def test_an_open_stage_in_which_only_a_person_is_awaited_waits() -> None:
    steps = [step(10, 1), step(11, 1, "waiting", kind="person")]
    drawn = draw([stage(1, "research")], steps).stages[0]
    assert (drawn.mark, drawn.counts) == ("waiting", "1 done, 1 waiting")
    assert [one.word for one in drawn.steps] == ["Done", "Waits for a person"]
    assert draw([stage(1, "research")], [*steps, step(12, 1, "running")]).stages[0].mark == "running"


def test_a_stage_with_many_steps_is_dense_and_sums_up() -> None:
    steps = [step(10 + n, 1, cost=Decimal("0.02")) for n in range(MOST_CARDS + 1)]
    drawn = draw([stage(1, "research", rule="quorum", need=5)], steps).stages[0]
    assert drawn.dense
    assert (drawn.cost, drawn.rule) == ("$0.14", f"hears all {MOST_CARDS + 1}, 5 must be done")


@pytest.mark.parametrize(
    ("rule", "need", "steps", "limit", "words"),
    [
        ("all", 0, 1, None, "must be done"),
        ("all", 0, 3, 60, "all 3 must be done within 1 min 00 s"),
        ("first", 2, 5, None, "passes with the first 2 of 5 done"),
        ("quorum", 3, 5, 30, "hears all 5, 3 must be done within 30 s"),
        ("deadline", 0, 5, 30, "takes what is done within 30 s"),
        ("deadline", 2, 5, None, "takes what is done when all have ended, 2 at least"),
    ],
)
def test_a_barrier_is_told_in_words(rule: str, need: int, steps: int, limit: int | None, words: str) -> None:
    assert barrier_words(rule, need, steps, limit) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (-3, "0.00 s"),
        (0.42, "0.42 s"),
        (0.999, "1.0 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (11_520, "3 h 12 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_stretch_of_time_has_two_units_at_most(seconds: float | None, words: str) -> None:
    assert span(seconds) == words


def test_money_and_shares() -> None:
    assert [money(value) for value in (None, 0, Decimal("0.0042"), 0.042, 0.3, 1234.5)] == [
        "", "$0.00", "$0.0042", "$0.042", "$0.30", "$1,234.50",
    ]  # fmt: skip
    assert [share(value) for value in (None, 0, 0.996)] == ["", "0 %", "100 %"]


def test_states_and_failures_have_words() -> None:
    assert step_word("agent", "waiting") == "Answers later"
    assert step_word("person", "done") == "Decided"
    assert step_word("agent", "cancelled", stage_passed=True) == "Not needed"
    assert step_word("agent", "cancelled") == "Cancelled"
    assert why_words("not_json") == "Answer is not JSON"
    assert why_words("something_new") == "Something new"


def test_what_differs_between_two_configurations() -> None:
    before = {"a": 1, "b": {"c": ["x"], "d": True, "gone": "text"}, "same": None}
    after = {"a": 1.5, "b": {"c": ["x", "y"], "d": 1, "new": {}}, "same": None}
    assert changes_between(before, after) == [
        Change("a", "1", "1.5"),
        Change("b.c", "x", "x, y"),
        Change("b.d", "true", "1"),
        Change("b.new", "", "{}"),
        Change("b.gone", "text", ""),
    ]
    assert changes_between(before, before) == []
