"""EDGE: the charts of the Watch page as shapes: numbers in 0 to 100 for an SVG that stretches, words beside them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import localtime

from apps.goals.gate import Thresholds
from apps.goals.timing import Stage
from apps.goals.vocabulary import Check
from apps.watch.bands import Figure, Measured
from apps.watch.counts import CONFIDENCE_BINS, PATHS, Counts
from apps.watch.figures import percentile
from apps.watch.watching import Column, Looked, Watched
from apps.watch.windows import DAY, Window
from apps.watch.words import MEANINGS, NAMES, STANDINGS, band_in_words, interval, percent, seconds, written

FULL = 100.0
PATH_WORDS = {
    "executed": "ran alone",
    "approved": "asked to approve",
    "clarification": "asked a question",
    "rejected": "rejected",
}
STAGE_WORDS = {
    Stage.LOOK_UP: "Look up agent and tools",
    Stage.READ: "Read the goal",
    Stage.MODEL: "Wait for the model",
    Stage.JUDGE: "Judge",
    Stage.TOTAL: "Total, request to verdict",
}
_LISTS = {
    Figure.SIGMA: "judged",
    Figure.CATCH: "bad",
    Figure.APPROVAL: "approved",
    Figure.CLARIFICATION: "asked",
    Figure.EXECUTED: "executed",
    Figure.REJECTED: "rejected",
    Figure.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, or one piece of a stack: from `y` (0 is the top) down `height`, `width` wide from `x`."""

    x: float
    y: float
    width: float
    height: float
    label: str
    href: str
    kind: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is the count that the full height stands for. ticks: (place 0 to 100, words) below the bars."""

    bars: list[Bar]
    top: int
    ticks: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tile:
    figure: Figure
    name: str
    meaning: str
    value: str
    interval: str
    n: int
    band: str
    standing: str
    word: str
    before: str
    href: str


def tiles_of(watched: Watched) -> list[Tile]:
    return [_tile(looked, watched.window) for looked in watched.figures]


def _tile(looked: Looked, window: Window) -> Tile:
    figure = looked.figure
    return Tile(
        figure=figure,
        name=NAMES[figure],
        meaning=MEANINGS[figure],
        value=written(figure, looked.now.value),
        interval=interval(figure, looked.now),
        n=looked.now.n,
        band=band_in_words(figure, looked.band),
        standing=looked.standing.value,
        word=STANDINGS[looked.standing],
        before=written(figure, looked.before.value),
        href=_list_behind(figure, looked.now, window),
    )


def _list_behind(figure: Figure, now: Measured, window: Window) -> str:
    if figure is Figure.ERRORS:
        return "#errors"
    if figure in _LISTS:
        return goals_url(window.start, window.end, what=_LISTS[figure])
    return goals_url(window.start, window.end, slower=str(round(1e6 * (now.value or 0.0))))


def goals_url(start: datetime, end: datetime, **filters: str) -> str:
    """The list of the goals behind a number."""
    moments = {"from": start.isoformat(timespec="milliseconds"), "to": end.isoformat(timespec="milliseconds")}
    return f"{reverse('admin:watch-goals')}?{urlencode(filters | moments)}"


def histogram_of(watched: Watched) -> Chart:
    """Goals by confidence."""
    counts = watched.counts.confidences
    top, width = max(*counts, 1), FULL / CONFIDENCE_BINS
    total = sum(counts) or 1
    bars = []
    for place, count in enumerate(counts):
        low, high = place / CONFIDENCE_BINS, (place + 1) / CONFIDENCE_BINS
        height = FULL * count / top
        href = goals_url(watched.window.start, watched.window.end, confidence=str(place))
        label = f"{low:.2f} to {high:.2f}: {count:,} goals, {percent(count / total)}"
        bars.append(Bar(place * width, FULL - height, width, height, label, href, "confidence", count))
    return Chart(bars, top, [(20 * tick, f"{tick / 5:.1f}") for tick in range(6)])


def thresholds_of(thresholds: Thresholds) -> list[tuple[float, str]]:
    """(place, words) of the two lines in the histogram."""
    return [
        (FULL * thresholds.medium, f"asks from {thresholds.medium:g}"),
        (FULL * thresholds.high, f"runs from {thresholds.high:g}"),
    ]


def paths_of(watched: Watched) -> Chart:
    """Verdicts over time, stacked."""
    columns = watched.columns
    top = max([_judged(column.counts) for column in columns] + [1])
    span = (watched.window.end - watched.window.start) / timedelta(seconds=1)
    bars: list[Bar] = []
    for column in columns:
        x = FULL * ((column.start - watched.window.start) / timedelta(seconds=1)) / span
        width = FULL * ((column.end - column.start) / timedelta(seconds=1)) / span
        bars += _stack(column, x, width, top, time_words(column.start, watched.window))
    return Chart(bars, top, _time_ticks(watched))


def _stack(column: Column, x: float, width: float, top: int, when: str) -> list[Bar]:
    pieces, y = [], FULL
    for path in PATHS:
        count = column.counts[path]
        if not count:
            continue
        height = FULL * count / top
        y -= height
        href = goals_url(column.start, column.end, what=path)
        pieces.append(Bar(x, y, width, height, f"{when}: {count:,} {PATH_WORDS[path]}", href, path, count))
    return pieces


def _judged(counts: Counts) -> int:
    return sum(counts[path] for path in PATHS)


def _time_ticks(watched: Watched) -> list[tuple[float, str]]:
    window = watched.window
    span = window.end - window.start
    every = max(1, -(-len(watched.columns) // 6))
    starts = [column.start for column in watched.columns[1::every]]
    return [(FULL * ((start - window.start) / span), time_words(start, window)) for start in starts]


def time_words(moment: datetime, window: Window) -> str:
    """As short as the window allows: 14:05, Mon 14:00, 21 Nov."""
    there = localtime(moment)
    if window.end - window.start <= DAY:
        return f"{there:%H:%M}"
    return f"{there:%d %b}" if window.step >= DAY else f"{there:%a %H:%M}"


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage with its median and 95 % in words, and as shares of the longest bar (0 to 100)."""

    name: str
    n: int
    p50: str
    p95: str
    interval: str
    bar50: float
    bar95: float


