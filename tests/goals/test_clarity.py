"""Vague goals are told from clear ones, for reasons that are true; figures on ../shared/data where that is present."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from apps.goals.assessment import assess
from apps.goals.clarity.fitting import EXPECTED_CLEAR, SIGNS, fit_clarity, fit_head, matrix_of
from apps.goals.clarity.scoring import CLEAR_FROM, Clarity, clarity_of, given_by
from apps.goals.clarity.signals import Slot
from apps.goals.facts import GoalFacts
from apps.goals.gate import Switches, Thresholds
from apps.goals.heads import Head
from apps.goals.preparing import prepare_facts
from apps.goals.prevalidation import run_checks
from apps.goals.reading import words_of
from apps.goals.values import values_of
from apps.goals.vocabulary import Check, Path, Status
from apps.llm.embedding import get_embedder
from tests.goals.test_quality import judged

PAIRS = FilePath(__file__).parent / "pairs"
SHARED = FilePath(__file__).resolve().parents[3] / "shared" / "data" / "goals_vague.jsonl"
NAMES = tuple(SIGNS)
shared = pytest.mark.skipif(not SHARED.is_file(), reason="../shared/data is not here")


@cache
def rows(path: FilePath) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@cache
def features(path: FilePath) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(one row a goal, 1 for clear)."""
    found = rows(path)
    labels = np.array([row["label"] == "clear" for row in found], dtype=np.float64)
    return matrix_of([row["goal"] for row in found], NAMES, get_embedder()), labels


OWN, OWN_PAIRS = PAIRS / "clarity_own.jsonl", PAIRS / "clarity.jsonl"


def clear(goal: str, *, background: bool = False, head: Head | None = None) -> Clarity:
    more = {} if head is None else {"head": head}
    return clarity_of(goal, words_of(goal), values_of(goal), embedder=get_embedder(), background=background, **more)


def unaided(goal: str, tools: tuple[dict[str, Any], ...] = ()) -> GoalFacts:
    return prepare_facts(goal=goal, tools=tools, embedder=get_embedder(), now=datetime(2026, 11, 21, tzinfo=UTC))


def scores(head: Head, given: NDArray[np.float64]) -> NDArray[np.float64]:
    return given @ np.array([head.weights.get(name, 0.0) for name in NAMES]) + head.bias


def auroc(good: list[float], bad: list[float]) -> float:
    """Share of (good, bad) pairs in the right order, ties half."""
    a, b = np.array(good)[:, None], np.array(bad)[None, :]
    return float((a > b).mean() + 0.5 * (a == b).mean())


def separated(score: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    return auroc(list(score[labels == 1.0]), list(score[labels == 0.0]))


@cache
def out_of_fold() -> NDArray[np.float64]:
    """Log-odds of the file's goals, each from a head that saw neither it nor a goal on nearly the same words."""
    from sklearn.model_selection import StratifiedGroupKFold

    given, labels = features(SHARED)
    own, own_labels = features(OWN)
    groups: list[int] = []
    seen: dict[frozenset[str], int] = {}
    for row in rows(SHARED):
        topic = frozenset(word.stem for word in words_of(row["goal"]) if word.content)
        near = next((one for one in seen if len(topic & one) >= 0.6 * min(len(topic), len(one))), topic)
        groups.append(seen.setdefault(near, len(seen)))
    found = np.zeros(len(labels))
    for fitted, held in StratifiedGroupKFold(5, shuffle=True, random_state=0).split(given, labels, groups):
        both = np.vstack([given[fitted], own]), np.concatenate([labels[fitted], own_labels])
        found[held] = scores(fit_head(*both, NAMES, clear=EXPECTED_CLEAR), given[held])
    return found


@shared
def test_vague_goals_of_strangers_are_told_from_clear_ones_by_cross_validation():
    _, labels = features(SHARED)
    assert separated(out_of_fold(), labels) > 0.85
    assert np.mean((1 / (1 + np.exp(-out_of_fold())) - labels) ** 2) < 0.13


@shared
def test_so_they_are_among_goals_of_one_length():
    _, labels = features(SHARED)
    lengths = np.array([len(row["goal"].split()) for row in rows(SHARED)])
    fifth = np.argsort(np.argsort(lengths, kind="stable"), kind="stable") * 5 // len(lengths)
    found = [separated(out_of_fold()[fifth == one], labels[fifth == one]) for one in range(5)]
    assert min(found) > 0.7
    assert np.mean(found) > 0.82


@shared
def test_a_head_fitted_on_strangers_goals_serves_the_pairs():
    head = fit_head(*features(SHARED), NAMES, clear=EXPECTED_CLEAR)
    given, labels = features(OWN_PAIRS)
    assert separated(scores(head, given), labels) > 0.83


@shared
def test_a_head_fitted_on_our_goals_serves_those_of_strangers():
    head = fit_head(*features(OWN), NAMES, clear=EXPECTED_CLEAR)
    given, labels = features(SHARED)
    assert separated(scores(head, given), labels) > 0.80


def test_the_shipped_head_tells_the_clear_one_of_a_pair():
    found = [clear(row["goal"]).score for row in rows(OWN_PAIRS)]
    right = [told > left for left, told in zip(found[::2], found[1::2], strict=True)]
    assert np.mean(right) > 0.93
    assert auroc(found[1::2], found[::2]) > 0.9


def test_what_is_named_open_is_what_the_clear_version_adds():
    vague = [row for row in rows(OWN_PAIRS) if row["label"] == "vague"]
    named = [Slot(row["slot"]) in clear(row["goal"]).open for row in vague]
    assert np.mean(named) > 0.75


def test_a_gap_goes_when_the_clear_version_fills_it():
    found = rows(OWN_PAIRS)
    both = [
        (Slot(left["slot"]), clear(left["goal"]), clear(told["goal"]))
        for left, told in zip(found[::2], found[1::2], strict=True)
    ]
    closed = [slot not in told.open for slot, left, told in both if slot in left.open]
    assert np.mean(closed) > 0.6


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("Find a good hotel in Lisbon.", "good"),
        ("Book a table somewhere for Friday evening.", "where"),
        ("Schedule a meeting with the sales people soon.", "when"),
        ("Summarise the document.", "document"),
        ("Recommend a film.", "need or like"),
    ],
)
def test_the_reason_and_the_question_name_what_is_open(goal, said):
    found = clear(goal)
    assert found.score < CLEAR_FROM
    assert said in " ".join(found.gaps) or said in " ".join(found.questions)
    assert 1 <= len(found.questions) <= 3


