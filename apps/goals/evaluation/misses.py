"""RULE: the goals the gate is most surely wrong about, written out to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from apps.goals.evaluation.evaluating import Judged, predicted_label

MOST_TEXT = 300  # characters of a goal shown
MOST_TOOLS = 12  # names of offered tools shown


def misses_of(name: str, judged: Sequence[Judged], most: int) -> str:
    """The `most` worst of each kind, worst first: bad goals let through, good goals held back, and pairs (groups of one
    good and one bad) in the wrong order. Markdown, to be read by whoever improves the checks."""
    labels = {one.label for one in judged}
    through = sorted((one for one in judged if one.let_through and not one.good), key=lambda one: -one.confidence)
    held = sorted((one for one in judged if one.good and not one.let_through), key=lambda one: one.confidence)
    pairs = sorted(_wrong_pairs(judged), key=lambda pair: pair[0].confidence - pair[1].confidence)
    parts = [f"# {name}"]
    parts += _section("Bad goals let through", [_told(one, labels) for one in through], most)
    parts += _section("Good goals held back", [_told(one, labels) for one in held], most)
    both = [f"{_told(good, labels)}\n\n{_told(bad, labels)}" for good, bad in pairs]
    parts += _section("Pairs in the wrong order", both, most)
    return "\n\n".join(parts)


def _wrong_pairs(judged: Iterable[Judged]) -> Iterator[tuple[Judged, Judged]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.group].append(one)
    for members in groups.values():
        if len(members) == 2 and members[0].good != members[1].good:
            good, bad = sorted(members, key=lambda one: not one.good)
            if good.confidence <= bad.confidence:
                yield good, bad


def _section(title: str, entries: Sequence[str], most: int) -> list[str]:
    shown = f", the worst {most} of them" if len(entries) > most else ""
    return [f"## {title}: {len(entries)}{shown}", *entries[:most]] if entries else [f"## {title}: none"]


def _told(one: Judged, labels: set[str]) -> str:
    lines = [
        f"### {one.id} is {one.label}, told {predicted_label(one, labels)}: {one.path.value} at {one.confidence:.3f}",
        f"Goal: {_short(one.goal)}",
        f"Tools ({one.tools}): {_names(one.offered)}",
        *(f"- {check.check}: {check.status} {check.score:.3f}. {check.reason}" for check in one.checks),
        f"Gate: {' '.join(one.reasons)}",
    ]
    return "\n".join(lines)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _names(offered: Sequence[str]) -> str:
    more = len(offered) - MOST_TOOLS
    return (", ".join(offered[:MOST_TOOLS]) or "none") + (f" and {more} more" if more > 0 else "")
