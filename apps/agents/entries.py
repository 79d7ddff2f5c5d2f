"""ACT: call Python that this installation has registered under a name, for so long and no longer.

A thread cannot be ended from outside: a call that takes too long is left behind, and when too many of one name are,
that name is refused until they have ended.
"""

import threading
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import msgspec
from django.conf import settings
from django.db import connections

from apps.agents.answers import CallFailed, Why, decode

AGENTS, TOOLS = "gatehouse.agents", "gatehouse.tools"
MOST_LEFT_BEHIND = 4
LONGEST_WORDS = 200

_left_behind: dict[str, list[threading.Thread]] = {}
_lock = threading.Lock()


def registered(group: str) -> dict[str, str]:
    """What may be called, by name: "module:function". The settings win over what installed packages declare."""
    named = settings.AGENT_ENTRY_POINTS if group == AGENTS else settings.TOOL_ENTRY_POINTS
    return {**_installed(group), **named}


def call_entry(group: str, name: str, *, timeout: float, given: dict[str, Any], work_id: str) -> Any:
    """What function(given, work_id=work_id) returns, as JSON would carry it. given: its own copy.

    Raises CallFailed: missing (nothing is registered so, or it cannot be imported), timeout, busy, error, bad_answer.
    """
    function = _load(group, name)
    _check_room(f"{group}:{name}")
    copy = msgspec.json.decode(msgspec.json.encode(given))
    returned = _run_for(f"{group}:{name}", timeout, lambda: function(copy, work_id=work_id))
    try:
        return decode(msgspec.json.encode(returned))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        words = f"The answer cannot be written as JSON: {str(error)[:LONGEST_WORDS]}"
        raise CallFailed(words, again=False, why=Why.BAD_ANSWER) from None


def _load(group: str, name: str) -> Callable[..., Any]:
    target = registered(group).get(name)
    if target is None:
        words = f"Nothing is registered as {name} in this installation"
        raise CallFailed(words, again=False, why=Why.MISSING)
    try:
        return _imported(target)
    except Exception as error:
        words = f"{name} cannot be loaded: {type(error).__name__}"
        raise CallFailed(words, again=False, why=Why.MISSING) from error


@cache
def _imported(target: str) -> Callable[..., Any]:
    module, _, attribute = target.partition(":")
    found: Any = import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{target} cannot be called")
    return found  # type: ignore[no-any-return]


@cache
def _installed(group: str) -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=group)}


def _check_room(name: str) -> None:
    with _lock:
        alive = [thread for thread in _left_behind.get(name, ()) if thread.is_alive()]
        _left_behind[name] = alive
    if len(alive) >= MOST_LEFT_BEHIND:
        words = f"{len(alive)} earlier calls took too long and still run in this process"
        raise CallFailed(words, again=True, why=Why.BUSY)


def _run_for(name: str, timeout: float, work: Callable[[], Any]) -> Any:
    returned: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(work())
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        with _lock:
            _left_behind.setdefault(name, []).append(thread)
        raise CallFailed(f"No answer within {timeout:g} s", again=True, why=Why.TIMEOUT)
    if failed:
        told = f"{type(failed[0]).__name__}: {failed[0]}".replace("\x00", " ")[:LONGEST_WORDS]
        raise CallFailed(f"It failed with {told}", again=True, why=Why.ERROR) from failed[0]
    return returned[0]
