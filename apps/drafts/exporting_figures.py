"""EDGE: the figures of drafts as a file: a row for each figure, as a whole and in each column of time."""

from __future__ import annotations

import csv
import io
from typing import Any

from apps.drafts.counting import Counted
from apps.drafts.figures import BY_NAME, FIGURES
from apps.drafts.figures_found import WORDS, Found, standing_in

COLUMNS = [
    "figure", "from", "to", "whole", "n", "hits", "value", "low", "high", "unit", "standing", "target", "alert",
]  # fmt: skip


def rows_of(counted: Counted) -> list[dict[str, Any]]:
    """The whole window first, then its columns; also of the figures beside the nine."""
    window = counted.window
    stretches = [(window.start, window.end, True, counted.figures)]
    stretches += [(column.start, column.end, False, column.figures) for column in counted.columns]
    rows = []
    for start, end, whole, figures in stretches:
        for name, part in BY_NAME.items():
            found, figure = figures[name], FIGURES.get(name)
            standing = standing_in(figure, figures) if figure else None
            rows.append(
                {
                    "figure": name,
                    "from": start.isoformat(),
                    "to": end.isoformat(),
                    "whole": whole,
                    **numbers_of(found),
                    "unit": {"%": "share", "s": "seconds"}.get(part.unit, "count"),
                    "standing": WORDS[standing] if standing else None,
                    "target": figure.target_words if figure else None,
                    "alert": figure.alert_words if figure else None,
                }
            )
    return rows


def numbers_of(found: Found) -> dict[str, Any]:
    return {"n": found.n, "hits": found.hits, "value": found.value, "low": found.low, "high": found.high}


def as_csv(rows: list[dict[str, Any]]) -> str:
    """What is not known is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
