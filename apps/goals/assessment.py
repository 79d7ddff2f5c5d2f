"""The whole policy in one call: facts in; checks, confidence, verdict and questions out."""

from __future__ import annotations

import msgspec

from apps.goals.calibration import SHIPPED, Curve
from apps.goals.clarification import questions_for
from apps.goals.confidence import plain_confidence, score_confidence
from apps.goals.facts import GoalFacts
from apps.goals.gate import DEFAULT_ROUNDS, Switches, Thresholds, gate
from apps.goals.judgement import Judgement, reconcile
from apps.goals.prevalidation import run_checks
from apps.goals.vocabulary import CheckResult, Confidence, Path, Question, Verdict


class Assessment(msgspec.Struct, frozen=True):
    """`questions` is empty unless the path is CLARIFY. `judged_by` names the model that was heard, "" for none."""

    checks: tuple[CheckResult, ...]
    confidence: Confidence
    verdict: Verdict
    questions: tuple[Question, ...]
    judged_by: str = ""


def assess(
    facts: GoalFacts,
    *,
    thresholds: Thresholds,
    switches: Switches,
    own_confidence: float | None = None,
    trust_boost: float | None = None,
    rounds_left: int = DEFAULT_ROUNDS,
    judgement: Judgement | None = None,
    curve: Curve = SHIPPED,
) -> Assessment:
    """Judge one goal. The checks are always made, as confidence is formed from them; the switches say what they may."""
    checks = run_checks(facts)
    if judgement is not None:
        checks = reconcile(checks, judgement)
    if switches.graded_confidence:
        confidence = score_confidence(
            facts, checks, own_confidence=own_confidence, trust_boost=trust_boost, curve=curve
        )
    else:
        confidence = plain_confidence(checks)
    verdict = gate(checks, confidence, thresholds, switches, rounds_left=rounds_left)
    questions = questions_for(facts, checks) if verdict.path is Path.CLARIFY else ()
    return Assessment(checks, confidence, verdict, questions, judgement.model if judgement else "")
