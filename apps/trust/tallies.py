"""RULE: daily sums of recommendations as columns, and the decayed sums that trust is computed from.

A row is one agent, type and day. Ages are whole days before the day of scoring. All sums are linear, so evidence kept
from yesterday can be carried to today and what has come since added to it (`Evidence.carried`, `Evidence.plus`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


# What is summed, in this order, in tallies and in evidence (apps/trust/models/tallies.py says what each is).
SUMS = ("asked", "answered", "on_time", "judged", "weight", "weight2", "value", "value2")
ASKED, ANSWERED, ON_TIME, JUDGED, WEIGHT, WEIGHT2, VALUE, VALUE2 = range(len(SUMS))

# Days after which evidence counts half. Each is half of the next, for the effective number (Kish 1965) of one needs the
# sums of its half; so the first serves only as the half of the second.
HALF_LIVES = (3.5, 7.0, 14.0, 28.0, 56.0, 112.0, 224.0, math.inf)
WINDOW = 30  # days of the last window and of the one before it


@dataclass(frozen=True, slots=True)
class Tallies:
    """Daily sums. agent, type: places in `agents` and `types`, one a row; age: days, at least 0; sums: (rows, 8)."""

    agents: tuple[str, ...]
    types: tuple[str, ...]
    agent: Places
    type: Places
    age: Floats
    sums: Floats

    @classmethod
    def of(cls, rows: Iterable[Sequence], today: date) -> Tallies:
        """From rows of (agent, type, day, asked, answered, on_time, judged, weight, weight2, value, value2).

        Agents and types are kept as text. A day after `today` counts as today. Rows may repeat a day: they add up.
        """
        columns = list(zip(*rows, strict=True)) or [()] * (3 + len(SUMS))
        agents, agent = _places(columns[0])
        types, kind = _places(columns[1])
        age = np.array([(today - day).days for day in columns[2]], dtype=float).clip(0)
        sums = np.array(columns[3:], dtype=float).T.reshape(-1, len(SUMS))
        return cls(agents, types, agent, kind, age, np.nan_to_num(sums, nan=0.0, posinf=0.0, neginf=0.0))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Decayed sums of cells, a cell being one agent and type.

    agent, type: places in `agents` and `types`, one a cell. sums: (cells, half-lives, 8). windows: (cells, 2, 8), plain
    sums of the last 30 days and of the 30 days before; 0 where they are not known.
    """

    agents: tuple[str, ...]
    types: tuple[str, ...]
    agent: Places
    type: Places
    sums: Floats
    windows: Floats

    def __len__(self) -> int:
        return len(self.agent)

    def carried(self, days: float) -> Evidence:
        """The same evidence `days` later. The windows stay: they are sums of days and must be summed anew."""
        return replace(self, sums=self.sums * np.array([fading(days, half) for half in HALF_LIVES])[None, :, None])

    def plus(self, other: Evidence) -> Evidence:
        """Both together, as of the same day. Cells keep their order, new ones follow; windows are added too."""
        agents = tuple(dict.fromkeys(self.agents + other.agents))
        types = tuple(dict.fromkeys(self.types + other.types))
        parts = []
        for one in (self, other):
            at = np.array([agents.index(name) for name in one.agents], dtype=np.intp)[one.agent]
            of = np.array([types.index(name) for name in one.types], dtype=np.intp)[one.type]
            parts.append((at, of))
        agent, kind = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
        cells, cell = _cells(agent, kind, len(types))
        return Evidence(
            agents,
            types,
            cells // max(len(types), 1),
            cells % max(len(types), 1),
            _added(np.concatenate([self.sums, other.sums]), cell, len(cells)),
            _added(np.concatenate([self.windows, other.windows]), cell, len(cells)),
        )

    def by_agent(self) -> Evidence:
        """All types of each agent together, under the one type "". Every agent in order, also one without cells."""
        places = np.arange(len(self.agents))
        return Evidence(
            self.agents,
            ("",),
            places,
            np.zeros(len(places), dtype=np.intp),
            _added(self.sums, self.agent, len(places)),
            _added(self.windows, self.agent, len(places)),
        )


def gather(tallies: Tallies) -> Evidence:
    """The evidence that daily tallies make. Cells in the order of agents and types in `tallies`."""
    order = np.lexsort((tallies.type, tallies.agent))
    agent, kind = tallies.agent[order], tallies.type[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(agent) != 0) | (np.diff(kind) != 0)]) if len(order) else order
    rows, age = tallies.sums[order], tallies.age[order]
    sums = np.empty((len(starts), len(HALF_LIVES), len(SUMS)))
    for place, half in enumerate(HALF_LIVES):
        faded = rows if math.isinf(half) else rows * np.exp2(-age / half)[:, None]
        sums[:, place] = _runs(faded, starts)
    windows = np.empty((len(starts), 2, len(SUMS)))
    for place in (0, 1):
        inside = (age >= place * WINDOW) & (age < (place + 1) * WINDOW)
        windows[:, place] = _runs(rows * inside[:, None], starts)
    return Evidence(tallies.agents, tallies.types, agent[starts], kind[starts], sums, windows)


def fading(age: float, half_life: float) -> float:
    """What evidence of this age still counts: 1/2 after one half-life, always 1 where it is infinite."""
    return 1.0 if math.isinf(half_life) else float(2.0 ** (-age / half_life))


def _places(names: Sequence) -> tuple[tuple[str, ...], Places]:
    seen: dict[str, int] = {}
    places = [seen.setdefault(str(name), len(seen)) for name in names]
    return tuple(seen), np.array(places, dtype=np.intp)


def _runs(rows: Floats, starts: Places) -> Floats:
    return np.add.reduceat(rows, starts, axis=0) if len(starts) else rows


def _cells(agent: Places, kind: Places, types: int) -> tuple[Places, Places]:
    """The distinct cells, and for each row which of them it is of."""
    cells, cell = np.unique(agent * max(types, 1) + kind, return_inverse=True)
    return cells.astype(np.intp), cell.reshape(-1)


def _added(rows: Floats, cell: Places, cells: int) -> Floats:
    """Rows summed by cell; any shape behind the first axis."""
    found = np.zeros((cells, *rows.shape[1:]))
    np.add.at(found, cell, rows)
    return found
