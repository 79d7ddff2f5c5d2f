"""Floors under the judgement on text nobody here wrote; read from ../shared/data where that is present.

The shipped figures were fitted to these files, so a floor here guards against breaking them; how the gate does on goals
it was not fitted to is measured by `manage.py fit_gate` and written down in docs/quality.md.
"""

from functools import cache
from pathlib import Path

import pytest

from apps.goals.evaluation.evaluating import LABELS, READ_ON, Judged, Report, evaluate, judge_rows
from apps.goals.evaluation.goal_files import GoalRow, read_goals
from apps.goals.facts import GoalFacts
from apps.goals.preparing import prepare_facts
from apps.goals.prevalidation import MAX_SHOWN, SURELY_GIVEN, poorly_covered
from apps.goals.vocabulary import Check, Status
from apps.llm.embedding import get_embedder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")


@cache
def rows(name: str) -> list[GoalRow]:
    return read_goals(DATA / f"{name}.jsonl", labels=LABELS)


@cache
def judged(name: str) -> list[Judged]:
    return list(judge_rows(rows(name), embedder=get_embedder()))


@cache
def report(name: str) -> Report:
    return evaluate(judged(name), resamples=0)


@pytest.mark.parametrize(
    ("name", "figure", "part", "floor"),
    [
        ("goals_live", "auroc.confidence", "all", 0.91),
        ("goals_live", "auroc.confidence", "1 tool", 0.87),
        ("goals_live", "auroc.confidence", "2-4 tools", 0.88),
        ("goals_live", "auroc.confidence", "5+ tools", 0.87),
        ("goals_live", "auroc.tools_available.missing_tool", "all", 0.88),
        ("goals_missing_tool_pairs", "auroc.tools_available.missing_tool", "all", 0.69),
        ("goals_missing_tool_pairs", "order.tools_available.missing_tool", "all", 0.85),
        ("goals_missing_param_pairs", "auroc.required_context.missing_info", "all", 0.75),
        ("goals_missing_param_pairs", "order.required_context.missing_info", "all", 0.85),
        ("goals_three_way", "auroc.required_context.missing_info", "all", 0.81),
        ("goals_three_way", "auroc.tools_available.missing_tool", "all", 0.80),
        ("goals_three_way", "accuracy", "all", 0.63),
    ],
)
def test_what_lacks_something_is_told_from_what_does_not(name, figure, part, floor):
    assert report(name).figure(figure, part).value >= floor


def test_the_confidence_means_what_it_says():
    assert report("goals_live").figure("brier").value <= 0.13
    assert report("goals_three_way").figure("brier").value <= 0.23


def test_the_confidence_does_not_follow_the_length_of_a_goal():
    by_length = [part for part in report("goals_live").slices if part.by == "words"]
    assert len(by_length) == 5
    assert all(part.figures["auroc.confidence"].value >= 0.84 for part in by_length)


def test_what_runs_alone_seldom_lacks_a_tool():
    lacking = [one for one in judged("goals_live") if one.label == "missing_tool"]
    assert sum(one.path == "executed" for one in lacking) <= 0.03 * len(lacking)


def test_real_goals_are_not_accused_of_contradicting_themselves():
    accused = [one for one in judged("goals_live") if one.result(Check.NO_CONTRADICTION).status is not Status.PASS]
    assert len(accused) <= 0.01 * len(judged("goals_live"))


def pairs(name: str, bad: str) -> list[tuple[tuple[GoalRow, GoalFacts], tuple[GoalRow, GoalFacts]]]:
    """(the whole one, the one that lacks something) of each group of a file of pairs."""
    groups: dict[str, dict[str, GoalRow]] = {}
    for row in rows(name):
        groups.setdefault(row.group, {})[row.label] = row
    return [(read(group["ok"]), read(group[bad])) for group in groups.values() if len(group) == 2]


def read(row: GoalRow) -> tuple[GoalRow, GoalFacts]:
    tools = [tool for tool in row.tools if isinstance(tool, dict)]
    facts = prepare_facts(
        goal=row.goal, history=row.history, tools=tools, context=row.context, embedder=get_embedder(), now=READ_ON
    )
    return row, facts


def test_an_ask_named_is_one_that_lost_its_tool():
    """Where taking a tool away turns the check over one of several asks, an ask that fits worse now is named."""
    turned = true = 0
    for (_, whole), (_, lacking) in pairs("goals_missing_tool_pairs", "missing_tool"):
        named = {ask.text for ask in poorly_covered(lacking)[:MAX_SHOWN]}
        if whole.covered < 0.5 or lacking.covered >= 0.5 or not named:
            continue
        turned += 1
        fit = {ask.text: ask.fit for ask in whole.asks}
        true += any(ask.fit < fit[ask.text] for ask in lacking.asks if ask.text in named)
    assert turned >= 5
    assert true / turned >= 0.8, (true, turned)


def test_the_value_or_place_named_is_what_was_taken_away():
    """Where removing a value turns the check, the reason names a value now less surely given, or words that are new."""
    turned = true = 0
    for (whole_row, whole), (_, lacking) in pairs("goals_missing_param_pairs", "missing_info"):
        if whole.given < 0.5 or lacking.given >= 0.5:
            continue
        turned += 1
        before = {one.name: one.supplied for one in whole.required}
        less = [one for one in lacking.required if one.supplied < min(SURELY_GIVEN, before.get(one.name, 1.0))]
        new = [text for text in lacking.left_open if text not in whole_row.goal]
        true += bool(less or new)
    assert turned >= 20
    assert true / turned >= 0.8, (true, turned)
