"""EDGE: what the guards and incidents of a feature's page are given: three queries, however many there are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, DateTimeField, Func, Value, When

from apps.core.errors import Invalid
from apps.core.measures import Metric, trimmed, written
from apps.pilots.charts import MOST_POINTS, Point, guard_chart
from apps.pilots.criteria import Comparison
from apps.pilots.guarding import terms_of
from apps.pilots.guards import WORDS, GuardVerdict, limit_of
from apps.pilots.ladder import Level
from apps.pilots.measuring import metric_of
from apps.pilots.models import Feature, Guard, GuardReading, Incident

SHOWN = timedelta(days=14)
MOST_PAST = 5
MOST_INCIDENTS = 100
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
TONES = {GuardVerdict.QUIET: "good", GuardVerdict.COOLING: "warn", GuardVerdict.BREACHED: "bad"}
SHORT = {
    GuardVerdict.QUIET: "fine",
    GuardVerdict.TOO_LITTLE_DATA: "too little data",
    GuardVerdict.NO_DATA: "no data",
    GuardVerdict.NO_BASELINE: "no baseline",
    GuardVerdict.COOLING: "cooling",
    GuardVerdict.BREACHED: "beyond its limit",
}
LEVELS = {
    Level.BUSINESS: "takes it back from the one business",
    Level.COHORT: "takes it back from those that came with the stage",
    Level.EVERYTHING: "takes it back from everybody",
}
# The worst first: what the figure on top of the page says.
_WORST = ("bad", "warn", "", "good")


def guards_context(feature: Feature, now: datetime) -> dict[str, Any]:
    rows = list(Guard.objects.filter(feature=feature).order_by("created_at"))
    readings = _readings(rows, now)
    incidents = list(Incident.objects.filter(feature=feature).order_by("-opened_at")[:MOST_INCIDENTS])
    open_ones = [_incident(row) for row in incidents if not row.closed_at]
    guards = [_guard(row, readings.get(row.pk, []), incidents, now) for row in rows]
    tone, words = _in_short(guards, len(open_ones))
    return {
        "guards": guards,
        "guards_tone": tone,
        "guards_words": words,
        "open_incidents": open_ones,
        "past_incidents": [_incident(row) for row in incidents if row.closed_at][:MOST_PAST],
    }


def _readings(guards: Sequence[Guard], now: datetime) -> dict[UUID, list[Point]]:
    """By guard, one reading for each stretch of time that the chart can show apart, those that acted first."""
    if not guards:
        return {}
    since = max(now - SHOWN, min(guard.created_at for guard in guards))
    width = max(timedelta(minutes=1), (now - since) / MOST_POINTS)
    stretch = Func(Value(width), "at", Value(EPOCH), function="date_bin", output_field=DateTimeField())
    breached = Case(When(verdict=GuardVerdict.BREACHED, then=0), default=1)
    rows = GuardReading.objects.filter(guard__in=guards, at__gte=since).annotate(stretch=stretch, breached=breached)
    found: dict[UUID, list[Point]] = {}
    for row in rows.order_by("guard_id", "stretch", "breached", "-at").distinct("guard_id", "stretch"):
        found.setdefault(row.guard_id, []).append(Point(row.at, row.n, row.value, row.low, row.high, row.verdict))
    return found


def _guard(row: Guard, points: Sequence[Point], incidents: Sequence[Incident], now: datetime) -> dict[str, Any]:
    try:
        metric = metric_of(row.metric)
    except Invalid:
        return _unknown(row)
    verdict = _verdict(row, points, now)
    limit = limit_of(terms_of(row, metric))
    at_least = row.comparison == Comparison.AT_LEAST
    chart = None
    if limit is not None:
        acted = sorted(incident.opened_at for incident in incidents if incident.guard_id == row.pk)
        chart = guard_chart(metric, points, limit=limit, minimum=row.minimum, at_least=at_least, breaches=acted)
    return {
        "row": row,
        "name": f"chart-{row.pk}",
        "title": metric.title,
        "limit": _limit(metric, row),
        "tone": TONES.get(verdict, "") if verdict else "",
        "verdict": "switched off" if not row.enabled else SHORT[verdict] if verdict else "not looked at yet",
        "words": _words(metric, row, points, verdict),
        "chart": chart,
        "chart_words": "The chart begins with the second reading that has data." if row.enabled else "",
    }


def _verdict(row: Guard, points: Sequence[Point], now: datetime) -> GuardVerdict | None:
    if not row.enabled:
        return None
    if row.cooling_until and row.cooling_until > now:
        return GuardVerdict.COOLING
    return GuardVerdict(points[-1].verdict) if points else None


def _words(metric: Metric, row: Guard, points: Sequence[Point], verdict: GuardVerdict | None) -> str:
    """What it is at, and what it does when it acts."""
    words = []
    if points:
        last = points[-1]
        words.append(f"{written(metric, last.value)} from {last.n:,} {metric.of} since {row.armed_at:%-d %b %H:%M}")
    if verdict is GuardVerdict.COOLING and row.cooling_until:
        words.append(f"cooling down until {row.cooling_until:%-d %b %H:%M}")
    elif verdict:
        words.append(WORDS[verdict])
    words.append(f"acts from {row.minimum:,} {metric.of} on and {LEVELS[Level(row.level)]}")
    return "; ".join(words)


def _limit(metric: Metric, row: Guard) -> str:
    side = "at least" if row.comparison == Comparison.AT_LEAST else "at most"
    if not row.relative:
        return f"{side} {written(metric, row.limit)}"
    base = f" ({written(metric, row.baseline)})" if row.baseline is not None else ""
    return f"{side} {trimmed(row.limit, 2)} times the baseline{base}"


def _unknown(row: Guard) -> dict[str, Any]:
    words = f"The installation has no metric {row.metric} any more: it is not looked at"
    return {"row": row, "title": row.metric, "limit": "", "tone": "warn", "verdict": "no such metric", "words": words}


def _in_short(guards: Sequence[dict[str, Any]], incidents: int) -> tuple[str, str]:
    if incidents:
        return "bad", f"{incidents} incident{'s' if incidents > 1 else ''}"
    if not guards:
        return "", "none"
    worst = min(guards, key=lambda guard: _WORST.index(guard["tone"]))
    return worst["tone"], worst["verdict"]


def _incident(row: Incident) -> dict[str, Any]:
    figures = row.figures
    return {"row": row, "title": figures.get("title") or row.metric, "words": figures.get("words", "")}
