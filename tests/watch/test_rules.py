"""The rules of Watch without any database: bands, intervals, windows, hysteresis."""

import math
import random
import statistics
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.goals.marks import MASK, SHIFT, is_trial, marks_of, without_trial
from apps.goals.vocabulary import Check, CheckResult, Status
from apps.watch.bands import DEFAULT_BANDS, Band, Figure, Measured, Standing, standing_of
from apps.watch.charts import histogram_of
from apps.watch.counts import LATENCY_EDGES, MIDDLE, NAMES, POWERS, SIZE, Counts, added
from apps.watch.figures import figures_of, percentile, share, spread, two_fullest
from apps.watch.hysteresis import COOL_DOWN, HOLD, Past, Step, next_step
from apps.watch.windows import LONGEST, MOST_COLUMNS, NAMED, chosen, named, own
from apps.watch.words import MEANINGS, band_in_words, percent, seconds, written
from apps.watch.words import NAMES as WORDS

NOW = datetime(2026, 11, 20, 14, 37, 12, 345678, tzinfo=UTC)

shares = st.floats(0, 1)
bands = st.tuples(st.none() | shares, st.none() | shares).filter(
    lambda bounds: bounds[0] is None or bounds[1] is None or bounds[0] < bounds[1]
)


@given(bands, st.lists(shares, min_size=3, max_size=3).map(sorted), st.integers(0, 1000))
def test_what_is_said_of_a_figure(bounds: Any, values: list[float], n: int) -> None:
    band, measured = Band(*bounds), Measured(values[1], values[0], values[2], n)
    standing = standing_of(measured, band, minimum=30)
    if n < 30:
        assert standing is Standing.NOT_ENOUGH_DATA
    elif band.is_open:
        assert standing is Standing.NO_BAND
    else:
        assert (standing is Standing.IN_BAND) == band.holds(values[1])
        # Never out for sure while any value of the interval would be in.
        inside = [value for value in values if band.holds(value)]
        assert standing is not Standing.OUT_OF_BAND or not inside


def test_nothing_measured_is_not_enough() -> None:
    assert standing_of(Measured(None, 0, 0, 500), Band(0.1, 0.2)) is Standing.NOT_ENOUGH_DATA
    assert standing_of(Measured(0.5, 0.4, 0.6, 500), None) is Standing.NO_BAND


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.5), (0.6, 0.5)])
def test_a_band_without_room_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="low < high"):
        Band(low, high)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(deadline=None)
def test_a_share_lies_in_its_interval(counted: tuple[int, int]) -> None:
    measured = share(*counted)
    assert 0 <= measured.low <= counted[0] / counted[1] <= measured.high <= 1
    wider = share(*counted, level=0.99)
    assert wider.low <= measured.low and measured.high <= wider.high


def moments_of(values: list[float]) -> list[float]:
    return [math.fsum((value - MIDDLE) ** power for value in values) for power in range(1, POWERS + 1)]


@given(st.lists(shares, min_size=2, max_size=300))
@settings(deadline=None)
def test_the_spread_is_the_standard_deviation(values: list[float]) -> None:
    measured = spread(len(values), moments_of(values))
    assert measured.value == pytest.approx(statistics.stdev(values), abs=1e-6)
    assert measured.low <= measured.value + 1e-9 and measured.value <= measured.high + 1e-9  # type: ignore[operator]


def test_the_interval_of_the_spread_holds_the_true_value_as_often_as_it_says() -> None:
    chance = random.Random(11)
    true = math.sqrt(2 * 3 / ((2 + 3) ** 2 * (2 + 3 + 1)))
    held = 0
    for _ in range(400):
        measured = spread(200, moments_of([chance.betavariate(2, 3) for _ in range(200)]))
        held += measured.low <= true <= measured.high
    assert 0.92 <= held / 400 <= 0.98


@given(st.lists(st.integers(1, 10**8), min_size=20, max_size=400))
@settings(deadline=None)
def test_a_percentile_is_within_a_bin(times: list[int]) -> None:
    histogram = [0] * (len(LATENCY_EDGES) + 1)
    for time in times:
        histogram[sum(edge <= time for edge in LATENCY_EDGES)] += 1
    ordered = sorted(times)
    true = ordered[math.ceil(0.5 * len(times)) - 1]
    found = percentile(histogram, 0.5)
    assert found.value is not None
    assert found.low <= found.value <= found.high
    if true > LATENCY_EDGES[0]:
        assert found.value * 1e6 == pytest.approx(true, rel=0.19)


@given(st.lists(st.lists(st.integers(0, 9), min_size=SIZE, max_size=SIZE), max_size=12))
@settings(deadline=None, max_examples=20)
def test_counts_add_up(rows: list[list[int]]) -> None:
    total = added(Counts(row, [1.0, 2.0, 3.0, 4.0]) for row in rows)
    assert total.numbers == [sum(row[place] for row in rows) for place in range(SIZE)]
    assert total.moments == [len(rows) * power for power in (1.0, 2.0, 3.0, 4.0)]


def test_nothing_counted_gives_no_figures() -> None:
    found = figures_of(Counts(), errors=0)
    assert set(found) == set(Figure)
    assert all(measured.value is None for measured in found.values())
    assert two_fullest([0] * 20) is None


