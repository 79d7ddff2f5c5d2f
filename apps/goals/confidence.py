"""Graded confidence: how sure we are that a goal can be carried out as stated.

Four weighted factors, each a smooth function of the checks' scores and the facts, add up to the value. What the agent
says of itself counts little upwards and more downwards. A curve makes of the sum the share of such goals that went well
(calibration.py); earned trust adds a small, capped amount of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.goals.calibration import SHIPPED, Curve
from apps.goals.facts import GoalFacts
from apps.goals.prevalidation import NO_TOOLS_SCORE, missing_parameters, steps_of
from apps.goals.vocabulary import Check, CheckResult, Confidence, Factor, FactorName, Status

WEIGHTS: dict[FactorName, float] = {
    FactorName.GOAL_UNDERSTANDING: 0.15,
    FactorName.TOOL_AVAILABILITY: 0.20,
    FactorName.CONTEXT_RICHNESS: 0.20,
    FactorName.TOOL_CONFIDENCE: 0.45,
}

OWN_RAISE_CAP = 0.05  # the most an agent's praise of itself can add to the tool-confidence factor
TRUST_SHARE = 0.2  # a trust boost of 0.5 adds 0.1
TRUST_CAP = 0.1

CONFIDENT, UNSURE = 1.0, 0.7  # the two levels used while graded confidence is switched off


def score_confidence(
    facts: GoalFacts,
    checks: Sequence[CheckResult],
    *,
    own_confidence: float | None = None,
    trust_boost: float | None = None,
    curve: Curve = SHIPPED,
) -> Confidence:
    """The graded confidence with its factors.

    `checks` are the six results (after a judge, if there is one). `own_confidence` is the agent's, in [0, 1].
    `trust_boost` is in [-0.5, 0.5]; None leaves the trust factor out. Values outside are clipped.
    `curve` calibrates their sum; what it changes is a factor of its own, so that the contributions add up to the value.
    """
    scores = {c.check: c.score for c in checks}
    factors = [
        _weighted(FactorName.GOAL_UNDERSTANDING, *_understanding(facts, scores)),
        _weighted(FactorName.TOOL_AVAILABILITY, *_availability(facts, scores)),
        _weighted(FactorName.CONTEXT_RICHNESS, *_richness(facts, scores)),
        _weighted(FactorName.TOOL_CONFIDENCE, *_tool_confidence(facts, scores, own_confidence)),
    ]
    raw = _clip(sum(f.contribution for f in factors))
    value = curve.apply(raw)
    if value != raw:
        factors.append(_calibration(raw, value))
    if trust_boost is not None:
        factors.append(_trust(trust_boost))
        value = _clip(value + factors[-1].contribution)
    return Confidence(value, tuple(factors), raw=raw)


def plain_confidence(checks: Sequence[CheckResult]) -> Confidence:
    """The stand-in while grading is switched off: sure when every check passes, unsure otherwise."""
    sure = all(c.status is Status.PASS for c in checks)
    value = CONFIDENT if sure else UNSURE
    reason = "Every check passes." if sure else "Not every check passes."
    factor = Factor(FactorName.GOAL_UNDERSTANDING, value, 1.0, value, f"Two levels only (grading is off). {reason}")
    return Confidence(value, (factor,), graded=False)


def _weighted(name: FactorName, score: float, reason: str) -> Factor:
    weight = WEIGHTS[name]
    return Factor(name, score, weight, weight * score, reason)


def _clip(value: float) -> float:
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value


def _understanding(facts: GoalFacts, scores: dict[Check, float]) -> tuple[float, str]:
    well, consistent, simple = scores[Check.WELL_FORMED], scores[Check.NO_CONTRADICTION], scores[Check.COMPLEXITY]
    score = well * consistent * (0.6 + 0.4 * simple)
    if consistent < 0.8:
        return score, "Parts of the goal exclude each other."
    if well < 0.6:
        return score, facts.clarity_gaps[0].capitalize() + "." if facts.clarity_gaps else "The goal says little."
    if simple < 0.6:
        return score, f"Many things at once ({steps_of(facts)} asks)."
    return score, "The goal is stated clearly."


def _availability(facts: GoalFacts, scores: dict[Check, float]) -> tuple[float, str]:
    score = scores[Check.TOOLS_AVAILABLE]
    if facts.scope is not None:
        score *= 0.8 + 0.2 * scores[Check.IN_SCOPE]
    if not facts.tools:
        return score, "No tools were offered to compare with."
    return score, f"Nearest tool: {facts.tools[0].name}."


def _richness(facts: GoalFacts, scores: dict[Check, float]) -> tuple[float, str]:
    score = scores[Check.REQUIRED_CONTEXT]
    if facts.required:
        given = len(facts.required) - len(missing_parameters(facts))
        return score, f"{given} of {len(facts.required)} required values found."
    return score, "No required values to look for."


def _tool_confidence(facts: GoalFacts, scores: dict[Check, float], own: float | None) -> tuple[float, str]:
    """How surely a tool does it and has its values: both must hold, so the two are multiplied. Without tools it counts
    how clearly it is said, but never so much that a goal runs alone by the shipped thresholds: whether it can be done
    at all is not known. The agent's own opinion is taken with a grain of salt."""
    if facts.tools:
        base, reason = (
            scores[Check.TOOLS_AVAILABLE] * scores[Check.REQUIRED_CONTEXT],
            "Tools and values taken together.",
        )
    else:
        base = NO_TOOLS_SCORE * min(scores[Check.WELL_FORMED], facts.clarity)
        reason = "No tools to judge by, only how likely the goal can be begun without asking back."
    if own is None:
        return base, reason
    own = _clip(own)
    if own < base:
        return (base + own) / 2, f"The agent itself is less sure ({own:.0%})."
    return _clip(base + min(OWN_RAISE_CAP, 0.25 * (own - base))), f"The agent's own {own:.0%} counts little upwards."


def _calibration(raw: float, value: float) -> Factor:
    reason = f"Of earlier goals that scored {raw:.2f}, {value:.0%} went well."
    return Factor(FactorName.CALIBRATION, value, 0.0, value - raw, reason)


def _trust(boost: float) -> Factor:
    boost = max(-0.5, min(0.5, boost))
    added = max(-TRUST_CAP, min(TRUST_CAP, boost * TRUST_SHARE))
    word = "adds" if added >= 0 else "takes"
    reason = f"What this agent's past recommendations led to {word} {abs(added):.2f}."
    return Factor(FactorName.AGENT_TRUST, boost + 0.5, 0.0, added, reason)