def stages_of(counts: Counts) -> list[StageRow]:
    """The stages that were timed; the waits for a model are left out where none is asked."""
    measured = [
        (stage, percentile(histogram, 0.5), percentile(histogram, 0.95))
        for stage in Stage
        if sum(histogram := counts.latencies(stage))
    ]
    longest = max([p95.value or 0.0 for _, _, p95 in measured] + [1e-9])
    return [
        StageRow(
            STAGE_WORDS[stage],
            p50.n,
            seconds(p50.value or 0.0),
            seconds(p95.value or 0.0),
            interval(Figure.LATENCY_P95, p95),
            FULL * (p50.value or 0.0) / longest,
            FULL * (p95.value or 0.0) / longest,
        )
        for stage, p50, p95 in measured
    ]


@dataclass(frozen=True, slots=True)
class CheckRow:
    name: str
    warn: int
    fail: int
    warn_href: str
    fail_href: str


def checks_of(watched: Watched) -> list[CheckRow]:
    """How often each check warned and failed."""
    counts, window = watched.counts, watched.window
    rows = []
    for check in Check:
        warn, fail = counts[f"{check}:warn"], counts[f"{check}:fail"]
        rows.append(
            CheckRow(
                name=check.replace("_", " ").capitalize(),
                warn=warn,
                fail=fail,
                warn_href=goals_url(window.start, window.end, what=f"{check}:warn"),
                fail_href=goals_url(window.start, window.end, what=f"{check}:fail"),
            )
        )
    return rows


def path_table(watched: Watched) -> list[tuple[str, list[tuple[int, str]]]]:
    """The chart over time as rows: (when, count and list of each path)."""
    return [
        (
            time_words(column.start, watched.window),
            [(column.counts[path], goals_url(column.start, column.end, what=path)) for path in PATHS],
        )
        for column in watched.columns
    ]
