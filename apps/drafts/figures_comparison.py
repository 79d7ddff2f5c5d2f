"""RULE: whether drafts with retrieval are approved more, and edited less, than drafts without it.

What is assigned to an arm is a thread, so threads are what is counted: several drafts of one thread are no independent
witnesses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.core.intervals import Z95, score_interval

# Threads an arm must have before anything is said of it.
MINIMUM = 20
# Of edit distances every pair is compared: more than so many threads an arm are thinned evenly.
MOST_PAIRED = 2000


class Verdict(StrEnum):
    THIN = "thin"
    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"


@dataclass(frozen=True, slots=True)
class ThreadSeen:
    """One thread: its decided drafts, the approved of them, and the edit distances of those (0 to 1)."""

    decided: int
    approved: int
    edits: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Retrieval less control. retrieval, control: the figure of each arm; low, high: 95 %. p: of no difference.

    n: (threads, drafts) of each arm.
    """

    verdict: Verdict
    words: str
    n_retrieval: tuple[int, int]
    n_control: tuple[int, int]
    retrieval: float | None = None
    control: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def compare_approval(retrieval: Sequence[ThreadSeen], control: Sequence[ThreadSeen]) -> Difference:
    """The difference of the shares approved.

    R. Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10), on the effective numbers of
    J. Rao and A. Scott (Biometrics 48, 1992): drafts of one thread go together, and count for less by as much.
    """
    with_it, without = _shares(retrieval), _shares(control)
    sizes = (len(retrieval), sum(one.decided for one in retrieval)), (len(control), sum(one.decided for one in control))
    if min(len(retrieval), len(control)) < MINIMUM:
        return Difference(Verdict.THIN, _thin(sizes), *sizes, with_it[0], without[0])
    (p1, n1), (p2, n2) = with_it, without
    assert p1 is not None and p2 is not None
    low1, high1 = score_interval(p1, n1, z=Z95)
    low2, high2 = score_interval(p2, n2, z=Z95)
    value = p1 - p2
    low = value - math.hypot(p1 - low1, high2 - p2)
    high = value + math.hypot(high1 - p1, p2 - low2)
    verdict = Verdict.BETTER if low > 0 else Verdict.WORSE if high < 0 else Verdict.ALIKE
    words = {
        Verdict.BETTER: f"Drafts with retrieval are approved more often, by {_points(low, high)}.",
        Verdict.WORSE: f"Drafts with retrieval are approved less often, by {_points(-high, -low)}.",
        Verdict.ALIKE: f"No difference can be told: between {_points(low, high, 'and')} more often.",
    }[verdict]
    return Difference(verdict, words, *sizes, p1, p2, value, low, high, _two_sided(value, p1, n1, p2, n2))


def compare_edits(retrieval: Sequence[ThreadSeen], control: Sequence[ThreadSeen]) -> Difference:
    """How much less, or more, is edited: the shift between the arms of each thread's mean edit distance.

    J. Hodges and E. Lehmann's estimate (Annals of Mathematical Statistics 34, 1963), with the interval that inverts the
    rank test of H. Mann and D. Whitney (1947), its variance corrected for ties; p is that test's.
    """
    x, y = _means(retrieval), _means(control)
    sizes = (len(x), sum(len(one.edits) for one in retrieval)), (len(y), sum(len(one.edits) for one in control))
    mean_x, mean_y = (sum(x) / len(x) if x else None), (sum(y) / len(y) if y else None)
    if min(len(x), len(y)) < MINIMUM:
        return Difference(Verdict.THIN, _thin(sizes), *sizes, mean_x, mean_y)
    value, low, high, p = _shift(_thinned(x), _thinned(y))
    verdict = Verdict.BETTER if high < 0 else Verdict.WORSE if low > 0 else Verdict.ALIKE
    words = {
        Verdict.BETTER: f"Drafts with retrieval are edited less, by {_points(-high, -low)} of the text.",
        Verdict.WORSE: f"Drafts with retrieval are edited more, by {_points(low, high)} of the text.",
        Verdict.ALIKE: f"No difference can be told: between {_points(low, high, 'and')} more of the text is edited.",
    }[verdict]
    return Difference(verdict, words, *sizes, mean_x, mean_y, value, low, high, p)


def _shares(threads: Sequence[ThreadSeen]) -> tuple[float | None, float]:
    """(share approved, of how many independent drafts that is worth)."""
    drafts = sum(one.decided for one in threads)
    if not drafts:
        return None, 0.0
    share = sum(one.approved for one in threads) / drafts
    clusters = len(threads)
    if clusters < 2 or not 0 < share < 1:
        return share, float(min(drafts, clusters) if not 0 < share < 1 else drafts)
    residuals = sum((one.approved - share * one.decided) ** 2 for one in threads)
    variance = clusters / (clusters - 1) * residuals / drafts**2
    design = variance / (share * (1 - share) / drafts)
    # Drafts of a thread that differ more than chance are no reason to be surer than with so many drafts.
    return share, drafts / max(1.0, design)


def _means(threads: Sequence[ThreadSeen]) -> list[float]:
    return [sum(one.edits) / len(one.edits) for one in threads if one.edits]


def _thinned(values: Sequence[float]) -> list[float]:
    if len(values) <= MOST_PAIRED:
        return list(values)
    ordered = sorted(values)
    step = len(ordered) / MOST_PAIRED
    return [ordered[int((place + 0.5) * step)] for place in range(MOST_PAIRED)]


def _shift(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float, float]:
    import numpy as np
    from scipy.stats import mannwhitneyu

    n, m = len(x), len(y)
    pairs = np.sort(np.subtract.outer(np.asarray(x), np.asarray(y)), axis=None)
    _, ties = np.unique(np.concatenate([x, y]), return_counts=True)
    total = n + m
    variance = n * m / 12 * ((total + 1) - float(np.sum(ties**3 - ties)) / (total * (total - 1)))
    cut = max(0, math.floor(n * m / 2 - Z95 * math.sqrt(max(0.0, variance))))
    low, high = float(pairs[cut]), float(pairs[n * m - 1 - cut])
    tested: Any = mannwhitneyu(x, y, alternative="two-sided", method="asymptotic") if variance > 0 else None
    return float(np.median(pairs)), low, high, float(tested.pvalue) if tested is not None else 1.0


def _two_sided(value: float, p1: float, n1: float, p2: float, n2: float) -> float:
    pooled = (p1 * n1 + p2 * n2) / (n1 + n2)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return math.erfc(abs(value) / spread / math.sqrt(2)) if spread else 1.0


def _points(low: float, high: float, word: str = "to") -> str:
    return f"{_sign(100 * low)} {word} {_sign(100 * high)} points"


def _sign(value: float) -> str:
    text = f"{abs(value):.1f}".rstrip("0").rstrip(".")
    return f"−{text}" if value < 0 and text != "0" else text


def _thin(sizes: tuple[tuple[int, int], tuple[int, int]]) -> str:
    return f"Not enough evidence: {sizes[0][0]} and {sizes[1][0]} threads, each arm needs {MINIMUM}."
