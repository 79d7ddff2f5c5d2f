"""SELECTOR: the figures of learning's health, for the page, the API and the alerts, in eight queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from apps.trust.fitness import FEWEST, WINDOW, AgentRate, Figure, HealthFigure, State, figure, worst
from apps.trust.models import DailyTally, LearningCycle, Pattern, PatternEvent, TrustScore
from apps.trust.rates import rates_of
from apps.trust.verdicts import Trend

DAYS = WINDOW.days
# Enough to see a trend, and a page that is drawn as fast after years.
MOST_CYCLES = 60
_STANDS = {"found": 1, "again": 1, "retired": -1}


@dataclass(frozen=True, slots=True)
class Health:
    """figures: in the order to show. approvals: every agent judged of late, the lowest rate first."""

    at: datetime
    state: State
    figures: tuple[HealthFigure, ...]
    approvals: tuple[AgentRate, ...]


def health_of(business_id: UUID, now: datetime) -> Health:
    """As of now, over the last 30 days. A business without anything has figures that are unknown, none that is bad."""
    approvals = approvals_of(business_id, now)
    figures = (
        *_of_cycles(business_id, now),
        _of_patterns(business_id, now),
        *_of_trust(business_id),
        _of_approvals(approvals),
        _of_quality(business_id, now),
        *_of_tables(business_id),
    )
    return Health(now, worst(figures), figures, approvals)


def approvals_of(business_id: UUID, now: datetime) -> tuple[AgentRate, ...]:
    """Of the last 30 days, weighed by what each outcome stands for. One query."""
    rows: Any = DailyTally.objects.filter(business_id=business_id, day__gt=(now - WINDOW).date(), weight__gt=0)
    sums = (
        rows.order_by().values_list("agent__key", "agent__name").annotate(Sum("weight"), Sum("value"), Sum("weight2"))
    )
    return tuple(sorted(rates_of(sums), key=lambda one: (one.rate, one.key)))


def declining(business_id: UUID) -> list[str]:
    """Names of the agents whose trust surely fell of late."""
    rows = TrustScore.objects.filter(business_id=business_id, type="", enough=True, trend=Trend.DECLINING)
    return list(rows.order_by("change").values_list("agent__name", flat=True))


def kept_rows(business_id: UUID) -> float:
    """How many recommendations are kept. From the tallies: to count a million rows for a page would be a waste."""
    return DailyTally.objects.filter(business_id=business_id).aggregate(rows=Sum("asked"))["rows"] or 0.0


def _of_cycles(business_id: UUID, now: datetime) -> Sequence[HealthFigure]:
    ended = LearningCycle.objects.filter(business_id=business_id, started_at__gt=now - WINDOW)
    ended = ended.exclude(state=LearningCycle.State.RUNNING).order_by("-id")
    rows = list(ended.values("state", "kind", "duration_ms", "accuracy", "coverage")[:MOST_CYCLES])[::-1]
    done = [row for row in rows if row["state"] == LearningCycle.State.DONE]
    took = [row["duration_ms"] / 1000 for row in done if row["duration_ms"] is not None]
    # Cycles of trust alone measure neither.
    measured = [row for row in done if row["accuracy"]]
    right = [row["accuracy"].get("share_right", [None])[0] for row in measured]
    covered = [row["coverage"] for row in done if row["coverage"] is not None]
    accuracy = measured[-1]["accuracy"] if measured else {}
    few = accuracy.get("verdict") == "unknown"
    gain = (accuracy.get("gain") or {}).get("log_loss")
    return (
        figure(Figure.CYCLES, len(done) / len(rows) if rows else None, f"{len(done)} of {len(rows)} in {DAYS} days"),
        figure(Figure.DURATION, sum(took) / len(took) if took else None, series=took),
        figure(
            Figure.ACCURACY,
            right[-1] if right else None,
            accuracy.get("words", "Nothing has been foretold and then decided yet."),
            series=right,
            state=State.UNKNOWN if few else None,
        ),
        figure(Figure.AGAINST_AVERAGE, gain[0] if gain else None, _gain_words(gain), state=_gain_state(accuracy)),
        figure(Figure.COVERAGE, covered[-1] if covered else None, "of the last 30 days", series=covered),
    )


def _gain_words(gain: Sequence[float] | None) -> str:
    return f"Log loss less than that of a plain running average, {gain[1]:+.3f} to {gain[2]:+.3f}" if gain else ""


def _gain_state(accuracy: dict[str, Any]) -> State:
    return {"better": State.OK, "like": State.OK, "worse": State.WARN}.get(accuracy.get("verdict", ""), State.UNKNOWN)


def _of_patterns(business_id: UUID, now: datetime) -> HealthFigure:
    """How many stand, and how many stood at the end of each of the last 30 days."""
    stand = Pattern.objects.filter(business_id=business_id).exclude(state=Pattern.State.RETIRED).count()
    start = now - WINDOW
    events: Any = PatternEvent.objects.filter(business_id=business_id, at__gt=start, what__in=_STANDS)
    by_day: dict[int, int] = {}
    for what, day, many in events.order_by().values_list("what", "at__date").annotate(Count("pk")):
        ago = (now.date() - day).days
        by_day[ago] = by_day.get(ago, 0) + _STANDS[what] * many
    series, standing = [], stand
    for ago in range(DAYS):
        series.append(float(max(0, standing)))
        standing -= by_day.get(ago, 0)
    return figure(Figure.PATTERNS, stand, "found or confirmed, not retired", series=series[::-1])


def _of_trust(business_id: UUID) -> Sequence[HealthFigure]:
    scores = list(
        TrustScore.objects.filter(business_id=business_id, type="", enough=True).values_list("overall", "trend")
    )
    values = [overall for overall, _ in scores]
    mean = sum(values) / len(values) if values else None
    spread = sum((one - mean) ** 2 for one in values) / len(values) if values and mean is not None else None
    fell, rose = (sum(trend == wanted for _, trend in scores) for wanted in (Trend.DECLINING, Trend.IMPROVING))
    many = f"{len(values)} agents with enough evidence"
    return (
        figure(Figure.TRUST, mean, many),
        figure(Figure.SPREAD, spread, "How far agents are apart"),
        figure(Figure.DECLINING, fell if values else None, many),
        figure(Figure.IMPROVING, rose if values else None, many),
    )


def _of_approvals(approvals: Sequence[AgentRate]) -> HealthFigure:
    """Of the lowest with enough outcomes; what chance alone may have made low is no worse than a warning."""
    known = [one for one in approvals if one.judged >= FEWEST]
    if not known:
        return figure(Figure.APPROVAL, None, f"No agent has {FEWEST} outcomes in {DAYS} days")
    lowest = known[0]
    low = [one for one in known if one.is_low]
    bad = any(one.high < 0.4 for one in known)
    state = State.BAD if bad else State.WARN if low else State.OK
    words = f"{lowest.name}, {100 * lowest.low:.0f} to {100 * lowest.high:.0f} %; {len(low)} surely below 50 %"
    return figure(Figure.APPROVAL, lowest.rate, words, state=state)


def _of_quality(business_id: UUID, now: datetime) -> HealthFigure:
    rows = DailyTally.objects.filter(business_id=business_id, day__gt=(now - WINDOW).date())
    sums = rows.aggregate(rated=Sum("rated"), quality=Sum("quality"))
    rated = sums["rated"] or 0
    words = f"{rated:,.0f} marks of 0 to 100 in {DAYS} days"
    return figure(
        Figure.QUALITY,
        sums["quality"] / rated if rated else None,
        words,
        state=State.UNKNOWN if rated < FEWEST else None,
    )


def _of_tables(business_id: UUID) -> Sequence[HealthFigure]:
    patterns = Pattern.objects.filter(business_id=business_id).count()
    return (
        figure(Figure.ROWS, kept_rows(business_id), "of this business, as of the last cycle"),
        figure(Figure.PATTERN_ROWS, patterns, "retired ones among them"),
    )
