"""EDGE: what the page of performance is given: agents over time, from daily tallies, nothing smoothed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncWeek
from django.http import QueryDict

from apps.agents.models import Agent
from apps.trust.charts import Scale, counted, interval_of, percent
from apps.trust.charts_bars import TrustBar, trust_bar
from apps.trust.charts_lines import LineChart, Moment, Series, line_chart
from apps.trust.charts_timeline import week_of
from apps.trust.discovery import strength_of
from apps.trust.models import DailyTally, TrustScore
from apps.trust.page_context import agents_of, text_in
from apps.trust.scoring import MIN_EVIDENCE

WINDOWS = {"4w": 28, "13w": 91, "26w": 182, "52w": 364}
USUAL = "13w"
MOST_AGENTS = 6
USUAL_AGENTS = 4
# Up to here a chart by day can be read.
MOST_DAYS = 91
SUMMED = (
    "asked", "answered", "on_time", "judged", "weight", "weight2", "value", "approved", "rejected", "rated", "quality",
    "claimed", "confidence",
)  # fmt: skip
SHARES, QUALITIES = Scale(0.0, 1.0, 0.25), Scale(0.0, 100.0, 25.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """unit: day or week. agents: keys chosen, in order; empty for those asked most. first, last: days, both shown."""

    window: str
    unit: str
    type: str
    agents: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Totals:
    """One agent in the window. strength: of the lower end of its approval rate against a coin's."""

    agent: Agent
    asked: str
    judged: str
    approved: str
    partial: str
    rejected: str
    bar: TrustBar
    rate: str
    interval: str
    quality: str
    confidence: str
    strength: str
    chosen: int | None


def wanted_in(values: QueryDict, today: date) -> Wanted:
    """From a query string; what is not understood is as if not given."""
    window = values.get("window", "")
    window = window if window in WINDOWS else USUAL
    first = today - timedelta(days=WINDOWS[window] - 1)
    by_day = WINDOWS[window] <= MOST_DAYS and (values.get("unit") or ("day" if window == "4w" else "week")) == "day"
    keys = dict.fromkeys(key.replace("\x00", "")[:60] for key in values.getlist("agent"))
    return Wanted(
        window=window,
        unit="day" if by_day else "week",
        type=text_in(values, "type", 40),
        agents=tuple(keys)[:MOST_AGENTS],
        # Whole weeks only: a part of one would look like a drop.
        first=first if by_day else week_of(first),
        last=today,
    )


def performance_context(business_id: UUID, wanted: Wanted) -> dict[str, Any]:
    """Four queries, however many agents and recommendations there are."""
    agents = {agent.pk: agent for agent in agents_of(business_id)}
    sums = {row["agent_id"]: row for row in summed(rows_of(business_id, wanted), "agent_id")}
    chosen = _chosen(list(agents.values()), sums, wanted)
    places = {agent.pk: place for place, agent in enumerate(chosen)}
    series = _series(business_id, wanted, chosen)
    rows = [_totals(agents[pk], row, places.get(pk)) for pk, row in sums.items() if pk in agents]
    # Of the scores: a few hundred rows, where a year of tallies has a hundred thousand.
    scored = set(TrustScore.objects.filter(business_id=business_id).order_by().values_list("type", flat=True))
    types = (scored | {name for agent in agents.values() for name in agent.types} | {wanted.type}) - {""}
    return {
        "wanted": wanted,
        "windows": list(WINDOWS),
        "may_day": WINDOWS[wanted.window] <= MOST_DAYS,
        "agents": sorted(agents.values(), key=lambda one: one.name.casefold()),
        "chosen": chosen,
        "chosen_keys": {agent.key for agent in chosen},
        "most": MOST_AGENTS,
        "types": sorted(types),
        "rows": sorted(rows, key=lambda row: (-row.bar.low if row.strength else 1.0, row.agent.name.casefold())),
        "charts": charts_of(series, wanted),
    }


def rows_of(business_id: UUID, wanted: Wanted) -> QuerySet[DailyTally]:
    rows = DailyTally.objects.filter(business_id=business_id, day__gte=wanted.first, day__lte=wanted.last)
    return rows.filter(type=wanted.type) if wanted.type else rows


def summed(rows: QuerySet[DailyTally], *by: str) -> QuerySet[DailyTally, dict[str, Any]]:
    return rows.order_by(*by).values(*by).annotate(**{name: Sum(name) for name in SUMMED})


