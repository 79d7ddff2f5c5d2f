"""RULE: figures in words: their names, what each means, and how a value, an interval and a band are written."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from apps.watch.bands import Band, Figure, Measured, Standing

NAMES: Mapping[Figure, str] = MappingProxyType(
    {
        Figure.SIGMA: "Spread of confidence",
        Figure.CATCH: "Catch rate",
        Figure.APPROVAL: "Asked to approve",
        Figure.CLARIFICATION: "Asked a question",
        Figure.EXECUTED: "Ran alone",
        Figure.REJECTED: "Rejected by the gate",
        Figure.LATENCY_P50: "Time to verdict, median",
        Figure.LATENCY_P95: "Time to verdict, 95 %",
        Figure.ERRORS: "Errors of ours",
        Figure.FAILED: "Failed when run",
    }
)
MEANINGS: Mapping[Figure, str] = MappingProxyType(
    {
        Figure.SIGMA: "Standard deviation. A gate that tells goals apart spreads them over the whole range.",
        Figure.CATCH: "Of the goals that turned out bad, the share the checks had warned of.",
        Figure.APPROVAL: "Of the judged goals, the share that waits or waited for a person.",
        Figure.CLARIFICATION: "Of the judged goals, the share that was asked a question at any time.",
        Figure.EXECUTED: "Of the judged goals, the share that needed nobody.",
        Figure.REJECTED: "Of the judged goals, the share that was turned away.",
        Figure.LATENCY_P50: "Half of the goals had their verdict sooner.",
        Figure.LATENCY_P95: "All but one goal in twenty had their verdict sooner.",
        Figure.ERRORS: "Of the submissions, the share that failed by our fault.",
        Figure.FAILED: "Of the goals that ran, the share whose agent did not finish.",
    }
)
STANDINGS: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.IN_BAND: "in band",
        Standing.UNSURE: "unsure",
        Standing.OUT_OF_BAND: "out of band",
        Standing.NOT_ENOUGH_DATA: "too few",
        Standing.NO_BAND: "no band",
    }
)
_SECONDS = frozenset({Figure.LATENCY_P50, Figure.LATENCY_P95})


def written(figure: Figure, value: float | None) -> str:
    """0.31, 12.4 %, 38 ms, 1.2 s; a dash for nothing."""
    if value is None:
        return "–"
    if figure is Figure.SIGMA:
        return f"{value:.3f}"
    return seconds(value) if figure in _SECONDS else percent(value)


def percent(share: float) -> str:
    shown = 100 * share
    return f"{shown:.0f} %" if shown in (0, 100) else f"{shown:.2f} %" if shown < 1 else f"{shown:.1f} %"


def seconds(value: float) -> str:
    if value >= 1:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    milliseconds = 1000 * value
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def interval(figure: Figure, measured: Measured) -> str:
    return "" if measured.value is None else f"{written(figure, measured.low)} to {written(figure, measured.high)}"


def band_in_words(figure: Figure, band: Band | None) -> str:
    """at least 80.0 %, 10.0 % to 30.0 %, at most 500 ms, none."""
    if band is None or band.is_open:
        return "none"
    low, high = band.low, band.high
    if low is None:
        return f"at most {_round(figure, high)}"
    return f"at least {_round(figure, low)}" if high is None else f"{_round(figure, low)} to {_round(figure, high)}"


def _round(figure: Figure, value: float | None) -> str:
    """A bound as people write it: 10 %, not 10.0 %."""
    return written(figure, value).replace(".0 %", " %").replace(".00 %", " %")
