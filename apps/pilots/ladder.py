"""RULE: the ladder of a rollout: its stages in order, which step may follow which, and how far the list may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_STAGES = 20


class StageKind(StrEnum):
    ALLOWLIST = "allowlist"
    PERCENTAGE = "percentage"


class Level(StrEnum):
    """How far a rollback reaches."""

    BUSINESS = "business"
    COHORT = "cohort"
    EVERYTHING = "everything"


class AdvanceState(StrEnum):
    ASKED = "asked"
    SCHEDULED = "scheduled"
    DONE = "done"
    REFUSED = "refused"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


OPEN = (AdvanceState.ASKED, AdvanceState.SCHEDULED)


@dataclass(frozen=True, slots=True)
class StageTerms:
    """One step. share: percent, of a percentage stage. soak: how long the stage before must have lasted."""

    position: int
    name: str
    kind: StageKind
    businesses_min: int = 0
    businesses_max: int | None = None
    share: int = 0
    baseline: bool = False
    soak: timedelta = timedelta()


def seven_days() -> list[StageTerms]:
    """The usual plan: two days of baseline, two with two businesses, two with five, then 10, 25, 50, 100 % by weeks."""
    two_days, week = timedelta(days=2), timedelta(days=7)
    named = [
        StageTerms(1, "Baseline", StageKind.ALLOWLIST, 1, 2, baseline=True),
        StageTerms(2, "Pilot", StageKind.ALLOWLIST, 2, 2, soak=two_days),
        StageTerms(3, "Expansion", StageKind.ALLOWLIST, 2, 5, soak=two_days),
    ]
    shares = [
        StageTerms(position, f"{share} %", StageKind.PERCENTAGE, share=share, soak=two_days if share == 10 else week)
        for position, share in enumerate((10, 25, 50, 100), start=4)
    ]
    return [*named, *shares]


def problem_of_ladder(stages: Sequence[StageTerms]) -> tuple[str, str] | None:
    """(field, reason) of the first thing wrong with a ladder, fields as stages.0.share; None for a sound one."""
    if len(stages) > MOST_STAGES:
        return "stages", f"At most {MOST_STAGES} stages"
    before: StageTerms | None = None
    for index, stage in enumerate(stages):
        if problem := _problem_of_stage(stage, before):
            return f"stages.{index}.{problem[0]}", problem[1]
        before = stage
    return None


def _problem_of_stage(stage: StageTerms, before: StageTerms | None) -> tuple[str, str] | None:
    if not stage.name.strip():
        return "name", "Give the stage a name"
    if stage.kind == StageKind.PERCENTAGE:
        return _problem_of_share(stage, before)
    if before and before.kind == StageKind.PERCENTAGE:
        return "kind", "A list of businesses cannot follow a percentage: that would take the feature from some"
    if stage.share:
        return "share", "A list of businesses has no percentage"
    if stage.businesses_max is None or not max(1, stage.businesses_min) <= stage.businesses_max:
        return "businesses_max", "Say how many businesses it has room for, at least as many as it needs"
    if before and before.businesses_max is not None and stage.businesses_max < before.businesses_max:
        return "businesses_max", f"The stage before has room for {before.businesses_max}: a stage may not shrink"
    if stage.baseline and before and not before.baseline:
        return "baseline", "A baseline comes before the stages that serve"
    return None


def _problem_of_share(stage: StageTerms, before: StageTerms | None) -> tuple[str, str] | None:
    if stage.baseline:
        return "baseline", "A baseline is measured on businesses by name"
    if not 1 <= stage.share <= 100:
        return "share", "From 1 to 100 percent"
    if before and stage.share <= before.share:
        return "share", f"The stage before has {before.share} % already: a stage must widen"
    return None


def problem_of_step(*, stage: int, share: int, to: StageTerms) -> str:
    """Why a feature at this stage and share may not step to another stage; empty when it may."""
    if to.position <= stage or to.share < share:
        return f"It has come to stage {stage} with {share} % already. To take it back, roll it back"
    if to.position != stage + 1:
        return f"Stages come one after another: {stage + 1} is next"
    return ""


def soaked_at(*, since: datetime | None, to: StageTerms) -> datetime | None:
    """When the stage before will have lasted long enough for `to`; None where nothing has to be waited for."""
    return since + to.soak if since and to.soak else None


def room_left(*, stage: StageTerms | None, listed: int) -> int | None:
    """How many more businesses may be listed at a stage; None for as many as one likes (percentages, no ladder)."""
    if stage is None or stage.businesses_max is None:
        return None
    return max(0, stage.businesses_max - listed)


def reach_of(stage: StageTerms) -> str:
    """Whom a stage reaches, in words."""
    if stage.kind is StageKind.PERCENTAGE:
        return "everybody" if stage.share == 100 else f"{stage.share} % of all businesses"
    most, least = stage.businesses_max or 0, stage.businesses_min
    count = f"{most}" if least >= most else f"{least} to {most}" if least else f"up to {most}"
    noun = "business" if most == 1 else "businesses"
    return f"{count} {noun} by name{', measured only' if stage.baseline else ''}"
