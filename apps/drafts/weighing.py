"""RULE: how sure a draft is, how much is at stake, and the words by which it comes before a reviewer.

The confidence is a weighted sum of two to four shares in 0 to 1, none of them the model's opinion of itself: how
clearly the mail says what it wants, how many facts of the draft have a source, whether the tools answered, and how
alike the past replies were. What blocks approval holds it at BLOCKED at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.drafts.guardrails.terms import Claim, StageVerdict, Verdicts
from apps.drafts.states import TOOL_REQUIRED, Intent, MadeBy, Stage

WEIGHTS = {"intent": 0.25, "grounding": 0.45, "tools": 0.2, "retrieval": 0.1}
# A reply that asks instead of answering is right in form, and says nothing about whether it was needed.
VERIFICATION = 0.6
BLOCKED = 0.3
RISK, GRAVE = 0.3, 0.15
_GRAVE = frozenset({Intent.REFUND, Intent.COMPLAINT})
_MADE_BY = {
    MadeBy.MODEL: "written by {model}",
    MadeBy.TEMPLATE: "put together by the template, without a model",
    MadeBy.VERIFICATION: "asks for what is missing instead of answering",
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """confidence, risk: 0 to 1. factors, checks: as requests for approval keep them. why: for the reviewer."""

    confidence: float
    risk: float
    factors: list[dict[str, Any]]
    checks: dict[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What speaks for a draft beside its verdicts. similarity: of the most alike past reply, None without any."""

    intent: Intent
    intent_confidence: float
    made_by: MadeBy
    model: str
    tools_asked: int
    tools_answered: int
    similarity: float | None
    notes: Sequence[str] = ()


def weigh(standing: Standing, verdicts: Verdicts) -> Weighed:
    """The draft as a request for approval presents it."""
    factors = _factors(standing, verdicts)
    confidence = sum(factor["contribution"] for factor in factors)
    if standing.made_by == MadeBy.VERIFICATION:
        confidence = min(confidence, VERIFICATION)
    if verdicts.blocked:
        confidence = min(confidence, BLOCKED)
    return Weighed(
        confidence=round(min(1.0, max(0.0, confidence)), 3),
        risk=_risk(standing, verdicts),
        factors=factors,
        checks=checks_of(verdicts),
        why=_why(standing, verdicts),
    )


def checks_of(verdicts: Verdicts) -> dict[str, Any]:
    """The verdicts as a request keeps them. blocked: whether approval waits for an edit or a reason."""
    worst = max((_RANK.get(stage.status, 0) for stage in verdicts.stages), default=0)
    return {
        "status": _STATUS[worst],
        "checks": [_check(stage) for stage in verdicts.stages],
        "blocked": verdicts.blocked,
        "unsupported": [_unsupported(claim) for claim in verdicts.claims if not claim.supported][:50],
    }


_STATUS = ("pass", "warn", "fail")
_RANK = {status: rank for rank, status in enumerate(_STATUS)}
_NAMES = {
    Stage.RECIPIENTS: "Recipients",
    Stage.HEADERS: "Headers",
    Stage.PRIVACY: "Personal data",
    Stage.TOOL_DATA: "Data of tools",
    Stage.GROUNDING: "Facts and their sources",
    Stage.INSTRUCTIONS: "Instructions in the mail",
    Stage.FORM: "Form",
}


def _check(stage: StageVerdict) -> dict[str, Any]:
    return {
        "check": _NAMES.get(stage.stage, str(stage.stage)),
        "stage": str(stage.stage),
        "status": stage.status,
        "score": 1 - _RANK.get(stage.status, 0) / 2,
        "reason": stage.words,
        "suggestion": "",
    }


def _unsupported(claim: Claim) -> dict[str, Any]:
    return {"kind": claim.kind, "text": claim.text, "start": claim.start, "end": claim.end, "words": claim.words}


def _factors(standing: Standing, verdicts: Verdicts) -> list[dict[str, Any]]:
    facts = len(verdicts.claims)
    backed = sum(claim.supported for claim in verdicts.claims)
    shares: dict[str, tuple[float, str]] = {
        "intent": (standing.intent_confidence, f"{standing.intent.capitalize()}, as the mail reads"),
        "grounding": (
            backed / facts if facts else 1.0,
            f"{backed} of {facts} facts have a source" if facts else "States no facts",
        ),
    }
    if standing.intent in TOOL_REQUIRED or standing.tools_asked:
        asked, answered = standing.tools_asked, standing.tools_answered
        words = f"{answered} of {asked} tools answered" if asked else "No tool could be asked"
        shares["tools"] = (answered / asked if asked else 0.0, words)
    if standing.similarity is not None:
        shares["retrieval"] = (standing.similarity, "How alike the nearest past reply or snippet is")
    whole = sum(WEIGHTS[name] for name in shares)
    return [_factor(name, score, words, WEIGHTS[name] / whole) for name, (score, words) in shares.items()]


def _factor(name: str, score: float, words: str, weight: float) -> dict[str, Any]:
    score = min(1.0, max(0.0, score))
    return {
        "name": name,
        "score": round(score, 3),
        "weight": round(weight, 3),
        "contribution": round(score * weight, 3),
        "reason": words,
    }


def _risk(standing: Standing, verdicts: Verdicts) -> float:
    """What is at stake: grave matters, facts without a source, personal data, attempts at headers or recipients."""
    risk = RISK + (GRAVE if standing.intent in _GRAVE else 0.0)
    risk += 0.3 if verdicts.blocked else 0.0
    risk += 0.1 if verdicts.privacy_incidents else 0.0
    risk += 0.2 if verdicts.injection_incidents else 0.0
    statuses: Mapping[Stage, str] = {stage.stage: stage.status for stage in verdicts.stages}
    risk += 0.1 if statuses.get(Stage.INSTRUCTIONS, "pass") != "pass" else 0.0
    return round(min(1.0, risk), 3)


def _why(standing: Standing, verdicts: Verdicts) -> str:
    """In the order in which a reviewer should know it: what stops approval first."""
    parts: list[str] = []
    loose = sum(not claim.supported for claim in verdicts.claims)
    if loose:
        parts.append(f"{loose} {'fact has' if loose == 1 else 'facts have'} no source")
    elif verdicts.blocked:
        parts.append("It may not be approved as it is")
    parts += [stage.words.rstrip(".") for stage in verdicts.stages if stage.status == "fail" and stage.words][:2]
    parts.append(f"{standing.intent.capitalize()} ({standing.intent_confidence:.0%} sure)")
    parts.append(_MADE_BY.get(standing.made_by, "").format(model=standing.model or "a model"))
    parts += list(standing.notes)
    text = "; ".join(part for part in dict.fromkeys(parts) if part)
    return text[:1].upper() + text[1:]
