"""The offered tools, read once: names, descriptions and parameters as words, and the words' vectors.

Callers offer the same tools again and again, so both readings are cached by content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from apps.goals.parameters import Parameter, parameters_of
from apps.goals.reading import FUNCTION_WORDS, name_words, stem, words_of
from apps.llm.embedding import WordEmbedder

MAX_DESCRIPTION_WORDS = 80
RARITY = 0.5


class Tool(msgspec.Struct, frozen=True):
    """One tool as words. `stems` are those of name, description and parameter names."""

    name: str
    name_words: tuple[str, ...]
    description_words: tuple[str, ...]
    parameter_words: tuple[str, ...]
    stems: frozenset[str]
    parameters: tuple[Parameter, ...]


class ToolSet:
    """Several tools and one matrix of all their words.

    Rows lie tool by tool, and within a tool: name, description, parameters; `bounds` has their ends as three columns
    and `starts` the first row of each tool. A tool without words has one row of zeros. `weights` has one figure a row:
    a word that many of the tools use tells them apart less, so it counts 1 / (tools using it) ** RARITY.
    """

    __slots__ = ("bounds", "description_weight", "matrix", "name_weight", "starts", "tools", "weights")

    def __init__(self, tools: tuple[Tool, ...], embedder: WordEmbedder) -> None:
        self.tools = tools
        words: list[str] = []
        bounds: list[tuple[int, int, int]] = []
        for tool in tools:
            name_end = len(words) + len(tool.name_words)
            description_end = name_end + len(tool.description_words)
            words += (*tool.name_words, *tool.description_words, *tool.parameter_words)
            if not (tool.name_words or tool.description_words or tool.parameter_words):
                words.append("")
            bounds.append((name_end, description_end, len(words)))
        self.bounds = np.array(bounds)
        self.starts = np.concatenate(([0], self.bounds[:-1, 2]))
        self.matrix: NDArray[np.float32] = embedder.vectors(words)
        self.matrix[[not word for word in words]] = 0.0
        used_by = Counter(one for tool in tools for one in tool.stems)
        self.weights = np.array([max(1, used_by[stem(word)]) for word in words], dtype=np.float64) ** -RARITY
        total = np.concatenate(([0.0], np.cumsum(self.weights)))
        self.name_weight = np.maximum(1e-9, total[self.bounds[:, 0]] - total[self.starts])
        self.description_weight = np.maximum(1e-9, total[self.bounds[:, 1]] - total[self.bounds[:, 0]])


def read_tools(tools: Sequence[Mapping[str, Any]], embedder: WordEmbedder) -> ToolSet:
    """The tools in order. What is not in the function format is read as far as it goes: nothing raises."""
    return _tool_set(tuple(msgspec.json.encode(tool, order="sorted") for tool in tools), embedder)


@lru_cache(maxsize=32)
def _tool_set(raw: tuple[bytes, ...], embedder: WordEmbedder) -> ToolSet:
    return ToolSet(tuple(_tool(one) for one in raw), embedder)


@lru_cache(maxsize=2048)
def _tool(raw: bytes) -> Tool:
    offered = msgspec.json.decode(raw)
    function = offered.get("function") if isinstance(offered, dict) else None
    body = function if isinstance(function, dict) else offered if isinstance(offered, dict) else {}
    name = str(body.get("name") or "")
    parameters = parameters_of(body.get("parameters") or body.get("input_schema") or {})
    in_name = _content(name_words(name))
    in_text = tuple(word.text for word in words_of(str(body.get("description") or "")) if word.content)
    in_parameters = _content([word for parameter in parameters for word in name_words(parameter.name)])
    described = in_text[:MAX_DESCRIPTION_WORDS]
    stems = frozenset(stem(word) for word in (*in_name, *described, *in_parameters))
    return Tool(name, in_name, described, in_parameters, stems, parameters)


def _content(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in FUNCTION_WORDS)
