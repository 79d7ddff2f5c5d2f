"""RULE: what was said against what was found, in bins of about equally many goals: the reliability diagram."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from apps.tuning.intervals import Share, share_of

BINS = 10
FEWEST_IN_BIN = 8


class Cell(msgspec.Struct, frozen=True):
    """Labelled goals of one kind and (to a thousandth) one weighted sum, added up.

    seen, right   how many, and how many of them went well
    weight, squares, right_weight   their weights, the squares of these, and the weights of those that went well
    """

    kind: str
    raw: float
    seen: int
    right: int
    weight: float
    squares: float
    right_weight: float


class Bin(msgspec.Struct, frozen=True):
    """said: mean confidence. found: the share that went well."""

    said: float
    found: Share


class Reliability(msgspec.Struct, frozen=True):
    """bins in order of `said`; brier and ece over all of them, None without labels."""

    bins: tuple[Bin, ...]
    seen: int
    brier: float | None
    ece: float | None


def reliability_of(cells: Iterable[Cell], say: Callable[[Cell], float]) -> Reliability:
    """Of labelled goals as `say` calls them: their bins, Brier score and calibration error over those bins.

    Bins of equally many goals (Nguyen and O'Connor, EMNLP 2015): a bin of equal width where hardly a goal lies says
    nothing. Few labels make fewer bins.
    """
    ordered = sorted(((say(cell), cell) for cell in cells), key=lambda pair: pair[0])
    seen = sum(cell.seen for _, cell in ordered)
    if not seen:
        return Reliability((), 0, None, None)
    groups = _grouped(ordered, max(1, min(BINS, seen // FEWEST_IN_BIN)), seen)
    bins = tuple(_bin(group) for group in groups)
    weights = [sum(cell.weight for _, cell in group) for group in groups]
    gaps = sum(weight * abs(one.said - one.found.value) for one, weight in zip(bins, weights, strict=True))
    return Reliability(bins, seen, _brier(ordered), gaps / sum(weights))


Said = tuple[float, Cell]


def _grouped(ordered: Sequence[Said], bins: int, seen: int) -> list[list[Said]]:
    groups: list[list[Said]] = []
    last, past = -1, 0
    for said, cell in ordered:
        place = min(bins - 1, past * bins // seen)
        if place != last:
            groups.append([])
        groups[-1].append((said, cell))
        last, past = place, past + cell.seen
    return groups


def _bin(group: Sequence[Said]) -> Bin:
    weight = sum(cell.weight for _, cell in group)
    said = sum(value * cell.weight for value, cell in group) / weight
    squares = sum(cell.squares for _, cell in group)
    found = share_of(
        sum(cell.right_weight for _, cell in group),
        weight,
        effective=weight**2 / squares,
        seen=sum(cell.seen for _, cell in group),
    )
    return Bin(said, found)


def _brier(ordered: Sequence[Said]) -> float:
    lost = sum(
        cell.right_weight * (1 - said) ** 2 + (cell.weight - cell.right_weight) * said**2 for said, cell in ordered
    )
    return lost / sum(cell.weight for _, cell in ordered)
