"""RULE: the body that an agent of a workflow is sent: what to do, what for, and what is known so far."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from apps.workflows.plans import Situation
from apps.workflows.states import StepKind

MOST_SO_FAR = 200_000  # characters of JSON, of all earlier results together
LEAST_EACH = 500
MOST_MORE = 250_000  # of what a step is about in particular


def body(
    *,
    pattern: str,
    stage: str,
    step: str,
    task: str,
    instruction: str,
    situation: Situation,
    stages: Iterable[str] = (),
    answer: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What an agent is sent.

    stages: whose results it is shown, by `so_far`. answer: the shape of the answer that is wanted, in words.
    more: what this step is about in particular, such as the section to write.
    """
    return {
        "task": task,
        "pattern": pattern,
        "stage": stage,
        "step": step,
        "run_id": situation.run_id,
        "instruction": instruction,
        "goal": goal_of(situation),
        "context": context_of(situation),
        "so_far": so_far(situation, stages),
        "answer": dict(answer or {}),
        **{name: clipped(value, MOST_MORE) for name, value in more.items()},
    }


def goal_of(situation: Situation) -> str:
    goal = situation.input.get("goal")
    return goal if isinstance(goal, str) else ""


def context_of(situation: Situation) -> dict[str, Any]:
    context = situation.input.get("context")
    return dict(context) if isinstance(context, Mapping) else {}


def so_far(situation: Situation, stages: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The results of earlier stages as {stage: {step: content}}. What is too long for its share is cut, and says so."""
    shown = [one for stage in stages for one in situation.of(stage) if one.kind is not StepKind.PERSON]
    each = max(LEAST_EACH, MOST_SO_FAR // max(1, len(shown)))
    found: dict[str, dict[str, Any]] = {}
    for one in shown:
        found.setdefault(one.stage, {})[one.key] = clipped(one.content, each)
    return found


def clipped(content: Any, most: int) -> Any:
    """The content, or {"cut": its beginning as text, "characters": its length} where its JSON is longer than most."""
    text = content if isinstance(content, str) else as_json(content)
    return content if len(text) <= most else {"cut": text[:most], "characters": len(text)}


def as_json(content: Any) -> str:
    """One spelling of a content: keys in order, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def told(*sentences: str) -> str:
    """An instruction of these sentences, the empty ones left out."""
    return " ".join(sentence.strip() for sentence in sentences if sentence.strip())


def about_code(language: str, rules: str, framework: str = "") -> str:
    """What agents that work on code are told besides."""
    return told(
        f"The code is {language}." if language else "",
        f"Its tests use {framework}." if framework else "",
        rules,
    )
