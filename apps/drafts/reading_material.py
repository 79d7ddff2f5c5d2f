"""RULE: the material of a draft as lists that a person reads: fields of tools, passages, parts of the prompt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_FIELDS = 60
LONGEST = 300


@dataclass(frozen=True, slots=True)
class ToolShown:
    """A call of a tool. fields: (path, value) of what it answered, `more` that are not shown. called: False when the
    mail lacked what the tool needs; then `error` says what."""

    name: str
    arguments: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    more: int
    error: str
    took_ms: float | None
    called: bool = True


@dataclass(frozen=True, slots=True)
class PassageShown:
    id: str
    kind: str
    title: str
    text: str
    score: float | None
    document: str


def tools_of(material: Any) -> tuple[ToolShown, ...]:
    """material: of a DraftVersion."""
    return tuple(_tool(call) for call in _list(material, "tools"))


def passages_of(material: Any) -> tuple[PassageShown, ...]:
    return tuple(
        PassageShown(
            id=str(one.get("id") or ""),
            kind="Snippet" if one.get("kind") == "snippet" else "Earlier reply",
            title=str(one.get("title") or ""),
            text=str(one.get("text") or "")[:2000],
            score=one["score"] if isinstance(one.get("score"), int | float) else None,
            document=str(one.get("document") or ""),
        )
        for one in _list(material, "passages")
    )


def leaves(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, value) of every value, in the order of the data: "items.0.name", "Blue kettle"."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, Sequence) and not isinstance(data, str | bytes):
        for number, value in enumerate(data):
            yield from leaves(value, f"{path}.{number}" if path else str(number))
    else:
        yield path, _plain(data)


def _tool(call: Mapping[str, Any]) -> ToolShown:
    found = list(leaves(call.get("data"))) if call.get("data") is not None else []
    took = call.get("took_ms")
    return ToolShown(
        name=str(call.get("name") or ""),
        arguments=tuple(leaves(call.get("arguments") or {})),
        fields=tuple(found[:MOST_FIELDS]),
        more=max(0, len(found) - MOST_FIELDS),
        error=str(call.get("error") or ""),
        took_ms=took if isinstance(took, int | float) else None,
        called=call.get("called") is not False,
    )


def _plain(value: Any) -> str:
    words = {None: "–", True: "yes", False: "no"}
    if value is None or isinstance(value, bool):
        return words[value]
    return str(value)[:LONGEST]


def _list(material: Any, key: str) -> list[Mapping[str, Any]]:
    found = material.get(key) if isinstance(material, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
