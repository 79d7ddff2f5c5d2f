"""Remember for a second what was looked up, so that many requests a second share one query."""

import time
from collections.abc import Callable, Collection, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

SECONDS = 1.0
MOST = 10_000

_all: list["Recall[Any, Any]"] = []


class Recall(Generic[Key, Value]):
    """A change of what was looked up is seen within SECONDS, by every process. The values must not be altered."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[float, Value]] = {}
        _all.append(self)

    def get(self, keys: Collection[Key], look_up: Callable[[list[Key]], dict[Key, Value]]) -> dict[Key, Value]:
        """What is known under `keys`; `look_up` is asked for the rest, and what it gives is remembered."""
        now = time.monotonic()
        found, missing = {}, []
        for key in keys:
            kept = self._kept.get(key)
            if kept and now - kept[0] < SECONDS:
                found[key] = kept[1]
            else:
                missing.append(key)
        if missing:
            fresh = look_up(missing)
            if len(self._kept) + len(fresh) > MOST:
                self._kept.clear()
            self._kept.update((key, (now, value)) for key, value in fresh.items())
            found |= fresh
        return found

    def forget(self) -> None:
        self._kept.clear()


def forget_all() -> None:
    """Drop everything this process remembers (for tests, whose rows vanish)."""
    for recall in _all:
        recall.forget()
