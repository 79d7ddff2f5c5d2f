"""The offered tools, read once: names, descriptions and parameters as words, and the vectors of words and descriptions.

Callers offer the same tools again and again, so all readings are cached by content.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from apps.goals.actions import Kinds, kinds_of, kinds_of_tool
from apps.goals.descriptions import own_descriptions
from apps.goals.parameters import Parameter, parameters_of
from apps.goals.reading import FUNCTION_WORDS, name_words, stem, words_of
from apps.llm.embedding import ReadingEmbedder

MAX_DESCRIPTION_WORDS = 80


class Tool(msgspec.Struct, frozen=True):
    """One tool as words. `stems` are those of name, description and parameter names; `objects` the words of the name
    that are no verb of action; `named` and `doing` the kinds of action it does (actions.py: kinds_of_tool)."""

    name: str
    description: str
    name_words: tuple[str, ...]
    objects: tuple[str, ...]
    description_words: tuple[str, ...]
    parameter_words: tuple[str, ...]
    stems: frozenset[str]
    named: Kinds
    doing: Kinds
    parameters: tuple[Parameter, ...]

    @property
    def things(self) -> frozenset[str]:
        """Stems of the things it works on and needs named."""
        needed = {one for parameter in self.parameters if parameter.required for one in parameter.stems}
        return frozenset(one for one in needed | {stem(word) for word in self.objects} if len(one) > 2)


class ToolSet:
    """Several tools and the matrices that goals are compared with.

    `meanings` has a row a tool: its description's vector (the name's where there is none). `matrix` has a row for each
    word of all tools (name, description, parameters), for comparing subjects. `objects` has a row for each word of
    `Tool.objects`, with each tool's first row in `object_starts`. `rarity` says by stem how much a word tells the tools
    apart: ln((n + 1) / (tools using it + 0.5)) + 0.3, n tools (the usual inverse document frequency, kept above 0).
    """

    def __init__(self, tools: tuple[Tool, ...], embedder: ReadingEmbedder) -> None:
        self.tools = tools
        self.meanings = embedder.embed([tool.description or " ".join(tool.name_words) or tool.name for tool in tools])
        words = [word for tool in tools for word in (*tool.name_words, *tool.description_words, *tool.parameter_words)]
        self.matrix: NDArray[np.float32] = embedder.vectors(words)
        objects = [tool.objects or ("",) for tool in tools]
        self.objects: NDArray[np.float32] = embedder.vectors([word for one in objects for word in one])
        self.objects[[not word for one in objects for word in one]] = 0.0
        self.object_counts = np.array([len(one) for one in objects])
        self.object_starts = np.concatenate(([0], np.cumsum(self.object_counts)[:-1]))
        self.object_stems = [frozenset(map(stem, one)) for one in objects]
        self._used_by = Counter(one for tool in tools for one in tool.stems)

    def rarity(self, word_stem: str) -> float:
        return math.log((len(self.tools) + 1) / (self._used_by[word_stem] + 0.5)) + 0.3


def read_tools(tools: Sequence[Mapping[str, Any]], embedder: ReadingEmbedder) -> ToolSet:
    """The tools in order. What is not in the function format is read as far as it goes: nothing raises."""
    return _tool_set(tuple(msgspec.json.encode(tool, order="sorted") for tool in tools), embedder)


@lru_cache(maxsize=32)
def _tool_set(raw: tuple[bytes, ...], embedder: ReadingEmbedder) -> ToolSet:
    bodies = [_body(one) for one in raw]
    own = own_descriptions([str(body.get("description") or "") for body in bodies])
    return ToolSet(tuple(_tool(one, description) for one, description in zip(raw, own, strict=True)), embedder)


def _body(raw: bytes) -> dict[str, Any]:
    offered = msgspec.json.decode(raw)
    function = offered.get("function") if isinstance(offered, dict) else None
    return function if isinstance(function, dict) else offered if isinstance(offered, dict) else {}


@lru_cache(maxsize=2048)
def _tool(raw: bytes, description: str) -> Tool:
    body = _body(raw)
    name = str(body.get("name") or "")
    parameters = parameters_of(body.get("parameters") or body.get("input_schema") or {})
    in_name = _content(name_words(name))
    in_text = tuple(word.text for word in words_of(description) if word.content)
    in_parameters = _content([word for parameter in parameters for word in name_words(parameter.name)])
    described = in_text[:MAX_DESCRIPTION_WORDS]
    named, doing = kinds_of_tool(tuple(name_words(name)), description)
    return Tool(
        name=name,
        description=description,
        name_words=in_name,
        objects=tuple(word for word in in_name if not kinds_of(stem(word))) or in_name,
        description_words=described,
        parameter_words=in_parameters,
        stems=frozenset(stem(word) for word in (*in_name, *described, *in_parameters)),
        named=named,
        doing=doing,
        parameters=parameters,
    )


def _content(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in FUNCTION_WORDS)
