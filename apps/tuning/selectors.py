"""Questions about labels and history, added up by the database so that a page never loads them row by row."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection
from django.utils import timezone

from apps.core.errors import Invalid
from apps.goals.configuration import EVERY_KIND, GateConfiguration, configuration_of
from apps.goals.gate import Thresholds
from apps.tuning.reliability import FEWEST_IN_BIN, Cell
from apps.tuning.simulation import FEWEST_TO_TELL, Looked, Simulated, Tally, simulated, tally_of
from apps.tuning.standing import number_in

HISTORY = timedelta(days=90)
# Before anything has happened in a business a kind is not worth choosing; beyond these the list helps nobody.
MOST_KINDS = 50
WEEKS = 26
NEVER = float("inf")


class Compared(msgspec.Struct, frozen=True):
    """Two pairs of thresholds on the same history. moved: {"asked to run": 12, ...}, what would change."""

    now: Simulated
    new: Simulated
    days: int
    moved: dict[str, int]

    @property
    def both(self) -> tuple[tuple[str, Simulated], ...]:
        return (("In force", self.now), ("Tried", self.new))

    def to_json(self) -> dict[str, Any]:
        """What a proposal carries: figures a reviewer can read."""
        return {
            "would_have": _figures(self.new),
            "now_has": _figures(self.now),
            "history": f"{self.new.tally.all} goals of the last {self.days} days",
        }


class WeekMeasure(NamedTuple):
    """One week's labels against the confidence the gate went by then."""

    week: datetime
    seen: int
    brier: float
    ece: float


_PATHS = {"executed": "run", "approved": "asked", "clarification": "clarified", "rejected": "rejected"}

# A curve never falls, so comparing calibrated values with thresholds is comparing sums with where the curve first
# reaches them: (kind, sum that reaches high and medium now, and as proposed).
_REACHING = """
reaching AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(high)s::float8[], %(medium)s::float8[], %(new_high)s::float8[],
                       %(new_medium)s::float8[]) AS r(kind, high, medium, new_high, new_medium)
)"""
_RAN = "coalesce(r.{0}, d.{0})"  # the kind's own curve, or the one for every kind
_PATH = f"""CASE WHEN g.unsure_path = '' THEN g.execution_path
       WHEN g.raw_confidence >= {_RAN.format("{high}")} THEN 'executed'
       WHEN g.raw_confidence >= {_RAN.format("{medium}")} THEN %(middle)s
       ELSE g.unsure_path END"""
_COUNTS = f"""
WITH {_REACHING}
SELECT {_PATH.format(high="high", medium="medium")} AS now, {_PATH.format(high="new_high", medium="new_medium")} AS new,
       count(*)
FROM goals_goal g
CROSS JOIN (SELECT * FROM reaching WHERE kind = '') d
LEFT JOIN reaching r ON r.kind = g.kind
WHERE g.business_id = %(business)s AND g.created_at >= %(since)s AND g.raw_confidence IS NOT NULL
GROUP BY 1, 2
"""
_LABELS = f"""
WITH {_REACHING}
SELECT v.raw_confidence >= {_RAN.format("{high}")} AS now, v.raw_confidence >= {_RAN.format("{new_high}")} AS new,
       count(*), sum(v.weight), sum(v.weight * v.weight), coalesce(sum(v.weight) FILTER (WHERE NOT v."right"), 0)
FROM tuning_reviewedgoal v
CROSS JOIN (SELECT * FROM reaching WHERE kind = '') d
LEFT JOIN reaching r ON r.kind = v.kind
WHERE v.business_id = %(business)s AND v.decided_at >= %(since)s AND NOT v.stopped
GROUP BY 1, 2
"""


def simulation_of(business_id: UUID, *, high: float, medium: float) -> Compared:
    """What the thresholds in force and these would have made of the last HISTORY: two queries, however much it is.

    Calibrated by the curves in force now, whichever held then. Every goal counts once, as it was judged last.
    """
    found = configuration_of(business_id)
    now, new = found.thresholds, Thresholds(high=high, medium=medium)
    asks = found.switches.approval_gates
    values = {
        **_reaching(found, now, new),
        "middle": "approved" if asks else "executed",
        "business": business_id,
        "since": timezone.now() - HISTORY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, values)
        counts = cursor.fetchall()
        # With approval gates off, what runs is all that reaches the lower threshold.
        ran = {"high": "high", "new_high": "new_high"} if asks else {"high": "medium", "new_high": "new_medium"}
        cursor.execute(_LABELS.format(**ran), values)
        labels = cursor.fetchall()
    return Compared(
        now=_simulated(now, counts, labels, place=0),
        new=_simulated(new, counts, labels, place=1),
        days=HISTORY.days,
        moved={f"{_PATHS[before]} to {_PATHS[after]}": number for before, after, number in counts if before != after},
    )


