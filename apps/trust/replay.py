"""RULE: what other thresholds of trust would have made of the recommendations of the past.

The past is gone through week by week: trust is computed from what was known when the week began, and what was
recommended in it goes by that. So no outcome takes part in the trust that it is counted under. The constants that the
rule of trust has learned are those of today.

An agent that falls below the bar stays off from then on, as a person would have had to switch it on again. What it
recommended all the same still counts as evidence: nothing else is known of what it would have done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from apps.trust.boosting import boost_of
from apps.trust.estimation import Learned
from apps.trust.groups import Sums
from apps.trust.scoring import MIN_EVIDENCE, Trust, score
from apps.trust.tallies import Evidence, Tallies, gather

STEP = timedelta(days=7)
# Of a row after agent, type and day (apps/trust/tallies.py, SUMS).
ASKED, WEIGHT, WEIGHT2, VALUE = 3, 7, 8, 9
Row = Sequence  # (agent, type, day, asked, answered, on_time, judged, weight, weight2, value, value2)


class Lane(StrEnum):
    CRITICAL = "critical"
    NORMAL = "normal"
    LOW = "low"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """critical: a boost above it is served first. low: one below it last. disable: trust below it is switched off.

    Raises ValueError unless -0.5 <= low <= 0 <= critical <= 0.5 and 0 <= disable <= 1.
    """

    critical: float = 0.2
    low: float = -0.2
    disable: float = 0.3

    def __post_init__(self) -> None:
        if not (-0.5 <= self.low <= 0 <= self.critical <= 0.5):
            raise ValueError("Boosts run from -0.5 to 0.5, with low at most 0 and critical at least 0")
        if not 0 <= self.disable <= 1:
            raise ValueError("Trust runs from 0 to 1")


@dataclass(slots=True)
class Part:
    """What went one way. asked: recommendations. sums: of their outcomes."""

    asked: float = 0.0
    sums: Sums = Sums()  # noqa: RUF009

    def add(self, row: Row) -> None:
        self.asked += row[ASKED]
        self.sums = self.sums.plus(Sums(row[WEIGHT], row[VALUE], row[WEIGHT2]))


@dataclass(frozen=True, slots=True)
class Replayed:
    """parts: by agent and lane. off_since: the day from which an agent was off, by agent."""

    parts: dict[tuple[str, Lane], Part]
    off_since: dict[str, date]

    def of_lane(self, lane: Lane) -> Part:
        whole = Part()
        for (_, one), part in self.parts.items():
            if one == lane:
                whole.asked += part.asked
                whole.sums = whole.sums.plus(part.sums)
        return whole


def replay(
    rows: Iterable[Row],
    *,
    start: date,
    today: date,
    tried: Sequence[Thresholds],
    learned: Learned,
    least: float = MIN_EVIDENCE,
) -> list[Replayed]:
    """The recommendations from `start` to `today`, under each of the thresholds. least: evidence that is enough."""
    before, weeks = _by_week(rows, start, today)
    evidence = gather(Tallies.of(before, start))
    found = [Replayed({}, {}) for _ in tried]
    for begins, week in weeks:
        known = {(one.agent, one.type): one for one in score(evidence, learned)}
        for thresholds, one in zip(tried, found, strict=True):
            _go(week, begins, known, thresholds, one, least)
        evidence = _later(evidence, week, begins + STEP)
    return found


def lane_of(known: dict[tuple[str, str], Trust], agent: str, type_: str, by: Thresholds, least: float) -> Lane:
    """By the type, or by the agent as a whole where the type is new to it."""
    trust = known.get((agent, type_)) or known.get((agent, ""))
    if trust is None:
        return Lane.NORMAL
    boost = boost_of(trust.low, enough=trust.effective_n >= least)
    if boost > by.critical:
        return Lane.CRITICAL
    return Lane.LOW if boost < by.low else Lane.NORMAL


def is_off(trust: Trust | None, by: Thresholds, least: float) -> bool:
    return trust is not None and trust.effective_n >= least and trust.overall < by.disable


def _go(
    week: Iterable[Row], begins: date, known: dict[tuple[str, str], Trust], by: Thresholds, into: Replayed, least: float
) -> None:
    for (agent, type_), trust in known.items():
        if not type_ and is_off(trust, by, least):
            into.off_since.setdefault(agent, begins)
    for row in week:
        agent = str(row[0])
        lane = Lane.OFF if agent in into.off_since else lane_of(known, agent, str(row[1]), by, least)
        into.parts.setdefault((agent, lane), Part()).add(row)


def _later(evidence: Evidence, week: list[Row], day: date) -> Evidence:
    carried = evidence.carried(STEP.days)
    return carried.plus(gather(Tallies.of(week, day))) if week else carried


def _by_week(rows: Iterable[Row], start: date, today: date) -> tuple[list[Row], list[tuple[date, list[Row]]]]:
    before: list[Row] = []
    weeks: list[tuple[date, list[Row]]] = []
    begins = start
    while begins <= today:
        weeks.append((begins, []))
        begins += STEP
    for row in rows:
        if row[2] < start:
            before.append(row)
        elif row[2] <= today:
            weeks[(row[2] - start).days // STEP.days][1].append(row)
    return before, weeks
