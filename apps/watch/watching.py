"""SELECTOR: everything the page and the API show of one window and the window before it, in four queries."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from apps.goals.models import GateError
from apps.watch.bands import MINIMUM, Band, Figure, Measured, Standing, standing_of
from apps.watch.counting import Stretch, count_slots
from apps.watch.counts import LAYOUT, Counts, added
from apps.watch.figures import figures_of
from apps.watch.models import Slice
from apps.watch.selectors import bands_of
from apps.watch.windows import HOUR, Window


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the charts over time."""

    start: datetime
    end: datetime
    counts: Counts


@dataclass(frozen=True, slots=True)
class Looked:
    """One figure as it stands: in the window, in the window before, against its band."""

    figure: Figure
    now: Measured
    before: Measured
    band: Band | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Watched:
    """A window. errors: (stage, class of error) -> how many submissions failed there by our fault."""

    window: Window
    counts: Counts
    columns: list[Column]
    errors: Counter[tuple[str, str]]
    figures: list[Looked]


def watch(business_id: UUID, window: Window, *, minimum: int = MINIMUM) -> Watched:
    """Look at a window. Whole hours that are counted already are taken as they are, the rest is counted now."""
    columns = window.columns
    bounds = [window.before, *(start for start, _ in columns)]
    slots: list[list[Counts]] = [[] for _ in bounds]
    ends, kept = [*bounds[1:], window.end], []
    for hour, counts in kept_hours(business_id, window.before, window.end):
        slot = bisect_right(bounds, hour) - 1
        # An hour that reaches into the next slot is counted anew, each part for itself.
        if hour + HOUR <= ends[slot]:
            slots[slot].append(counts)
            kept.append(hour)
    rest = gaps(window.before, window.end, kept)
    for parts, counts in zip(slots, count_slots(business_id, rest, bounds), strict=True):
        parts.append(counts)
    before, *now = [added(parts) for parts in slots]
    errors, errors_before = _errors(business_id, window)
    total = added(now)
    found = figures_of(total, errors=errors.total())
    found_before = figures_of(before, errors=errors_before)
    bands = bands_of(business_id)
    figures = [
        Looked(
            figure,
            found[figure],
            found_before[figure],
            bands.get(figure),
            standing_of(found[figure], bands.get(figure), minimum=minimum),
        )
        for figure in Figure
    ]
    shown = [Column(*column, counts) for column, counts in zip(columns, now, strict=True)]
    return Watched(window, total, shown, errors, figures)


def kept_hours(business_id: UUID, start: datetime, end: datetime) -> list[tuple[datetime, Counts]]:
    """The hours within this stretch that are counted already, in order. One query."""
    rows = Slice.objects.filter(
        business_id=business_id, stale=False, layout=LAYOUT, start__gte=start, start__lte=end - HOUR
    )
    found = rows.order_by("start").values_list("start", "numbers", "moments")
    return [(hour, Counts(numbers, moments)) for hour, numbers, moments in found]


def gaps(start: datetime, end: datetime, hours: Iterable[datetime]) -> list[Stretch]:
    """What is left of a stretch without these hours, which are in order."""
    left, at = [], start
    for hour in hours:
        if hour > at:
            left.append((at, hour))
        at = hour + HOUR
    return [*left, (at, end)] if at < end else left


def _errors(business_id: UUID, window: Window) -> tuple[Counter[tuple[str, str]], int]:
    rows: Any = GateError.objects.filter(business_id=business_id, at__gte=window.before, at__lt=window.end)
    now, before = Counter[tuple[str, str]](), 0
    inside = Count("pk", filter=Q(at__gte=window.start))
    for row in rows.order_by().values("stage", "error").annotate(inside=inside, both=Count("pk")):
        before += row["both"] - row["inside"]
        if row["inside"]:
            now[row["stage"], row["error"]] = row["inside"]
    return now, before
