"""The chart of a guard: where its marks stand, and what its parts say."""

from datetime import UTC, datetime, timedelta

from apps.approvals.pilot_metrics import approval_rate
from apps.goals.pilot_metrics import gate_latency
from apps.pilots.charts import LEFT, MOST_POINTS, TALL, TOP, WIDE, Point, guard_chart
from apps.pilots.guards import GuardVerdict

START = datetime(2026, 4, 1, 9, tzinfo=UTC)


def point(minute: int, n: int, value: float | None, verdict: str = "quiet", room: float = 0.1) -> Point:
    low, high = (None, None) if value is None else (max(0.0, value - room), min(1.0, value + room))
    return Point(START + timedelta(minutes=minute), n, value, low, high, verdict)


def pairs(points: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in points.split())]


FALLING = [point(minute, 10 * minute, 0.9 - minute / 200) for minute in range(1, 61)]


def test_all_marks_lie_within_the_drawing() -> None:
    chart = guard_chart(
        approval_rate, FALLING, limit=0.7, minimum=100, at_least=True, breaches=[START + timedelta(minutes=50)]
    )
    assert chart is not None
    marks = [*pairs(chart.lines[0]), *pairs(chart.bands[0]), *((dot.x, dot.y) for dot in chart.dots)]
    assert all(LEFT <= x <= LEFT + WIDE and TOP <= y <= TOP + TALL for x, y in marks)
    assert TOP < chart.limit_y < TOP + TALL
    assert (chart.healthy_y, chart.healthy_height) == (TOP, round(chart.limit_y - TOP, 1))
    assert chart.enough_x is not None and LEFT < chart.enough_x < LEFT + WIDE / 2
    assert [tick.text for tick in chart.breaches] == ["Acted 01 Apr 09:50"]
    assert chart.limit_words == "at least 70 %"
    assert chart.newest == "01 Apr 10:00: 60 % (50 % to 70 %) from 600 decisions"


def test_a_value_below_the_limit_stands_below_its_line() -> None:
    chart = guard_chart(approval_rate, FALLING, limit=0.7, minimum=1, at_least=True, breaches=[])
    assert chart is not None
    for dot, found in zip(chart.dots, FALLING, strict=True):
        assert (dot.y > chart.limit_y) == ((found.value or 0) < 0.7) or abs(dot.y - chart.limit_y) < 0.1


def test_new_evidence_is_a_line_of_its_own() -> None:
    chart = guard_chart(
        approval_rate,
        [*FALLING[:5], *(point(70 + minute, minute, 0.9) for minute in range(1, 5))],
        limit=0.7,
        minimum=1,
        at_least=True,
        breaches=[],
    )
    assert chart is not None
    assert [len(pairs(line)) for line in chart.lines] == [5, 4]


def test_fewer_than_two_values_make_no_chart() -> None:
    for points in ([], FALLING[:1], [point(1, 0, None), point(2, 5, 0.9)]):
        assert guard_chart(approval_rate, points, limit=0.7, minimum=1, at_least=True, breaches=[]) is None


def test_many_readings_are_thinned_but_not_the_one_that_acted() -> None:
    many = [point(minute, minute, 0.9) for minute in range(1, 5000)]
    many[1234] = point(1235, 1235, 0.2, GuardVerdict.BREACHED)
    chart = guard_chart(approval_rate, many, limit=0.7, minimum=1, at_least=True, breaches=[])
    assert chart is not None
    assert len(chart.dots) <= MOST_POINTS + 1
    assert sum(dot.breached for dot in chart.dots) == 1
    assert chart.dots[-1].said.startswith(f"{many[-1].at:%d %b %H:%M}")


def test_times_have_no_interval_and_an_upper_limit() -> None:
    times = [Point(START + timedelta(minutes=n), n, n / 10, None, None, "quiet") for n in range(1, 11)]
    chart = guard_chart(gate_latency, times, limit=0.5, minimum=1, at_least=False, breaches=[])
    assert chart is not None
    assert chart.bands == []
    assert chart.healthy_y == chart.limit_y
    assert chart.limit_words == "at most 500 ms"
    flat = [Point(one.at, one.n, 0.5, None, None, "quiet") for one in times]
    assert guard_chart(gate_latency, flat, limit=0.5, minimum=1, at_least=False, breaches=[]) is not None
