"""What a person reads who decides about a step of a rollout."""

from datetime import datetime
from typing import Any

from apps.pilots.criteria import Judged, Verdict
from apps.pilots.ladder import StageTerms, reach_of
from apps.pilots.progress import Progress

_WORDS = {
    "feature": "Feature",
    "now": "Stands on",
    "next": "Goes to",
    "override": "Past its criteria, because",
    "due_at": "Not before",
}
_STATUS = {Verdict.MET: "pass", Verdict.DOES_NOT_APPLY: "pass", Verdict.FAILED: "fail"}


def payload_of(key: str, progress: Progress, override: str, due_at: datetime | None) -> dict[str, Any]:
    """The payload of the request: the step in words. Its figures stand beside it, as checks."""
    payload: dict[str, Any] = {"feature": key, "now": "not begun"}
    if progress.stage:
        payload["now"] = _stage(progress.stage)
    if progress.next:
        payload["next"] = _stage(progress.next)
    if override:
        payload["override"] = override
    if due_at:
        payload["due_at"] = due_at.isoformat()
    return payload


def schema_of(payload: dict[str, Any]) -> dict[str, Any]:
    """The schema of a payload: what it holds, in this order, and nothing that would stand empty."""
    named = {name: {"type": "string", "title": _WORDS[name]} for name in payload}
    return {"type": "object", "required": list(payload), "properties": named}


def measured_of(progress: Progress) -> list[dict[str, Any]]:
    """Each criterion with its measured value, sample and verdict, as the step keeps them."""
    return [_criterion(found) for found in progress.criteria]


def checks_of(progress: Progress) -> dict[str, Any]:
    """The criteria as the queue shows checks."""
    checks = [
        {
            "check": found.metric.title,
            "status": _STATUS.get(found.verdict, "warn"),
            "reason": found.words,
        }
        for found in progress.criteria
    ]
    return {"status": "pass" if progress.is_ready else "warn", "checks": checks}


def why_of(progress: Progress, override: str) -> str:
    """One line for the queue."""
    if override:
        return f"Past its criteria: {override.rstrip('.')}. Not met: {'; '.join(progress.unmet)}"[:500]
    if not progress.criteria:
        return "The step has no criteria"
    beside = sum(found.verdict is Verdict.DOES_NOT_APPLY for found in progress.criteria)
    if beside:
        met = len(progress.criteria) - beside
        does = "does" if beside == 1 else "do"
        return f"{met} {'criterion is' if met == 1 else 'criteria are'} met, {beside} {does} not apply"
    return f"All {len(progress.criteria)} criteria are met" if len(progress.criteria) > 1 else "Its criterion is met"


def _stage(stage: StageTerms) -> str:
    return f"{stage.position}. {stage.name}: {reach_of(stage)}"


def _criterion(found: Judged) -> dict[str, Any]:
    return {
        "metric": found.terms.metric,
        "comparison": found.terms.comparison.value,
        "limit": found.terms.limit,
        "window_hours": found.terms.window_hours,
        "minimum": found.terms.minimum,
        "value": found.sample.value,
        "n": found.sample.n,
        "verdict": found.verdict.value,
        "words": found.words,
    }
