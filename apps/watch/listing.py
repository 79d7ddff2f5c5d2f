"""SELECTOR: the goals behind a number of the Watch page, by the very conditions it was counted by."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q

from apps.goals.models import Goal
from apps.goals.timing import Stage
from apps.watch.counting import Stretch
from apps.watch.counts import CONFIDENCE_BINS, LATENCY_EDGES, STAGES, Counts
from apps.watch.predicates import LISTED, between, watched
from apps.watch.watching import gaps, kept_hours
from apps.watch.windows import HOUR, Window
from apps.watch.words import seconds

PAGE = 50
READ_AT_ONCE = 3 * HOUR
COLUMNS = ("id", "text", "state", "execution_path", "confidence", "timings", "agent_key", "submitted_by", "created_at")
_TOTAL = STAGES.index(Stage.TOTAL)
_WORDS = {
    "judged": "judged by the gate",
    "ungated": "that came while the gate was off",
    "executed": "that ran alone",
    "approved": "that a person was asked to approve",
    "clarification": "with a question open",
    "rejected": "that the gate rejected",
    "asked": "that were asked a question",
    "bad": "that turned out bad",
    "caught": "that turned out bad, with a warning before",
    "missed": "that turned out bad without a warning",
    "done": "that were carried out",
    "failed": "that failed when run",
    "ran": "that were run",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """what: a name of LISTED, "" for all. confidence: a bin, or None. slower: total time in microseconds, or None."""

    what: str = ""
    confidence: int | None = None
    slower: int | None = None

    @property
    def words(self) -> str:
        if self.confidence is not None:
            low, high = self.confidence / CONFIDENCE_BINS, (self.confidence + 1) / CONFIDENCE_BINS
            return f"with a confidence of {low:.2f} to {high:.2f}"
        if self.slower is not None:
            return f"that took {seconds(self.slower / 1e6)} or longer"
        if ":" in self.what:
            check, flag = self.what.split(":")
            return f"where the check “{check.replace('_', ' ')}” {'failed' if flag == 'fail' else 'warned'}"
        return _WORDS.get(self.what, "")


def wanted_from(values: Mapping[str, str]) -> Wanted:
    """From a query string; what is not understood is as if not given."""
    what, place, slower = values.get("what", ""), values.get("confidence", ""), values.get("slower", "")
    return Wanted(
        what=what if what in LISTED else "",
        confidence=int(place) if place.isdecimal() and len(place) < 3 and int(place) < CONFIDENCE_BINS else None,
        slower=int(slower) if slower.isdecimal() and len(slower) < 10 else None,
    )


def list_goals(business_id: UUID, window: Window, wanted: Wanted, *, after: str = "") -> tuple[list[Goal], str]:
    """(one page, newest first; where the following page starts, "" at the end)."""
    bound = _id(after)
    end = min(window.end, _moment_after(bound)) if bound else window.end
    stretches = _worth_reading(business_id, window.start, end, wanted) if window.start < end else []
    if not stretches:
        return [], ""
    rows = watched(business_id).filter(reduce(or_, (between(*stretch) for stretch in stretches)))
    rows = rows.filter(condition_of(wanted))
    if bound:
        rows = rows.filter(pk__lt=bound)
    found = list(rows.order_by("-pk").only(*COLUMNS)[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""


def _worth_reading(business_id: UUID, start: datetime, end: datetime, wanted: Wanted) -> list[Stretch]:
    """The newest parts of a stretch that hold one page and more of what is wanted.

    Hours that are known to hold none are left out: in a month of a million goals ten may be rare.
    """
    if end - start <= READ_AT_ONCE:
        return [(start, end)]
    hours = [hour for hour, counts in kept_hours(business_id, start, end) if not number_of(counts, wanted)]
    return gaps(start, end, hours)


def number_of(counts: Counts, wanted: Wanted) -> int:
    """How many of these goals fit, or may fit: 0 only when none does."""
    if wanted.confidence is not None:
        return counts.confidences[wanted.confidence]
    if wanted.slower is not None:
        return sum(counts.latencies(Stage.TOTAL)[bisect_right(LATENCY_EDGES, wanted.slower) :])
    if wanted.what == "missed":
        return counts["bad"] - counts["caught"]
    if wanted.what == "ran":
        return counts["done"] + counts["failed"]
    return counts[wanted.what] if wanted.what else counts.goals


def condition_of(wanted: Wanted) -> Q:
    condition = LISTED[wanted.what] if wanted.what else Q()
    if wanted.confidence is not None:
        place = wanted.confidence
        condition &= Q(confidence__gte=round(place / CONFIDENCE_BINS, 2))
        if place < CONFIDENCE_BINS - 1:
            condition &= Q(confidence__lt=round((place + 1) / CONFIDENCE_BINS, 2))
    if wanted.slower is not None:
        condition &= Q(**{f"timings__{_TOTAL}__gte": wanted.slower})
    return condition


def _moment_after(goal_id: UUID) -> datetime:
    """A moment after this goal was submitted, by its id."""
    return datetime.fromtimestamp((goal_id.int >> 80) / 1000, UTC) + timedelta(milliseconds=1)


def _id(text: str) -> UUID | None:
    try:
        found = UUID(text)
        _moment_after(found)
    except (ValueError, OverflowError):
        return None
    return found
