"""RULE: what a learning cycle found, in sentences: what is so, what to beware of, and what might be done about it.

A sentence is only made where the whole 90 % interval says it; where there is too little evidence, that is what is said.
Each carries its figures, so that a page can show how sure it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from apps.trust.verdicts import Category, Trend

MOST_NAMED = 3
MOST = 12  # sentences of one cycle
LEAST_COVERAGE = 0.7
BOARD, CARDS, CYCLES = "patterns", "trust", "learning"


class Kind(StrEnum):
    INSIGHT = "insight"
    CAUTION = "caution"
    ADVICE = "advice"


class Insight(msgspec.Struct, frozen=True):
    """link: the page that shows more: patterns, trust, learning, or agent:<key>. n: outcomes it rests on. value, low,
    high: the share it speaks of with its 90 % interval; None where it speaks of none."""

    kind: Kind
    text: str
    link: str = ""
    n: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class PatternFigures:
    """A pattern that stands. agents: names."""

    category: str
    type: str
    name: str
    agents: tuple[str, ...]
    confirmed: bool
    trials: float
    rate: float
    low: float
    high: float
    base_rate: float


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """An agent in all it does (apps/trust/models/learned.py, TrustScore). change: -1 to 1."""

    key: str
    name: str
    enabled: bool
    enough: bool
    overall: float
    low: float
    high: float
    judged: int
    trend: str
    change: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What sentences are made of. accuracy: words about it and their n, if measured. coverage: 0 to 1."""

    patterns: tuple[PatternFigures, ...] = ()
    agents: tuple[AgentFigures, ...] = ()
    accuracy: str = ""
    accuracy_n: int = 0
    accuracy_verdict: str = ""
    share_right: tuple[float, float, float] | None = None
    coverage: float | None = None
    retired: tuple[str, ...] = field(default=())  # names of the patterns this cycle retired


def insights_of(figures: Figures) -> list[Insight]:
    """At most MOST, insights first, then cautions, then advice; one sentence where there is nothing to tell."""
    parts: tuple[Callable[[Figures], Iterable[Insight]], ...] = (
        _experts,
        _consensus,
        _claims,
        _trends,
        _accuracy,
        _distrusted,
        _retired,
        _thin,
        _advice,
    )
    found = [insight for part in parts for insight in part(figures)]
    order = list(Kind)
    found.sort(key=lambda insight: order.index(insight.kind))
    nothing = Insight(Kind.INSIGHT, "Nothing to tell yet: no recommendation has been judged.", CYCLES)
    return found[:MOST] or [nothing]


def _experts(figures: Figures) -> Iterable[Insight]:
    experts = [one for one in figures.patterns if one.category == Category.EXPERT]
    # One agent may be an expert on several types and is counted once.
    names = list(dict.fromkeys(name for one in sorted(experts, key=lambda e: -e.low) for name in one.agents))
    if not names:
        return
    lowest = min(experts, key=lambda one: one.low)
    who = f"{len(names)} agents identified as experts" if len(names) > 1 else "1 agent identified as an expert"
    bound = math.floor(lowest.low * 20) * 5
    above = f" (>{bound} % approval)" if bound > 0 else ""
    yield Insight(Kind.INSIGHT, f"{who}{above}: {_listed(names)}", BOARD, **_shares(experts))


def _consensus(figures: Figures) -> Iterable[Insight]:
    agreed = [one for one in figures.patterns if one.category == Category.CONSENSUS and not one.agents]
    if agreed:
        shares = _shares(agreed)
        points = 100 * (shares["value"] - _mean(agreed, [one.base_rate for one in agreed]))
        text = f"Consensus recommendations have {_percent(shares['value'])} approval, {points:.0f} points above average"
        yield Insight(Kind.INSIGHT, text, BOARD, **shares)
    pairs = [one for one in figures.patterns if one.category == Category.CONSENSUS and one.agents]
    if pairs:
        best = max(pairs, key=lambda one: one.low)
        yield Insight(Kind.INSIGHT, f"{best.name}: {_percent(best.rate)} approval", BOARD, **_shares([best]))


def _claims(figures: Figures) -> Iterable[Insight]:
    claims = [one for one in figures.patterns if one.category == Category.HIGH_CONFIDENCE]
    if claims:
        best = max(claims, key=lambda one: (not one.agents, one.low))
        text = f"{best.name}: {_percent(best.rate)} approval, so confidence says something here"
        yield Insight(Kind.INSIGHT, text, BOARD, **_shares([best]))


