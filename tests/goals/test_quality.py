"""Floors under the judgement on text nobody here wrote; read from ../shared/data where that is present."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.goals.facts import GoalFacts
from apps.goals.preparing import prepare_facts
from apps.goals.prevalidation import context_score, tool_score
from apps.llm.embedding import get_embedder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")


@cache
def judged(name: str) -> list[tuple[dict[str, Any], GoalFacts]]:
    rows = [json.loads(line) for line in (DATA / name).read_text().splitlines()]
    now = datetime(2023, 1, 1, tzinfo=UTC)
    return [
        (row, prepare_facts(goal=row["goal"], tools=row.get("tools", ()), embedder=get_embedder(), now=now))
        for row in rows
    ]


def auroc(good: list[float], bad: list[float]) -> float:
    """Share of (good, bad) pairs in the right order, ties half."""
    a, b = np.array(good)[:, None], np.array(bad)[None, :]
    return float((a > b).mean() + 0.5 * (a == b).mean())


def separated(name: str, label: str, score: Any, least: int = 1, most: int = 99) -> float:
    rows = [(row["label"], facts) for row, facts in judged(name) if least <= len(facts.tools) <= most]
    return auroc([score(f) for one, f in rows if one == "ok"], [score(f) for one, f in rows if one == label])


def test_a_missing_tool_is_told_from_a_fitting_one():
    assert separated("goals_live.jsonl", "missing_tool", tool_score) > 0.86


@pytest.mark.parametrize(("least", "most"), [(1, 1), (2, 4), (5, 99)])
def test_so_it_is_among_goals_with_as_many_tools(least, most):
    assert separated("goals_live.jsonl", "missing_tool", tool_score, least, most) > 0.78


def test_a_missing_value_is_told_from_a_given_one():
    score = lambda facts: context_score(facts) if facts.required else 0.9  # noqa: E731
    assert separated("goals_three_way.jsonl", "missing_info", score) > 0.80


def test_real_goals_are_not_accused_of_contradicting_themselves():
    accused = sum(bool(facts.contradictions) for _, facts in judged("goals_live.jsonl"))
    assert accused <= 0.01 * len(judged("goals_live.jsonl"))
