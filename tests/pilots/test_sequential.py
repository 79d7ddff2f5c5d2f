"""The sequential test: what it equals, which way it moves, and how often it is wrong however often one looks."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from apps.pilots.sequential import (
    WEIGHT,
    Interval,
    confidence_sequence,
    is_decisive,
    log_evidence_above,
    log_evidence_below,
)

ALPHA = 0.05
limits = st.sampled_from([0.001, 0.01, 0.05, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99])
samples = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def by_integration(hits: int, n: int, limit: float) -> float:
    """The same by numeric integration over the logit, where nothing is singular."""
    a, b, start = WEIGHT * limit, WEIGHT * (1 - limit), math.log(limit) - math.log1p(-limit)

    def integral(good: float, bad: float, scale: float) -> float:
        def at(z: float) -> float:
            return math.exp(-good * math.log1p(math.exp(-z)) - bad * math.log1p(math.exp(z)) - scale)

        peak = math.log(good / bad)
        width = 1 / math.sqrt(good * bad / (good + bad))
        edges = sorted(
            {start, *(max(start, middle + k * width) for middle in (start, peak) for k in (0, 1, 4, 12, 40))}
        )
        edges.append(max(edges[-1], start) + 60 / min(1.0, bad) if bad < 1 else edges[-1] + 40)
        return sum(
            quad(at, low, min(high, 700), limit=400, epsabs=0, epsrel=1e-11)[0]
            for low, high in pairwise(edges)
            if low < min(high, 700)
        )

    # Both over the likelihood at the limit, so that neither is too large or small for a float.
    at_limit = hits * math.log(limit) + (n - hits) * math.log1p(-limit)
    return math.log(integral(hits + a, n - hits + b, at_limit)) - math.log(integral(a, b, 0.0))


@pytest.mark.parametrize("limit", [0.05, 0.2, 0.3, 0.5, 0.7])
@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 30), (2, 40), (9, 30), (30, 30), (60, 200), (90, 200)])
def test_it_is_the_mixture_integrated_numerically(hits: int, n: int, limit: float) -> None:
    assert log_evidence_above(hits, n, limit) == pytest.approx(by_integration(hits, n, limit), abs=1e-6)


@given(samples, limits)
def test_a_hit_more_is_evidence_more_and_a_miss_more_is_less(sample: tuple[int, int], limit: float) -> None:
    hits, n = sample
    now = log_evidence_above(hits, n, limit)
    assert log_evidence_above(hits + 1, n + 1, limit) > now - 1e-9
    assert log_evidence_above(hits, n + 1, limit) < now + 1e-9
    if hits < n:
        assert log_evidence_above(hits + 1, n, limit) > now - 1e-9


@given(samples, limits, limits)
def test_its_mean_never_rises_while_healthy(sample: tuple[int, int], limit: float, other: float) -> None:
    """What makes it a test supermartingale, of every sample that can be: E after one more, on average, is no more."""
    hits, n = sample
    chance = min(limit, other)
    now = log_evidence_above(hits, n, limit)
    after_hit = math.exp(min(log_evidence_above(hits + 1, n + 1, limit) - now, 700))
    after_miss = math.exp(log_evidence_above(hits, n + 1, limit) - now)
    assert chance * after_hit + (1 - chance) * after_miss <= 1 + 1e-6


@given(samples, limits)
def test_the_other_side_is_its_mirror(sample: tuple[int, int], limit: float) -> None:
    hits, n = sample
    assert log_evidence_below(hits, n, limit) == log_evidence_above(n - hits, n, 1 - limit)


def test_at_the_ends_one_is_decisive_and_nothing_is() -> None:
    assert log_evidence_above(1, 1000, 0.0) == math.inf
    assert log_evidence_above(0, 1000, 0.0) == 0
    assert log_evidence_above(1000, 1000, 1.0) == 0
    assert log_evidence_below(999, 1000, 1.0) == math.inf
    assert log_evidence_below(0, 1000, 0.0) == 0
    assert log_evidence_above(0, 0, 0.3) == 0
    assert confidence_sequence(0, 0, ALPHA) == Interval(0, 1)


@pytest.mark.parametrize("wrong", [(-1, 5, 0.1), (6, 5, 0.1), (1, 5, 1.1), (1, 5, -0.1)])
def test_it_refuses_what_cannot_be(wrong: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="between"):
        log_evidence_above(*wrong)


@given(samples, limits)
def test_it_stays_a_number_for_a_million_observations(sample: tuple[int, int], limit: float) -> None:
    hits, n = sample
    for found in (log_evidence_above(hits * 333, n * 333, limit), log_evidence_below(hits * 333, n * 333, limit)):
        assert math.isfinite(found)


@given(samples, limits, st.sampled_from([0.001, 0.01, 0.05]))
def test_a_limit_is_outside_of_the_sequence_exactly_when_the_test_says_so(
    sample: tuple[int, int], limit: float, alpha: float
) -> None:
    hits, n = sample
    found = confidence_sequence(hits, n, alpha)
    assert 0 <= found.low <= hits / n <= found.high <= 1
    # At the very end itself either may be said.
    if abs(limit - found.low) > 1e-6:
        assert is_decisive(log_evidence_above(hits, n, limit), alpha) == (limit < found.low)
    if abs(limit - found.high) > 1e-6:
        assert is_decisive(log_evidence_below(hits, n, limit), alpha) == (limit > found.high)


# --- looked at after every observation -------------------------------------------------------------------------------

LONG, STREAMS = 2000, 2000


def firsts(chance: float, limit: float, alpha: float, streams: int = STREAMS, long: int = LONG) -> list[int | None]:
    """Of each of many seeded streams, the number of observations at which the test first speaks; None for never.

    Evidence rises with the hits, so it speaks when the hits of that moment reach the fewest that are decisive then.
    """
    hits = (np.random.default_rng(20260401).random((streams, long)) < chance).cumsum(axis=1)
    fewest = np.empty(long, dtype=int)
    at = 0
    for n in range(1, long + 1):
        while at <= n and not is_decisive(log_evidence_above(at, n, limit), alpha):
            at += 1
        fewest[n - 1] = at
    spoken = hits >= fewest
    return [int(row.argmax()) + 1 if row.any() else None for row in spoken]


@pytest.mark.parametrize("limit", [0.05, 0.3])
def test_false_alarms_keep_to_alpha_however_often_one_looks(limit: float) -> None:
    for chance in (limit, 0.8 * limit):
        alarms = sum(first is not None for first in firsts(chance, limit, ALPHA))
        # Three standard errors of that many streams.
        assert alarms / STREAMS <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / STREAMS)


def test_the_usual_test_looked_at_as_often_does_not() -> None:
    """So that the test above is seen to be one that can fail: z at 5 %, looked at from the 30th observation on."""
    limit = 0.3
    hits = (np.random.default_rng(20260401).random((STREAMS, LONG)) < limit).cumsum(axis=1)
    n = np.arange(1, LONG + 1)
    z = (hits - n * limit) / np.sqrt(n * limit * (1 - limit))
    alarms = (z[:, 29:] >= norm.ppf(1 - ALPHA)).any(axis=1).mean()
    assert alarms > 4 * ALPHA


def test_it_does_speak_and_sooner_the_worse_it_is() -> None:
    worse, bad = (sorted(first or 10**9 for first in firsts(chance, 0.3, 0.01, streams=300)) for chance in (0.5, 0.4))
    assert worse[-1] < 10**9
    assert worse[150] < 100 < bad[150] < 400
