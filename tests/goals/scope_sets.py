"""Goals in and out of an agent's scope, as features and scores. tests/goals/pairs/README.md says what the set is."""

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.goals.reading import words_of
from apps.goals.scope import meaning_feature, scope_of, words_feature
from apps.goals.toolset import read_tools
from apps.goals.values import values_of
from apps.goals.vocabulary import Kind
from apps.llm.embedding import get_embedder
from tests.goals.pair_sets import half_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NEAR_FROM, NEAR_TO = 20, 6  # a near toolset is drawn from the nearest 1/20 to 1/6 of the others

Example = tuple[str, str, list[dict[str, Any]]]  # goal, description, tools


def written(half: str) -> Iterator[tuple[Example, bool, str]]:
    """(example, whether it is in scope, the agent) of tests/goals/pairs/scope.jsonl."""
    for row in half_of("scope", half):
        for inside in (True, False):
            for goal in row["in" if inside else "out"]:
                yield (goal, row["description"], row["tools"]), inside, row["id"]


def crossed(limit: int, *, near: bool) -> Iterator[tuple[Example, bool, str]]:
    """Public goals with their own tools, and with those of another goal (random, or of a near subject)."""
    rows = [json.loads(line) for line in (DATA / "goals_live.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["label"] == "ok" and row["tools"]]
    chance = random.Random(3)
    chance.shuffle(rows)
    rows = rows[:limit]
    names = [frozenset(tool["function"]["name"] for tool in row["tools"]) for row in rows]
    meanings = np.stack([read_tools(row["tools"], get_embedder()).meanings.mean(axis=0) for row in rows])
    for place, row in enumerate(rows):
        others = [other for other in range(len(rows)) if not names[other] & names[place]]
        if near:
            others.sort(key=lambda other: -float(meanings[other] @ meanings[place]))
            others = others[len(others) // NEAR_FROM : len(others) // NEAR_TO]
        group = " ".join(sorted(names[place]))
        yield (row["goal"], "", row["tools"]), True, group
        yield (row["goal"], "", rows[chance.choice(others)]["tools"]), False, group


@cache
def goal_vectors(goal: str) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """(words that ask, all words, the whole)."""
    values = values_of(goal)
    words = [word for word in words_of(goal) if word.content and not word.text.isdigit()]
    rows = get_embedder().vectors([word.text for word in words])
    inside = [(value.start, value.end) for value in values if value.kind is not Kind.FILE]
    asks = np.array([not any(start <= word.start < end for start, end in inside) for word in words], dtype=bool)
    return (rows[asks] if asks.any() else rows), rows, get_embedder().embed([goal[:400]])[0]


def features(example: Example) -> tuple[float, float] | None:
    """(words, meaning) as scope.py defines them; None where the goal has no words."""
    goal, description, tools = example
    own, _, meaning = goal_vectors(goal)
    toolset = read_tools(tools, get_embedder()) if tools else None
    stated = [word.text for word in words_of(description) if word.content]
    parts = [get_embedder().vectors(stated)] if stated else []
    parts += [toolset.matrix] if toolset is not None else []
    if not len(own) or not parts:
        return None
    statements = (description,) if description else ()
    return words_feature(own, np.concatenate(parts)), meaning_feature(meaning, statements, toolset, get_embedder())


def score(example: Example, *, with_meaning: bool = True) -> float:
    """The shipped score."""
    goal, description, tools = example
    own, every, meaning = goal_vectors(goal)
    toolset = read_tools(tools, get_embedder()) if tools else None
    found, _ = scope_of([description], toolset, (own, every), get_embedder(), meaning if with_meaning else None)
    return 0.5 if found is None else found
