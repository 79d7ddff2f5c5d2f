"""RULE: the outcomes of the six checks in one small number, two bits a check, so that a million can be counted."""

from collections.abc import Iterable
from typing import Any

from apps.goals.vocabulary import Check, CheckResult, Status

_CODE = {Status.PASS: 0, Status.WARN: 1, Status.FAIL: 2}
SHIFT = {check: 2 * place for place, check in enumerate(Check)}
MASK = 3
# In a goal's context: made up to try the gate, so nothing learns from it and no figure counts it.
TRIAL = "gatehouse_stress"


def marks_of(checks: Iterable[CheckResult]) -> int:
    """0 when every check passed, at most 2730."""
    return sum(_CODE[result.status] << SHIFT[result.check] for result in checks)


def code_of(status: Status) -> int:
    """What `(marks >> SHIFT[check]) & MASK` is for this status."""
    return _CODE[status]


def is_trial(context: dict[str, Any]) -> bool:
    """Whether the caller says that this goal is a trial of the gate and not work."""
    return context.get(TRIAL) is True


def without_trial(context: dict[str, Any]) -> dict[str, Any]:
    """The context without that mark, so that the mark itself changes no verdict."""
    return {name: value for name, value in context.items() if name != TRIAL} if TRIAL in context else context
