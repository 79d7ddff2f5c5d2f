"""From what was read of a goal to the facts the rules judge, by the trained heads."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import numpy as np

from apps.goals.asks import DIRECT, Ask
from apps.goals.clarity.scoring import Clarity, wordlike_share
from apps.goals.coverage import coverage_features
from apps.goals.facts import AskFact, Contradiction, GoalFacts, ParameterFact, ToolFact
from apps.goals.heads import SHIPPED, Head, Heads, logistic
from apps.goals.matching import Matches
from apps.goals.reading import Word
from apps.goals.references import Reference, open_references
from apps.goals.supplied import Given, context_features, supplied_parameters
from apps.goals.toolset import Tool

MAX_SHARED = 5
NOTHING_TO_COVER = 0.75  # coverage where no tools were offered: neither praise nor blame

_CONDITION = re.compile(r"\b(?:if|unless|when(?:ever)?|in case|provided|depending|otherwise|except)\b", re.I)


class Reading(msgspec.Struct, frozen=True):
    """What was read of a goal before any trained figure came in. `telling` counts the words of each ask that name
    something beside its action; `matches` is None when no tools were offered."""

    text: str
    words: tuple[Word, ...]
    given: Given
    asks: tuple[Ask, ...]
    telling: tuple[int, ...]
    tools: tuple[Tool, ...]
    matches: Matches | None
    familiarity: float
    clarity: Clarity
    contradictions: tuple[Contradiction, ...]
    scope: float | None
    scope_name: str
    history_turns: int


class Evidence(msgspec.Struct, frozen=True):
    """What the heads look at: `coverage` and `context` are the features of the heads `tools` and `context`, the first
    empty when no tools were offered."""

    asks: tuple[AskFact, ...]
    tools: tuple[ToolFact, ...]
    coverage: dict[str, float]
    required: tuple[ParameterFact, ...]
    references: tuple[Reference, ...]
    context: dict[str, float]


def evidence_of(reading: Reading, match: Head) -> Evidence:
    """`match` decides which tools are meant, and so which values are needed."""
    values = reading.given.values
    asks, tools, coverage, chosen = _served(reading, match)
    required = _required(chosen, reading.given)
    # What every tool needs is named beside the goal, so it does not matter what the goal itself leaves open.
    settled = bool(required) and all(fact.in_context for fact in required)
    things = {one for tool in chosen for one in tool.things}
    references = () if settled else open_references(reading.text, values, things)
    return Evidence(
        asks=asks,
        tools=tools,
        coverage=coverage,
        required=required,
        references=references,
        context=context_features(required, references, reading.asks, len(values)),
    )


def weigh_reading(reading: Reading, heads: Heads = SHIPPED) -> GoalFacts:
    """The facts of a reading: `heads` say how far the features count."""
    found = evidence_of(reading, heads.match)
    return GoalFacts(
        words=len(reading.words),
        wordlike=wordlike_share(reading.text, reading.words),
        understood=max(reading.familiarity, found.tools[0].fit if found.tools else 0.0),
        clarity=reading.clarity.score,
        clarity_gaps=reading.clarity.gaps,
        asks=found.asks,
        tools=found.tools,
        covered=heads.tools.probability(found.coverage) if found.coverage else NOTHING_TO_COVER,
        required=found.required,
        given=heads.context.probability(found.context),
        left_open=tuple(dict.fromkeys(reference.text for reference in found.references)),
        contradictions=reading.contradictions,
        scope=reading.scope,
        scope_name=reading.scope_name,
        conditions=len(_CONDITION.findall(reading.text)),
        context_fields=len(reading.given.context),
        history_turns=reading.history_turns,
        substance=reading.clarity.substance,
        clarity_questions=reading.clarity.questions,
    )


def _served(
    reading: Reading, match: Head
) -> tuple[tuple[AskFact, ...], tuple[ToolFact, ...], dict[str, float], tuple[Tool, ...]]:
    """(asks with their tools, tools by fit, features of coverage, tools whose values are needed, the best first)."""
    texts = [reading.text[ask.start : ask.end].strip() for ask in reading.asks]
    direct = [ask.weight >= DIRECT for ask in reading.asks]
    if reading.matches is None or not reading.asks:
        return tuple(map(AskFact, texts, [""] * len(texts), [0.0] * len(texts), direct)), (), {}, ()
    logits = reading.matches.logits(match)
    of_tools, best = logits.max(axis=0), logits[:-1].argmax(axis=1).tolist()
    order = np.argsort(-of_tools, kind="stable").tolist()
    asks = tuple(
        AskFact(text, reading.tools[place].name, logistic(float(row[place])), said)
        for text, place, row, said in zip(texts, best, logits[:-1], direct, strict=True)
    )
    tools = tuple(_tool_fact(reading, reading.tools[place], float(of_tools[place])) for place in order)
    served = {place for place, row in zip(best, logits[:-1], strict=True) if row[place] > 0.0}
    chosen = tuple(reading.tools[place] for place in order if place == order[0] or place in served)
    return asks, tools, coverage_features(reading.asks, reading.telling, reading.matches, logits), chosen


def _tool_fact(reading: Reading, tool: Tool, logit: float) -> ToolFact:
    said = {word.stem: word.text for word in reading.words if word.content}
    shared = tuple(said[one] for one in said if one in tool.stems)[:MAX_SHARED]
    return ToolFact(tool.name, logistic(logit), shared)


def _required(chosen: Sequence[Tool], given: Given) -> tuple[ParameterFact, ...]:
    """What the chosen tools require: one fact a parameter name, the surest."""
    found: dict[str, ParameterFact] = {}
    for tool in chosen:
        for fact in supplied_parameters(tool, given):
            if fact.name not in found or fact.supplied > found[fact.name].supplied:
                found[fact.name] = fact
    return tuple(found.values())
