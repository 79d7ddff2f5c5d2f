"""The six checks, as policy. Each reads the prepared facts and returns pass, warn or fail, a reason and a suggestion.

A check fails only when the facts speak clearly: a failed check keeps a goal from running unattended. In between it
warns, which lowers the confidence and lets a person decide.
"""

from __future__ import annotations

from collections.abc import Callable

from apps.goals.facts import GoalFacts, ParameterFact
from apps.goals.vocabulary import Check, CheckResult, Status

# A score below the first figure fails, below the second warns.
TOOL_BAND = (0.25, 0.6)
CONTEXT_BAND = (0.35, 0.7)
SCOPE_BAND = (0.2, 0.5)
WELL_FORMED_BAND = (0.35, 0.6)
COMPLEXITY_BAND = (0.2, 0.5)

CLEAR_ENOUGH = 0.5

# The score given where there is nothing to compare with: neither praise nor blame.
NO_TOOLS_SCORE = 0.75
NO_SCOPE_SCORE = 0.8


def run_checks(facts: GoalFacts) -> tuple[CheckResult, ...]:
    """All six results, in the order of the Check enum."""
    return tuple(check(facts) for check in CHECKS)


def _status(score: float, band: tuple[float, float]) -> Status:
    if score >= band[1]:
        return Status.PASS
    return Status.WARN if score >= band[0] else Status.FAIL


def _compared(score: float, band: tuple[float, float], facts: GoalFacts) -> Status:
    """As `_status`, but what could not be understood cannot fail a comparison of meaning."""
    status = _status(score, band)
    return Status.WARN if status is Status.FAIL and not readable(facts) else status


def check_well_formed(facts: GoalFacts) -> CheckResult:
    """Is this a request at all: words that read as language and say what is wanted?"""
    score = facts.wordlike * (0.25 + 0.75 * facts.clarity) * facts.understood
    status = _status(score, WELL_FORMED_BAND)
    if facts.words == 0:
        return CheckResult(
            Check.WELL_FORMED, Status.FAIL, 0.0, "The goal has no words.", "Say in a sentence what should be done."
        )
    if status is Status.PASS:
        return CheckResult(Check.WELL_FORMED, status, score, "The goal reads as a request.")
    return CheckResult(
        Check.WELL_FORMED,
        status,
        score,
        _not_well_formed(facts),
        "State in plain English what should be done, to what, and with which particulars.",
    )


def _not_well_formed(facts: GoalFacts) -> str:
    if facts.wordlike < CLEAR_ENOUGH:
        return "Much of the text does not read as words."
    if facts.understood < CLEAR_ENOUGH:
        return "Most of the words are not known to these checks, which read English."
    return _gap_sentence(facts.clarity_gaps)


def readable(facts: GoalFacts) -> bool:
    """Whether enough of the goal is understood to compare its meaning with anything."""
    return min(facts.wordlike, facts.understood, facts.clarity) >= CLEAR_ENOUGH


def _gap_sentence(gaps: tuple[str, ...]) -> str:
    return f"The goal is thin: {'; '.join(gaps)}." if gaps else "The goal says little about what is wanted."


def check_tools_available(facts: GoalFacts) -> CheckResult:
    """Does an offered tool cover each thing asked for?"""
    if not facts.tools:
        return CheckResult(
            Check.TOOLS_AVAILABLE,
            Status.PASS,
            NO_TOOLS_SCORE,
            "No tools were offered with the goal, so this could not be compared: the agent is taken to have its own.",
            "Offer the agent's tools with the goal to have them compared.",
        )
    best, score = facts.tools[0], tool_score(facts)
    status = _compared(score, TOOL_BAND, facts)
    weakest = min(facts.asks, key=lambda ask: ask.fit, default=None)
    if status is Status.PASS:
        words = f" (shared words: {', '.join(best.shared)})" if best.shared else ""
        return CheckResult(Check.TOOLS_AVAILABLE, status, score, f"The tool {best.name} fits the goal{words}.")
    if not readable(facts):
        reason = "Too little of the goal is understood to tell which tool it needs."
    elif weakest is not None and len(facts.asks) > 1 and weakest.fit < best.fit:
        reason = f"No offered tool clearly covers \u201c{weakest.text}\u201d; the nearest is {weakest.tool}."
    elif status is Status.WARN:
        reason = f"The nearest tool, {best.name}, may not do what is asked."
    else:
        reason = f"None of the {len(facts.tools)} offered tools does what is asked; the nearest is {best.name}."
    return CheckResult(
        Check.TOOLS_AVAILABLE, status, score, reason, "Offer a tool that does this, or hand the goal to another agent."
    )


