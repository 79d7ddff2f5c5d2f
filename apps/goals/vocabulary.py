"""The words the gate's rules speak: checks, factors, paths and the small records they exchange.

Everything here is plain data. The records are frozen and cheap to make (msgspec), because the rules make about a dozen
of them for each goal. All scores are in [0, 1]; 1 is good.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec


class Check(StrEnum):
    """The six checks made on every goal before an agent or a model is called."""

    WELL_FORMED = "well_formed"
    TOOLS_AVAILABLE = "tools_available"
    REQUIRED_CONTEXT = "required_context"
    NO_CONTRADICTION = "no_contradiction"
    IN_SCOPE = "in_scope"
    COMPLEXITY = "complexity"


class Status(StrEnum):
    PASS = "pass"  # noqa: S105 a verdict
    WARN = "warn"
    FAIL = "fail"


class FactorName(StrEnum):
    """What confidence is made of: four weighted factors, then what calibration changes, then AGENT_TRUST on top."""

    GOAL_UNDERSTANDING = "goal_understanding"
    TOOL_AVAILABILITY = "tool_availability"
    CONTEXT_RICHNESS = "context_richness"
    TOOL_CONFIDENCE = "tool_confidence"
    CALIBRATION = "calibration"
    AGENT_TRUST = "agent_trust"


class ExecutionPath(StrEnum):
    """The words callers see in `execution_path`."""

    EXECUTED = "executed"
    APPROVED = "approved"
    CLARIFICATION = "clarification"
    REJECTED = "rejected"


class Path(StrEnum):
    """The gate's four answers."""

    EXECUTE = "execute"
    ASK = "ask"
    CLARIFY = "clarify"
    REJECT = "reject"

    @property
    def execution_path(self) -> ExecutionPath:
        return _EXECUTION_PATHS[self]


_EXECUTION_PATHS = {
    Path.EXECUTE: ExecutionPath.EXECUTED,
    Path.ASK: ExecutionPath.APPROVED,
    Path.CLARIFY: ExecutionPath.CLARIFICATION,
    Path.REJECT: ExecutionPath.REJECTED,
}


class Kind(StrEnum):
    """What sort of value a text span is, or a parameter wants."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    EMAIL = "email"
    URL = "url"
    PHONE = "phone"
    CODE = "code"
    NAME = "name"
    PLACE = "place"
    FILE = "file"
    QUOTED = "quoted"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    LIST = "list"
    OBJECT = "object"


class CheckResult(msgspec.Struct, frozen=True, gc=False):
    """One check's verdict. `reason` and `suggestion` are sentences for a person; `suggestion` may be ""."""

    check: Check
    status: Status
    score: float
    reason: str
    suggestion: str = ""


class Factor(msgspec.Struct, frozen=True, gc=False):
    """One part of the confidence; `contribution` is what it adds to the value (weight x score, or the trust
    addition)."""

    name: FactorName
    score: float
    weight: float
    contribution: float
    reason: str


class Confidence(msgspec.Struct, frozen=True):
    """How sure we are that the goal can be carried out as stated, and why. `graded` is False for the two-level
    stand-in. `raw` is the weighted sum before calibration, None for the stand-in."""

    value: float
    factors: tuple[Factor, ...]
    graded: bool = True
    raw: float | None = None


class Verdict(msgspec.Struct, frozen=True):
    """The gate's answer. `reasons` are sentences for a person, the decisive one first."""

    path: Path
    reasons: tuple[str, ...]

    @property
    def execution_path(self) -> ExecutionPath:
        return self.path.execution_path


class Question(msgspec.Struct, frozen=True):
    """One thing to ask the caller. The answer is given under `field`; `expected` says what form it takes."""

    field: str
    question: str
    expected: Kind
    why: str
    options: tuple[str, ...] = ()
    required: bool = True


_SEVERITY = {Status.PASS: 0, Status.WARN: 1, Status.FAIL: 2}


def worst_status(checks: Iterable[CheckResult]) -> Status:
    """The worst status among `checks`; PASS when there are none."""
    return max((c.status for c in checks), key=_SEVERITY.__getitem__, default=Status.PASS)


def checks_to_json(checks: Iterable[CheckResult]) -> dict[str, Any]:
    """The `pre_validation_result` of the API: {status, checks: [{check, status, score, reason, suggestion}]}."""
    checks = tuple(checks)
    rows = msgspec.to_builtins(checks)
    for row in rows:
        row["score"] = round(row["score"], 4)
    return {"status": worst_status(checks).value, "checks": list(rows)}


def checks_from_json(result: dict[str, Any] | None) -> tuple[CheckResult, ...]:
    """The inverse of `checks_to_json`. Raises msgspec.ValidationError when the rows have another form."""
    if not result:
        return ()
    return msgspec.convert(result["checks"], tuple[CheckResult, ...])


def confidence_to_json(confidence: Confidence) -> dict[str, Any]:
    """{value, graded, factors: [{name, score, weight, contribution, reason}]}, figures rounded to four places."""
    result: dict[str, Any] = msgspec.to_builtins(confidence)
    del result["raw"]
    result["value"] = round(result["value"], 4)
    result["factors"] = list(result["factors"])
    for row in result["factors"]:
        row.update({k: round(row[k], 4) for k in ("score", "weight", "contribution")})
    return result


def questions_to_json(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """[{field, question, expected, why, options, required}]."""
    return [{**msgspec.to_builtins(q), "options": list(q.options)} for q in questions]


def questions_from_json(rows: Iterable[dict[str, Any]]) -> tuple[Question, ...]:
    """The inverse of `questions_to_json`. Raises msgspec.ValidationError when a row has another form."""
    return msgspec.convert(list(rows), tuple[Question, ...])
