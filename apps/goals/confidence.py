"""Graded confidence: how sure we are that a goal can be carried out as stated.

Four weighted factors, each a smooth function of the checks' scores and the facts, add up to the value. What the agent
says of itself counts little upwards and more downwards; earned trust adds a small, capped amount of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.goals.facts import GoalFacts
from apps.goals.vocabulary import Check, CheckResult, Confidence, Factor, FactorName, Status

WEIGHTS: dict[FactorName, float] = {
    FactorName.GOAL_UNDERSTANDING: 0.25,
    FactorName.TOOL_AVAILABILITY: 0.35,
    FactorName.CONTEXT_RICHNESS: 0.25,
    FactorName.TOOL_CONFIDENCE: 0.15,
}

OWN_RAISE_CAP = 0.1  # the most an agent's praise of itself can add to the tool-confidence factor
TRUST_SHARE = 0.2  # a trust boost of 0.5 adds 0.1
TRUST_CAP = 0.1

CONFIDENT, UNSURE = 1.0, 0.7  # the two levels used while graded confidence is switched off


def score_confidence(
    facts: GoalFacts,
    checks: Sequence[CheckResult],
    *,
    own_confidence: float | None = None,
    trust_boost: float | None = None,
) -> Confidence:
    """The graded confidence with its factors.

    `checks` are the six results (after a judge, if there is one). `own_confidence` is the agent's, in [0, 1].
    `trust_boost` is in [-0.5, 0.5]; None leaves the trust factor out. Values outside are clipped.
    """
    scores = {c.check: c.score for c in checks}
    factors = [
        _weighted(FactorName.GOAL_UNDERSTANDING, *_understanding(facts, scores)),
        _weighted(FactorName.TOOL_AVAILABILITY, *_availability(facts, scores)),
        _weighted(FactorName.CONTEXT_RICHNESS, *_richness(facts, scores)),
        _weighted(FactorName.TOOL_CONFIDENCE, *_tool_confidence(facts, scores, own_confidence)),
    ]
    if trust_boost is not None:
        factors.append(_trust(trust_boost))
    value = _clip(sum(f.contribution for f in factors))
    return Confidence(value, tuple(factors))


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
        return score, f"Many things at once ({len(facts.asks)} asks)."
    return score, "The goal is stated clearly."


def _availability(facts: GoalFacts, scores: dict[Check, float]) -> tuple[float, str]:
    score = scores[Check.TOOLS_AVAILABLE]
    if facts.scope is not None:
        score *= 0.8 + 0.2 * scores[Check.IN_SCOPE]
    if not facts.tools:
        return score, "No tools were offered to compare with."
    return score, f"Nearest tool: {facts.tools[0].name}."


def _richness(facts: GoalFacts, scores: dict[Check, float]) -> tuple[float, str]:
    """Values given, as far as we know which are needed: without a fitting tool that is not known."""
    known = scores[Check.TOOLS_AVAILABLE]
    supplied = scores[Check.REQUIRED_CONTEXT]
    score = supplied * (0.4 + 0.6 * known)
    if facts.required:
        given = sum(1 for p in facts.required if p.supplied >= 0.6)
        return score, f"{given} of {len(facts.required)} required values found."
    return score, "No required values to look for."


def _tool_confidence(facts: GoalFacts, scores: dict[Check, float], own: float | None) -> tuple[float, str]:
    """How plainly one tool stands out, with the agent's own opinion taken with a grain of salt."""
    base = scores[Check.TOOLS_AVAILABLE]
    if len(facts.tools) > 1:
        margin = facts.tools[0].fit - facts.tools[1].fit
        base *= 0.85 + 0.15 * min(1.0, margin / 0.15)
    if own is None:
        return base, "No opinion of the agent's own."
    own = _clip(own)
    if own < base:
        return (base + own) / 2, f"The agent itself is less sure ({own:.0%})."
    return _clip(base + min(OWN_RAISE_CAP, 0.25 * (own - base))), f"The agent's own {own:.0%} counts little upwards."


def _trust(boost: float) -> Factor:
    boost = max(-0.5, min(0.5, boost))
    added = max(-TRUST_CAP, min(TRUST_CAP, boost * TRUST_SHARE))
    word = "adds" if added >= 0 else "takes"
    reason = f"What this agent's past recommendations led to {word} {abs(added):.2f}."
    return Factor(FactorName.AGENT_TRUST, boost + 0.5, 0.0, added, reason)
