"""The rule of guards: when one acts, when it must not, and how the chance of a false alarm is divided."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from apps.approvals.pilot_metrics import approval_rate
from apps.core.measures import NO_DATA, Figured, Sample, sample_of
from apps.goals.pilot_metrics import gate_latency
from apps.pilots.criteria import Comparison
from apps.pilots.guards import (
    PERIOD,
    GuardState,
    GuardTerms,
    GuardVerdict,
    Reading,
    Seen,
    interval_of,
    limit_of,
    period_of,
    problem_of,
    read,
    say,
)

ARMED = datetime(2026, 4, 1, 9, tzinfo=UTC)
SOON = ARMED + timedelta(hours=5)
STATE = GuardState(ARMED)
SEVENTY = GuardTerms(Figured.SHARE, Comparison.AT_LEAST, 0.7, alpha=0.01, minimum=30)


def share(n: int, hits: int) -> Sample:
    return sample_of(Figured.SHARE, n, hits)


def found(sample: Sample, terms: GuardTerms = SEVENTY, state: GuardState = STATE, **more: Any) -> Reading:
    return read(terms, state, Seen(sample, more.pop("fresh", None)), more.pop("now", SOON), **more)


@pytest.mark.parametrize(
    ("sample", "verdict"),
    [
        (NO_DATA, GuardVerdict.NO_DATA),
        (share(29, 0), GuardVerdict.TOO_LITTLE_DATA),
        (share(30, 0), GuardVerdict.BREACHED),
        (share(100, 70), GuardVerdict.QUIET),
        (share(100, 65), GuardVerdict.QUIET),
        (share(100, 40), GuardVerdict.BREACHED),
        (share(10_000, 6_000), GuardVerdict.BREACHED),
    ],
)
def test_it_acts_on_what_is_sure_and_on_enough(sample: Sample, verdict: GuardVerdict) -> None:
    assert found(sample).verdict == verdict


def test_it_keeps_still_while_it_cools_down_and_acts_after() -> None:
    bad = share(200, 60)
    cooling = GuardState(ARMED, SOON + timedelta(minutes=1))
    assert found(bad, state=cooling).verdict == GuardVerdict.COOLING
    assert found(bad, state=cooling, now=SOON + timedelta(minutes=1)).verdict == GuardVerdict.BREACHED


def test_the_limit_is_outside_of_the_interval_exactly_when_it_acts() -> None:
    for hits in range(0, 201, 5):
        reading = found(share(200, hits))
        interval = interval_of(SEVENTY, reading)
        assert interval is not None
        assert (reading.verdict == GuardVerdict.BREACHED) == (interval.high < 0.7)


def test_businesses_share_the_chance_of_a_false_alarm() -> None:
    alone, among = found(share(100, 50)), found(share(100, 50), businesses=100)
    assert alone.evidence is not None and among.evidence is not None
    assert alone.evidence - among.evidence == pytest.approx(math.log(100))
    assert (alone.verdict, among.verdict) == (GuardVerdict.BREACHED, GuardVerdict.QUIET)


def test_a_sudden_fall_after_long_health_is_found_in_its_period() -> None:
    now = ARMED + 10 * PERIOD + timedelta(hours=8)
    whole, fresh = share(20_200, 18_100), share(200, 100)
    assert period_of(ARMED, now) == 10
    assert found(whole, now=now).verdict == GuardVerdict.QUIET
    reading = found(whole, fresh=fresh, now=now)
    assert (reading.verdict, reading.sample) == (GuardVerdict.BREACHED, fresh)
    few = found(whole, fresh=share(20, 0), now=now)
    assert (few.verdict, few.sample) == (GuardVerdict.QUIET, whole)


def test_periods_together_spend_no_more_than_alpha() -> None:
    given_away = sum(1 / (j * (j + 1)) for j in range(1, 100_000))
    assert 0.99 < given_away <= 1


def test_a_time_allows_one_in_twenty_above_the_limit() -> None:
    terms = GuardTerms(Figured.QUANTILE, Comparison.AT_MOST, 0.5, alpha=0.01, minimum=30)
    slow = sample_of(Figured.QUANTILE, 200, 40, 0.9)
    assert found(sample_of(Figured.QUANTILE, 200, 10, 0.5), terms).verdict == GuardVerdict.QUIET
    assert found(slow, terms).verdict == GuardVerdict.BREACHED
    assert interval_of(terms, found(slow, terms)) is None
    words = say(gate_latency, terms, found(slow, terms))
    assert words == (
        "Time to verdict, 95 % 900 ms from 200 verdicts, at most 500 ms (20.0 % took longer than the limit, 5 % may): "
        "surely beyond its limit"
    )


def test_one_too_many_of_a_count_is_enough() -> None:
    none = GuardTerms(Figured.COUNT, Comparison.AT_MOST, 0, minimum=1)
    assert found(sample_of(Figured.COUNT, 500, 0), none).verdict == GuardVerdict.QUIET
    assert found(sample_of(Figured.COUNT, 500, 1), none).verdict == GuardVerdict.BREACHED


def test_a_share_of_nothing_allowed_acts_on_the_first() -> None:
    none = GuardTerms(Figured.SHARE, Comparison.AT_MOST, 0.0, minimum=1)
    assert found(share(500, 0), none).verdict == GuardVerdict.QUIET
    assert found(share(500, 1), none).verdict == GuardVerdict.BREACHED


def test_a_baseline_of_little_data_allows_more() -> None:
    def relative(n: int | None, value: float | None = 0.85) -> GuardTerms:
        return GuardTerms(
            Figured.SHARE, Comparison.AT_LEAST, 0.8, relative=True, baseline=value if n else None, baseline_n=n or 0
        )

    few, many = limit_of(relative(40)), limit_of(relative(100_000))
    assert few is not None and many is not None
    assert few < many < 0.8 * 0.85
    assert many == pytest.approx(0.68, abs=0.01)
    assert limit_of(relative(None)) is None
    assert found(share(500, 0), relative(None)).verdict == GuardVerdict.NO_BASELINE
    assert found(share(500, 260), relative(100_000)).verdict == GuardVerdict.BREACHED


def test_an_upper_limit_leaves_room_above_its_baseline() -> None:
    errors = GuardTerms(Figured.SHARE, Comparison.AT_MOST, 2.0, relative=True, baseline=0.0, baseline_n=200)
    limit = limit_of(errors)
    assert limit is not None and 0 < limit < 0.1
    time = GuardTerms(Figured.QUANTILE, Comparison.AT_MOST, 1.5, relative=True, baseline=0.4, baseline_n=200)
    assert limit_of(time) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (GuardTerms(Figured.SHARE, Comparison.AT_LEAST, 1.2), "limit"),
        (GuardTerms(Figured.SHARE, Comparison.AT_LEAST, -0.1), "limit"),
        (GuardTerms(Figured.SHARE, Comparison.AT_LEAST, math.nan), "limit"),
        (GuardTerms(Figured.SHARE, Comparison.AT_LEAST, 1.2, relative=True), "limit"),
        (GuardTerms(Figured.SHARE, Comparison.AT_MOST, 0.8, relative=True), "limit"),
        (GuardTerms(Figured.COUNT, Comparison.AT_MOST, 2, relative=True), "relative"),
        (GuardTerms(Figured.QUANTILE, Comparison.AT_LEAST, 2), "comparison"),
        (GuardTerms(Figured.SHARE, Comparison.AT_LEAST, 0.7, alpha=0.6), "alpha"),
        (GuardTerms(Figured.SHARE, Comparison.AT_LEAST, 0.7, minimum=0), "minimum"),
    ],
)
def test_a_guard_that_makes_no_sense_is_refused(terms: GuardTerms, field: str) -> None:
    assert (problem_of(terms) or ("", ""))[0] == field
    assert problem_of(SEVENTY) is None


def test_it_says_what_it_found() -> None:
    words = say(approval_rate, SEVENTY, found(share(120, 48)))
    assert words == "Approval rate 40 % from 120 decisions, at least 70 %: surely beyond its limit"


def test_over_two_weeks_a_healthy_guard_acts_no_more_often_than_alpha() -> None:
    """Whole and periods together, looked at 24 times a day, on a rate that lies just on its limit."""
    terms, streams, days, a_look = GuardTerms(Figured.SHARE, Comparison.AT_LEAST, 0.7, alpha=0.1), 200, 14, 5
    chance = np.random.default_rng(20260401)
    alarms = 0
    for _ in range(streams):
        hits = np.concatenate([[0], chance.binomial(a_look, 0.7, days * 24).cumsum()])
        alarms += any(_acts(terms, hits, look, a_look) for look in range(1, days * 24 + 1))
    # Three standard errors.
    assert alarms / streams <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / streams)


def _acts(terms: GuardTerms, hits: Any, look: int, a_look: int) -> bool:
    start = 24 * (look // 24)
    whole = share(look * a_look, int(hits[look]))
    fresh = share((look - start) * a_look, int(hits[look] - hits[start]))
    reading = read(terms, STATE, Seen(whole, fresh), ARMED + timedelta(hours=look))
    return reading.verdict == GuardVerdict.BREACHED
