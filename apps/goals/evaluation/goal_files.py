"""Files of goals: JSON Lines of {id, goal, tools, context, history, label, group}, read and checked line by line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

MOST_LINE_BYTES = 1024 * 1024  # four times what the API takes; a longer line is another kind of file


class GoalFileError(ValueError):
    """A file or a line of it that cannot be used. The message names both and is meant for a person."""


class GoalRow(msgspec.Struct, frozen=True):
    """One line. `history` are texts, oldest first; `label` and `group` are "" where the line has none. `id` is the
    line's number where it has none."""

    id: str
    goal: str
    tools: tuple[dict[str, Any] | str, ...] = ()
    context: dict[str, Any] = {}
    history: tuple[str, ...] = ()
    label: str = ""
    group: str = ""


def read_goals(path: Path, *, limit: int | None = None, labels: Collection[str] | None = None) -> list[GoalRow]:
    """The goals of a file, the first `limit` of them if given; blank lines are passed over.

    With `labels` every line must carry one of these and its tools must be whole, not names of registered ones.
    Raises GoalFileError: no such file, no goals in it, or a line that is not a goal.
    """
    rows: list[GoalRow] = []
    try:
        for number, line in _lines(path):
            if limit is not None and len(rows) >= limit:
                break
            rows.append(_row(line, number, f"{path}, line {number}", labels))
    except OSError as error:
        raise GoalFileError(f"{path}: {error.strerror}") from None
    if not rows:
        raise GoalFileError(f"{path}: there are no goals in it")
    return rows


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                raise GoalFileError(f"{path}, line {number}: longer than {MOST_LINE_BYTES:,} bytes")
            if line.strip():
                yield number, line


def _row(line: bytes, number: int, where: str, labels: Collection[str] | None) -> GoalRow:
    try:
        read = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GoalFileError(f"{where}: not JSON ({error})") from None
    if not isinstance(read, dict):
        raise GoalFileError(f"{where}: not a JSON object")
    goal = read.get("goal")
    if not isinstance(goal, str) or not goal.strip():
        raise GoalFileError(f"{where}: no goal (a text under “goal”)")
    row = GoalRow(
        id=_word(read, "id", where) or str(number),
        goal=goal,
        tools=_tools(read.get("tools"), where, whole=labels is not None),
        context=_context(read.get("context"), where),
        history=_history(read.get("history"), where),
        label=_word(read, "label", where),
        group=_word(read, "group", where),
    )
    if labels is not None and row.label not in labels:
        what = f"unknown label “{row.label[:80]}”" if row.label else "no label"
        raise GoalFileError(f"{where}: {what}; known are {', '.join(sorted(labels))}")
    return row


def _word(read: Mapping[str, Any], name: str, where: str) -> str:
    value = read.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise GoalFileError(f"{where}: “{name}” must be a text")
    return str(value)


def _tools(tools: Any, where: str, *, whole: bool) -> tuple[dict[str, Any] | str, ...]:
    if tools is None:
        return ()
    if not isinstance(tools, list):
        raise GoalFileError(f"{where}: “tools” must be a list")
    for place, tool in enumerate(tools):
        if not isinstance(tool, dict if whole else dict | str):
            raise GoalFileError(f"{where}: tools[{place}] must be an object in the OpenAI function format")
        function = tool.get("function", tool) if isinstance(tool, dict) else {"name": tool}
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise GoalFileError(f"{where}: tools[{place}] has no name")
    return tuple(tools)


def _context(context: Any, where: str) -> dict[str, Any]:
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise GoalFileError(f"{where}: “context” must be an object")
    return context


def _history(history: Any, where: str) -> tuple[str, ...]:
    """Texts; of {role, content} messages the content, whoever wrote it."""
    if history is None:
        return ()
    if not isinstance(history, list):
        raise GoalFileError(f"{where}: “history” must be a list")
    texts = []
    for place, turn in enumerate(history):
        text = turn.get("content") if isinstance(turn, dict) else turn
        if not isinstance(text, str):
            raise GoalFileError(f"{where}: history[{place}] must be a text, or an object with “role” and “content”")
        texts.append(text)
    return tuple(texts)
