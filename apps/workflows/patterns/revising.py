"""RULE: drafts, what critics made of them, and rounds in which the best is made better until it is good enough."""

from collections.abc import Sequence

from apps.workflows.patterns.answers import Answer, answers_of
from apps.workflows.patterns.consensus import Choice, choose
from apps.workflows.patterns.critics import feedback_on, qualities_of
from apps.workflows.plans import Situation


def draft_stages(base: str, rounds: int) -> tuple[str, ...]:
    """The stages that give drafts: the first, and those of the rounds of revision."""
    return (base, *(f"revision-{n}" for n in range(1, rounds + 1)))


def review_stages(rounds: int) -> tuple[str, ...]:
    return ("review", *(f"review-{n + 1}" for n in range(1, rounds + 1)))


def drafts_of(situation: Situation, base: str, rounds: int) -> list[Answer]:
    """All drafts, the newest first, so that of two rated the same the revised one is taken."""
    return [one for stage in reversed(draft_stages(base, rounds)) for one in answers_of(situation, stage)]


def best_draft(situation: Situation, base: str, rounds: int) -> Choice | None:
    """The draft that is taken as things stand."""
    return choose(drafts_of(situation, base, rounds), qualities_of(situation, *review_stages(rounds)))


def ranked(situation: Situation, base: str, rounds: int) -> list[Answer]:
    """The drafts in the order in which they would be taken: the best, then the others by quality and trust."""
    best = best_draft(situation, base, rounds)
    if best is None:
        return []
    qualities = qualities_of(situation, *review_stages(rounds))
    others = [one for one in drafts_of(situation, base, rounds) if one.ref != best.answer.ref]
    return [best.answer, *sorted(others, key=lambda one: (-qualities.get(one.ref, -1.0), -one.weight))]


def needs_revision(best: Choice | None, least: float) -> bool:
    """Whether critics have rated the best draft, and below what is wanted."""
    return best is not None and best.quality is not None and best.quality < least


def remarks_on(situation: Situation, best: Choice, rounds: int) -> Sequence[str]:
    return feedback_on(situation, best.answer.ref, *review_stages(rounds))
