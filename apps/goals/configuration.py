"""ACT: what the gate goes by: switches, thresholds, curves. In memory, read without a query, changed at once.

The switches are features (switches.py); thresholds and curves are read here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from apps.core.errors import Invalid
from apps.core.events import record
from apps.core.snapshot import Snapshot
from apps.goals.calibration import SHIPPED, Curve
from apps.goals.gate import Switches, Thresholds
from apps.goals.models import GateCurve, GateSettings
from apps.goals.switches import ENABLED, PARTS, states_of
from apps.pilots.flags import Features, features

EVERY_KIND = ""
# Of so many businesses at most it is remembered what all of it comes to.
MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class CurveInForce:
    """A curve and the version goals judged by it carry; None for the shipped one."""

    curve: Curve
    version: UUID | None


_SHIPPED = CurveInForce(SHIPPED, None)


@dataclass(frozen=True, slots=True)
class GateConfiguration:
    """What the gate goes by for one business. `enabled` off: goals run as they come.

    curves: by kind of goal; under EVERY_KIND the business's own, for kinds without one.
    """

    enabled: bool
    switches: Switches
    thresholds: Thresholds
    rounds: int
    curves: Mapping[str, CurveInForce] = field(default_factory=dict)

    def curve_for(self, kind: str) -> CurveInForce:
        """The curve of the kind, else the business's, else the shipped one."""
        return self.curves.get(kind) or self.curves.get(EVERY_KIND) or _SHIPPED


@dataclass(frozen=True, slots=True)
class _Terms:
    thresholds: Thresholds
    rounds: int
    curves: Mapping[str, CurveInForce]


@dataclass(frozen=True, slots=True)
class _Everything:
    usual: _Terms
    by_business: Mapping[UUID, _Terms]


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What these two came to, by business. Others in memory than these: all of it is forgotten."""

    features: Features
    terms: _Everything
    by_business: dict[UUID, GateConfiguration] = field(default_factory=dict)


def configuration_of(business_id: UUID) -> GateConfiguration:
    """The business's own switches and thresholds over those of the installation over those of the environment."""
    global _remembered
    known, terms, kept = features(), _snapshot.get(), _remembered
    if kept is None or kept.features is not known or kept.terms is not terms:
        kept = _remembered = _Remembered(known, terms)
    return kept.by_business.get(business_id) or _configure(kept, business_id)


def clear_thresholds(*, business_id: UUID, actor: str, **why: Any) -> None:
    """Take a business's own thresholds away, so that the installation's hold again. why: facts for the audit."""
    with transaction.atomic():
        GateSettings.objects.filter(business_id=business_id).delete()
        _tell("thresholds.cleared", str(business_id), business_id, actor, **why)


def set_thresholds(
    *, business_id: UUID, high: float, medium: float, rounds: int, actor: str, **why: Any
) -> GateSettings:
    """Set a business's thresholds. Raises Invalid unless 0 <= medium < high <= 1 and 0 <= rounds <= 10.

    why: facts for the audit. Whoever asks a person goes through apps/tuning, where another person must agree.
    """
    try:
        Thresholds(high=high, medium=medium)
    except ValueError as error:
        raise Invalid("medium", str(error)) from None
    if not 0 <= rounds <= 10:
        raise Invalid("clarification_rounds", "From 0 to 10")
    with transaction.atomic():
        before = GateSettings.objects.filter(business_id=business_id).values("high", "medium").first()
        row, _ = GateSettings.objects.update_or_create(
            business_id=business_id, defaults={"high": high, "medium": medium, "clarification_rounds": rounds}
        )
        _tell("thresholds.set", str(business_id), business_id, actor, high=high, medium=medium, before=before, **why)
    return row


def put_curve(
    *, business_id: UUID, kind: str, version: UUID, points: Sequence[Sequence[float]], actor: str, **why: Any
) -> None:
    """Have a curve calibrate one kind of goal (EVERY_KIND: all without their own) from now on. Raises Invalid."""
    try:
        Curve.through(points)
    except ValueError as error:
        raise Invalid("points", str(error)) from None
    with transaction.atomic():
        GateCurve.objects.update_or_create(
            business_id=business_id, kind=kind, defaults={"version": version, "points": [list(p) for p in points]}
        )
        _tell("curve.set", str(business_id), business_id, actor, kind_of_goal=kind, version=str(version), **why)


def drop_curve(*, business_id: UUID, kind: str, actor: str, **why: Any) -> None:
    """Take the curve of one kind away, so that the one above it holds again: the business's, or the shipped one."""
    with transaction.atomic():
        GateCurve.objects.filter(business_id=business_id, kind=kind).delete()
        _tell("curve.cleared", str(business_id), business_id, actor, kind_of_goal=kind, **why)


def _tell(kind: str, subject_id: str, business_id: UUID, actor: str, **data: object) -> None:
    record(kind=kind, subject_type="gate", subject_id=subject_id[:40], business_id=business_id, actor=actor, **data)
    _snapshot.changed()


def _configure(kept: _Remembered, business_id: UUID) -> GateConfiguration:
    on = states_of(kept.features, business_id)
    terms = kept.terms.by_business.get(business_id, kept.terms.usual)
    found = GateConfiguration(
        enabled=on[ENABLED],
        switches=Switches(**{part: on[name] for part, name in PARTS.items()}),
        thresholds=terms.thresholds,
        rounds=terms.rounds,
        curves=terms.curves,
    )
    if len(kept.by_business) >= MOST_REMEMBERED:
        kept.by_business.clear()
    kept.by_business[business_id] = found
    return found


def _load() -> _Everything:
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id, high, medium, rounds FROM goals_all_thresholds()")
        thresholds = {row[0]: (Thresholds(high=row[1], medium=row[2]), row[3]) for row in cursor.fetchall()}
        cursor.execute("SELECT business_id, kind, version, points FROM goals_all_curves()")
        curves: dict[UUID, dict[str, CurveInForce]] = {}
        for business_id, kind, version, points in cursor.fetchall():
            # A plain cursor gives jsonb as text.
            read = json.loads(points) if isinstance(points, str) else points
            curves.setdefault(business_id, {})[kind] = CurveInForce(Curve.through(read), version)
    usual = (
        Thresholds(high=settings.HIGH_CONFIDENCE_THRESHOLD, medium=settings.MEDIUM_CONFIDENCE_THRESHOLD),
        settings.CLARIFICATION_ROUNDS,
    )
    return _Everything(
        usual=_Terms(*usual, {}),
        by_business={
            business_id: _Terms(*thresholds.get(business_id, usual), curves.get(business_id, {}))
            for business_id in thresholds.keys() | curves.keys()
        },
    )


_remembered: _Remembered | None = None
_snapshot: Snapshot[_Everything] = Snapshot("gate", _load)
