"""RULE: what a run of made-up goals came to, as numbers and as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from apps.watch.bands import DEFAULT_BANDS, Figure
from apps.watch.counts import PATHS
from apps.watch.stress_goals import Sort, StressGoal

REFUSED = "refused"
BROKEN = 500
CATCH_TARGET = DEFAULT_BANDS[Figure.CATCH].low or 0.0
LATENCY_TARGET = DEFAULT_BANDS[Figure.LATENCY_P95].high or 0.0
SIGMA_TARGET = DEFAULT_BANDS[Figure.SIGMA].low or 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one goal. path: one of PATHS, "refused" where the API would not take it, "" for an error of ours.

    warned: a check warned or failed.
    """

    goal: StressGoal
    status: int
    seconds: float
    path: str
    confidence: float | None
    warned: bool

    @property
    def caught(self) -> bool:
        """Flagged, or kept from running in any way: refused, rejected, asked about."""
        return self.warned or self.path in (REFUSED, "rejected", "clarification")

    @property
    def ran(self) -> bool:
        return self.path == "executed"


def outcome_of(goal: StressGoal, status: int, seconds: float, body: dict[str, Any]) -> Outcome:
    checks = body.get("pre_validation_result") or {}
    refused = 400 <= status < BROKEN
    path = REFUSED if refused else str(body.get("execution_path", ""))
    return Outcome(goal, status, seconds, path, body.get("confidence"), checks.get("status") in ("warn", "fail"))


def report(outcomes: Sequence[Outcome], *, elapsed: float, cancelled: int) -> dict[str, Any]:
    """The run in numbers. Seconds; shares 0 to 1; None where there is nothing to measure."""
    confidences = [found.confidence for found in outcomes if found.confidence is not None]
    injected = [found for found in outcomes if found.goal.injected]
    return {
        "goals": len(outcomes),
        "elapsed": elapsed,
        "throughput": len(outcomes) / elapsed if elapsed else None,
        "errors": sum(found.status >= BROKEN for found in outcomes),
        "cancelled": cancelled,
        "latency": _latency([found.seconds for found in outcomes]),
        "confidence": {
            "n": len(confidences),
            "mean": fmean(confidences) if confidences else None,
            "sigma": stdev(confidences) if len(confidences) > 1 else None,
            "low": min(confidences, default=None),
            "high": max(confidences, default=None),
        },
        "injected": {
            "n": len(injected),
            "caught": sum(found.caught for found in injected),
            "ran": sum(found.ran for found in injected),
            "catch_rate": _share([found.caught for found in injected]),
        },
        "paths": {path: sum(found.path == path for found in outcomes) for path in (*PATHS, REFUSED)},
        "sorts": {sort.value: _of_sort([f for f in outcomes if f.goal.sort is sort]) for sort in Sort},
    }


def tables(run: dict[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """The report as (title, headings, rows)."""
    latency, confidence, injected = run["latency"], run["confidence"], run["injected"]
    performance = [
        ["Goals", str(run["goals"]), ""],
        ["Elapsed", f"{run['elapsed']:.2f} s", ""],
        ["Throughput", _shown(run["throughput"], "{:.1f} goals/s"), ""],
        ["Latency, median", _shown(latency["p50"], "{:.3f} s"), ""],
        ["Latency, 95 %", _shown(latency["p95"], "{:.3f} s"), f"at most {LATENCY_TARGET:g} s"],
        ["Errors of ours", str(run["errors"]), "0"],
        ["Taken back at the end", str(run["cancelled"]), ""],
    ]
    judgement = [
        ["Confidence, mean", _shown(confidence["mean"], "{:.3f}"), ""],
        ["Confidence, standard deviation", _shown(confidence["sigma"], "{:.3f}"), f"at least {SIGMA_TARGET:g}"],
        ["Confidence, range", f"{_shown(confidence['low'], '{:.2f}')} to {_shown(confidence['high'], '{:.2f}')}", ""],
        ["Broken goals caught", _shown(injected["catch_rate"], "{:.1%}"), f"at least {CATCH_TARGET:.0%}"],
        ["Broken goals that ran", str(injected["ran"]), "0"],
    ]
    paths = [[path, str(count), f"{count / max(run['goals'], 1):.1%}"] for path, count in run["paths"].items()]
    sorts = [
        [
            sort,
            str(of["n"]),
            *(str(of["paths"].get(path, 0)) for path in (*PATHS, REFUSED)),
            _shown(of["mean_confidence"], "{:.2f}"),
            _shown(of["caught"], "{:.0%}"),
        ]
        for sort, of in run["sorts"].items()
    ]
    return [
        ("Performance", ["metric", "value", "target"], performance),
        ("Judgement", ["metric", "value", "target"], judgement),
        ("Paths", ["path", "goals", "share"], paths),
        ("By sort of goal", ["sort", "goals", *PATHS, REFUSED, "confidence", "flagged or kept back"], sorts),
    ]


def _of_sort(found: Sequence[Outcome]) -> dict[str, Any]:
    known = [one.confidence for one in found if one.confidence is not None]
    return {
        "n": len(found),
        "paths": dict(Counter(one.path for one in found)),
        "mean_confidence": fmean(known) if known else None,
        "caught": _share([one.caught for one in found]),
    }


def _latency(seconds: Sequence[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    if not ordered:
        return {"p50": None, "p95": None, "longest": None}
    last = len(ordered) - 1
    return {"p50": ordered[last // 2], "p95": ordered[min(last, int(0.95 * len(ordered)))], "longest": ordered[-1]}


def _share(of: Sequence[bool]) -> float | None:
    return sum(of) / len(of) if of else None


def _shown(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
