"""RULE: which answers say the same, how many stand behind each, and which one is taken.

Two answers are as alike as their words: the Dice coefficient of their bags of words (Dice, Ecology 26, 1945), numbers
and names of fields included. Groups form around the answer that came first (leader clustering), so that the same
answers in the same order give the same groups.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.workflows.patterns.answers import Answer
from apps.workflows.patterns.prompts import as_json

ALIKE = 0.8
SAME = 0.95  # of short texts, where one other word is another matter
MOST_WORDS = 600
_WORD = re.compile(r"[^\W_]+(?:\.\d+)?", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Group:
    """Answers that say the same. share: of the trust of all who answered, 0 to 1."""

    members: tuple[Answer, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer taken, how much of the trust stands behind it, its quality by critics (0 to 100), and why it is it."""

    answer: Answer
    agreement: float
    quality: float | None
    why: str


def likeness(one: Any, other: Any) -> float:
    """0 to 1. Numbers, and yes and no, are alike only if they are equal."""
    if _is_plain(one) or _is_plain(other):
        return 1.0 if type(one) is type(other) and one == other else 0.0
    return _dice(_words(one), _words(other))


def groups_of(answers: Sequence[Answer], alike: float = ALIKE) -> list[Group]:
    """Groups of answers at least so alike to the first of each, the heaviest first, then the earliest."""
    held: list[tuple[Any, Counter[str], list[Answer]]] = []
    for answer in answers:
        words = _words(answer.content)
        for leader, leading, members in held:
            if _same(leader, leading, answer.content, words, alike):
                members.append(answer)
                break
        else:
            held.append((answer.content, words, [answer]))
    total = sum(_weight(answer) for answer in answers) or 1.0
    groups = [Group(tuple(members), sum(map(_weight, members)) / total) for _, _, members in held]
    return sorted(groups, key=lambda group: -round(group.share, 9))


def choose(answers: Sequence[Answer], qualities: Mapping[str, float] | None = None) -> Choice | None:
    """The best answer: by the quality its critics found; else by agreement, then trust, then its own confidence.

    qualities: by ref, 0 to 100. None: there is no answer.
    """
    if not answers:
        return None
    qualities = qualities or {}
    behind = {one.ref: group.share for group in groups_of(answers) for one in group.members}

    def merit(one: Answer) -> tuple[float, float, float, float]:
        agreed, stated = round(behind[one.ref], 9), one.confidence or 0.0
        return qualities.get(one.ref, -1.0), agreed, one.weight, stated

    best = max(answers, key=merit)
    quality = qualities.get(best.ref)
    return Choice(best, behind[best.ref], quality, _why(best, answers, quality, behind[best.ref]))


def agreed(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Who agreed with whom, as results show it: [{"agents", "share", "steps"}], the heaviest group first."""
    return [
        {
            "agents": sorted({one.agent for one in group.members}),
            "steps": [one.ref for one in group.members],
            "share": round(group.share, 4),
        }
        for group in groups_of(answers)
    ]


def _why(best: Answer, answers: Sequence[Answer], quality: float | None, share: float) -> str:
    if len(answers) == 1:
        return "The only answer"
    if quality is not None:
        return f"Rated best, {quality:.0f} of 100"
    return f"{share:.0%} of the trust stands behind it"


def _same(leader: Any, leading: Counter[str], content: Any, words: Counter[str], alike: float) -> bool:
    if _is_plain(leader) or _is_plain(content):
        return likeness(leader, content) == 1.0
    return _dice(leading, words) >= alike


def _dice(one: Counter[str], other: Counter[str]) -> float:
    size = one.total() + other.total()
    return 2 * (one & other).total() / size if size else 1.0


def _words(content: Any) -> Counter[str]:
    text = content if isinstance(content, str) else as_json(content)
    return Counter(_WORD.findall(text.casefold())[:MOST_WORDS])


def _is_plain(content: Any) -> bool:
    return content is None or isinstance(content, bool | int | float)


def _weight(answer: Answer) -> float:
    # An answer of somebody who is never right still counts as a voice, or one such agent alone would divide by zero.
    return max(0.01, answer.weight)