def charts_of(series: Mapping[Agent, Mapping[date, dict[str, Any]]], wanted: Wanted) -> list[tuple[str, str, Any]]:
    """(name, what it says, chart or None) of each measure."""
    days = _units(wanted)
    span = (days[0], days[-1])

    def drawn(
        moment: Callable[[date, dict[str, Any]], Moment], written: Callable[[float], str], scale: Scale | None
    ) -> LineChart | None:
        lines = [
            Series(agent.name, [moment(day, found[day]) if day in found else Moment(day, None) for day in days])
            for agent, found in series.items()
        ]
        return line_chart(lines, written=written, scale=scale, span=span)

    each = f"each {wanted.unit}"
    return [
        ("Approval rate", f"share approved, changed ones in part, {each}", drawn(_approval, percent, SHARES)),
        ("Quality", f"mean of 0 to 100, {each}", drawn(_quality, lambda value: f"{value:.0f}", QUALITIES)),
        ("Recommendations", f"how many were asked for, {each}", drawn(_count, counted, None)),
    ]


def rate_of(row: Mapping[str, Any]) -> float | None:
    """The share approved, changed ones in part; None where nothing has an outcome."""
    return row["value"] / row["weight"] if row["weight"] else None


def worth_of(row: Mapping[str, Any]) -> float:
    """How many equally weighted outcomes these are worth (L. Kish, Survey Sampling, 1965)."""
    return row["weight"] ** 2 / row["weight2"] if row["weight2"] else 0.0


def _units(wanted: Wanted) -> list[date]:
    step = 1 if wanted.unit == "day" else 7
    number = (wanted.last - wanted.first).days // step + 1
    return [wanted.first + timedelta(days=step * place) for place in range(number)]


def _chosen(agents: Sequence[Agent], sums: Mapping[UUID, Mapping[str, Any]], wanted: Wanted) -> list[Agent]:
    if wanted.agents:
        by_key = {agent.key: agent for agent in agents}
        return [by_key[key] for key in wanted.agents if key in by_key]
    asked = sorted((agent for agent in agents if agent.pk in sums), key=lambda one: (-sums[one.pk]["asked"], one.key))
    return asked[:USUAL_AGENTS]


def _series(business_id: UUID, wanted: Wanted, chosen: Sequence[Agent]) -> dict[Agent, dict[date, dict[str, Any]]]:
    unit = F("day") if wanted.unit == "day" else TruncWeek("day")
    rows = rows_of(business_id, wanted).filter(agent__in=chosen).annotate(unit=unit)
    found: dict[UUID, dict[date, dict[str, Any]]] = {}
    for row in summed(rows, "agent_id", "unit"):
        found.setdefault(row["agent_id"], {})[row["unit"]] = row
    return {agent: found.get(agent.pk, {}) for agent in chosen}


def _totals(agent: Agent, row: Mapping[str, Any], chosen: int | None) -> Totals:
    rate, worth = rate_of(row), worth_of(row)
    low, high = interval_of(rate or 0.0, worth)
    enough = worth >= MIN_EVIDENCE
    return Totals(
        agent=agent,
        asked=counted(row["asked"]),
        judged=counted(row["judged"]),
        approved=counted(row["approved"]),
        partial=counted(row["judged"] - row["approved"] - row["rejected"]),
        rejected=counted(row["rejected"]),
        bar=trust_bar(overall=rate, low=low, high=high, average=None, enough=enough),
        rate=percent(rate),
        interval=f"{percent(low).removesuffix(' %')} to {percent(high)}" if rate is not None else "",
        quality=f"{row['quality'] / row['rated']:.0f}" if row["rated"] else "–",
        confidence=percent(row["confidence"] / row["claimed"]) if row["claimed"] else "–",
        strength=strength_of(low, 0.5).replace("_", " ") if enough else "",
        chosen=chosen,
    )


def _approval(day: date, row: Mapping[str, Any]) -> Moment:
    rate, worth = rate_of(row), worth_of(row)
    low, high = interval_of(rate or 0.0, worth)
    said = f"{day:%-d %b}: {percent(rate)} of {counted(row['judged'])} ({percent(low)} to {percent(high)})"
    return Moment(day, rate, worth, said=said)


def _quality(day: date, row: Mapping[str, Any]) -> Moment:
    mean = row["quality"] / row["rated"] if row["rated"] else None
    return Moment(day, mean, row["rated"], said=f"{day:%-d %b}: {mean or 0:.0f} of 100, {counted(row['rated'])} rated")


def _count(day: date, row: Mapping[str, Any]) -> Moment:
    return Moment(day, row["asked"], row["asked"], said=f"{day:%-d %b}: {counted(row['asked'])} asked for")
