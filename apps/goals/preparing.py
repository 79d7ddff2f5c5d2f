"""From a goal's text, context, history and tools to GoalFacts: the only step that reads text and meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.goals.asks import asks_in
from apps.goals.clarification import GOAL_DETAILS, RESTATED_GOAL
from apps.goals.clarity import clarity_of, wordlike_share
from apps.goals.contradictions import contradictions_in
from apps.goals.facts import AskFact, GoalFacts, ParameterFact, ToolFact
from apps.goals.matching import Match, match_tools
from apps.goals.reading import Word, stem, words_of
from apps.goals.scope import scope_of
from apps.goals.supplied import Given, flat_context, supplied_parameters
from apps.goals.toolset import Tool, ToolSet, read_tools
from apps.goals.values import Value, values_of
from apps.goals.vocabulary import Kind
from apps.llm.embedding import WordEmbedder

MAX_CHARS = 8000  # of the goal; what is beyond is not read
MAX_EARLIER = 6  # messages of the history that are read for values
MAX_SHARED = 5
STRANGE, FAMILIAR = 0.35, 0.65  # mean familiarity of words not understood at all, and wholly
COVERS = 0.6  # fit from which a tool is taken to cover an ask

_CONDITION = re.compile(r"\b(?:if|unless|when(?:ever)?|in case|provided|depending|otherwise|except)\b", re.I)


def prepare_facts(
    *,
    goal: str,
    context: Mapping[str, Any] | None = None,
    history: Sequence[str] = (),
    tools: Sequence[Mapping[str, Any]] = (),
    scope: Sequence[str] = (),
    embedder: WordEmbedder,
    now: datetime,
    deadline: datetime | None = None,
) -> GoalFacts:
    """Read everything once.

    `tools` are in the OpenAI function format or bare {name, description, parameters}. `scope` are sentences that say
    what the agent is for, if any. `now` and `deadline` are timezone-aware. Nothing raises on odd text or odd tools.
    """
    context = dict(context or {})
    text, history = _effective(goal, context, history)
    words, values = words_of(text), values_of(text)
    given = Given(words, values, tuple(flat_context(context)), _earlier_values(history))
    toolset = read_tools(tools, embedder) if tools else None
    vectors = _WordVectors(words, values, embedder)
    whole = vectors.whole()
    ranked = _ranked(toolset, match_tools(toolset, *whole)) if toolset else []
    ask_facts = _ask_facts(text, asks_in(text), toolset, vectors, ranked)
    clarity = clarity_of(words, values, background=bool(given.context or history))
    scope_score, scope_name = scope_of(scope, toolset, whole, embedder)
    return GoalFacts(
        words=len(words),
        wordlike=wordlike_share(text, words),
        understood=max(vectors.familiarity(), ranked[0][1].fit if ranked else 0.0),
        clarity=clarity.score,
        clarity_gaps=clarity.gaps,
        asks=ask_facts,
        tools=tuple(_tool_fact(tool, match, words) for tool, match in ranked),
        required=_required(ask_facts, ranked, given),
        contradictions=contradictions_in(text, given.context, now=now, deadline=deadline),
        scope=scope_score,
        scope_name=scope_name,
        conditions=len(_CONDITION.findall(text)),
        context_fields=len(given.context),
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


class _WordVectors:
    """Vectors of the goal's words with content, each looked up once and picked by place for each ask."""

    def __init__(self, words: Sequence[Word], values: Sequence[Value], embedder: WordEmbedder) -> None:
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
        """The same for the whole text."""
        own = self._rows[self._own]
        return (own if len(own) else self._rows), self._rows

    def of_span(self, start: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(words that ask, all words with content) between two places; words inside values do not ask."""
        chosen = np.array([start <= word.start < end for word in self._words], dtype=bool)
        every = self._rows[chosen]
        own = self._rows[chosen & self._own]
        return (own if len(own) else every), every


def _ranked(toolset: ToolSet, matches: Sequence[Match]) -> list[tuple[Tool, Match]]:
    return sorted(zip(toolset.tools, matches, strict=True), key=lambda pair: -pair[1].fit)


def _tool_fact(tool: Tool, match: Match, words: Sequence[Word]) -> ToolFact:
    said = {word.stem: word.text for word in words if word.content}
    shared = [said[one] for one in said if one in tool.stems]
    named = {stem(word) for word in tool.name_words}
    lexical = sum(1 for one in named if one in said) / len(named) if named else 0.0
    return ToolFact(tool.name, match.fit, match.semantic, lexical, tuple(shared[:MAX_SHARED]))


def _ask_facts(
    text: str, asks: Sequence[str], toolset: ToolSet | None, vectors: _WordVectors, ranked: Sequence[tuple[Tool, Match]]
) -> tuple[AskFact, ...]:
    """Each ask with the tool that covers it best."""
    if toolset is None:
        return tuple(AskFact(ask, "", 0.0) for ask in asks)
    if len(asks) == 1:
        return (AskFact(asks[0], ranked[0][0].name, ranked[0][1].fit),)
    facts, place = [], 0
    for ask in asks:
        found = text.find(ask, place)
        start = found if found >= 0 else place
        place = start + len(ask)
        tool, match = _ranked(toolset, match_tools(toolset, *vectors.of_span(start, place)))[0]
        facts.append(AskFact(ask, tool.name, match.fit))
    return tuple(facts)


def _required(asks: Sequence[AskFact], ranked: Sequence[tuple[Tool, Match]], given: Given) -> tuple[ParameterFact, ...]:
    """What the best tool requires, and what the tools of further asks do when they fit: one fact a parameter name."""
    if not ranked:
        return ()
    chosen = {ranked[0][0].name, *(ask.tool for ask in asks if ask.fit >= COVERS)}
    found: dict[str, ParameterFact] = {}
    for tool, _ in ranked:
        if tool.name in chosen:
            for fact in supplied_parameters(tool, given):
                if fact.name not in found or fact.supplied > found[fact.name].supplied:
                    found[fact.name] = fact
    return tuple(found.values())
