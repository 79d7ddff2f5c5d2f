"""ACT: the PHASE2 switches, thresholds and curves: in memory, read without a query, changed everywhere at once."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from apps.accounts.row_access import across_businesses
from apps.core.errors import Invalid
from apps.core.events import record
from apps.core.snapshot import Snapshot
from apps.goals.calibration import SHIPPED, Curve
from apps.goals.gate import Switches, Thresholds
from apps.goals.models import GateCurve, GateSettings, Switch

ENABLED = "PHASE2_ENABLED"
_PARTS = {
    "pre_validation": "PHASE2_PRE_VALIDATION_ENABLED",
    "approval_gates": "PHASE2_APPROVAL_GATES_ENABLED",
    "clarification": "PHASE2_CLARIFICATION_ENABLED",
    "graded_confidence": "PHASE2_GRADED_CONFIDENCE_ENABLED",
}

WORDS = {
    ENABLED: ("Gate", "Off: goals run as they come, and answers carry nothing of the gate."),
    "PHASE2_PRE_VALIDATION_ENABLED": ("Pre-validation", "Off: a failed check no longer stops a goal."),
    "PHASE2_APPROVAL_GATES_ENABLED": ("Approval gates", "Off: nobody is asked; what would have waited runs."),
    "PHASE2_CLARIFICATION_ENABLED": ("Clarification", "Off: what would have been a question goes to a person."),
    "PHASE2_GRADED_CONFIDENCE_ENABLED": ("Graded confidence", "Off: two levels of confidence, made from the checks."),
}


EVERY_KIND = ""


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
class SwitchStand:
    """One switch for one business: whether it is on, and what each level says (None: nothing)."""

    name: str
    words: tuple[str, str]
    on: bool
    own: bool | None
    shared: bool | None
    default: bool
    changed_by: str


@dataclass(frozen=True, slots=True)
class _Everything:
    default: GateConfiguration
    by_business: dict[UUID, GateConfiguration]


def configuration_of(business_id: UUID) -> GateConfiguration:
    """The business's own switches and thresholds over those of the installation over those of the environment."""
    everything = _snapshot.get()
    return everything.by_business.get(business_id, everything.default)


def set_switch(*, name: str, on: bool, business_id: UUID | None, actor: str) -> Switch:
    """Turn a switch for one business, or for the whole installation (business_id None). Raises Invalid."""
    if name not in settings.PHASE2_DEFAULTS:
        raise Invalid("name", f"There is no switch {name}")
    with _reaching(business_id):
        row, _ = Switch.objects.update_or_create(
            name=name, business_id=_whose(business_id), defaults={"on": on, "updated_by": actor}
        )
        _tell("switch.set", name, business_id, actor, on=on)
    return row


def clear_switch(*, name: str, business_id: UUID | None, actor: str) -> None:
    """Take a business's own setting away, so that the installation's holds again."""
    with _reaching(business_id):
        Switch.objects.filter(name=name, business_id=_whose(business_id)).delete()
        _tell("switch.cleared", name, business_id, actor)


def switches_of(business_id: UUID) -> list[SwitchStand]:
    """Every switch as it stands for a business, and what says so."""
    rows = {
        (row.name, row.business_id): row for row in Switch.objects.filter(Q(business_id=business_id) | Q(business=None))
    }
    stands = []
    for name, default in settings.PHASE2_DEFAULTS.items():
        own, shared = rows.get((name, business_id)), rows.get((name, None))
        stands.append(
            SwitchStand(
                name=name,
                words=WORDS[name],
                on=own.on if own else shared.on if shared else default,
                own=own.on if own else None,
                shared=shared.on if shared else None,
                default=default,
                changed_by=(own or shared).updated_by if own or shared else "",  # type: ignore[union-attr]
            )
        )
    return stands


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


def _whose(business_id: UUID | None) -> Any:
    return business_id


def _reaching(business_id: UUID | None) -> AbstractContextManager[None]:
    # Rows of the whole installation are read by all and written across businesses only.
    return across_businesses() if business_id is None else transaction.atomic()


def _tell(kind: str, subject_id: str, business_id: UUID | None, actor: str, **data: object) -> None:
    record(kind=kind, subject_type="gate", subject_id=subject_id[:40], business_id=business_id, actor=actor, **data)
    gate_changed()


def gate_changed() -> None:
    """Let every process read switches and thresholds anew, after commit. For whoever writes the rows by another way."""
    _snapshot.changed()


def _load() -> _Everything:
    with connection.cursor() as cursor:
        cursor.execute('SELECT business_id, name, "on" FROM goals_all_switches()')
        switches: dict[UUID | None, dict[str, bool]] = {}
        for business_id, name, on in cursor.fetchall():
            switches.setdefault(business_id, {})[name] = on
        cursor.execute("SELECT business_id, high, medium, rounds FROM goals_all_thresholds()")
        thresholds = {row[0]: (Thresholds(high=row[1], medium=row[2]), row[3]) for row in cursor.fetchall()}
        cursor.execute("SELECT business_id, kind, version, points FROM goals_all_curves()")
        curves: dict[UUID, dict[str, CurveInForce]] = {}
        for business_id, kind, version, points in cursor.fetchall():
            # A plain cursor gives jsonb as text.
            read = json.loads(points) if isinstance(points, str) else points
            curves.setdefault(business_id, {})[kind] = CurveInForce(Curve.through(read), version)
    shared = {**settings.PHASE2_DEFAULTS, **switches.pop(None, {})}
    usual = (
        Thresholds(high=settings.HIGH_CONFIDENCE_THRESHOLD, medium=settings.MEDIUM_CONFIDENCE_THRESHOLD),
        settings.CLARIFICATION_ROUNDS,
    )
    return _Everything(
        default=_configure(shared, *usual),
        by_business={
            business_id: _configure(
                {**shared, **switches.get(business_id, {})},
                *thresholds.get(business_id, usual),
                curves.get(business_id),
            )
            for business_id in switches.keys() | thresholds.keys() | curves.keys()
            if business_id
        },
    )


def _configure(
    on: dict[str, bool], thresholds: Thresholds, rounds: int, curves: dict[str, CurveInForce] | None = None
) -> GateConfiguration:
    parts = Switches(**{part: on[name] for part, name in _PARTS.items()})
    return GateConfiguration(
        enabled=on[ENABLED], switches=parts, thresholds=thresholds, rounds=rounds, curves=curves or {}
    )


_snapshot: Snapshot[_Everything] = Snapshot("gate", _load)
