"""EDGE: what the learning page is given of cycles: the one under way, the latest, those before, how well they held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from apps.trust.charts import finite, percent, scale_of
from apps.trust.charts_lines import LineChart, Moment, Series, line_chart
from apps.trust.learning import PHASES
from apps.trust.models import LearningCycle

AT_ONCE = 15
CHARTED = 120
# A cycle that says nothing for so long was killed; it is taken up again where it stood.
SILENT = timedelta(minutes=2)
TITLES = {phase.name: phase.title for phase in PHASES}
KINDS = {"incremental": "what has come since", "full": "everything anew", "trust": "trust alone"}
# What an insight may point at (apps/trust/insights.py), by the name of its page.
PAGES = ("trust", "patterns", "performance", "learning")


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle as it is shown."""

    row: LearningCycle
    phase: str
    kind: str
    by: str
    took: str
    percent: int
    right: str
    right_interval: str
    coverage: str
    silent: bool

    @property
    def running(self) -> bool:
        return self.row.state == LearningCycle.State.RUNNING


def now_context(business_id: UUID, now: datetime) -> dict[str, Any]:
    """The widget: the cycle under way or the newest one, and what the newest finished one found. Two queries."""
    newest = LearningCycle.objects.filter(business_id=business_id).order_by("-id").first()
    done = LearningCycle.State.DONE
    latest = newest
    if newest is not None and newest.state != done:
        latest = LearningCycle.objects.filter(business_id=business_id, state=done).order_by("-id").first()
    return {
        "newest": cycle_row(newest, now) if newest else None,
        "latest": cycle_row(latest, now) if latest else None,
        "insights": _insights(latest, "insight", "caution") if latest else [],
        "advice": _insights(latest, "advice") if latest else [],
    }


def history_context(business_id: UUID, now: datetime, before: str = "") -> dict[str, Any]:
    """Cycles, newest first, in pages by keyset; and the chart of how well trust predicted. Two queries."""
    rows = LearningCycle.objects.filter(business_id=business_id).defer("insights", "position")
    bound = _id_in(before)
    found = list((rows.filter(pk__lt=bound) if bound else rows).order_by("-id")[: AT_ONCE + 1])
    shown = found[:AT_ONCE]
    return {
        "cycles": [cycle_row(one, now) for one in shown],
        "older": str(shown[-1].pk) if len(found) > AT_ONCE else "",
        "first": bound is None,
        "accuracy": accuracy_chart(business_id),
    }


def cycle_row(one: LearningCycle, now: datetime) -> CycleRow:
    right = _triple(one.accuracy.get("share_right"))
    return CycleRow(
        row=one,
        phase=TITLES.get(one.phase, "Starting"),
        kind=KINDS.get(one.kind, one.kind),
        by=one.started_by.removeprefix("user:").removeprefix("system:"),
        took=duration(one.duration_ms),
        percent=round(100 * min(1.0, max(0.0, finite(one.progress) or 0.0))),
        right=percent(right[0]),
        right_interval="" if right[1] is None else f"{percent(right[1]).removesuffix(' %')} to {percent(right[2])}",
        coverage=percent(one.coverage),
        silent=one.state == LearningCycle.State.RUNNING and now - one.seen_at > SILENT,
    )


def accuracy_chart(business_id: UUID) -> LineChart | None:
    """Log loss of trust and of the plain running average, cycle by cycle; the last one of a day counts."""
    rows = LearningCycle.objects.filter(business_id=business_id, state=LearningCycle.State.DONE)
    newest = rows.order_by("-id").values_list("started_at", "accuracy")[:CHARTED]
    by_day = {at.date(): found for at, found in reversed(newest) if found}
    lines = [
        Series(words, [_loss(day, found, name) for day, found in by_day.items()])
        for name, words in (("trust", "trust"), ("average", "running average"))
    ]
    ends = [end for line in lines for one in line.moments for end in (one.value, one.low, one.high)]
    # Losses are far from 0 and close together: a scale from 0 would show one flat line.
    return line_chart(lines, written=lambda value: f"{value:.3g}", scale=scale_of(ends, least=0.05, floor=None))


def _loss(day: Any, found: Mapping[str, Any], name: str) -> Moment:
    value, low, high = _triple((found.get(name) or {}).get("log_loss"))
    within = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    number = found.get("n") or 0
    said = f"{day:%-d %b}: {value or 0:.3f}{within} on {number} decisions"
    return Moment(day, value, number, low, high, said) if name == "trust" else Moment(day, value, number, said=said)


def _triple(found: Any) -> tuple[float | None, float | None, float | None]:
    """(value, low, high) of what an earlier version may have kept in another shape: a number, a list, or nothing."""
    values: Sequence[Any] = found if isinstance(found, list | tuple) else [found]
    known = [finite(float(one)) if isinstance(one, int | float) else None for one in [*values, None, None][:3]]
    return known[0], known[1], known[2]


def _insights(cycle: LearningCycle, *kinds: str) -> list[dict[str, Any]]:
    kept = [one for one in cycle.insights if isinstance(one, dict) and one.get("kind") in kinds and one.get("text")]
    return [one | {"link": _address(str(one.get("link") or "")), "sure": _sure(one)} for one in kept]


def _address(link: str) -> str:
    """The address of a page named by an insight: trust, patterns, learning, agent:<key>; "" for anything else."""
    page, _, key = link.partition(":")
    try:
        if page == "agent":
            return reverse("admin:agent-trust", args=[key])
        return reverse(f"admin:{page}") if page in PAGES else ""
    except NoReverseMatch:
        return ""


def _sure(found: Mapping[str, Any]) -> str:
    """The interval and the sample a sentence rests on, "" where it has none."""
    value, low, high = (_triple([found.get(name)])[0] for name in ("value", "low", "high"))
    number = found.get("n") or 0
    within = "" if value is None or low is None else f"{percent(low).removesuffix(' %')} to {percent(high)}"
    return ", ".join(part for part in (within, f"{number:,} outcomes" if number else "") if part)


def duration(milliseconds: int | None) -> str:
    """0.8 s, 12 s, 3 min 20 s; nothing known is a dash."""
    if milliseconds is None:
        return "–"
    seconds = milliseconds / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
