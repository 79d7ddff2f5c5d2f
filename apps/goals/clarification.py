"""Questions made from what fell short, and answers merged back into the context."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from apps.goals.facts import GoalFacts, ParameterFact
from apps.goals.prevalidation import MAX_SHOWN, missing_parameters
from apps.goals.reading import FUNCTION_WORDS, name_words
from apps.goals.vocabulary import Check, CheckResult, Kind, Question, Status

MAX_QUESTIONS = 5
MAX_ANSWER_CHARS = 4000

# Context keys with a meaning of their own: the goal said anew (read instead of the first wording), and added details.
RESTATED_GOAL = "restated_goal"
GOAL_DETAILS = "goal_details"


class Merged(msgspec.Struct, frozen=True):
    """The context with the answers in it; `problems` says why an answer was not taken, `open` which are missing."""

    context: dict[str, Any]
    accepted: tuple[str, ...]
    problems: dict[str, str]
    open: tuple[str, ...]


def questions_for(
    facts: GoalFacts, checks: Sequence[CheckResult], *, limit: int = MAX_QUESTIONS
) -> tuple[Question, ...]:
    """What to ask, the most decisive first: always at least one question."""
    status = {c.check: c.status for c in checks}
    reason = {c.check: c.reason for c in checks}
    found: list[Question] = []
    if status.get(Check.NO_CONTRADICTION, Status.PASS) is not Status.PASS:
        found.append(_which_holds(facts, reason[Check.NO_CONTRADICTION]))
    elif status.get(Check.WELL_FORMED, Status.PASS) is Status.FAIL:
        found.append(
            Question(
                RESTATED_GOAL, "What should be done? Please say it in a sentence.", Kind.TEXT, reason[Check.WELL_FORMED]
            )
        )
    elif status.get(Check.COMPLEXITY, Status.PASS) is Status.FAIL:
        found.append(
            Question(RESTATED_GOAL, "Which one part should be done first?", Kind.TEXT, reason[Check.COMPLEXITY])
        )
    if status.get(Check.TOOLS_AVAILABLE, Status.PASS) is Status.PASS:
        found.extend(_ask_for(parameter) for parameter in missing_parameters(facts))
        if facts.left_open and status.get(Check.REQUIRED_CONTEXT, Status.PASS) is not Status.PASS:
            found.append(_which_is_meant(facts, reason[Check.REQUIRED_CONTEXT]))
    if not found:
        found.append(_more_detail(facts))
    return tuple(found[:limit])


def _which_holds(facts: GoalFacts, why: str) -> Question:
    first, second = facts.contradictions[0].first, facts.contradictions[0].second
    text = f"\u201c{first}\u201d or \u201c{second}\u201d: which holds? Please state the goal again with only that."
    return Question(RESTATED_GOAL, text, Kind.TEXT, why)


def _which_is_meant(facts: GoalFacts, why: str) -> Question:
    shown = " and ".join(f"\u201c{text}\u201d" for text in facts.left_open[:MAX_SHOWN])
    return Question(GOAL_DETAILS, f"{shown}: which exactly?", Kind.TEXT, why)


def _ask_for(parameter: ParameterFact) -> Question:
    label = " ".join(name_words(parameter.name)) or parameter.name
    hint = f" ({parameter.description})" if parameter.description else ""
    if label in FUNCTION_WORDS:
        label = f"value for \u201c{label}\u201d"
    return Question(
        parameter.name,
        f"What is the {label}?{hint}",
        parameter.kind,
        f"{parameter.tool} requires it.",
        parameter.options,
    )


def _more_detail(facts: GoalFacts) -> Question:
    nearest = f" The nearest tools are {' and '.join(tool.name for tool in facts.tools[:2])}." if facts.tools else ""
    why = "; ".join(facts.clarity_gaps) or "The goal leaves room for more than one reading."
    asked = " ".join(facts.clarity_questions) or "Please name the object, the particulars and the result you expect."
    text = f"What exactly is wanted? {asked}{nearest}"
    return Question(GOAL_DETAILS, text, Kind.TEXT, why)


def merge_answers(context: Mapping[str, Any], questions: Sequence[Question], answers: Mapping[str, Any]) -> Merged:
    """The context with valid answers added; an answer to what was not asked, or of the wrong kind, is refused."""
    asked = {q.field: q for q in questions}
    merged, accepted, problems = dict(context), [], {}
    for field, answer in answers.items():
        question = asked.get(field)
        if question is None:
            problems[field] = "This was not asked."
            continue
        problem = _problem(question, answer)
        if problem:
            problems[field] = problem
            continue
        merged[field] = _joined(context, field, answer)
        accepted.append(field)
    still_open = tuple(q.field for q in questions if q.field not in accepted)
    return Merged(merged, tuple(accepted), problems, still_open)


def _joined(context: Mapping[str, Any], field: str, answer: Any) -> Any:
    """Details given in an earlier round are kept; every other answer replaces what was there."""
    before = context.get(field)
    return f"{before}\n{answer}" if field == GOAL_DETAILS and before else answer


def _problem(question: Question, answer: Any) -> str:
    if answer is None or (isinstance(answer, str) and not answer.strip()):
        return "The answer is empty."
    if isinstance(answer, str) and len(answer) > MAX_ANSWER_CHARS:
        return f"The answer is longer than {MAX_ANSWER_CHARS} characters."
    if question.expected in (Kind.NUMBER, Kind.MONEY) and not _is_number(answer):
        return "A number is expected."
    if question.expected is Kind.BOOLEAN and not _is_boolean(answer):
        return "Yes or no is expected."
    if question.options and str(answer).strip().lower() not in {o.lower() for o in question.options}:
        return f"One of these is expected: {', '.join(question.options)}."
    return ""


def _is_number(answer: Any) -> bool:
    if isinstance(answer, bool):
        return False
    if isinstance(answer, int | float):
        return math.isfinite(answer)
    try:
        return math.isfinite(float(str(answer).strip().lstrip("$\u20ac\u00a3").replace(",", "")))
    except ValueError:
        return False


def _is_boolean(answer: Any) -> bool:
    return isinstance(answer, bool) or str(answer).strip().lower() in {"yes", "no", "true", "false"}
