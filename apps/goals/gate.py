"""The gate: from checks and confidence to one of four paths. This page is the policy.

    a check that failed          never runs by itself: a question if it can help, else reject
    confidence >= high           execute
    confidence >= medium         ask a person
    below                        a question if it can help, else reject

Each switch off alone leaves the rest working:

    pre-validation off           failed checks no longer stop a goal; their scores still feed the confidence
    graded confidence off        two levels, made from the checks (confidence.plain_confidence)
    approval gates off           nobody is asked: the middle band executes, unless a check failed
    clarification off            what would have been a question goes to a person, or is rejected if nobody can be asked
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from apps.goals.vocabulary import Check, CheckResult, Confidence, Path, Status, Verdict

DEFAULT_HIGH = 0.85
DEFAULT_MEDIUM = 0.55
DEFAULT_ROUNDS = 3

# What a better-worded or fuller goal can mend. A missing tool or a foreign subject cannot be mended by an answer.
MENDED_BY_AN_ANSWER = frozenset({Check.WELL_FORMED, Check.REQUIRED_CONTEXT, Check.NO_CONTRADICTION, Check.COMPLEXITY})

# Where no tool plainly serves, but one may, saying more can settle it.
MENDED_IN_DOUBT = MENDED_BY_AN_ANSWER | {Check.TOOLS_AVAILABLE}


class Thresholds(msgspec.Struct, frozen=True):
    """`high` and `medium` bounds of the confidence. Raises ValueError unless 0 <= medium < high <= 1."""

    high: float = DEFAULT_HIGH
    medium: float = DEFAULT_MEDIUM

    def __post_init__(self) -> None:
        if not 0.0 <= self.medium < self.high <= 1.0:
            raise ValueError(f"Thresholds need 0 <= medium < high <= 1, not medium {self.medium}, high {self.high}.")


_ANY = Thresholds()


class Switches(msgspec.Struct, frozen=True):
    """The four parts that can be switched off one by one (PHASE2_ENABLED itself is the caller's business)."""

    pre_validation: bool = True
    approval_gates: bool = True
    clarification: bool = True
    graded_confidence: bool = True


def gate(
    checks: Sequence[CheckResult],
    confidence: Confidence,
    thresholds: Thresholds,
    switches: Switches,
    *,
    rounds_left: int,
) -> Verdict:
    """The path for one goal; every input has one. `rounds_left` is how many more rounds of questions are allowed."""
    if not switches.pre_validation:
        checks = ()
    failed = [c for c in checks if c.status is Status.FAIL]
    if failed:
        return _stopped_by(failed, switches, rounds_left)
    value = confidence.value
    if value >= thresholds.high:
        return Verdict(Path.EXECUTE, (f"Confidence {shown(value)} is at least {shown(thresholds.high)}.",))
    if value >= thresholds.medium:
        reason = f"Confidence {shown(value)} is between {shown(thresholds.medium)} and {shown(thresholds.high)}."
        if not switches.approval_gates:
            return Verdict(Path.EXECUTE, (reason, "Approval gates are switched off, so nobody is asked."))
        return Verdict(Path.ASK, (reason, *_warnings(checks)))
    return _too_unsure(checks, value, thresholds, switches, rounds_left)


def path_when_unsure(checks: Sequence[CheckResult], switches: Switches, *, rounds_left: int) -> Path | None:
    """Where `gate` would send this goal at a confidence below every threshold; None when a failed check decides."""
    if not switches.pre_validation:
        checks = ()
    if any(c.status is Status.FAIL for c in checks):
        return None
    return _too_unsure(checks, 0.0, _ANY, switches, rounds_left).path


def _stopped_by(failed: Sequence[CheckResult], switches: Switches, rounds_left: int) -> Verdict:
    reasons = tuple(c.reason for c in failed)
    if any(c.check not in MENDED_BY_AN_ANSWER for c in failed):
        return Verdict(Path.REJECT, reasons)
    return _question_or_person(reasons, switches, rounds_left)


def _too_unsure(
    checks: Sequence[CheckResult], value: float, thresholds: Thresholds, switches: Switches, rounds_left: int
) -> Verdict:
    reason = f"Confidence {shown(value)} is below {shown(thresholds.medium)}."
    weak = [c for c in checks if c.status is not Status.PASS]
    reasons = (reason, *(c.reason for c in weak))
    if weak and all(c.check not in MENDED_IN_DOUBT for c in weak):
        return Verdict(Path.REJECT, reasons)
    return _question_or_person(reasons, switches, rounds_left)


def _question_or_person(reasons: tuple[str, ...], switches: Switches, rounds_left: int) -> Verdict:
    if switches.clarification and rounds_left > 0:
        return Verdict(Path.CLARIFY, reasons)
    why = "No more questions are allowed." if switches.clarification else "Questions are switched off."
    if switches.approval_gates:
        return Verdict(Path.ASK, (*reasons, f"{why} A person decides."))
    return Verdict(Path.REJECT, (*reasons, f"{why} Nobody can be asked."))


def _warnings(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    return tuple(c.reason for c in checks if c.status is not Status.PASS)


def shown(value: float) -> str:
    """Two places, or as many as tell it from a round threshold: 0.85, 0.947."""
    return f"{value:.3f}".removesuffix("0")
