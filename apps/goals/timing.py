"""How long each stage of judging a goal takes, read from the monotonic clock."""

from enum import StrEnum
from time import perf_counter


class Stage(StrEnum):
    """What is timed, in the order in which Goal.timings keeps it.

    look_up: agent, tools and configuration. read: words into facts. model: the wait for a model, where one is
    configured. judge: checks, confidence and gate. total: from the request reaching the view (authentication included)
    to the moment at which the rows go to the database; their commit comes after it and is not in it.
    """

    LOOK_UP = "look_up"
    READ = "read"
    MODEL = "model"
    JUDGE = "judge"
    TOTAL = "total"


RECEIVE, WRITE = "receive", "write"
MOST = 2**31 - 1


class Stopwatch:
    """`enter` begins a stage and ends the one before; `stage` is the one under way, for the record of an error."""

    __slots__ = ("_at", "_began", "_took", "stage")

    def __init__(self) -> None:
        self._began = self._at = perf_counter()
        self._took: dict[str, float] = {}
        self.stage: str = RECEIVE

    def enter(self, stage: str) -> None:
        now = perf_counter()
        self._took[self.stage] = self._took.get(self.stage, 0.0) + now - self._at
        self.stage, self._at = stage, now

    def timings(self) -> list[int | None]:
        """Microseconds for each Stage, None for one that was not gone through. The total runs until now."""
        self._took[Stage.TOTAL] = perf_counter() - self._began
        return [None if took is None else min(round(took * 1e6), MOST) for took in map(self._took.get, Stage)]
