"""The comparison of the arms: what it says of known differences, how often it is wrong, and what it counts."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.drafts.comparing import compare
from apps.drafts.figures_comparison import (
    MOST_PAIRED,
    ThreadSeen,
    Verdict,
    compare_approval,
    compare_edits,
)
from tests.drafts.drafted import decided


def threads(number: int, share: float, *, size: int, rng: random.Random) -> list[ThreadSeen]:
    """So many threads of `size` drafts that agree with each other, approved with this chance."""
    return [ThreadSeen(size, size if rng.random() < share else 0) for _ in range(number)]


def test_the_interval_is_newcombes() -> None:
    """The published example (a) of 1998, table II: 56/70 against 48/80, by method 10 0.0524 to 0.3339."""
    x = [ThreadSeen(1, 1)] * 56 + [ThreadSeen(1, 0)] * 14
    y = [ThreadSeen(1, 1)] * 48 + [ThreadSeen(1, 0)] * 32
    found = compare_approval(x, y)
    assert found.low == pytest.approx(0.0524, abs=0.002)
    assert found.high == pytest.approx(0.3339, abs=0.002)
    assert found.value == pytest.approx(0.2)
    assert found.verdict is Verdict.BETTER and "more often" in found.words


def test_drafts_of_one_thread_count_once() -> None:
    rng = random.Random(7)
    single = compare_approval(threads(60, 0.8, size=1, rng=rng), threads(60, 0.6, size=1, rng=rng))
    rng = random.Random(7)
    tenfold = compare_approval(threads(60, 0.8, size=10, rng=rng), threads(60, 0.6, size=10, rng=rng))
    assert tenfold.n_retrieval == (60, 600)
    assert tenfold.low == pytest.approx(single.low, abs=0.01)
    assert tenfold.high == pytest.approx(single.high, abs=0.01)


def test_too_few_threads_say_nothing() -> None:
    few = compare_approval([ThreadSeen(50, 50)] * 19, [ThreadSeen(1, 0)] * 500)
    assert few.verdict is Verdict.THIN and "Not enough evidence" in few.words
    assert compare_edits([], []).verdict is Verdict.THIN
    assert compare_approval([], []).retrieval is None


def test_all_or_none_approved_is_no_error() -> None:
    found = compare_approval([ThreadSeen(1, 1)] * 30, [ThreadSeen(1, 0)] * 30)
    assert found.verdict is Verdict.BETTER
    same = compare_approval([ThreadSeen(1, 1)] * 30, [ThreadSeen(1, 1)] * 30)
    assert same.verdict is Verdict.ALIKE and same.low is not None and same.low < 0 < (same.high or 0)


def test_of_arms_that_are_alike_it_is_rarely_wrong() -> None:
    rng = random.Random(3)
    wrong_approval = wrong_edits = 0
    for _ in range(400):
        one, other = ([_thread(rng) for _ in range(60)] for _ in range(2))
        wrong_approval += compare_approval(one, other).verdict is not Verdict.ALIKE
        wrong_edits += compare_edits(one, other).verdict is not Verdict.ALIKE
    assert wrong_approval <= 36
    assert wrong_edits <= 32


def _thread(rng: random.Random, shift: float = 0.0) -> ThreadSeen:
    """Up to four drafts of a thread that go together."""
    ease, size = rng.betavariate(2, 2), rng.randint(1, 4)
    approved = sum(rng.random() < 0.4 + 0.6 * ease for _ in range(size))
    edits = tuple(min(1.0, max(0.0, round(0.6 * (1 - ease) + rng.uniform(0, 0.2) + shift, 2))) for _ in range(approved))
    return ThreadSeen(size, approved, edits)


def test_a_shift_of_the_edits_is_found_and_measured() -> None:
    rng = random.Random(5)
    less = [_thread(rng, -0.1) for _ in range(400)]
    found = compare_edits(less, [_thread(rng) for _ in range(400)])
    assert found.verdict is Verdict.BETTER and found.p is not None and found.p < 0.001
    assert found.low is not None and found.high is not None and found.low < -0.09 < found.high
    assert "edited less" in found.words


def test_the_test_of_the_edits_is_that_of_scipy() -> None:
    from scipy.stats import mannwhitneyu

    rng = random.Random(9)
    x, y = ([ThreadSeen(1, 1, (rng.choice([0.0, 0.0, 0.2, 0.5]),)) for _ in range(80)] for _ in range(2))
    found = compare_edits(x, y)
    asked = mannwhitneyu([one.edits[0] for one in x], [one.edits[0] for one in y], method="asymptotic")
    assert found.p == pytest.approx(asked.pvalue)


def test_many_threads_are_thinned_evenly() -> None:
    x = [ThreadSeen(1, 1, (place / 5000,)) for place in range(5000)]
    y = [ThreadSeen(1, 1, (min(1.0, place / 5000 + 0.1),)) for place in range(MOST_PAIRED + 1)]
    assert compare_edits(x, x).value == pytest.approx(0, abs=0.01)
    assert compare_edits(x, y).verdict is not Verdict.THIN


@pytest.mark.django_db
def test_it_reads_the_arms_by_thread_in_one_statement(shop: Business, other_shop: Business) -> None:
    decided(shop, 30, arm="retrieval", edit=0.1)
    decided(shop, 10, arm="retrieval", threads=1, state="discarded")
    decided(shop, 25, arm="control", edit=0.4)
    decided(shop, 9, edit=0.9)
    decided(other_shop, 9, arm="control", edit=0.9)
    now = timezone.now()
    with across_businesses(), CaptureQueriesContext(connection) as queries:
        found = compare([shop.pk], now - timedelta(days=1), now)
    assert len(queries) == 1
    assert (found.approval.n_retrieval, found.approval.n_control) == ((31, 40), (25, 25))
    assert (found.approval.retrieval, found.approval.control) == (0.75, 1.0)
    assert found.edits.verdict is Verdict.BETTER and found.edits.value == pytest.approx(-0.3)
    with across_businesses():
        assert compare([], now - timedelta(days=1), now).empty
