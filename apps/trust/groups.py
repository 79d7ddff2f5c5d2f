"""RULE: which groups of recommendations may be patterns, by what key each goes, and how each is called."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from apps.trust.discovery import Group
from apps.trust.verdicts import Category

# In days. Where a business has shown for how long its evidence keeps its worth, that counts, within these bounds.
HALF_LIFE, SHORTEST, LONGEST = 30.0, 7.0, 60.0
# Of what is older, a sixteenth or less counts at the longest half-life.
HORIZON = timedelta(days=240)
MOST_SIZE = 5  # agents of one mind: more are counted with so many
MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Sums:
    """Decayed sums of outcomes: of weights, of weight x value, of the weights' squares. At least 0."""

    weight: float = 0.0
    good: float = 0.0
    squares: float = 0.0

    @property
    def trials(self) -> float:
        """How many equally weighted outcomes this is worth (L. Kish, Survey Sampling, 1965)."""
        return self.weight * self.weight / self.squares if self.squares > 0 else 0.0

    @property
    def rate(self) -> float:
        return min(1.0, max(0.0, self.good / self.weight)) if self.weight > 0 else 0.0

    @property
    def successes(self) -> float:
        return self.rate * self.trials

    def plus(self, other: Sums) -> Sums:
        return Sums(self.weight + other.weight, self.good + other.good, self.squares + other.squares)

    def without(self, part: Sums) -> Sums:
        """The rest; nothing is left of a part that is the whole."""
        return Sums(*(max(0.0, a - b) for a, b in zip(self.parts, part.parts, strict=True)))

    @property
    def parts(self) -> tuple[float, float, float]:
        return self.weight, self.good, self.squares


@dataclass(frozen=True, slots=True)
class Kind:
    """What the recommendations of a group have in common (apps/trust/models/evidence.py says it of each category)."""

    category: str
    type: str
    place: int = 0
    agents: tuple[UUID, ...] = ()

    @property
    def key(self) -> str:
        """At most 130 characters, however many agents."""
        who = hashlib.blake2b(b"".join(one.bytes for one in sorted(self.agents)), digest_size=16).hexdigest()
        return f"{self.category}:{self.type}:{self.place}:{who if self.agents else ''}"


def mean_half_life(shares: Mapping[float, float]) -> float:
    """In days, from how much each half-life counts in a business (Learned.half_life_shares): that of the mean decay."""
    whole = sum(shares.values())
    if not shares or whole <= 0:
        return HALF_LIFE
    pace = sum(share / half_life for half_life, share in shares.items() if not math.isinf(half_life)) / whole
    return min(LONGEST, max(SHORTEST, 1 / pace if pace > 0 else LONGEST))


def groups_of(kinds: Mapping[Kind, Sums], experts: Mapping[tuple[UUID, str], Sums]) -> list[Group]:
    """Every group against what it must surpass. experts: all outcomes by agent and type.

    That is the rest of its business and type: of an agreement, all single recommendations but one for each time it came
    about. Of what one agent claims to be sure of also the rest of its own, whichever is approved more often: a good
    agent's sure answers are no news unless they are better than its others.
    """
    whole: dict[str, Sums] = {}
    for (_, about), sums in experts.items():
        whole[about] = whole.get(about, Sums()).plus(sums)
    found = []
    for kind, sums in kinds.items():
        base = whole.get(kind.type, Sums()).without(sums)
        if kind.category == Category.HIGH_CONFIDENCE and kind.agents:
            own = experts.get((kind.agents[0], kind.type), Sums()).without(sums)
            base = max(base, own, key=lambda one: (one.successes + 0.5) / (one.trials + 1))
        found.append(Group(kind.key, sums.trials, sums.successes, base.trials, base.successes))
    return found


def name_of(kind: Kind, names: Sequence[str]) -> str:
    """How people know a group. names: of its agents, in order."""
    about = f" on {kind.type}" if kind.type else ""
    if kind.category == Category.EXPERT:
        return _cut(names, lambda who: f"{who} is an expert{about}")
    if kind.category == Category.CONSENSUS and kind.agents:
        return _cut(names, lambda who: f"{who} agree{about}")
    if kind.category == Category.CONSENSUS:
        many = f"{kind.place} or more" if kind.place >= MOST_SIZE else str(kind.place)
        return f"{many} agents agree{about}"
    claim = f"{kind.place / 10:.1f} to {(kind.place + 1) / 10:.1f}"
    return _cut(names, lambda who: f"{who} claims {claim}{about}") if names else f"Claims of {claim}{about}"


def _cut(names: Sequence[str], say: Callable[[str], str]) -> str:
    """The names are cut, not what is said of them."""
    room = MOST_NAME - len(say("")) - 5 * (len(names) - 1)
    each = max(1, room // max(1, len(names)))
    short = [name if len(name) <= each else name[: each - 1] + "…" for name in names]
    who = short[0] if len(short) == 1 else f"{', '.join(short[:-1])} and {short[-1]}"
    return say(who)[:MOST_NAME]
