"""The chart of a figure: every place is within the drawing, gaps stay gaps, limits are where they belong."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.drafts.charts_figures import BOTTOM, LEFT, RIGHT, TOP, Chart, Point, chart_of
from apps.drafts.figures import NINE, Figure
from apps.drafts.figures_found import GRID, NOTHING, Found, found_of

START = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
BY_NAME = {figure.name: figure for figure in NINE}


def points(figure: Figure, *found: Found) -> list[Point]:
    return [Point(START + place * HOUR, START + (place + 1) * HOUR, one, one) for place, one in enumerate(found)]


def drawn(name: str, *counts: tuple[int, int]) -> Chart | None:
    figure = BY_NAME[name]
    found = [found_of(figure.part, n, hits, [0.1 * hits] * len(GRID)) for n, hits in counts]
    return chart_of(figure, points(figure, *found), lambda moment: f"{moment:%H:%M}")


@pytest.mark.parametrize("figure", NINE, ids=lambda figure: figure.name)
def test_everything_lies_within_the_drawing(figure: Figure) -> None:
    for counts in ([(1, 0)], [(1, 1)], [(500, 3), (0, 0), (40, 40)], [(10**6, 10**6)] * 24):
        chart = drawn(figure.name, *counts)
        assert chart is not None
        shapes = [*chart.bands, *chart.stretches, *chart.second]
        places = [tuple(map(float, pair.split(","))) for shape in shapes for pair in shape.split()]
        places += [(dot.x, dot.y) for dot in chart.dots] + [(bar.x, bar.y) for bar in chart.bars]
        places += [(LEFT, line.y) for line in chart.lines] + [(LEFT, tick.at) for tick in chart.values]
        assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in places), places


def test_nothing_is_drawn_of_nothing() -> None:
    assert chart_of(NINE[0], points(NINE[0], NOTHING, NOTHING), str) is None


def test_a_column_without_data_is_a_gap_and_a_thin_one_hollow() -> None:
    chart = drawn("draft_approval_rate", (50, 40), (50, 45), (0, 0), (5, 5), (60, 30), (60, 33))
    assert chart is not None
    assert [len(line.split()) for line in chart.stretches] == [2, 3]
    assert [dot.thin for dot in chart.dots] == [False, False, True, False, False]


def test_incidents_are_bars_and_limits_are_drawn() -> None:
    counts = drawn("hallucination_count", (50, 0), (50, 2))
    assert counts is not None and len(counts.bars) == 1 and not counts.stretches
    shares = drawn("verification_rate", (50, 15))
    assert shares is not None
    assert [(line.kind, line.text) for line in shares.lines] == [
        ("target", "target 20 %"), ("target", "target 40 %"), ("alert", "alert 60 %"),
    ]  # fmt: skip


def test_an_end_that_is_unknown_draws_no_band() -> None:
    chart = drawn("rag_latency", (10, 1), (12, 2), (5000, 1), (5000, 2))
    assert chart is not None and len(chart.bands) == 1 and len(chart.bands[0].split()) == 4
