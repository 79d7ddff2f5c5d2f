"""ACT: the PHASE2 switches and thresholds: read from memory without a query, changed for every process at once."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from apps.core.errors import Invalid
from apps.core.events import record
from apps.core.snapshot import Snapshot
from apps.goals.gate import Switches, Thresholds
from apps.goals.models import GateSettings, Switch

ENABLED = "PHASE2_ENABLED"
_PARTS = {
    "pre_validation": "PHASE2_PRE_VALIDATION_ENABLED",
    "approval_gates": "PHASE2_APPROVAL_GATES_ENABLED",
    "clarification": "PHASE2_CLARIFICATION_ENABLED",
    "graded_confidence": "PHASE2_GRADED_CONFIDENCE_ENABLED",
}


@dataclass(frozen=True, slots=True)
class GateConfiguration:
    """What the gate goes by for one business. `enabled` off: goals run as they come."""

    enabled: bool
    switches: Switches
    thresholds: Thresholds
    rounds: int


@dataclass(frozen=True, slots=True)
class _Everything:
    default: GateConfiguration
    by_business: dict[UUID, GateConfiguration]


def configuration_of(business_id: UUID) -> GateConfiguration:
    """The business's own switches and thresholds over those of the installation over those of the environment."""
    everything = _snapshot.get()
    return everything.by_business.get(business_id, everything.default)


def set_switch(*, name: str, on: bool, business_id: UUID | None, actor: str) -> Switch:
    """Turn a switch for one business, or for the whole installation (business_id None). Raises Invalid: unknown name."""
    if name not in settings.PHASE2_DEFAULTS:
        raise Invalid("name", f"There is no switch {name}")
    with transaction.atomic():
        row, _ = Switch.objects.update_or_create(
            name=name, business_id=business_id, defaults={"on": on, "updated_by": actor}
        )
        _tell("switch.set", name, business_id, actor, on=on)
    return row


def clear_switch(*, name: str, business_id: UUID | None, actor: str) -> None:
    """Take a business's own setting away, so that the installation's holds again."""
    with transaction.atomic():
        Switch.objects.filter(name=name, business_id=business_id).delete()
        _tell("switch.cleared", name, business_id, actor)


def set_thresholds(*, business_id: UUID, high: float, medium: float, rounds: int, actor: str) -> GateSettings:
    """Set a business's thresholds. Raises Invalid unless 0 <= medium < high <= 1 and 0 <= rounds <= 10."""
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
        _tell("thresholds.set", str(business_id), business_id, actor, high=high, medium=medium, before=before)
    return row


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
    shared = {**settings.PHASE2_DEFAULTS, **switches.pop(None, {})}
    usual = (
        Thresholds(high=settings.HIGH_CONFIDENCE_THRESHOLD, medium=settings.MEDIUM_CONFIDENCE_THRESHOLD),
        settings.CLARIFICATION_ROUNDS,
    )
    return _Everything(
        default=_configure(shared, *usual),
        by_business={
            business_id: _configure({**shared, **switches.get(business_id, {})}, *thresholds.get(business_id, usual))
            for business_id in switches.keys() | thresholds.keys()
            if business_id
        },
    )


def _configure(on: dict[str, bool], thresholds: Thresholds, rounds: int) -> GateConfiguration:
    parts = Switches(**{part: on[name] for part, name in _PARTS.items()})
    return GateConfiguration(enabled=on[ENABLED], switches=parts, thresholds=thresholds, rounds=rounds)


_snapshot: Snapshot[_Everything] = Snapshot("gate", _load)
