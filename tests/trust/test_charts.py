"""The charts of trust: nothing is ever NaN, and empty, single and strange data make a drawing or none."""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.trust import charts_timeline
from apps.trust.charts import counted, day_ticks, interval_of, percent, points, scale_of, share
from apps.trust.charts_bars import MOST_MARKS, initials, marks_of, tone_of, trust_bar
from apps.trust.charts_lines import LEFT, TALL, TOP, WIDE, LineChart, Moment, Series, line_chart
from apps.trust.charts_timeline import timeline_of, week_of

DAY = date(2026, 3, 2)
ANY_NUMBER = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)


def numbers_in(drawing: Any) -> list[float]:
    """Every number that the drawing puts into the page."""
    if isinstance(drawing, dict):
        return [number for value in drawing.values() for number in numbers_in(value)]
    if isinstance(drawing, list | tuple):
        return [number for value in drawing for number in numbers_in(value)]
    if isinstance(drawing, str):
        return [float(one) for one in re.findall(r"-?(?:\d+\.?\d*|nan|inf)(?=[, ]|$)", drawing)]
    return [float(drawing)] if isinstance(drawing, int | float) and not isinstance(drawing, bool) else []


def weekly(place: int, value: float | None) -> Moment:
    return Moment(DAY + timedelta(days=7 * place), value, place, value, value)


def drawn(values: Sequence[float | None]) -> LineChart | None:
    moments = [Moment(DAY + timedelta(days=place), value, 9) for place, value in enumerate(values)]
    return line_chart([Series("a", moments)], written=percent)


@given(ANY_NUMBER, ANY_NUMBER, ANY_NUMBER, ANY_NUMBER, st.booleans())
def test_a_bar_stays_within_its_ground(
    overall: float | None, low: float | None, high: float | None, average: float | None, enough: bool
) -> None:
    bar = trust_bar(overall=overall, low=low, high=high, average=average, enough=enough)
    for place in (bar.fill, bar.low, bar.high, bar.average or 0.0):
        assert 0 <= place <= 100
    assert bar.low <= bar.high
    assert bar.width > 0
    assert "nan" not in bar.said
    assert "inf" not in bar.said


def test_a_bar_says_all_it_shows() -> None:
    bar = trust_bar(overall=0.84, low=0.78, high=0.9, average=0.6, enough=True)
    assert (bar.fill, bar.low, bar.high, bar.average) == (84, 78, 90, 60)
    assert bar.said == "Trust 84 %, 90 % interval 78 % to 90 %; average of the business 60 %"


@pytest.mark.parametrize(
    ("low", "enough", "tone"),
    [
        (0.71, True, "good"),
        (0.7, True, "middle"),
        (0.3, True, "middle"),
        (0.29, True, "bad"),
        (0.9, False, "thin"),
        (math.nan, True, "thin"),
        (None, True, "thin"),
    ],
)
def test_the_tone_goes_by_the_lower_end(low: float | None, enough: bool, tone: str) -> None:
    assert tone_of(low, enough=enough) == tone


@given(st.lists(st.lists(ANY_NUMBER, max_size=12), max_size=7), st.booleans())
def test_lines_are_finite_and_inside_whatever_came(rows: list[list[float | None]], spanned: bool) -> None:
    series = [Series(f"a{n}", [weekly(place, value) for place, value in enumerate(row)]) for n, row in enumerate(rows)]
    chart = line_chart(series, written=lambda value: f"{value:.3g}", span=(DAY, DAY) if spanned else None)
    known = [value for row in rows for value in row if value is not None and math.isfinite(value)]
    assert (chart is None) == (not known)
    if chart is not None:
        for line in chart.lines:
            for dot in line.dots:
                assert LEFT <= dot.x <= LEFT + WIDE
                assert TOP <= dot.y <= TOP + TALL
        assert all(math.isfinite(number) for number in numbers_in(asdict(chart)))


@pytest.mark.parametrize("values", [[1.7e308], [-1.7e308, 1.7e308], [5e-324], [1e12, 1e12 + 1e-4], [0.0, 1e-300]])
def test_a_scale_is_of_finite_round_steps_whatever_it_is_around(values: list[float]) -> None:
    scale = scale_of(values)
    assert math.isfinite(scale.low) and math.isfinite(scale.high) and scale.low < scale.high
    assert 2 <= len(scale.values) <= 8
    assert all(0 <= scale.place(value) <= 1 for value in values)


def test_no_value_makes_no_chart() -> None:
    assert line_chart([], written=percent) is None
    assert line_chart([Series("a", [])], written=percent) is None
    assert drawn([None, math.nan]) is None


def test_one_value_is_a_dot_in_the_middle() -> None:
    chart = drawn([0.5])
    assert chart is not None
    assert [dot.x for dot in chart.lines[0].dots] == [LEFT + WIDE / 2]
    assert [tick.at for tick in chart.days] == [LEFT + WIDE / 2]


