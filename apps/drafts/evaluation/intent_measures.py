"""RULE: how often intents were told rightly, and whether the confidence deserves its name; as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.drafts.evaluation.judging import Share, share
from apps.drafts.evaluation.tables import shown
from apps.drafts.states import TOOL_REQUIRED, Intent

BANDS = (0.0, 0.4, 0.6, 0.8, 1.01)


@dataclass(frozen=True, slots=True)
class Told:
    """wanted: the label. told, confidence: what was made of the mail, 0 to 1."""

    wanted: Intent
    told: Intent
    confidence: float

    @property
    def right(self) -> bool:
        return self.wanted is self.told


def accuracy(rows: Sequence[Told]) -> Share:
    """With its 95 % interval (Wilson)."""
    return share(sum(row.right for row in rows), len(rows))


def brier(rows: Sequence[Told]) -> float:
    """Mean of (confidence - right)^2, 0 to 1, less is better; 0.0 of no rows."""
    return sum((row.confidence - row.right) ** 2 for row in rows) / len(rows) if rows else 0.0


def lost_to_general(rows: Sequence[Told]) -> Share:
    """Of mails that need a tool's data, those taken for general questions."""
    needing = [row for row in rows if row.wanted in TOOL_REQUIRED]
    return share(sum(row.told is Intent.GENERAL for row in needing), len(needing))


def rows_by_intent(rows: Sequence[Told]) -> list[list[str]]:
    """intent, mails, recall, precision: one row an intent, then all with the accuracy."""
    table = []
    for intent in Intent:
        wanted, told = [r for r in rows if r.wanted is intent], [r for r in rows if r.told is intent]
        recall = share(sum(r.right for r in wanted), len(wanted))
        precision = share(sum(r.right for r in told), len(told))
        table.append([str(intent), str(len(wanted)), shown(recall), shown(precision)])
    return [*table, ["all (accuracy)", str(len(rows)), shown(accuracy(rows)), ""]]


def rows_by_confidence(rows: Sequence[Told]) -> list[list[str]]:
    """confidence, mails, its mean, how many were right: one row a band that has any."""
    table = []
    for low, high in pairwise(BANDS):
        within = [row for row in rows if low <= row.confidence < high]
        if within:
            mean = sum(row.confidence for row in within) / len(within)
            right = shown(share(sum(row.right for row in within), len(within)))
            table.append([f"{low:.0%} to {min(high, 1.0):.0%}", str(len(within)), f"{mean:.3f}", right])
    return table


def tables_of(rows: Sequence[Told]) -> str:
    """Both tables and the single figures, as Markdown."""
    lost = lost_to_general(rows)
    return "\n\n".join((
        _markdown(["intent", "mails", "recall", "precision"], rows_by_intent(rows)),
        _markdown(["said to be sure", "mails", "mean", "were right"], rows_by_confidence(rows)),
        f"Brier score {brier(rows):.3f}; need a tool but taken for general: {shown(lost)}",
    ))  # fmt: skip


def _markdown(headings: list[str], rows: Iterable[list[str]]) -> str:
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
