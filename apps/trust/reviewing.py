"""RULE: how reliable reviewers are, from what several of them said of the same thing.

Nobody knows the truth; Dawid and Skene's model (apps/trust/aggregation.py) finds the truth and the reviewers together.
With two reviewers alone it cannot tell which of them is right when they differ, so three who overlap are needed, and
some overlap of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.trust.aggregation import TooManyAnswers, Votes, dawid_skene, reviewers_of

FEWEST_ITEMS = 20  # judged by several
FEWEST_SHARED = 10  # of one reviewer
FEWEST_REVIEWERS = 3

Vote = tuple[str, str, str]  # what was judged, by whom, what was said


@dataclass(frozen=True, slots=True)
class Reviewer:
    """agreement: share of others' words on the same things that are the same. reliability: chance to say what is right,
    with its 90 % interval; None without enough overlap. lenient: chance to approve what should be rejected, harsh: to
    reject what should be approved. All 0 to 1. judged: all it judged; shared: what others judged as well."""

    actor: str
    name: str
    judged: int
    shared: int
    agreement: float | None
    reliability: float | None
    low: float | None
    high: float | None
    lenient: float | None
    harsh: float | None
    enough: bool
    words: str


@dataclass(frozen=True, slots=True)
class Reviewers:
    """rows: most reliable first, then those of whom it is not known. items: judged by several."""

    rows: tuple[Reviewer, ...]
    items: int
    judgements: int
    enough: bool
    words: str


def weigh(votes: Iterable[Vote], judged: Mapping[str, int], names: Mapping[str, str]) -> Reviewers:
    """votes: of several of one person on one thing the first counts. judged: how many things each judged in all."""
    by_item: dict[str, dict[str, str]] = defaultdict(dict)
    for item, actor, answer in votes:
        by_item[item].setdefault(actor, answer)
    shared = {item: said for item, said in by_item.items() if len(said) > 1}
    agreement = _agreement(shared)
    counts = {actor: count for actor, (count, _) in agreement.items()}
    well = [actor for actor, count in counts.items() if count >= FEWEST_SHARED]
    enough = len(shared) >= FEWEST_ITEMS and len(well) >= FEWEST_REVIEWERS
    known = _known(shared) if enough else {}
    rows = [
        _row(actor, names.get(actor, actor), max(judged.get(actor, 0), counts.get(actor, 0)), agreement, known)
        for actor in sorted(set(judged) | set(counts))
    ]
    rows.sort(key=lambda row: (not row.enough, -(row.reliability or 0), row.name))
    total = sum(len(said) for said in shared.values())
    return Reviewers(tuple(rows), len(shared), total, bool(known), in_words(len(shared), len(well), known))


def in_words(items: int, well: int, known: Mapping[str, object]) -> str:
    if known:
        return f"From {items:,} things that several people judged."
    if not items:
        return "Nothing was judged by more than one person, so nobody's reliability can be told."
    return (
        f"Not enough overlap: {items} things were judged by more than one person, {well} people share"
        f" {FEWEST_SHARED} or more. {FEWEST_ITEMS} things and {FEWEST_REVIEWERS} people are needed:"
        " two alone cannot show who of them is right."
    )


def _agreement(shared: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[int, float]]:
    """By actor: how many shared things, and the share of others' words on them that are the same."""
    things: dict[str, int] = defaultdict(int)
    same: dict[str, int] = defaultdict(int)
    others: dict[str, int] = defaultdict(int)
    for said in shared.values():
        for actor, answer in said.items():
            things[actor] += 1
            others[actor] += len(said) - 1
            same[actor] += sum(other == answer for one, other in said.items() if one != actor)
    return {actor: (things[actor], same[actor] / others[actor]) for actor in things}


def _known(
    shared: Mapping[str, Mapping[str, str]],
) -> dict[str, tuple[float, float, float, float | None, float | None]]:
    """By actor: reliability with its interval, lenient, harsh. Empty where it cannot be told."""
    votes = Votes.of((item, actor, answer) for item, said in shared.items() for actor, answer in said.items())
    if len(votes.answers) < 2:
        # Everybody always said the same: there is no difference to learn from.
        return {}
    try:
        consensus, tables = dawid_skene(votes)
    except TooManyAnswers:
        return {}
    place = {answer: at for at, answer in enumerate(votes.answers)}
    good, bad = place.get("approved"), place.get("rejected")
    both = good is not None and bad is not None
    return {
        one.name: (
            one.reliability,
            one.low,
            one.high,
            one.confusion[bad][good] if both else None,  # type: ignore[index]
            one.confusion[good][bad] if both else None,  # type: ignore[index]
        )
        for one in reviewers_of(votes, consensus, tables)
    }


def _row(
    actor: str,
    name: str,
    judged: int,
    agreement: Mapping[str, tuple[int, float]],
    known: Mapping[str, tuple[float, float, float, float | None, float | None]],
) -> Reviewer:
    shared, same = agreement.get(actor, (0, None))
    found = known.get(actor) if shared >= FEWEST_SHARED else None
    if found is None:
        words = "Not enough overlap with others" if shared else "Nobody else judged what this person did"
        return Reviewer(actor, name, judged, shared, same, None, None, None, None, None, enough=False, words=words)
    reliability, low, high, *_ = found
    words = f"Right in {100 * reliability:.0f} % ({100 * low:.0f} to {100 * high:.0f} %) of {shared} shared judgements"
    return Reviewer(actor, name, judged, shared, same, *found, enough=True, words=words)