def test_a_day_without_a_value_parts_the_line() -> None:
    chart = drawn([0.5, 0.6, None, 0.7, 0.8])
    assert chart is not None
    assert len(chart.lines[0].stretches) == 2
    assert len(chart.lines[0].dots) == 4


def test_what_rests_on_few_is_drawn_thin() -> None:
    chart = line_chart([Series("a", [Moment(DAY, 0.5, 4), Moment(DAY + timedelta(days=1), 0.5, 5)])], written=percent)
    assert chart is not None
    assert [dot.thin for dot in chart.lines[0].dots] == [True, False]


def test_names_never_stand_upon_each_other() -> None:
    series = [Series(f"a{n}", [Moment(DAY, 0.98 + n / 1000, 9)]) for n in range(6)]
    chart = line_chart(series, written=percent, scale=scale_of([0, 1]))
    assert chart is not None
    heights = sorted(line.label_y for line in chart.lines)
    assert all(later - earlier >= 12.9 for earlier, later in pairwise(heights))
    low = line_chart(
        [Series(f"a{n}", [Moment(DAY, 0.0, 9)]) for n in range(6)], written=percent, scale=scale_of([0, 1])
    )
    assert low is not None
    assert max(line.label_y for line in low.lines) <= TOP + TALL


@given(st.lists(ANY_NUMBER, max_size=9))
def test_a_scale_holds_its_values_in_few_steps(values: list[float | None]) -> None:
    known = [value for value in values if value is not None and math.isfinite(value) and abs(value) < 1e12]
    scale = scale_of(known)
    assert scale.low < scale.high
    assert 2 <= len(scale.values) <= 7
    slack = 1e-6 * (scale.high - scale.low)
    assert all(scale.low - slack <= value <= scale.high + slack for value in known)


def test_ticks_of_days_end_where_the_chart_ends() -> None:
    ticks = day_ticks(DAY, DAY + timedelta(days=90), (48, 688))
    assert (ticks[0].at, ticks[-1].at) == (48, 688)
    assert (ticks[0].text, ticks[-1].text) == ("2 Mar", "31 May")
    assert [tick.text for tick in day_ticks(DAY, DAY, (5, 5))] == ["2 Mar"]


def test_the_timeline_stacks_what_was_gained_and_hangs_what_was_lost() -> None:
    week = week_of(DAY)
    counts = {(week, "found"): 3, (week, "confirmed"): 2, (week, "retired"): 1}
    timeline = timeline_of(counts, first=DAY, last=DAY + timedelta(days=8))
    assert timeline is not None
    by_kind = {piece.kind: piece for piece in timeline.pieces}
    assert by_kind["found"].y + by_kind["found"].height == pytest.approx(timeline.zero, abs=0.11)
    assert by_kind["confirmed"].y + by_kind["confirmed"].height == pytest.approx(by_kind["found"].y, abs=0.11)
    assert by_kind["retired"].y == timeline.zero
    assert by_kind["found"].said == "Week of 2 Mar: 3 found"
    bottom = charts_timeline.TOP + charts_timeline.TALL
    assert all(one.y >= charts_timeline.TOP and one.y + one.height <= bottom + 0.2 for one in timeline.pieces)


def test_a_timeline_of_nothing_is_none() -> None:
    assert timeline_of({}, first=DAY, last=DAY) is None
    assert timeline_of({(DAY - timedelta(days=700), "found"): 3}, first=DAY, last=DAY) is None


def test_agents_of_a_pattern_are_linked() -> None:
    assert marks_of([]).marks == []
    assert marks_of(["Anna"]).line is None
    two = marks_of(["Anna", "Bob"])
    assert two.line == (two.marks[0].x, two.marks[1].x)
    many = marks_of([f"agent {n}" for n in range(9)])
    assert (len(many.marks), many.more) == (MOST_MARKS, 3)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("MoveArchitect", "MA"),
        ("copy smith", "CS"),
        ("risk-reader", "RR"),
        ("x", "X"),
        ("", "?"),
        ("<b>", "B"),
        ("日本", "日本"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(st.floats(0, 1), st.floats(0.1, 1e9))
def test_an_interval_holds_its_share(value: float, n: float) -> None:
    low, high = interval_of(value, n)
    assert 0 <= low <= value <= high <= 1


def test_an_interval_of_nothing_is_everything() -> None:
    assert interval_of(0.5, 0) == (0, 1)
    assert interval_of(math.nan, 5) == (0, 1)
    # Wilson's for 8 of 10 at 90 %.
    assert interval_of(0.8, 10) == pytest.approx((0.541, 0.931), abs=0.001)


def test_words() -> None:
    assert (percent(0.824), percent(None), percent(math.nan)) == ("82 %", "–", "–")
    assert (points(0.12), points(-0.034), points(0.001), points(math.inf)) == ("+12", "−3", "0", "0")
    assert (counted(3.24), counted(4), counted(12345.6), counted(None)) == ("3.2", "4", "12,346", "0")
    assert (share(0.5), share(7), share(-1), share(None)) == (50, 100, 0, 0)
