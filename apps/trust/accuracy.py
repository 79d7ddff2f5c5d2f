"""RULE: how well trust foretold the decisions that came, beside a plain running average and a constant.

Each recommendation carries the probability of approval that trust gave it when it was made, and the average of that
moment; both are held against the value it got. Loss: log loss (I. Good, JRSS B 14, 1952) and Brier score (G. Brier,
Monthly Weather Review 78, 1950), both proper, so no forecaster gains by saying anything but what it thinks; an outcome
between 0 and 1 counts as that part of an approval. Means weigh by what each outcome stands for (1 / the share that was
looked at: D. Horvitz and D. Thompson, JASA 47, 1952; as a ratio, J. Hajek, 1971). 90 % intervals by the sandwich over
runs, whose recommendations are judged together (K.-Y. Liang and S. Zeger, Biometrika 73, 1986). The difference is that
of the same outcomes, which is far surer than the difference of two means.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from apps.trust.discovery import rate_with_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 30  # runs of which anything is said
BINS, FEWEST_IN_BIN = 10, 8
QUANTILE = 1.6448536269514722
_CLIP = 1e-3  # nobody is surer than this: one miss would outweigh all else

Interval = tuple[float, float, float]  # value, low, high


class Verdict(StrEnum):
    BETTER = "better"
    LIKE = "like"
    WORSE = "worse"
    UNKNOWN = "unknown"


class Foretold(NamedTuple):
    """One outcome. expected, average: what was said, 0 to 1. value: what came, 0 to 1. weight: above 0. run: any name
    that outcomes judged together share."""

    expected: float
    average: float
    value: float
    weight: float = 1.0
    run: str = ""


class Loss(msgspec.Struct, frozen=True):
    """Less is better. ece: calibration error, over bins of equally many outcomes."""

    log_loss: Interval
    brier: Interval
    ece: float


class Bin(msgspec.Struct, frozen=True):
    """said: mean of what trust said. found, low, high: the share approved, with its 90 % interval."""

    said: float
    found: float
    low: float
    high: float
    n: int


class Gain(msgspec.Struct, frozen=True):
    """How much less trust loses than the running average; above 0 is better."""

    log_loss: Interval
    brier: Interval


class Accuracy(msgspec.Struct, frozen=True):
    """n: outcomes; runs: what they come from. share_right: of decisions that trust called by 0.5. base: always the
    share approved of all of these, which nobody knew beforehand. verdict: of `gain`, only where its interval says."""

    n: int
    runs: int
    share_right: Interval
    trust: Loss
    average: Loss
    base: Loss
    gain: Gain
    bins: tuple[Bin, ...]
    verdict: Verdict
    words: str


def accuracy_of(outcomes: Sequence[Foretold]) -> Accuracy | None:
    """None without outcomes. What is no probability, or has no weight, is left out."""
    import numpy as np

    table = np.array([one[:4] for one in outcomes], dtype=float).reshape(-1, 4)
    kept = np.isfinite(table).all(axis=1) & (table[:, :3] >= 0).all(axis=1) & (table[:, :3] <= 1).all(axis=1)
    kept &= table[:, 3] > 0
    if not kept.any():
        return None
    # One without a run is a run of its own.
    places: dict[str | int, int] = {}
    names = (one.run or place for place, one in enumerate(outcomes))
    run = np.array([places.setdefault(name, len(places)) for name, is_kept in zip(names, kept, strict=True) if is_kept])
    expected, average, value, weight = table[kept].T
    means = _Means(weight, run)
    base = np.full(len(value), float((weight * value).sum() / weight.sum()))
    losses = _loss(expected, value, means), _loss(average, value, means), _loss(base, value, means)
    gain = Gain(
        means.of(_log_loss(average, value) - _log_loss(expected, value)),
        means.of((average - value) ** 2 - (expected - value) ** 2),
    )
    right = means.of(((expected >= 0.5) == (value >= 0.5)).astype(float), within=True)
    runs = int(run.max()) + 1
    verdict = _verdict(gain.log_loss, runs)
    bins = tuple(_bins(expected, value, weight))
    found = Accuracy(len(value), runs, right, *losses, gain, bins, verdict, "")
    return msgspec.structs.replace(found, words=in_words(found))


def in_words(found: Accuracy) -> str:
    """Two sentences: how often trust was right, and whether it beats the running average."""
    if found.runs < FEWEST:
        return f"{found.n} decisions from {found.runs} runs so far: too few to say how well trust foretells them."
    value, low, high = (f"{100 * part:.0f}" for part in found.share_right)
    begin = f"Trust called {value} % ({low} to {high} %) of {found.n:,} decisions right."
    compared = {
        Verdict.BETTER: "Its probabilities are surely better than a plain running average.",
        Verdict.WORSE: "Its probabilities are surely worse than a plain running average: look at who decides what.",
        Verdict.LIKE: "Its probabilities are not told apart from a plain running average.",
        Verdict.UNKNOWN: "",
    }
    return f"{begin} {compared[found.verdict]}".strip()


class _Means:
    """Weighted means with intervals over runs."""

    def __init__(self, weight: Floats, run: Any) -> None:
        self.weight, self.run, self.whole, self.runs = weight, run, weight.sum(), int(run.max()) + 1

    def of(self, rows: Floats, *, within: bool = False) -> Interval:
        """within: a share, whose interval is cut to 0 to 1."""
        import numpy as np

        mean = float((self.weight * rows).sum() / self.whole)
        pulls = np.bincount(self.run, self.weight * (rows - mean), self.runs)
        correction = self.runs / (self.runs - 1) if self.runs > 1 else 1.0
        margin = QUANTILE * float(np.sqrt((pulls**2).sum() * correction)) / float(self.whole)
        low, high = mean - margin, mean + margin
        return (mean, max(0.0, low), min(1.0, high)) if within else (mean, low, high)


def _loss(said: Floats, value: Floats, means: _Means) -> Loss:
    gaps = [(weight, abs(one - found)) for weight, one, found, _ in _parts(said, value, means.weight)]
    ece = sum(weight * gap for weight, gap in gaps) / sum(weight for weight, _ in gaps)
    return Loss(means.of(_log_loss(said, value)), means.of((said - value) ** 2), float(ece))


def _log_loss(said: Floats, value: Floats) -> Floats:
    import numpy as np

    chance = np.clip(said, _CLIP, 1 - _CLIP)
    return -(value * np.log(chance) + (1 - value) * np.log(1 - chance))


def _parts(said: Floats, value: Floats, weight: Floats) -> list[tuple[float, float, float, Any]]:
    """Bins of about equally many outcomes (K. Nguyen and B. O'Connor, EMNLP 2015): weight, said, found, which."""
    import numpy as np

    number = max(1, min(BINS, len(said) // FEWEST_IN_BIN))
    groups = np.array_split(np.argsort(said, kind="stable"), number)
    return [
        (float(weight[g].sum()), float(np.average(said[g], weights=weight[g])), _average(value, weight, g), g)
        for g in groups
        if len(g)
    ]


def _average(value: Floats, weight: Floats, which: Any) -> float:
    import numpy as np

    return float(np.average(value[which], weights=weight[which]))


def _bins(said: Floats, value: Floats, weight: Floats) -> list[Bin]:
    import numpy as np

    parts = _parts(said, value, weight)
    trials = np.array([total**2 / float((weight[which] ** 2).sum()) for total, _, _, which in parts])
    found = np.array([rate for _, _, rate, _ in parts])
    _, low, high = rate_with_interval(trials, found * trials)
    return [
        Bin(said_, rate, float(a), float(b), len(which))
        for (_, said_, rate, which), a, b in zip(parts, low, high, strict=True)
    ]


def _verdict(gain: Interval, runs: int) -> Verdict:
    if runs < FEWEST:
        return Verdict.UNKNOWN
    _, low, high = gain
    if low > 0:
        return Verdict.BETTER
    return Verdict.WORSE if high < 0 else Verdict.LIKE
