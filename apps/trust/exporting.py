"""EDGE: the performance of agents as a file: a row for each agent, type and day, as CSV or JSON lines, streamed."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.trust.models import DailyTally
from apps.trust.page_context import agents_of
from apps.trust.page_context_performance import Wanted, rate_of, rows_of

COLUMNS = [
    "day", "agent", "name", "type", "asked", "answered", "on_time", "judged", "approved", "partial", "rejected",
    "approval_rate", "average_quality", "average_confidence",
]  # fmt: skip


def as_csv(business_id: UUID, wanted: Wanted) -> Iterator[str]:
    """A cell that a spreadsheet would take for a formula is told apart by a leading apostrophe."""
    # By this mark spreadsheets know the encoding; without it names with accents come out wrong.
    yield "\ufeff" + _line(COLUMNS)
    for rows in _by_agent(business_id, wanted):
        yield "".join(_line([_cell(row[column]) for column in COLUMNS]) for row in rows)


def as_json_lines(business_id: UUID, wanted: Wanted) -> Iterator[str]:
    """One JSON object a line; what is not known is null."""
    for rows in _by_agent(business_id, wanted):
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


EXPORTS: dict[str, tuple[str, Callable[[UUID, Wanted], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "jsonl": ("application/jsonl; charset=utf-8", as_json_lines),
}


def _by_agent(business_id: UUID, wanted: Wanted) -> Iterator[list[dict[str, Any]]]:
    # The answer is sent after the page's transaction has ended, and a slow reader must not hold one open: each agent is
    # a transaction of its own, in which the business is current.
    with acting_for(business_id):
        agents = agents_of(business_id)
    for agent in agents:
        if wanted.agents and agent.key not in wanted.agents:
            continue
        with acting_for(business_id):
            rows = list(rows_of(business_id, wanted).filter(agent=agent).order_by("day", "type"))
        yield [_row(agent, one) for one in rows]


def _row(agent: Agent, one: DailyTally) -> dict[str, Any]:
    rate = rate_of({"value": one.value, "weight": one.weight})
    return {
        "day": one.day.isoformat(),
        "agent": agent.key,
        "name": agent.name,
        "type": one.type,
        "asked": round(one.asked),
        "answered": round(one.answered),
        "on_time": round(one.on_time),
        "judged": round(one.judged),
        "approved": round(one.approved),
        "partial": round(one.judged - one.approved - one.rejected),
        "rejected": round(one.rejected),
        "approval_rate": None if rate is None else round(rate, 4),
        "average_quality": round(one.quality / one.rated, 2) if one.rated else None,
        "average_confidence": round(one.confidence / one.claimed, 4) if one.claimed else None,
    }


def _cell(value: Any) -> Any:
    """Numbers as they are, nothing as an empty cell, text made harmless."""
    if not isinstance(value, str):
        return "" if value is None else value
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _line(cells: list[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