@pytest.mark.parametrize(
    "goal",
    ["Find the capital of Canada", "Explain how photosynthesis works", "What is the boiling point of water?",
     "Refund 18.90 euros to the card used for order 77120."],
)  # fmt: skip
def test_what_needs_no_asking_back_is_clear(goal):
    found = clear(goal)
    assert found.score >= CLEAR_FROM
    assert not found.questions


@pytest.mark.parametrize("goal", ["Find some good restaurants", "Plan my weekend for me", "Recommend a laptop"])
def test_a_vague_goal_without_tools_is_asked_about(goal):
    found = assess(unaided(goal), thresholds=Thresholds(), switches=Switches())
    assert found.verdict.path is Path.CLARIFY
    assert all(asked in found.questions[0].question for asked in clear(goal).questions)


@pytest.mark.parametrize(
    "goal", ["Send invoice 2024-0091 to billing@northgate.example", "What is the boiling point of water?"]
)
def test_a_clear_goal_without_tools_runs_or_goes_to_a_person(goal):
    found = assess(unaided(goal), thresholds=Thresholds(), switches=Switches())
    assert found.verdict.path in (Path.EXECUTE, Path.ASK)


@pytest.mark.parametrize("goal", ["Find some good restaurants", "Book a room", "Send the invoice to the client"])
def test_with_tools_vagueness_alone_does_not_fail_the_first_check(goal):
    tool = {"name": "do_it", "description": goal, "parameters": {"type": "object", "properties": {}}}
    check = run_checks(unaided(goal, tools=(tool,)))[0]
    assert check.status is Status.PASS
    assert check.score >= run_checks(unaided(goal))[0].score


@shared
def test_hardly_any_real_goal_with_fitting_tools_is_called_vague():
    found = [one.result(Check.WELL_FORMED).status for one in judged("goals_three_way") if one.label == "ok"]
    assert sum(status is not Status.PASS for status in found) <= 0.03 * len(found)


def test_what_is_given_never_lowers_the_score_and_what_is_open_never_raises_it():
    head = fit_clarity([(row["goal"], row["label"]) for row in rows(OWN)], embedder=get_embedder())
    assert all(weight * SIGNS[name] >= 0.0 for name, weight in head.weights.items())


def test_fitting_needs_both_labels():
    with pytest.raises(ValueError, match="Both"):
        fit_clarity([("Find a hotel", "vague")], embedder=get_embedder())


def test_the_share_of_clear_goals_expected_moves_the_bias_alone():
    known = [(row["goal"], row["label"]) for row in rows(OWN_PAIRS)]
    few, many = (fit_clarity(known, embedder=get_embedder(), clear=share) for share in (0.2, 0.5))
    assert few.weights == many.weights
    assert few.bias < many.bias


@pytest.mark.parametrize(
    "goal",
    [
        "", "   ", "?!", "\U0001f600 \U0001f600", "x" * 8000, "a " * 4000, "the " * 2000, "帮我订一张去上海的机票",
        "Найди хороший отель", "Fix it", "do the thing", "\x00\ufffd", "1 2 3 4 5",
    ],
)  # fmt: skip
def test_odd_text_has_a_score_too(goal):
    found = clear(goal)
    assert 0.0 <= found.score <= 1.0
    assert 0.0 <= found.substance <= 1.0


def test_length_is_no_signal():
    assert not {name for name in given_by("Go", words_of("Go"), (), embedder=get_embedder())[0] if "length" in name}
