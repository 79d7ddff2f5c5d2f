"""The goals that benchmarks submit get the verdicts they are made for, so that a table's rows mean what they say."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from apps.goals.assessment import assess
from apps.goals.gate import Switches, Thresholds
from apps.goals.preparing import prepare_facts
from apps.llm.embedding import get_embedder
from bench.goals import KINDS, Body, few, fresh

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def path_of(body: Body) -> str:
    facts = prepare_facts(
        goal=body["goal"], context=body.get("context", {}), tools=body["tools"], embedder=get_embedder(), now=NOW
    )
    return assess(
        facts, thresholds=Thresholds(), switches=Switches(), own_confidence=body.get("confidence")
    ).verdict.execution_path


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_gets_its_verdict(kind: str) -> None:
    assert {path_of(body) for body in few(kind)} == {kind}


@pytest.mark.parametrize("new_tools", [False, True])
def test_no_goal_comes_twice(new_tools: bool) -> None:
    bodies = list(islice(fresh(new_tools=new_tools, seed=1), 100))
    assert len({body["goal"] for body in bodies}) == 100
    assert len({body["tools"][0]["function"]["name"] for body in bodies}) == (100 if new_tools else 1)
