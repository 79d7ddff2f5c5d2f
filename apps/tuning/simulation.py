"""RULE: what two thresholds would have made of past goals, and how many of those that run people found wrong."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from apps.goals.vocabulary import ExecutionPath
from apps.tuning.intervals import Share, share_of

# Of fewer labelled goals among those that would run, no share is told.
FEWEST_TO_TELL = 20

RUN, ASK = ExecutionPath.EXECUTED, ExecutionPath.APPROVED


class PastGoal(msgspec.Struct, frozen=True):
    """A goal as it was judged. confidence: calibrated by the curve now in force.

    path: the gate's, of that time. unsure_path: below every threshold; "" where a failed check decided.
    wrong: whether a person rejected or changed it; None when nobody looked. weight: how many such goals it stands for.
    """

    confidence: float
    path: str
    unsure_path: str
    wrong: bool | None = None
    weight: float = 1.0


class Tally(msgspec.Struct, frozen=True):
    """How many goals would have gone each way."""

    run: int = 0
    ask: int = 0
    clarify: int = 0
    reject: int = 0

    @property
    def all(self) -> int:
        return self.run + self.ask + self.clarify + self.reject


class Looked(msgspec.Struct, frozen=True):
    """Labelled goals that would run: how many; the sums of their weights, of these squared, of those of the wrong."""

    seen: int = 0
    weight: float = 0.0
    squares: float = 0.0
    wrong_weight: float = 0.0


class Simulated(msgspec.Struct, frozen=True):
    """What thresholds would have done. wrong: of those that would run, the share people rejected or changed; None
    where too few were looked at (`looked` says how many)."""

    high: float
    medium: float
    tally: Tally
    looked: int
    wrong: Share | None

    @property
    def wrong_percent(self) -> tuple[str, str, str]:
        """The share and the ends of its interval in percent, as written; empty where none is told."""
        if self.wrong is None:
            return "", "", ""
        value, low, high = (f"{part * 100:.1f}" for part in (self.wrong.value, self.wrong.low, self.wrong.high))
        return value, low, high


def path_at(goal: PastGoal, *, high: float, medium: float, asks: bool = True) -> str:
    """Where a goal would go. asks: whether approval gates are on; off, the middle band runs too."""
    if not goal.unsure_path:
        return goal.path
    if goal.confidence >= high:
        return RUN
    if goal.confidence >= medium:
        return ASK if asks else RUN
    return goal.unsure_path


def tally_of(paths: Iterable[tuple[str, int]]) -> Tally:
    """Added up from (execution path, how many goals)."""
    found = dict.fromkeys(ExecutionPath, 0)
    for path, number in paths:
        found[ExecutionPath(path)] += number
    return Tally(*(found[path] for path in ExecutionPath))


def simulated(high: float, medium: float, tally: Tally, looked: Looked) -> Simulated:
    wrong = None
    if looked.seen >= FEWEST_TO_TELL:
        effective = looked.weight**2 / looked.squares
        wrong = share_of(looked.wrong_weight, looked.weight, effective=effective, seen=looked.seen)
    return Simulated(high, medium, tally, looked.seen, wrong)


def simulate(goals: Iterable[PastGoal], *, high: float, medium: float, asks: bool = True) -> Simulated:
    """The whole of it over goals in memory. The page asks the database for the same sums (selectors.py)."""
    goals = tuple(goals)
    paths = [path_at(goal, high=high, medium=medium, asks=asks) for goal in goals]
    running = [
        goal
        for goal, path in zip(goals, paths, strict=True)
        if path == RUN and goal.unsure_path and goal.wrong is not None
    ]
    looked = Looked(
        len(running),
        sum(goal.weight for goal in running),
        sum(goal.weight**2 for goal in running),
        sum(goal.weight for goal in running if goal.wrong),
    )
    return simulated(high, medium, tally_of((path, 1) for path in paths), looked)


def in_words(found: Simulated) -> str:
    """One sentence: "at 0.80, 63 % would run alone; 2.1 % (0.9 to 4.0 %, 240 labelled) of those ..."."""
    if not found.tally.all:
        return "No goal has been judged in this time, so there is nothing to try thresholds on."
    part = found.tally.run / found.tally.all
    begin = f"At {found.high:.2f}, {part:.0%} would run alone".replace("%", " %")
    if not found.tally.run:
        return f"{begin}."
    if found.wrong is None:
        return f"{begin}. How many of those were wrong is not known: {_labelled(found.looked)}, not enough evidence."
    value, low, high = found.wrong_percent
    figures = f"{value} % ({low} to {high} %, {_labelled(found.wrong.seen)})"
    return f"{begin}; {figures} of those were later rejected or had to be changed."


def _labelled(number: int) -> str:
    return f"{number} labelled" if number else "none labelled"