def _trends(figures: Figures) -> Iterable[Insight]:
    for one in _by_change(figures, Trend.IMPROVING):
        text = f"{one.name} shows an improving trend (+{100 * one.change:.0f} points in 30 days)"
        yield Insight(Kind.INSIGHT, text, f"agent:{one.key}", **_trust(one))
    for one in _by_change(figures, Trend.DECLINING):
        text = f"{one.name} is declining (−{-100 * one.change:.0f} points in 30 days)"
        yield Insight(Kind.CAUTION, text, f"agent:{one.key}", **_trust(one))


def _accuracy(figures: Figures) -> Iterable[Insight]:
    if figures.accuracy and figures.share_right and figures.accuracy_verdict != "unknown":
        kind = Kind.CAUTION if figures.accuracy_verdict == "worse" else Kind.INSIGHT
        value, low, high = figures.share_right
        yield Insight(kind, figures.accuracy, CYCLES, n=figures.accuracy_n, value=value, low=low, high=high)


def _distrusted(figures: Figures) -> Iterable[Insight]:
    for one in figures.agents:
        if one.enough and one.high < 0.5:
            state = "" if one.enabled else " and is disabled"
            text = f"{one.name} is trusted little ({one.overall:.2f}, surely below 0.5){state}"
            yield Insight(Kind.CAUTION, text, f"agent:{one.key}", **_trust(one))


def _retired(figures: Figures) -> Iterable[Insight]:
    if figures.retired:
        many = (
            "1 pattern no longer holds"
            if len(figures.retired) == 1
            else f"{len(figures.retired)} patterns no longer hold"
        )
        yield Insight(Kind.CAUTION, f"{many}: {_listed(figures.retired)}", BOARD)


def _thin(figures: Figures) -> Iterable[Insight]:
    thin = [one.name for one in figures.agents if one.enabled and not one.enough]
    if thin:
        who = "1 agent has" if len(thin) == 1 else f"{len(thin)} agents have"
        yield Insight(Kind.CAUTION, f"{who} too little evidence to be told apart yet: {_listed(thin)}", CARDS)


def _advice(figures: Figures) -> Iterable[Insight]:
    for one in _by_change(figures, Trend.DECLINING):
        yield Insight(Kind.ADVICE, f"Train {one.name} (recent decline)", f"agent:{one.key}", **_trust(one))
    agreed = [one for one in figures.patterns if one.category == Category.CONSENSUS and one.confirmed]
    if agreed:
        text = f"Ask for agreement of several agents where a recommendation is risky{_on(agreed)}"
        yield Insight(Kind.ADVICE, text, BOARD, **_shares(agreed[:1]))
    experts = [one for one in figures.patterns if one.category == Category.EXPERT and one.confirmed]
    if experts:
        names = list(dict.fromkeys(name for one in experts for name in one.agents))
        yield Insight(Kind.ADVICE, f"Ask the experts first{_on(experts)}: {_listed(names)}", BOARD, **_shares(experts))
    if figures.coverage is not None and figures.coverage < LEAST_COVERAGE:
        text = f"Judge more of what is recommended: {_percent(figures.coverage)} of the last 30 days has an outcome"
        yield Insight(Kind.ADVICE, text, CYCLES)


def _by_change(figures: Figures, trend: Trend) -> list[AgentFigures]:
    """Those whose trend the scoring rule has tested, the largest change first."""
    found = [one for one in figures.agents if one.enough and one.trend == trend]
    return sorted(found, key=lambda one: -abs(one.change))[:MOST_NAMED]


def _shares(patterns: Sequence[PatternFigures]) -> dict[str, Any]:
    """n, and the mean share with the widest bounds: patterns overlap, so together they are no surer than each."""
    return {
        "n": int(max(one.trials for one in patterns)) if len(patterns) == 1 else int(sum(p.trials for p in patterns)),
        "value": _mean(patterns, [one.rate for one in patterns]),
        "low": min(one.low for one in patterns),
        "high": max(one.high for one in patterns),
    }


def _mean(patterns: Sequence[PatternFigures], values: Sequence[float]) -> float:
    whole = sum(one.trials for one in patterns)
    return sum(one.trials * value for one, value in zip(patterns, values, strict=True)) / whole if whole else 0.0


def _trust(one: AgentFigures) -> dict[str, Any]:
    return {"n": one.judged, "value": one.overall, "low": one.low, "high": one.high}


def _on(patterns: Sequence[PatternFigures]) -> str:
    types = list(dict.fromkeys(one.type for one in patterns if one.type))
    return f" ({_listed(types)})" if types else ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
