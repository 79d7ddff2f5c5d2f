"""From a goal's text, context, history and tools to GoalFacts: the only step that reads text and meaning.

Two halves: `read_goal` here turns words into features; evidence.py turns features into facts by the trained heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.goals.actions import kinds_of
from apps.goals.asks import Ask, asks_in
from apps.goals.clarification import GOAL_DETAILS, RESTATED_GOAL
from apps.goals.clarity.scoring import clarity_of
from apps.goals.contradictions.finding import contradictions_in
from apps.goals.evidence import Reading, weigh_reading
from apps.goals.facts import GoalFacts
from apps.goals.heads import SHIPPED, Heads
from apps.goals.matching import Matches, Spoken, match_tools
from apps.goals.meaning import ask_vectors
from apps.goals.reading import Word, words_of
from apps.goals.scope import scope_of
from apps.goals.supplied import Given, flat_context
from apps.goals.toolset import ToolSet, read_tools
from apps.goals.values import Value, values_of
from apps.goals.vocabulary import Kind
from apps.llm.embedding import ReadingEmbedder

MAX_CHARS = 8000  # of the goal; what is beyond is not read
MAX_EARLIER = 6  # messages of the history that are read for values
STRANGE, FAMILIAR = 0.35, 0.65  # mean familiarity of words not understood at all, and wholly


def prepare_facts(
    *,
    goal: str,
    context: Mapping[str, Any] | None = None,
    history: Sequence[str] = (),
    tools: Sequence[Mapping[str, Any]] = (),
    scope: Sequence[str] = (),
    embedder: ReadingEmbedder,
    now: datetime,
    deadline: datetime | None = None,
    heads: Heads = SHIPPED,
) -> GoalFacts:
    """Read everything once.

    `tools` are in the OpenAI function format or bare {name, description, parameters}. `scope` are sentences that say
    what the agent is for, if any. `now` and `deadline` are timezone-aware. Nothing raises on odd text or odd tools.
    """
    reading = read_goal(
        goal=goal, context=context, history=history, tools=tools, scope=scope, embedder=embedder, now=now,
        deadline=deadline,
    )  # fmt: skip
    return weigh_reading(reading, heads)


def read_goal(
    *,
    goal: str,
    context: Mapping[str, Any] | None = None,
    history: Sequence[str] = (),
    tools: Sequence[Mapping[str, Any]] = (),
    scope: Sequence[str] = (),
    embedder: ReadingEmbedder,
    now: datetime,
    deadline: datetime | None = None,
) -> Reading:
    """The reading half of `prepare_facts`; arguments as there."""
    context = dict(context or {})
    text, history = _effective(goal, context, history)
    words, values = words_of(text), values_of(text)
    given = Given(words, values, tuple(flat_context(context)), _earlier_values(history))
    toolset = read_tools(tools, embedder) if tools else None
    asks = asks_in(text, words, values)
    vectors = _WordVectors(words, values, embedder)
    meanings = ask_vectors(text, asks, embedder) if toolset or scope else None
    whole = None if meanings is None else meanings[-1]
    scope_score, scope_name = scope_of(scope, toolset, vectors.whole(), embedder, whole)
    return Reading(
        text=text,
        words=words,
        given=given,
        asks=asks,
        telling=tuple(_telling(ask, words, values) for ask in asks),
        tools=toolset.tools if toolset else (),
        matches=_matched(text, asks, toolset, vectors, meanings) if toolset and meanings is not None else None,
        familiarity=vectors.familiarity(),
        clarity=clarity_of(text, words, values, embedder=embedder, background=bool(given.context or history)),
        contradictions=contradictions_in(text, given.context, now=now, deadline=deadline, history=history),
        scope=scope_score,
        scope_name=scope_name,
        history_turns=len(history),
    )


def _effective(goal: str, context: dict[str, Any], history: Sequence[str]) -> tuple[str, list[str]]:
    """The text to judge: the goal as restated in a clarification (the first wording becomes history), with added
    details. The two reserved keys are taken out of `context`."""
    text, earlier = goal, [str(turn) for turn in history]
    restated, details = context.pop(RESTATED_GOAL, None), context.pop(GOAL_DETAILS, None)
    if restated:
        earlier.append(text)
        text = str(restated)
    if details:
        text = f"{text}\n{details}"
    return text[:MAX_CHARS], earlier


def _earlier_values(history: Sequence[str]) -> tuple[Value, ...]:
    return tuple(value for turn in history[-MAX_EARLIER:] for value in values_of(turn[:MAX_CHARS]))


def _telling(ask: Ask, words: Sequence[Word], values: Sequence[Value]) -> int:
    return sum(
        1
        for word in words
        if word.content
        and ask.start <= word.start < ask.end
        and not kinds_of(word.stem)
        and not any(value.start <= word.start < value.end for value in values)
    )


def _matched(
    text: str, asks: Sequence[Ask], toolset: ToolSet, vectors: _WordVectors, meanings: NDArray[np.float32]
) -> Matches:
    spoken = [*(vectors.of_span(ask.start, ask.end) for ask in asks), vectors.of_span(0, len(text))]
    return match_tools(toolset, asks, spoken, meanings)


class _WordVectors:
    """Vectors of the goal's words with content, each looked up once and picked by place for each ask."""

    def __init__(self, words: Sequence[Word], values: Sequence[Value], embedder: ReadingEmbedder) -> None:
        self._words = [word for word in words if word.content and not word.text.isdigit()]
        self._embedder = embedder
        self._rows = embedder.vectors([word.text for word in self._words])
        inside = [(value.start, value.end) for value in values if value.kind is not Kind.FILE]
        self._own = np.array(
            [not any(start <= word.start < end for start, end in inside) for word in self._words], dtype=bool
        )

    def familiarity(self) -> float:
        """Mean familiarity of the words that ask, put on [0, 1]; 1 when there are none to judge by."""
        asking = [word.text for word, own in zip(self._words, self._own, strict=True) if own]
        if not asking:
            return 1.0
        mean = sum(self._embedder.familiarity(asking)) / len(asking)
        return min(1.0, max(0.0, (mean - STRANGE) / (FAMILIAR - STRANGE)))

    def whole(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(words that ask, all words with content) of the whole text; words inside values do not ask."""
        own = self._rows[self._own]
        return (own if len(own) else self._rows), self._rows

    def of_span(self, start: int, end: int) -> Spoken:
        """The words between two places, or those of the whole text where there are none."""
        chosen = np.array([start <= word.start < end for word in self._words], dtype=bool)
        if not chosen.any():
            chosen = np.ones(len(self._words), dtype=bool)
        own = chosen & self._own if (chosen & self._own).any() else chosen
        return Spoken(tuple(self._words[place] for place in np.flatnonzero(own)), self._rows[chosen])
