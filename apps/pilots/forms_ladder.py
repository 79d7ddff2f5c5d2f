"""EDGE: the form of a ladder: stages and the criteria of each, as typed, with what is wrong beside its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from apps.core.measures import Better, trimmed
from apps.pilots.criteria import Comparison, CriterionTerms
from apps.pilots.ladder import MOST_STAGES, StageKind, StageTerms
from apps.pilots.measuring import metric_of, metrics
from apps.pilots.plans import LONGEST_WINDOW_HOURS, MOST_CRITERIA, StagePlan

LARGEST = 10_000_000
# A stage that lasts longer than this is a mistake.
LONGEST_SOAK_HOURS = 365 * 24


@dataclass(slots=True)
class Fields:
    """Fields of one row as they were typed, and what is wrong with them."""

    prefix: str
    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def whole(self, name: str, *, least: int, most: int) -> int:
        """The number in a field; `least` with an error beside the field where there is none."""
        typed = self.values.get(name, "").strip()
        if typed.isascii() and typed.isdigit() and len(typed) < 10 and least <= int(typed) <= most:
            return int(typed)
        self.errors[name] = f"A whole number from {least} to {most:,}"
        return least


@dataclass(slots=True)
class StageRow(Fields):
    criteria: list[Fields] = field(default_factory=list)

    @property
    def is_percentage(self) -> bool:
        return self.values.get("kind") == StageKind.PERCENTAGE


STAGE = ("name", "kind", "businesses_min", "businesses_max", "share", "baseline", "soak_hours")
CRITERION = ("metric", "comparison", "limit", "window_hours", "minimum")


def rows_of(plans: Sequence[StagePlan]) -> list[StageRow]:
    """A ladder as the form shows it."""
    return [
        StageRow(f"s{place}", _stage_values(plan.stage), criteria=_criteria_of(f"s{place}", plan.criteria))
        for place, plan in enumerate(plans)
    ]


def read_rows(sent: Mapping[str, str]) -> list[StageRow]:
    """What was typed."""
    rows = []
    for place in range(_count(sent, "stages", MOST_STAGES + 1)):
        prefix = f"s{place}"
        criteria = [
            Fields(f"{prefix}c{at}", _typed(sent, f"{prefix}c{at}", CRITERION))
            for at in range(_count(sent, f"{prefix}-criteria", MOST_CRITERIA + 1))
        ]
        rows.append(StageRow(prefix, _typed(sent, prefix, STAGE), criteria=criteria))
    return rows


def altered(rows: list[StageRow], do: str, usual: Sequence[StagePlan]) -> list[StageRow]:
    """The rows after a button: seven, add-stage, add-criterion:0, remove-stage:1, remove-criterion:0:1."""
    act, *places = do.split(":")
    at = [int(place) for place in places if place.isascii() and place.isdigit() and len(place) < 3]
    if act == "seven":
        return rows_of(usual)
    if act == "add-stage" and len(rows) < MOST_STAGES:
        rows.append(_next_stage(rows))
    elif act == "remove-stage" and len(at) == 1 and at[0] < len(rows):
        del rows[at[0]]
    elif act == "add-criterion" and len(at) == 1 and at[0] < len(rows):
        rows[at[0]].criteria.append(Fields("", _usual_criterion()))
    elif act == "remove-criterion" and len(at) == 2 and at[0] < len(rows) and at[1] < len(rows[at[0]].criteria):
        del rows[at[0]].criteria[at[1]]
    return _named_anew(rows)


def plans_of(rows: Sequence[StageRow]) -> list[StagePlan] | None:
    """The ladder that was typed; None where something is no number, which its row then says."""
    plans = [
        StagePlan(_terms(position, row), tuple(_criterion(one) for one in row.criteria))
        for position, row in enumerate(rows, start=1)
    ]
    return None if any(row.errors or any(one.errors for one in row.criteria) for row in rows) else plans


def place_errors(rows: Sequence[StageRow], errors: Sequence[Mapping[str, str]]) -> list[str]:
    """Put what the act found wrong beside its field (stages.0.criteria.1.metric); what has no field is returned."""
    left = []
    for error in errors:
        parts = error["field"].split(".")
        row: Fields | None = None
        if len(parts) >= 3 and parts[0] == "stages" and int(parts[1]) < len(rows):
            row = rows[int(parts[1])]
            if len(parts) == 5 and int(parts[3]) < len(rows[int(parts[1])].criteria):
                row = rows[int(parts[1])].criteria[int(parts[3])]
        if row is None or parts[-1] not in row.values:
            left.append(error["reason"])
        else:
            row.errors[parts[-1]] = error["reason"]
    return left


def _terms(position: int, row: StageRow) -> StageTerms:
    share, least, most, baseline = 0, 0, None, False
    if row.is_percentage:
        share = row.whole("share", least=1, most=100)
    else:
        least = row.whole("businesses_min", least=0, most=30_000)
        most = row.whole("businesses_max", least=1, most=30_000)
        baseline = bool(row.values["baseline"])
    return StageTerms(
        position=position,
        name=row.values["name"].replace("\0", "").strip()[:60],
        kind=StageKind.PERCENTAGE if row.is_percentage else StageKind.ALLOWLIST,
        businesses_min=least,
        businesses_max=most,
        share=share,
        baseline=baseline,
        soak=timedelta(hours=row.whole("soak_hours", least=0, most=LONGEST_SOAK_HOURS)),
    )


def _criterion(row: Fields) -> CriterionTerms:
    name = row.values["metric"]
    if name not in settings.PILOT_METRICS:
        row.errors["metric"] = "Choose a metric"
    at_most = row.values["comparison"] == Comparison.AT_MOST
    return CriterionTerms(
        metric=name,
        comparison=Comparison.AT_MOST if at_most else Comparison.AT_LEAST,
        limit=_limit(row, name),
        window_hours=row.whole("window_hours", least=1, most=LONGEST_WINDOW_HOURS),
        minimum=row.whole("minimum", least=1, most=LARGEST),
    )


def _limit(row: Fields, name: str) -> float:
    """The limit in the metric's own unit: percents are typed as percents."""
    try:
        found = float(row.values["limit"].strip().removesuffix("%").replace(",", "."))
    except ValueError:
        row.errors["limit"] = "A number"
        return 0.0
    return found / 100 if _is_percent(name) else found


