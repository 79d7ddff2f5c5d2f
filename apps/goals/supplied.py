"""Which of a tool's required values the goal, the context or earlier messages give, and where.

A parameter is held against the context's keys, then against the particulars found in the text: their kinds must go
together and the words around a value should speak of the parameter. Each value fills one parameter only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from apps.goals.asks import Ask
from apps.goals.facts import ParameterFact
from apps.goals.parameters import Parameter
from apps.goals.reading import Word, name_words, stem
from apps.goals.references import Open, Reference
from apps.goals.toolset import Tool
from apps.goals.values import Value
from apps.goals.vocabulary import Kind

FROM_CONTEXT, FROM_SIMILAR_KEY = 0.97, 0.85
FROM_OPTION, FROM_DEFAULT = 0.92, 0.9
FROM_HISTORY = 0.8  # of what the same value would count in the goal itself
NOTHING_FOUND = 0.15
NOTHING_REQUIRED = 0.9
NEAR_NAME, NEAR_HINT = 0.12, 0.05
WINDOW_BEFORE, WINDOW_AFTER = 5, 2  # words around a value that may speak of it
SHOWN = 60  # characters of a value shown as evidence

# How well a particular of one kind serves a parameter that wants another.
_SERVES: dict[Kind, dict[Kind, float]] = {
    Kind.DATE: {Kind.DATE: 0.85, Kind.TIME: 0.4, Kind.NUMBER: 0.3, Kind.QUOTED: 0.4},
    Kind.TIME: {Kind.TIME: 0.85, Kind.DATE: 0.4, Kind.NUMBER: 0.35},
    Kind.EMAIL: {Kind.EMAIL: 0.95},
    Kind.URL: {Kind.URL: 0.95, Kind.FILE: 0.4},
    Kind.PHONE: {Kind.PHONE: 0.9, Kind.NUMBER: 0.5},
    Kind.CODE: {Kind.CODE: 0.85, Kind.NUMBER: 0.75, Kind.QUOTED: 0.75, Kind.PHONE: 0.7, Kind.NAME: 0.5, Kind.FILE: 0.3},
    Kind.FILE: {Kind.FILE: 0.88, Kind.QUOTED: 0.8, Kind.NAME: 0.4, Kind.CODE: 0.4},
    Kind.PLACE: {Kind.NAME: 0.8, Kind.QUOTED: 0.75, Kind.CODE: 0.65},
    Kind.MONEY: {Kind.MONEY: 0.9, Kind.NUMBER: 0.75},
    Kind.NUMBER: {Kind.NUMBER: 0.8, Kind.MONEY: 0.75, Kind.CODE: 0.3, Kind.DATE: 0.3},
    Kind.NAME: {Kind.NAME: 0.8, Kind.QUOTED: 0.85, Kind.CODE: 0.6, Kind.FILE: 0.6, Kind.EMAIL: 0.5},
    Kind.TEXT: {Kind.QUOTED: 0.85, Kind.NAME: 0.65, Kind.CODE: 0.5, Kind.URL: 0.5, Kind.EMAIL: 0.5,
                Kind.DATE: 0.45, Kind.FILE: 0.4, Kind.TIME: 0.4, Kind.MONEY: 0.4, Kind.NUMBER: 0.35},
    Kind.CHOICE: {Kind.QUOTED: 0.5, Kind.NAME: 0.45, Kind.CODE: 0.5},
    Kind.BOOLEAN: {},
    Kind.LIST: dict.fromkeys(Kind, 0.7),
    Kind.OBJECT: dict.fromkeys(Kind, 0.55),
}  # fmt: skip
# Without any particular: how far plain words that the tool's own text does not explain can be the value.
_PLAIN_WORDS = {Kind.TEXT: 0.7, Kind.LIST: 0.55, Kind.OBJECT: 0.5, Kind.PLACE: 0.45, Kind.NAME: 0.45, Kind.CHOICE: 0.45,
                Kind.FILE: 0.3}  # fmt: skip
_SWITCH = 0.65  # a yes/no parameter is most often implied
_INDEFINITE_TEXT = """
a an specific certain particular some any another different other several few
"""
_INDEFINITE = frozenset(_INDEFINITE_TEXT.split())
_MOST_OPEN = {Open.INDEFINITE: 2, Open.PERSON: 1, Open.ARTICLE: 2, Open.ELSEWHERE: 1}
_OWN_NAME = 0.5
_OPEN = 0.5  # what is left of evidence from elsewhere when the goal itself leaves the parameter's thing open


class Given(msgspec.Struct, frozen=True):
    """Everything that may supply a value. `context` is flat: (key, its words' stems, value as text)."""

    words: tuple[Word, ...]
    values: tuple[Value, ...]
    context: tuple[tuple[str, frozenset[str], str], ...]
    earlier: tuple[Value, ...]


def flat_context(context: Mapping[str, Any], prefix: str = "", depth: int = 0) -> list[tuple[str, frozenset[str], str]]:
    """Leaves of the context with something in them, keys joined by dots, three levels deep."""
    leaves: list[tuple[str, frozenset[str], str]] = []
    for key, value in context.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth < 2:
            leaves += flat_context(value, f"{path}.", depth + 1)
        elif value is not None and value != "" and value != [] and value != {}:
            leaves.append((path, frozenset(stem(word) for word in name_words(str(key))), str(value)))
    return leaves


def supplied_parameters(tool: Tool, given: Given) -> tuple[ParameterFact, ...]:
    """A fact for each parameter the tool requires, in the schema's order."""
    required = [parameter for parameter in tool.parameters if parameter.required]
    open_ones = frozenset(parameter.name for parameter in required if _left_open(parameter, given.words))
    taken = _assigned(required, given, open_ones, tool.stems)
    plain = _unexplained(tool.stems, given)
    return tuple(
        _fact(tool.name, parameter, taken.get(parameter.name), [] if parameter.name in open_ones else plain, given)
        for parameter in required
    )


def context_features(
    required: Sequence[ParameterFact], references: Sequence[Reference], asks: Sequence[Ask], values: int
) -> dict[str, float]:
    """The features of the head `context`, more is better; `values` is the number of particulars in the goal.

    weakest      how surely the value is given that is given least surely
    particulars  particulars for each required value, at most 2; a value given beside the goal is one
    requested    whether anything is asked for by a verb of action at all
    the others   minus the number of open places of the kind (references.py), at most 2, of people and texts 1
    """
    supplied = [fact.supplied for fact in required]
    count = Counter(reference.kind for reference in references)
    particulars = values + sum(fact.in_context for fact in required)
    return {
        "weakest": min(supplied, default=NOTHING_REQUIRED),
        "particulars": min(2.0, particulars / (1 + len(supplied))),
        "requested": float(any(ask.kinds for ask in asks)),
        **{kind.value: -float(min(count[kind], most)) for kind, most in _MOST_OPEN.items()},
    }


def _fact(
    tool: str, parameter: Parameter, found: tuple[float, str] | None, plain: Sequence[Word], given: Given
) -> ParameterFact:
    beside = _from_context(parameter, given)
    candidates = [beside, _from_options(parameter, given), _from_schema(parameter)]
    if found is not None:
        candidates.append(found)
    else:
        candidates.append(_from_plain_words(parameter, plain))
    supplied, evidence = max(candidates)
    return ParameterFact(
        tool,
        parameter.name,
        parameter.kind,
        parameter.description,
        supplied,
        evidence,
        parameter.options,
        in_context=bool(evidence) and evidence == beside[1],
    )


def _from_context(parameter: Parameter, given: Given) -> tuple[float, str]:
    best = (0.0, "")
    for key, stems, value in given.context:
        if not stems:
            continue
        evidence = f"{key} in the context"
        if stems == parameter.stems and parameter.stems:
            return FROM_CONTEXT, evidence
        if (stems < parameter.stems or parameter.stems < stems) and value:
            best = max(best, (FROM_SIMILAR_KEY, evidence))
    return best


def _from_options(parameter: Parameter, given: Given) -> tuple[float, str]:
    if not parameter.options:
        return 0.0, ""
    said = {word.stem for word in given.words}
    for option in parameter.options:
        wanted = {stem(word) for word in name_words(option)}
        if wanted and wanted <= said:
            return FROM_OPTION, f"\u201c{option}\u201d in the goal"
    return 0.0, ""


def _from_schema(parameter: Parameter) -> tuple[float, str]:
    if parameter.has_default:
        return FROM_DEFAULT, "it has a default"
    if parameter.kind is Kind.BOOLEAN:
        return _SWITCH, "a yes/no that the goal implies"
    if parameter.hints & {"default", "option"}:
        return _SWITCH, "its description names a default"
    return NOTHING_FOUND, ""


def _assigned(
    required: Sequence[Parameter], given: Given, open_ones: frozenset[str], own: frozenset[str]
) -> dict[str, tuple[float, str]]:
    """Greedy, best pair first: each value to one parameter, each parameter one value.

    A name that the tool uses of itself ("Salon", "Kubernetes") says what is worked on rather than which.
    """
    pairs: list[tuple[float, int, int]] = []
    everything = (*given.values, *given.earlier)
    here = len(given.values)
    nearby = [_near(value, given.words) for value in given.values]
    for number, parameter in enumerate(required):
        serves = _SERVES[parameter.kind]
        for place, value in enumerate(everything):
            score = serves.get(value.kind, 0.0)
            if score and value.kind is Kind.NAME and all(stem(word) in own for word in name_words(value.text)):
                score *= _OWN_NAME
            if score:
                if place < here:
                    score = _with_neighbours(score, parameter, nearby[place])
                else:
                    score *= FROM_HISTORY * (_OPEN if parameter.name in open_ones else 1.0)
                pairs.append((score, -number, -place))
    pairs.sort(reverse=True)
    result: dict[str, tuple[float, str]] = {}
    used: set[int] = set()
    for score, number, place in pairs:
        name = required[-number].name
        if name not in result and place not in used:
            used.add(place)
            source = "in the goal" if -place < here else "in an earlier message"
            result[name] = (score, f"\u201c{everything[-place].text[:SHOWN]}\u201d {source}")
    return result


def _near(value: Value, words: Sequence[Word]) -> frozenset[str]:
    before = [word.stem for word in words if word.end <= value.start][-WINDOW_BEFORE:]
    inside = [word.stem for word in words if word.start >= value.start and word.end <= value.end]
    after = [word.stem for word in words if word.start >= value.end][:WINDOW_AFTER]
    return frozenset((*before, *inside, *after))


def _with_neighbours(score: float, parameter: Parameter, near: frozenset[str]) -> float:
    if parameter.stems & near:
        score += NEAR_NAME
    elif parameter.hints & near:
        score += NEAR_HINT
    return min(0.97, score)


def _unexplained(tool_stems: frozenset[str], given: Given) -> list[Word]:
    """Words with content that are neither the tool's own nor part of a value."""
    spans = [(value.start, value.end) for value in given.values]
    return [
        word
        for word in given.words
        if word.content
        and word.stem not in tool_stems
        and word.text not in _INDEFINITE
        and not any(start <= word.start < end for start, end in spans)
    ]


def _from_plain_words(parameter: Parameter, plain: Sequence[Word]) -> tuple[float, str]:
    """Words the tool does not explain may be the value: one perhaps, three as likely as words can make it."""
    ceiling = _PLAIN_WORDS.get(parameter.kind, 0.0)
    if not ceiling or not plain:
        return NOTHING_FOUND, ""
    share = min(1.0, 0.4 + 0.2 * len(plain))
    words = " ".join(word.text for word in plain[:6])
    return max(NOTHING_FOUND, ceiling * share), f"perhaps \u201c{words}\u201d in the goal"


def _left_open(parameter: Parameter, words: Sequence[Word]) -> bool:
    """The goal speaks of the parameter's thing only indefinitely: "a specific term", "some folder", "several lines"."""
    about = parameter.stems | parameter.hints
    return any(
        word.text in _INDEFINITE and any(later.stem in about for later in words[place + 1 : place + 3])
        for place, word in enumerate(words)
    )
