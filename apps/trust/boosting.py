"""RULE: what trust changes: who is asked first, how urgently, how much confidence is added, and who is asked no more.

Everything goes by the lower end of the 90 % interval, so an agent is trusted for what it has shown, not for what it
might be. Without enough evidence there is no boost either way. So that newcomers can show anything at all, a small
share of the choices puts one of them first ("epsilon-greedy", R. Sutton and A. Barto, Reinforcement Learning, 2018,
section 2.2, kept to agents without enough evidence, where there is something to be learned). Which choices these are is
drawn from the choice's own name: the same choice made again, after a crash, comes out the same.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.trust.scoring import MIN_EVIDENCE
from apps.trust.verdicts import Priority

NEUTRAL = 0.5
MOST = 0.5
CRITICAL_ABOVE, LOW_BELOW = 0.2, -0.2
DISABLE_BELOW = 0.3
EXPLORED = 0.05  # share of choices


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agent that could be asked. low: 0 to 1, lower end of overall. effective_n: at least 0."""

    agent: str
    low: float
    enough: bool
    effective_n: float = 0.0


def boost_of(low: float, *, enough: bool) -> float:
    """-0.5 to 0.5: lower end of overall less 0.5; 0 without enough evidence, or where it is not a number."""
    if not enough or not math.isfinite(low):
        return 0.0
    return max(-MOST, min(MOST, low - NEUTRAL))


def priority_of(boost: float) -> Priority:
    """CRITICAL above 0.2 (lower end above 0.7), LOW below -0.2 (below 0.3)."""
    if boost > CRITICAL_ABOVE:
        return Priority.CRITICAL
    return Priority.LOW if boost < LOW_BELOW else Priority.NORMAL


def should_disable(overall: float, effective_n: float) -> bool:
    """Whether an agent is to be asked no more: overall below 0.3 with enough evidence."""
    return effective_n >= MIN_EVIDENCE and overall < DISABLE_BELOW


def ranked(candidates: Sequence[Candidate], choice: str, *, explored: float = EXPLORED) -> list[Candidate]:
    """The order to ask in: by boost, then by lower end, then by name. Agents without enough evidence have boost 0.

    In `explored` of all choices (0 to 1; 0.05 unless given) the one with the least evidence among those without enough
    comes first. choice: what is chosen for, such as a step's id.
    """
    ordered = sorted(candidates, key=lambda one: (-boost_of(one.low, enough=one.enough), -one.low, one.agent))
    new = [one for one in ordered if not one.enough]
    if new and len(new) < len(ordered) and _drawn(choice) < explored:
        first = min(new, key=lambda one: (one.effective_n, one.agent))
        ordered.remove(first)
        ordered.insert(0, first)
    return ordered


def _drawn(choice: str) -> float:
    """Even over [0, 1) and always the same for one choice."""
    digest = hashlib.blake2b(choice.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