def _is_percent(name: str) -> bool:
    return name in settings.PILOT_METRICS and metric_of(name).unit == "%"


def _stage_values(stage: StageTerms) -> dict[str, str]:
    return {
        "name": stage.name,
        "kind": stage.kind.value,
        "businesses_min": str(stage.businesses_min or ("" if stage.kind is StageKind.PERCENTAGE else 0)),
        "businesses_max": str(stage.businesses_max or ""),
        "share": str(stage.share or ""),
        "baseline": "1" if stage.baseline else "",
        "soak_hours": str(round(stage.soak / timedelta(hours=1))),
    }


def _criteria_of(prefix: str, criteria: Sequence[CriterionTerms]) -> list[Fields]:
    return [
        Fields(
            f"{prefix}c{at}",
            {
                "metric": terms.metric,
                "comparison": terms.comparison.value,
                "limit": _written(terms.limit * (100 if _is_percent(terms.metric) else 1)),
                "window_hours": str(terms.window_hours),
                "minimum": str(terms.minimum),
            },
        )
        for at, terms in enumerate(criteria)
    ]


def _written(limit: float) -> str:
    return trimmed(limit, 6).replace(",", "")


def _usual_criterion() -> dict[str, str]:
    metric = metrics()[0]
    side = Comparison.AT_LEAST if metric.better is Better.HIGH else Comparison.AT_MOST
    return {
        "metric": metric.name,
        "comparison": side.value,
        "limit": "",
        "window_hours": "48",
        "minimum": "30",
    }


def _next_stage(rows: Sequence[StageRow]) -> StageRow:
    percentage = bool(rows) and rows[-1].is_percentage
    values = dict.fromkeys(STAGE, "")
    values |= {"kind": StageKind.PERCENTAGE if percentage else StageKind.ALLOWLIST, "soak_hours": "48"}
    return StageRow("", values)


def _named_anew(rows: list[StageRow]) -> list[StageRow]:
    for place, row in enumerate(rows):
        row.prefix = f"s{place}"
        for at, criterion in enumerate(row.criteria):
            criterion.prefix = f"s{place}c{at}"
    return rows


def _typed(sent: Mapping[str, str], prefix: str, names: Sequence[str]) -> dict[str, str]:
    return {name: sent.get(f"{prefix}-{name}", "")[:200] for name in names}


def _count(sent: Mapping[str, str], name: str, most: int) -> int:
    typed = sent.get(name, "")
    return min(int(typed), most) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