def compared_as_typed(business_id: UUID, high: str, medium: str) -> Compared:
    """`simulation_of` thresholds as they were typed or sent. Raises Invalid naming the one that is wrong."""
    upper, lower = number_in(high, "high"), number_in(medium, "medium")
    if lower >= upper:
        raise Invalid("medium", "This must be below the threshold for running alone")
    return simulation_of(business_id, high=upper, medium=lower)


def cells_of(business_id: UUID, kind: str | None = None) -> list[Cell]:
    """The labels of the last HISTORY added up; of one kind, or of all (None): one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kind, sum(weight * raw_confidence) / sum(weight), count(*), count(*) FILTER (WHERE "right"),
                   sum(weight), sum(weight * weight), coalesce(sum(weight) FILTER (WHERE "right"), 0)
            FROM tuning_reviewedgoal
            WHERE business_id = %(business)s AND decided_at >= %(since)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
            GROUP BY kind, round(raw_confidence * 1000)
            """,
            {"business": business_id, "since": timezone.now() - HISTORY, "kind": kind},
        )
        return [Cell(*row) for row in cursor.fetchall()]


def weekly_of(business_id: UUID, kind: str | None = None) -> list[WeekMeasure]:
    """Brier score and calibration error of the last WEEKS weeks, as the gate said it then: one query.

    Weeks of fewer than FEWEST_TO_TELL labels tell too little and are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH labels AS (
              SELECT date_trunc('week', decided_at, 'UTC') AS week, confidence, "right"::int AS was, weight,
                     count(*) OVER (PARTITION BY date_trunc('week', decided_at, 'UTC')) AS number
              FROM tuning_reviewedgoal
              WHERE business_id = %(business)s AND decided_at >= %(since)s
                    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
            ), binned AS (
              SELECT *, ntile(least(10, number / %(in_bin)s)::int) OVER (PARTITION BY week ORDER BY confidence) AS bin
              FROM labels WHERE number >= %(fewest)s
            ), bins AS (
              SELECT week, bin, count(*) AS seen, sum(weight) AS weight, abs(sum(weight * (confidence - was))) AS gap,
                     sum(weight * (confidence - was) ^ 2) AS lost
              FROM binned GROUP BY week, bin
            )
            SELECT week, sum(seen)::int, sum(lost) / sum(weight), sum(gap) / sum(weight)
            FROM bins GROUP BY week ORDER BY week
            """,
            {
                "business": business_id,
                "since": timezone.now() - timedelta(weeks=WEEKS),
                "kind": kind,
                "in_bin": FEWEST_IN_BIN,
                "fewest": FEWEST_TO_TELL,
            },
        )
        return [WeekMeasure(*row) for row in cursor.fetchall()]


def kinds_of(business_id: UUID) -> list[tuple[str, int]]:
    """(kind, how many labels of the last HISTORY), most first, at most MOST_KINDS; without those of no kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kind, count(*) FROM tuning_reviewedgoal
            WHERE business_id = %s AND decided_at >= %s AND kind <> ''
            GROUP BY kind ORDER BY count(*) DESC, kind LIMIT %s
            """,
            [business_id, timezone.now() - HISTORY, MOST_KINDS],
        )
        return cursor.fetchall()


def _reaching(found: GateConfiguration, now: Thresholds, new: Thresholds) -> dict[str, list[Any]]:
    kinds = [EVERY_KIND, *(kind for kind in found.curves if kind != EVERY_KIND)]

    def reach(value: float) -> list[float]:
        # PostgreSQL has no smallest sum that is never reached; infinity is above every one.
        return [NEVER if (sum_ := found.curve_for(k).curve.first_reaching(value)) is None else sum_ for k in kinds]

    return {
        "kinds": kinds,
        "high": reach(now.high),
        "medium": reach(now.medium),
        "new_high": reach(new.high),
        "new_medium": reach(new.medium),
    }


def _simulated(
    thresholds: Thresholds, counts: list[tuple[str, str, int]], labels: list[Any], *, place: int
) -> Simulated:
    tally: Tally = tally_of((str(row[place]), row[2]) for row in counts)
    ran = [row[2:] for row in labels if row[place]]
    looked = Looked(*(sum(column) for column in zip(*ran, strict=True))) if ran else Looked()
    return simulated(thresholds.high, thresholds.medium, tally, looked)


def _figures(found: Simulated) -> dict[str, Any]:
    value, low, high = found.wrong_percent
    return {
        "run_alone": found.tally.run,
        "asked": found.tally.ask,
        "clarified": found.tally.clarify,
        "rejected": found.tally.reject,
        "wrong_of_runs": f"{value} % ({low} to {high} %)" if found.wrong else "not enough evidence",
        "labelled_of_runs": found.looked,
    }
