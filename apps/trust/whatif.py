"""SELECTOR: the what-if of trust: other thresholds, tried on what was recommended of late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.agents.models import Agent
from apps.trust.fitness import FEWEST, AgentRate
from apps.trust.keeping import learned_of
from apps.trust.models import TrustSettings
from apps.trust.rates import rates_of
from apps.trust.replay import Lane, Part, Replayed, Thresholds, replay
from apps.trust.scoring import MIN_EVIDENCE
from apps.trust.tallies import SUMS

DAYS, MOST_DAYS = 90, 365
# What is older than this before the first day hardly counts any more.
MEMORY = timedelta(days=365)
USUAL = Thresholds()
_WEEKS = f"""
SELECT agent_id, type, least(%(start)s + 7 * floor((day - %(start)s) / 7.0)::int + 3, %(today)s) AS middle,
    {", ".join(f"sum({name})" for name in SUMS)}
FROM trust_dailytally WHERE business_id = %(business)s AND day > %(since)s AND day <= %(today)s
GROUP BY agent_id, type, middle ORDER BY agent_id, type, middle
"""


@dataclass(frozen=True, slots=True)
class LaneShare:
    """asked: recommendations. share: of all, 0 to 1. approval: of those judged; None where too few were."""

    lane: str
    asked: float
    share: float
    judged: float
    approval: AgentRate | None


@dataclass(frozen=True, slots=True)
class Plan:
    thresholds: Thresholds
    lanes: tuple[LaneShare, ...]


@dataclass(frozen=True, slots=True)
class AgentWhatIf:
    """lane, before: where most of its recommendations would go, and go by the thresholds in force. off_since: the day
    from which it would have been off. share: of all recommendations. approval as in LaneShare."""

    agent_id: UUID
    key: str
    name: str
    lane: str
    before: str
    off_since: date | None
    asked: float
    share: float
    approval: AgentRate | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """now: the thresholds in force. then: those tried. rows: every agent asked, most asked first."""

    since: date
    asked: float
    now: Plan
    then: Plan
    rows: tuple[AgentWhatIf, ...]
    words: str


def what_if(
    business_id: UUID,
    now: datetime,
    *,
    critical: float = USUAL.critical,
    low: float = USUAL.low,
    disable: float = USUAL.disable,
    days: int = DAYS,
) -> WhatIf:
    """Over the last `days`, 7 to 365. Four queries. Raises ValueError with words for whoever chose the figures."""
    if not 7 <= days <= MOST_DAYS:
        raise ValueError(f"From 7 to {MOST_DAYS} days")
    tried = Thresholds(critical, low, disable)
    today = now.date()
    start = today - timedelta(days=days)
    chosen = TrustSettings.objects.filter(pk=business_id).values_list("min_evidence", flat=True).first()
    as_is, then = replay(
        _tallies(business_id, start, today),
        start=start,
        today=today,
        tried=(USUAL, tried),
        learned=learned_of(business_id),
        least=float(chosen or MIN_EVIDENCE),
    )
    asked = sum(part.asked for part in then.parts.values())
    plans = Plan(USUAL, _lanes(as_is, asked)), Plan(tried, _lanes(then, asked))
    rows = tuple(_rows(business_id, as_is, then, asked))
    return WhatIf(start, asked, *plans, rows, in_words(plans[1], rows, asked))


def in_words(then: Plan, rows: Sequence[AgentWhatIf], asked: float) -> str:
    """One or two sentences, such as: Of 1,200 recommendations 40 % would have been critical (92 % approved), ..."""
    if not asked:
        return "Nothing was recommended in this time, so there is nothing to try thresholds on."
    parts = [f"{100 * one.share:.0f} % {one.lane}{_approved(one.approval)}" for one in then.lanes if one.asked]
    begin = f"Of {asked:,.0f} recommendations: {', '.join(parts)}."
    off = [row.name for row in rows if row.off_since]
    if not off:
        return f"{begin} Nobody would have been switched off."
    return f"{begin} Switched off: {', '.join(off[:5])}{f' and {len(off) - 5} more' if len(off) > 5 else ''}."


def _approved(rate: AgentRate | None) -> str:
    return (
        "" if rate is None else f" ({100 * rate.rate:.0f} % approved, {100 * rate.low:.0f} to {100 * rate.high:.0f} %)"
    )


def _tallies(business_id: UUID, start: date, today: date) -> list[Any]:
    """Tallies of weeks, as of their middle: trust is computed once a week, so days would say no more."""
    given: dict[str, Any] = {"business": business_id, "start": start, "since": start - MEMORY, "today": today}
    with connection.cursor() as cursor:
        cursor.execute(_WEEKS, given)
        return cursor.fetchall()


def _lanes(found: Replayed, asked: float) -> tuple[LaneShare, ...]:
    parts = [(lane, found.of_lane(lane)) for lane in Lane]
    rates = rates_of((lane.value, lane.value, *part.sums.parts) for lane, part in parts)
    return tuple(
        LaneShare(lane.value, part.asked, part.asked / asked if asked else 0.0, rate.judged, _told(rate))
        for (lane, part), rate in zip(parts, rates, strict=True)
    )


def _rows(business_id: UUID, as_is: Replayed, then: Replayed, asked: float) -> list[AgentWhatIf]:
    agents = {str(agent.pk): agent for agent in Agent.objects.filter(business_id=business_id).only("key", "name")}
    names = [name for name in dict.fromkeys(name for name, _ in then.parts) if name in agents]
    wholes = {name: _whole(then, name) for name in names}
    rates = rates_of((name, agents[name].name, *wholes[name].sums.parts) for name in names)
    found = [
        AgentWhatIf(
            agent_id=agents[name].pk,
            key=agents[name].key,
            name=agents[name].name,
            lane=_mostly(then, name),
            before=_mostly(as_is, name),
            off_since=then.off_since.get(name),
            asked=wholes[name].asked,
            share=wholes[name].asked / asked if asked else 0.0,
            approval=_told(rate),
        )
        for name, rate in zip(names, rates, strict=True)
    ]
    return sorted(found, key=lambda row: (-row.asked, row.key))


def _whole(found: Replayed, name: str) -> Part:
    whole = Part()
    for lane in Lane:
        part = found.parts.get((name, lane))
        if part is not None:
            whole.asked += part.asked
            whole.sums = whole.sums.plus(part.sums)
    return whole


def _mostly(found: Replayed, name: str) -> str:
    """Off counts as soon as it is so."""
    if name in found.off_since:
        return Lane.OFF.value
    asked = {lane: part.asked for (one, lane), part in found.parts.items() if one == name}
    return max(asked, key=lambda lane: asked[lane]).value if asked else Lane.NORMAL.value


def _told(rate: AgentRate) -> AgentRate | None:
    return rate if rate.judged >= FEWEST else None