def test_every_figure_and_check_has_its_words_and_place() -> None:
    assert set(WORDS) == set(MEANINGS) == set(Figure)
    assert set(DEFAULT_BANDS) < set(Figure)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("figure", "value", "words"),
    [
        (Figure.SIGMA, 0.3137, "0.314"),
        (Figure.APPROVAL, 0.124, "12.4 %"),
        (Figure.APPROVAL, 0.0, "0 %"),
        (Figure.ERRORS, 0.0042, "0.42 %"),
        (Figure.LATENCY_P95, 0.0384, "38 ms"),
        (Figure.LATENCY_P95, 1.234, "1.2 s"),
        (Figure.CATCH, None, "–"),
    ],
)
def test_figures_are_written_as_people_read_them(figure: Figure, value: float | None, words: str) -> None:
    assert written(figure, value) == words


def test_bands_are_written_as_people_read_them() -> None:
    assert band_in_words(Figure.APPROVAL, Band(0.1, 0.3)) == "10 % to 30 %"
    assert band_in_words(Figure.CATCH, Band(low=0.8)) == "at least 80 %"
    assert band_in_words(Figure.LATENCY_P95, Band(high=0.5)) == "at most 500 ms"
    assert band_in_words(Figure.FAILED, None) == "none"
    assert (percent(1.0), seconds(0.0004)) == ("100 %", "0.4 ms")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.timedeltas(timedelta(minutes=1), LONGEST))
def test_the_columns_of_a_window_are_all_of_it(end: datetime, length: timedelta) -> None:
    end = end.replace(tzinfo=UTC)
    window = own(end - length, end)
    columns = window.columns
    assert columns[0][0] == window.start and columns[-1][1] == window.end
    assert all(start < stop for start, stop in columns)
    assert all(columns[place][1] == columns[place + 1][0] for place in range(len(columns) - 1))
    assert len(columns) <= MOST_COLUMNS + 2


@pytest.mark.parametrize("name", NAMED)
def test_a_named_window_ends_now(name: str) -> None:
    window = chosen({"window": name}, NOW)
    assert window == named(name, NOW)
    assert window.end == NOW
    assert len(window.columns) <= MOST_COLUMNS


@pytest.mark.parametrize(
    "values",
    [
        {"window": "2w"},
        {"from": "yesterday"},
        {"from": "2026-11-20T10:00Z", "to": "2026-11-20T09:00Z"},
        {"from": "2026-01-01T00:00Z"},
        {"from": "2027-01-01T00:00Z"},
        {"from": "0001-01-01T00:00+14:00"},
        {"to": "2026-11-20T09:00Z"},
    ],
)
def test_a_window_that_is_none_is_refused_in_words(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"window|moment"):
        chosen(values, NOW)


def test_a_window_of_ones_own_does_not_reach_into_the_future() -> None:
    window = chosen({"from": "2026-11-20T10:00", "to": "2026-11-21T10:00+01:00"}, NOW)
    assert (window.start, window.end) == (datetime(2026, 11, 20, 10, tzinfo=UTC), NOW)


@given(st.lists(st.sampled_from(list(Standing)), max_size=80))
def test_alerts_never_flap(standings: list[Standing]) -> None:
    """Whatever a figure does minute by minute: two alerts lie apart, and none closes before it was back for a while."""
    past: Past | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    for minute, standing in enumerate(standings):
        now = NOW + timedelta(minutes=minute)
        step = next_step(past, standing, now)
        if step is Step.OPEN:
            assert standing is Standing.OUT_OF_BAND
            assert closed_at is None or now - closed_at >= COOL_DOWN
            opened_at, past = now, Past(None)
        elif step is Step.CLOSE:
            assert opened_at is not None and now - opened_at >= HOLD
            closed_at, past = now, Past(now)
        elif step in (Step.CALM, Step.STIR):
            past = Past(None, now if step is Step.CALM else None)


def test_an_alert_stays_while_it_is_unsure() -> None:
    long_ago = NOW - timedelta(days=1)
    assert next_step(Past(None), Standing.UNSURE, NOW) is Step.NOTHING
    assert next_step(Past(None, long_ago), Standing.UNSURE, NOW) is Step.STIR
    assert next_step(Past(None, long_ago), Standing.IN_BAND, NOW) is Step.CLOSE


@given(st.lists(st.sampled_from(list(Status)), min_size=len(Check), max_size=len(Check)))
def test_marks_keep_every_check(statuses: list[Status]) -> None:
    marks = marks_of(CheckResult(check, status, 0.5, "") for check, status in zip(Check, statuses, strict=True))
    codes = [marks >> SHIFT[check] & MASK for check in Check]
    assert codes == [[Status.PASS, Status.WARN, Status.FAIL].index(status) for status in statuses]


def test_the_mark_of_a_trial_is_true_and_nothing_else() -> None:
    assert is_trial({"gatehouse_stress": True})
    assert not any(is_trial({"gatehouse_stress": value}) for value in (1, "true", "yes", None, False))
    assert without_trial({"gatehouse_stress": True, "order": 1}) == {"order": 1}
    plain = {"order": 1}
    assert without_trial(plain) is plain


def test_bars_fill_the_chart() -> None:
    counts = Counts()
    counts.add_confidence(19, 7)
    window = named("1h", NOW)

    class Seen:
        pass

    seen: Any = Seen()
    seen.counts, seen.window = counts, window
    chart = histogram_of(seen)
    assert chart.top == 7
    assert chart.bars[-1].height == 100 and chart.bars[0].height == 0
    assert chart.bars[-1].x + chart.bars[-1].width == 100
