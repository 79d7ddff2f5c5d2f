"""RULE: how far a rollout has come, in one word for the list of features."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    NOT_BEGUN = "not_begun"
    BASELINE = "baseline"
    PILOT = "pilot"
    ROLLING = "rolling"
    EVERYONE = "everyone"
    ROLLED_BACK = "rolled_back"
    ARCHIVED = "archived"


WORDS = {
    Phase.NOT_BEGUN: "not begun",
    Phase.BASELINE: "baseline",
    Phase.PILOT: "pilot",
    Phase.ROLLING: "rolling out",
    Phase.EVERYONE: "everyone",
    Phase.ROLLED_BACK: "rolled back",
    Phase.ARCHIVED: "archived",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the phase goes by. rolled_back: taken from everybody, and not widened since."""

    archived: bool = False
    rolled_back: bool = False
    default_on: bool = False
    baseline: bool = False
    share: int = 0
    listed: int = 0
    stage: int = 0


def phase_of(facts: Facts) -> Phase:
    if facts.archived:
        return Phase.ARCHIVED
    if facts.share == 100 or facts.default_on:
        return Phase.EVERYONE
    if facts.share:
        return Phase.ROLLING
    if facts.rolled_back:
        return Phase.ROLLED_BACK
    if facts.baseline:
        return Phase.BASELINE
    return Phase.PILOT if facts.listed or facts.stage else Phase.NOT_BEGUN


def in_words(phase: Phase, share: int) -> str:
    return f"{WORDS[phase]} {share} %" if phase is Phase.ROLLING else WORDS[phase]
