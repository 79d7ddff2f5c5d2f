"""Fits the clarity head: logistic regression with L2 on standardised features, each weight bound to its sign.

The bound keeps the reasons true: what is left open can only cost, what is given can only help; kinds of task without a
direction of their own and themes are free. Classes are balanced while fitting, then the bias is set to the share of
clear goals that is expected (King and Zeng 2001, prior correction). scikit-learn has no bounds, so the convex loss is
minimised by L-BFGS-B directly. Training data are the caller's; none come with the product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.goals.clarity.scoring import given_by
from apps.goals.clarity.themes import NAMES as THEMES
from apps.goals.heads import Head
from apps.goals.reading import words_of
from apps.goals.regression import AT_LEAST_ZERO, AT_MOST_ZERO, FREE, fit_bounded
from apps.goals.values import values_of
from apps.llm.embedding import WordEmbedder

Array = NDArray[np.float64]

COSTS_TEXT = """
task_advising task_buying task_studying task_working task_making own_question situation for_self own self object_a
indefinite here place_open later time_open timing_open quality degree some amount_open someone person_open handed
pointing fact_unnamed goods taste source plan advice made placeholder nothing_given thin
"""
HELPS_TEXT = """
task_telling task_listing fact_question how_to curious object_the named precise figures dated now limits measured
placed in_named all knowledge property property_named timed_given place_given handed_given made_given chosen_given
"""
FREE_TEXT = """
task_timing task_seeking task_writing latest
"""
SIGNS: dict[str, int] = (
    dict.fromkeys(COSTS_TEXT.split(), -1)
    | dict.fromkeys(HELPS_TEXT.split(), 1)
    | dict.fromkeys([*FREE_TEXT.split(), *THEMES], 0)
)
STRENGTH = 0.12  # inverse of the L2 penalty, on standardised features, weights of examples adding up to their number
EXPECTED_CLEAR = 0.25  # share of clear goals among those sent without tools


def fit_clarity(rows: Sequence[tuple[str, str]], *, embedder: WordEmbedder, clear: float = EXPECTED_CLEAR) -> Head:
    """The head for `rows` of (goal, "clear" or "vague"). Raises ValueError when one of the labels is missing."""
    names = tuple(SIGNS)
    given = matrix_of([goal for goal, _ in rows], names, embedder)
    labels = np.array([label == "clear" for _, label in rows], dtype=np.float64)
    if not 0 < labels.sum() < len(labels):
        raise ValueError("Both clear and vague goals are needed.")
    return fit_head(given, labels, names, clear=clear)


def matrix_of(goals: Sequence[str], names: Sequence[str], embedder: WordEmbedder) -> Array:
    """One row a goal, one column a feature."""
    rows = (given_by(goal, words_of(goal), values_of(goal), embedder=embedder)[0] for goal in goals)
    return np.array([[row[name] for name in names] for row in rows], dtype=np.float64)


def fit_head(given: Array, labels: Array, names: Sequence[str], *, clear: float, strength: float = STRENGTH) -> Head:
    """`labels` are 1 for clear, 0 for vague."""
    good = labels == 1.0
    share = good.mean()
    balance = np.where(good, 0.5 / max(share, 1e-9), 0.5 / max(1.0 - share, 1e-9))
    found = fit_bounded(given, good, strength * balance, names, [_BOUNDS[SIGNS[name]] for name in names])
    kept = {name: weight for name, weight in found.weights.items() if weight}
    bias = round(found.bias + math.log(clear / (1.0 - clear)), 4)
    return Head(bias, kept, {name: found.typical[name] for name in kept})


_BOUNDS = {-1: AT_MOST_ZERO, 0: FREE, 1: AT_LEAST_ZERO}
