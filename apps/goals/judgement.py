"""A model's opinion of the checks, and how far it counts.

A judge reads text that strangers wrote, so it may be talked into anything. It can make every check stricter, but lift a
failed check at most to a warning: it can bring a goal before a person, never run one that the rules stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from apps.goals.vocabulary import Check, CheckResult, Status

_ORDER = (Status.PASS, Status.WARN, Status.FAIL)


class Opinion(msgspec.Struct, frozen=True):
    """One check as the judge sees it; `score` in [0, 1]."""

    check: Check
    status: Status
    score: float
    reason: str
    suggestion: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """What a judge answered; checks it left out keep the rules' result."""

    model: str
    opinions: tuple[Opinion, ...]


class Judge(Protocol):
    """Something that gives an opinion in time, or None (no answer, too late, not understood): then the rules stand alone."""

    def judge(
        self,
        *,
        goal: str,
        context: Mapping[str, Any],
        history: Sequence[str],
        tools: Sequence[Mapping[str, Any]],
        checks: Sequence[CheckResult],
    ) -> Judgement | None: ...


def reconcile(checks: Sequence[CheckResult], judgement: Judgement) -> tuple[CheckResult, ...]:
    """The rules' results with the judge's opinions blended in, same order."""
    opinions = {o.check: o for o in judgement.opinions}
    return tuple(_blend(c, opinions[c.check]) if c.check in opinions else c for c in checks)


def _blend(rule: CheckResult, opinion: Opinion) -> CheckResult:
    score = (rule.score + min(1.0, max(0.0, opinion.score))) / 2
    status = opinion.status
    if rule.status is Status.FAIL and status is Status.PASS:
        status = Status.WARN
    if _ORDER.index(status) == _ORDER.index(rule.status):
        return CheckResult(rule.check, status, score, rule.reason, rule.suggestion)
    return CheckResult(rule.check, status, score, opinion.reason, opinion.suggestion)
