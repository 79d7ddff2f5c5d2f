import numpy as np
import pytest

from apps.goals.prevalidation import SCOPE_BAND
from apps.goals.scope import scope_of
from apps.llm.embedding import get_embedder
from tests.goals.pair_sets import auroc
from tests.goals.scope_sets import goal_vectors, score, written

LEAST = {("build", True): 0.83, ("held", True): 0.78, ("build", False): 0.70, ("held", False): 0.73}


@pytest.mark.parametrize(("half", "with_meaning"), LEAST)
def test_goals_in_and_out_of_scope_are_told_apart(half, with_meaning):
    scores = [(score(example, with_meaning=with_meaning), inside) for example, inside, _ in written(half)]
    good, bad = [one for one, inside in scores if inside], [one for one, inside in scores if not inside]
    assert auroc(good, bad) > LEAST[half, with_meaning]


@pytest.mark.parametrize("half", ["build", "held"])
def test_few_goals_in_scope_fail(half):
    """Below the band a goal fails and cannot run alone: that is for what is plainly foreign."""
    scores = [score(example) for example, inside, _ in written(half) if inside]
    assert sum(one < SCOPE_BAND[0] for one in scores) <= 0.12 * len(scores)


def test_without_a_statement_or_tools_there_is_no_scope():
    own, every, meaning = goal_vectors("Water the plants")
    assert scope_of([" "], None, (own, every), get_embedder(), meaning) == (None, "")
    assert scope_of(["Garden work"], None, (own[:0], every[:0]), get_embedder(), meaning) == (None, "")


def test_what_it_was_compared_with_is_named():
    own, every, meaning = goal_vectors("Water the plants")
    near, name = scope_of(["Looks after gardens and plants"], None, (own, every), get_embedder(), meaning)
    far, _ = scope_of(["Prepares tax returns"], None, (own, every), get_embedder(), meaning)
    assert name == "what the agent is for"
    assert near > 0.5 > far


def test_a_vector_of_zeros_counts_as_none():
    own, every, _ = goal_vectors("Water the plants")
    zeros = np.zeros(384, dtype=np.float32)
    statements = ["Looks after gardens"]
    assert scope_of(statements, None, (own, every), get_embedder(), zeros) == scope_of(
        statements, None, (own, every), get_embedder()
    )
