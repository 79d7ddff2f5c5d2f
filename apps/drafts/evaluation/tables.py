"""RULE: an evaluation of the guardrails as a table, for a terminal or a document."""

from __future__ import annotations

from collections.abc import Mapping

from apps.drafts.evaluation.judging import STAGES, Share, Tally, share

HEADINGS = ["stage", "to find", "recall", "clean", "false alarms", "precision"]


def rows_of(tallies: Mapping[str, Tally]) -> list[list[str]]:
    """One row a stage that was asked for anything: shares with their 95 % intervals."""
    return [
        [
            f"{name} ({STAGES[name]})", str(tally.wanted), shown(share(tally.hits, tally.wanted)), str(tally.clean),
            shown(share(tally.false_alarms, tally.clean)), shown(share(tally.hits, tally.hits + tally.false_alarms)),
        ]
        for name, tally in tallies.items()
        if tally.wanted or tally.clean
    ]  # fmt: skip


def shown(one: Share) -> str:
    """0.974 [0.95, 0.99]; n/a where nothing was to find."""
    return "n/a" if one.value is None else f"{one.value:.3f} [{one.low:.2f}, {one.high:.2f}]"


def markdown(title: str, rows: list[list[str]]) -> str:
    """The table for a document."""
    lines = [HEADINGS, ["---"] + ["---:"] * (len(HEADINGS) - 1), *rows]
    return f"**{title}**\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)
