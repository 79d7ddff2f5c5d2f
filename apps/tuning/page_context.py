"""EDGE: what the templates of the calibration page are given."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin_site import may_administer
from apps.approvals.page_context import person_of
from apps.core.errors import Invalid
from apps.core.models import Event
from apps.goals.configuration import EVERY_KIND, GateConfiguration, configuration_of
from apps.goals.models import GateCurve
from apps.tuning import charts
from apps.tuning.auditing import share_for
from apps.tuning.labels import FEWEST_LABELS, FEWEST_OF_EACH
from apps.tuning.models import CurveVersion
from apps.tuning.proposing import open_proposal, others_may_decide, standing_of
from apps.tuning.reliability import Cell, Reliability, reliability_of
from apps.tuning.selectors import HISTORY, cells_of, compared_as_typed, kinds_of, weekly_of
from apps.tuning.simulation import in_words

MOST_VERSIONS = 30


def measures_context(business_id: UUID, kind: str | None) -> dict[str, Any]:
    """How well confidence fits what people found: three queries."""
    found, cells = configuration_of(business_id), cells_of(business_id, kind)
    before = reliability_of(cells, lambda cell: cell.raw)
    after = reliability_of(cells, lambda cell: _calibrated(found, cell))
    weeks = [charts.Moment(*week) for week in weekly_of(business_id, kind)]
    versions = list(_versions(business_id, kind))
    marks = [(one.fitted_at, f"Version {one.number}") for one in versions if one.accepted]
    in_force = found.curve_for(kind or EVERY_KIND)
    is_identity = in_force.curve.is_identity
    return {
        "before": before,
        "after": None if is_identity and not found.curves else after,
        "rows": _rows(before, after),
        "diagram": charts.diagram_of(before.bins, after.bins, () if is_identity else in_force.curve.points),
        "axes": (charts.X_TICKS, charts.Y_TICKS),
        "weeks": weeks,
        "timeline": charts.timeline_of(weeks, marks),
        "versions": versions,
        "in_force": in_force,
        "days": HISTORY.days,
        "fewest": (FEWEST_LABELS, FEWEST_OF_EACH),
        "last_refit": Event.objects.filter(business_id=business_id, kind="curves.refitted").order_by("-id").first(),
        "own": GateCurve.objects.filter(business_id=business_id, kind=kind or EVERY_KIND).first(),
    }


def thresholds_context(request: HttpRequest, high: str = "", medium: str = "") -> dict[str, Any]:
    """The simulator and the proposal: what was asked for, else the thresholds in force."""
    person = person_of(request)
    standing = standing_of(person.business_id)
    return {
        **simulation_context(person.business_id, high or str(standing.high), medium or str(standing.medium)),
        "standing": standing,
        "proposal": open_proposal(person.business_id),
        "others": others_may_decide(person),
        "may_change": may_administer(request),
        "audit_percent": round(share_for(person.business_id) * 100, 2),
    }


def simulation_context(business_id: UUID, high: str, medium: str) -> dict[str, Any]:
    """The figures for two thresholds as typed: two queries; an error in place of them where they are none."""
    try:
        compared = compared_as_typed(business_id, high, medium)
    except Invalid as error:
        return {"high": high, "medium": medium, "simulation_error": error.errors[0]}
    return {"high": high, "medium": medium, "compared": compared, "words": in_words(compared.new)}


def kinds_context(business_id: UUID, kind: str | None) -> dict[str, Any]:
    kinds = kinds_of(business_id)
    if kind and kind not in {name for name, _ in kinds}:
        kinds.append((kind, 0))
    return {"kinds": kinds, "kind": kind}


def _calibrated(found: GateConfiguration, cell: Cell) -> float:
    return found.curve_for(cell.kind).curve.apply(cell.raw)


def _rows(before: Reliability, after: Reliability) -> list[tuple[str, Any]]:
    return [*(("before", one) for one in before.bins), *(("after", one) for one in after.bins)]


def _versions(business_id: UUID, kind: str | None) -> QuerySet[CurveVersion]:
    rows = CurveVersion.objects.filter(business_id=business_id, kind=kind or EVERY_KIND)
    return rows.order_by("-number")[:MOST_VERSIONS]