def tool_score(facts: GoalFacts) -> float:
    """Fit of the best tool, pulled down when one of several asks is covered badly."""
    best = facts.tools[0].fit
    if len(facts.asks) < 2:
        return best
    return 0.7 * best + 0.3 * min(best, min(ask.fit for ask in facts.asks))


def check_required_context(facts: GoalFacts) -> CheckResult:
    """Are the values that the fitting tool requires given in goal, context or history?"""
    if not facts.required:
        reason = (
            f"The tool {facts.tools[0].name} requires no values."
            if facts.tools
            else "No tool was offered that would require values."
        )
        return CheckResult(Check.REQUIRED_CONTEXT, Status.PASS, 0.9 if facts.tools else NO_TOOLS_SCORE, reason)
    score = context_score(facts)
    status = _status(score, CONTEXT_BAND)
    missing = missing_parameters(facts)
    if status is not Status.PASS and tool_score(facts) < TOOL_BAND[1]:
        return CheckResult(
            Check.REQUIRED_CONTEXT,
            Status.WARN,
            score,
            f"No tool clearly fits, so what is needed is not known; {facts.tools[0].name} would lack values.",
            "Settle which tool is meant first.",
        )
    if status is Status.PASS:
        found = "; ".join(f"{p.name}: {p.evidence}" for p in facts.required if p.evidence)
        return CheckResult(Check.REQUIRED_CONTEXT, status, score, f"The required values are there ({found}).")
    names = ", ".join(p.name for p in missing)
    return CheckResult(
        Check.REQUIRED_CONTEXT,
        status,
        score,
        f"{missing[0].tool} needs {names}, which goal and context do not clearly give.",
        f"Add {names} to the context.",
    )


def context_score(facts: GoalFacts) -> float:
    """How surely every required value is given: the weakest value decides most."""
    supplied = [p.supplied for p in facts.required]
    return 0.7 * min(supplied) + 0.3 * sum(supplied) / len(supplied)


def missing_parameters(facts: GoalFacts) -> tuple[ParameterFact, ...]:
    """Required values not surely given, the surest miss first; never empty when the check does not pass."""
    return tuple(sorted((p for p in facts.required if p.supplied < CONTEXT_BAND[1]), key=lambda p: p.supplied))


def check_no_contradiction(facts: GoalFacts) -> CheckResult:
    """Do parts of the goal and its context exclude each other?"""
    if not facts.contradictions:
        return CheckResult(Check.NO_CONTRADICTION, Status.PASS, 1.0, "Nothing in the goal contradicts itself.")
    worst = facts.contradictions[0]
    score = 1.0 - worst.strength
    status = Status.FAIL if worst.strength >= 0.7 else Status.WARN
    return CheckResult(
        Check.NO_CONTRADICTION,
        status,
        score,
        f"\u201c{worst.first}\u201d and \u201c{worst.second}\u201d do not go together ({worst.kind}).",
        "Say which of the two holds.",
    )


def check_in_scope(facts: GoalFacts) -> CheckResult:
    """Is the subject one the agent and its tools are for?"""
    if facts.scope is None:
        return CheckResult(
            Check.IN_SCOPE,
            Status.PASS,
            NO_SCOPE_SCORE,
            "Nothing states what the agent is for, so any subject is accepted.",
        )
    status = _compared(facts.scope, SCOPE_BAND, facts)
    if status is Status.PASS:
        return CheckResult(Check.IN_SCOPE, status, facts.scope, f"The subject belongs to {facts.scope_name}.")
    reason = f"The subject seems {'far' if status is Status.FAIL else 'some way'} from {facts.scope_name}."
    return CheckResult(Check.IN_SCOPE, status, facts.scope, reason, "Send the goal to an agent made for this subject.")


def complexity_score(facts: GoalFacts) -> float:
    """1 for one plain step; falls with the number of asks and conditions and with very long text."""
    load = 0.12 * max(0, len(facts.asks) - 1) + 0.08 * facts.conditions + 0.001 * max(0, facts.words - 60)
    return 1.0 / (1.0 + load)


def check_complexity(facts: GoalFacts) -> CheckResult:
    """Is it one piece of work, or many that a person should look at first?"""
    score = complexity_score(facts)
    status = _status(score, COMPLEXITY_BAND)
    steps = max(1, len(facts.asks))
    what = f"{steps} {'step' if steps == 1 else 'steps'}, {facts.conditions} conditions, {facts.words} words"
    if status is Status.PASS:
        return CheckResult(Check.COMPLEXITY, status, score, f"Manageable: {what}.")
    return CheckResult(Check.COMPLEXITY, status, score, f"A lot at once: {what}.", "Split it into separate goals.")


CHECKS: tuple[Callable[[GoalFacts], CheckResult], ...] = (
    check_well_formed,
    check_tools_available,
    check_required_context,
    check_no_contradiction,
    check_in_scope,
    check_complexity,
)
