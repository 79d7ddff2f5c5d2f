"""The six checks, as policy. Each reads the prepared facts and returns pass, warn or fail, a reason and a suggestion.

A check fails only when the facts speak clearly: a failed check keeps a goal from running unattended. In between it
warns, which lowers the confidence and lets a person decide.
"""

from __future__ import annotations

from collections.abc import Callable

from apps.goals.clarity.scoring import CLEAR_FROM
from apps.goals.facts import AskFact, GoalFacts, ParameterFact
from apps.goals.vocabulary import Check, CheckResult, Status

# A score below the first figure fails, below the second warns.
TOOL_BAND = (0.2, 0.5)
CONTEXT_BAND = (0.3, 0.5)
SCOPE_BAND = (0.12, 0.35)
WELL_FORMED_BAND = (0.35, 0.6)
COMPLEXITY_BAND = (0.2, 0.5)

CLEAR_ENOUGH = 0.5
VAGUE_WITH_TOOLS = 0.15  # the most that vagueness takes off the first check when tools are offered
SURELY_GIVEN = 0.7
CLEARLY_SERVED = 0.5
MAX_SHOWN = 3  # open places named in a reason

# The score given where there is nothing to compare with: neither praise nor blame.
NO_TOOLS_SCORE = 0.65
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
    score = _well_formed_score(facts)
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


def _well_formed_score(facts: GoalFacts) -> float:
    """Without tools, what the goal leaves open decides. With tools it takes off at most VAGUE_WITH_TOOLS: what they
    require is known then, and the check of required values judges it."""
    language = facts.wordlike * facts.understood
    grade, substance = _clarity_grade(facts.clarity), 0.25 + 0.75 * facts.substance
    if facts.tools:
        return language * substance * (1.0 - VAGUE_WITH_TOOLS * (1.0 - grade))
    return language * (grade if facts.substance >= CLEAR_ENOUGH else min(grade, substance))


def _clarity_grade(probability: float) -> float:
    """The probability put on the check's band: the operating point where a pass begins, and never a fail alone."""
    low, high = WELL_FORMED_BAND
    if probability < CLEAR_FROM:
        return low + 0.01 + (high - low - 0.01) * probability / CLEAR_FROM
    return high + (1.0 - high) * (probability - CLEAR_FROM) / (1.0 - CLEAR_FROM)


def _not_well_formed(facts: GoalFacts) -> str:
    if facts.wordlike < CLEAR_ENOUGH:
        return "Much of the text does not read as words."
    if facts.understood < CLEAR_ENOUGH:
        return "Most of the words are not known to these checks, which read English."
    return _gap_sentence(facts.clarity_gaps)


def readable(facts: GoalFacts) -> bool:
    """Whether enough of the goal is understood to compare its meaning with anything."""
    return min(facts.wordlike, facts.understood, facts.substance) >= CLEAR_ENOUGH


def _gap_sentence(gaps: tuple[str, ...]) -> str:
    return f"The goal is vague: {'; '.join(gaps)}." if gaps else "The goal says little about what is wanted."


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
    status = _compared(facts.covered, TOOL_BAND, facts)
    if status is Status.PASS:
        return CheckResult(Check.TOOLS_AVAILABLE, status, facts.covered, _fitting(facts))
    return CheckResult(
        Check.TOOLS_AVAILABLE,
        status,
        facts.covered,
        _not_covered(facts, status),
        "Offer a tool that does this, or hand the goal to another agent.",
    )


def _fitting(facts: GoalFacts) -> str:
    best = facts.tools[0]
    words = f" (shared words: {', '.join(best.shared)})" if best.shared else ""
    return f"The tool {best.name} fits the goal{words}."


def _not_covered(facts: GoalFacts, status: Status) -> str:
    """Of several asks those that are covered badly are named: they are what lowers the score."""
    if not readable(facts):
        return "Too little of the goal is understood to tell which tool it needs."
    best, poorly = facts.tools[0], poorly_covered(facts)
    if poorly:
        asks = " and ".join(f"\u201c{ask.text}\u201d (the nearest is {ask.tool})" for ask in poorly[:MAX_SHOWN])
        return f"No offered tool clearly covers {asks}."
    if status is Status.WARN:
        return f"The nearest tool, {best.name}, may not do what is asked."
    return f"None of the {len(facts.tools)} offered tools does what is asked; the nearest is {best.name}."


def poorly_covered(facts: GoalFacts) -> tuple[AskFact, ...]:
    """Of several asks, those said directly that no tool clearly serves, the least served first; none of only one."""
    direct = [ask for ask in facts.asks if ask.direct]
    poorly = sorted((ask for ask in direct if ask.fit < CLEARLY_SERVED), key=lambda ask: ask.fit)
    return tuple(poorly) if len(direct) > 1 else ()


def check_required_context(facts: GoalFacts) -> CheckResult:
    """Are the values that the fitting tools require given in goal, context or history?"""
    if not facts.tools:
        reason = "No tool was offered that would require values."
        return CheckResult(Check.REQUIRED_CONTEXT, Status.PASS, NO_TOOLS_SCORE, reason)
    status = _status(facts.given, CONTEXT_BAND)
    if status is Status.PASS:
        return CheckResult(Check.REQUIRED_CONTEXT, status, facts.given, _all_given(facts))
    if facts.covered < TOOL_BAND[1]:
        return CheckResult(
            Check.REQUIRED_CONTEXT,
            Status.WARN,
            facts.given,
            f"No tool clearly fits, so what is needed is not known; {facts.tools[0].name} would lack values.",
            "Settle which tool is meant first.",
        )
    names = ", ".join(p.name for p in missing_parameters(facts))
    suggestion = f"Add {names} to the context." if names else "Name what is meant, and give its particulars."
    return CheckResult(Check.REQUIRED_CONTEXT, status, facts.given, _not_given(facts, names), suggestion)


def _all_given(facts: GoalFacts) -> str:
    if not facts.required:
        return f"The tool {facts.tools[0].name} requires no values."
    found = "; ".join(f"{p.name}: {p.evidence}" for p in facts.required if p.evidence)
    return f"The required values are there ({found})." if found else "The required values seem to be there."


def _not_given(facts: GoalFacts, names: str) -> str:
    missing = missing_parameters(facts)
    parts = []
    if missing:
        parts.append(f"{missing[0].tool} needs {names}, which goal and context do not clearly give")
    if facts.left_open:
        shown = ", ".join(f"\u201c{text}\u201d" for text in facts.left_open[:MAX_SHOWN])
        parts.append(f"{shown} does not say which")
    return f"{'; '.join(parts) or 'The goal gives few particulars'}."


def missing_parameters(facts: GoalFacts) -> tuple[ParameterFact, ...]:
    """Required values not surely given, the surest miss first."""
    return tuple(sorted((p for p in facts.required if p.supplied < SURELY_GIVEN), key=lambda p: p.supplied))


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


def steps_of(facts: GoalFacts) -> int:
    """The number of things asked for directly."""
    return sum(ask.direct for ask in facts.asks)


def complexity_score(facts: GoalFacts) -> float:
    """1 for one plain step; falls with the number of asks and conditions and with very long text."""
    load = 0.12 * max(0, steps_of(facts) - 1) + 0.08 * facts.conditions + 0.001 * max(0, facts.words - 60)
    return 1.0 / (1.0 + load)


def check_complexity(facts: GoalFacts) -> CheckResult:
    """Is it one piece of work, or many that a person should look at first?"""
    score = complexity_score(facts)
    status = _status(score, COMPLEXITY_BAND)
    steps = max(1, steps_of(facts))
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
