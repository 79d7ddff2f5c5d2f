"""RULE: how requests alike were decided, in sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# Of one or two nothing is said that the list does not say better.
LEAST = 3
_MOST_REASONS, _LONGEST_REASON = 2, 80


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were approved (of them with changes: edited), rejected, and answered. reasons: of those rejected, the
    most frequent first."""

    approved: int = 0
    edited: int = 0
    rejected: int = 0
    answered: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.approved + self.rejected + self.answered


NOTHING = Tally()


def tally_of(decided: Iterable[tuple[str, bool, str]]) -> Tally:
    """decided: (verdict, whether it was changed, reason) of each."""
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    edited = 0
    for verdict, changed, reason in decided:
        verdicts[verdict] += 1
        edited += verdict == "approved" and changed
        if verdict == "rejected" and reason:
            reasons[reason[:_LONGEST_REASON]] += 1
    told = tuple(reason for reason, _ in reasons.most_common(_MOST_REASONS))
    return Tally(verdicts["approved"], edited, verdicts["rejected"], verdicts["answered"], told)


def in_sum(tally: Tally) -> str:
    """A sentence: "4 of 5 like this were approved; 1 was rejected: Too much." Empty below LEAST."""
    if tally.total < LEAST:
        return ""
    parts = [_of(tally.approved, tally.total, "approved")]
    if tally.edited:
        parts[0] += f", {tally.edited} of them with changes"
    if tally.rejected and tally.approved:
        why = f": {', '.join(tally.reasons)}" if tally.reasons else ""
        parts.append(f"{tally.rejected} {'was' if tally.rejected == 1 else 'were'} rejected{why}")
    elif tally.rejected:
        why = f": {', '.join(tally.reasons)}" if tally.reasons else ""
        parts = [f"{_of(tally.rejected, tally.total, 'rejected')}{why}"]
    if tally.answered:
        answered = _of(tally.answered, tally.total, "answered")
        parts = [*(parts if tally.approved or tally.rejected else ()), answered]
    return "; ".join(parts) + "."


def _of(count: int, total: int, word: str) -> str:
    if count == total:
        return f"All {total} like this were {word}"
    return f"{count} of {total} like this {'was' if count == 1 else 'were'} {word}"
