"""The evaluation pairs written for the gate (see pairs/README.md), and how they are counted."""

import json
import math
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from apps.goals.contradictions.finding import contradictions_in
from apps.goals.facts import Contradiction
from apps.goals.supplied import flat_context

PAIRS = Path(__file__).with_name("pairs")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
HALVES = ("build", "held")


@cache
def rows_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PAIRS / f"{name}.jsonl").read_text().splitlines()]


def half_of(name: str, half: str) -> list[dict[str, Any]]:
    return [row for row in rows_of(name) if row["half"] == half]


def contradictions(row: dict[str, Any], text: str) -> tuple[Contradiction, ...]:
    context = flat_context(row.get("context", {}))
    return contradictions_in(text, context, now=NOW, history=row.get("history", ()))


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (1927)."""
    share, scale = hits / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / scale
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / scale
    return max(0.0, middle - spread), min(1.0, middle + spread)


def auroc(good: list[float], bad: list[float]) -> float:
    """Share of (good, bad) pairs in the right order, ties half."""
    return sum((a > b) + 0.5 * (a == b) for a in good for b in bad) / (len(good) * len(bad))


def kinds() -> list[str]:
    return sorted({row["kind"] for row in rows_of("contradictions")})


def counted(half: str, kind: str) -> tuple[int, int, int]:
    """(pairs, contradictory ones flagged, clean ones flagged)."""
    rows = [row for row in half_of("contradictions", half) if row["kind"] == kind]
    hits = sum(bool(contradictions(row, row["contradictory"])) for row in rows)
    return len(rows), hits, sum(bool(contradictions(row, row["clean"])) for row in rows)


def report() -> str:
    """The table of docs/quality.md; `python -m tests.goals.pair_sets` prints it."""
    lines = ["| half | kind | pairs | recall | 95 % | false alarms | 95 % |", "|---|---|---|---|---|---|---|"]
    for half in HALVES:
        rows = [(kind, *counted(half, kind)) for kind in kinds()]
        rows.append(("all", *(sum(row[place] for row in rows) for place in (1, 2, 3))))
        for kind, count, hits, alarms in rows:
            low, high = wilson(hits, count)
            least, most = wilson(alarms, count)
            shown = f"{hits / count:.2f} | {low:.2f} to {high:.2f} | {alarms / count:.3f} | {least:.3f} to {most:.3f}"
            lines.append(f"| {half} | {kind} | {count} | {shown} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
