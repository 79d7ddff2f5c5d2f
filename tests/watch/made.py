"""Goals of the past, made by hand: the figures do not ask how a goal was judged."""

import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.models import Business
from apps.core.ids import first_id_at
from apps.goals.marks import SHIFT, code_of
from apps.goals.models import GateError, Goal
from apps.goals.vocabulary import Check, Status

PATHS = ("executed", "approved", "clarification", "rejected")
STATES = {"executed": "done", "approved": "waiting", "clarification": "asking", "rejected": "rejected"}


def id_at(moment: datetime) -> UUID:
    """An id that tells of this moment, and is nobody else's."""
    return UUID(int=first_id_at(moment).int | secrets.randbits(60))


def marks(**found: str) -> int:
    return sum(code_of(Status(status)) << SHIFT[Check(check)] for check, status in found.items())


def goal_at(business: Business, moment: datetime, **changes: Any) -> Goal:
    """A goal submitted then, not saved; a clear one that ran alone unless told otherwise."""
    path = changes.get("execution_path", "executed")
    plain: dict[str, Any] = {
        "id": id_at(moment),
        "business": business,
        "text": "Restock the shelf",
        "submitted_by": "key:tests",
        "execution_path": path,
        "confidence": 0.9,
        "check_marks": 0,
        "state": STATES.get(path, "done"),
        "approval_state": "awaiting_approval" if path == "approved" else "not_required",
        "timings": [100, 2000, None, 300, 4000],
    }
    return Goal(**plain | changes)


def any_goal(business: Business, moment: datetime, chance: random.Random) -> Goal:
    """One of every sort: judged and not, warned of, failed, rejected by a person, slow."""
    path = chance.choices(("", *PATHS), (1, 10, 5, 2, 6))[0]
    changes: dict[str, Any] = {"execution_path": path, "rounds": chance.choice((0, 0, 0, 1))}
    if not path:
        changes |= {"confidence": None, "check_marks": None, "state": "done", "timings": [90, None, None, None, 500]}
    else:
        changes |= {
            "confidence": chance.choice((chance.random(), 0.15, 0.55, 0.85, 1.0)),
            "check_marks": chance.choice((0, 0, marks(well_formed="warn"), marks(required_context="fail"))),
            "timings": [chance.randint(1, 900), chance.randint(1, 90_000), None, 700, chance.randint(10, 2_000_000)],
        }
    if path == "approved" and chance.random() < 0.4:
        changes |= {"approval_state": "rejected", "state": "rejected"}
    if path == "executed" and chance.random() < 0.2:
        changes |= {"state": "failed", "error": f"The agent answered {chance.choice((400, 422, 500))}"}
    return goal_at(business, moment, **changes)


def goals_over(business: Business, start: datetime, end: datetime, number: int, *, seed: int = 1) -> list[Goal]:
    """So many goals, saved, spread over a stretch of time."""
    chance = random.Random(seed)
    span = (end - start).total_seconds()
    rows = [any_goal(business, start + timedelta(seconds=chance.random() * span), chance) for _ in range(number)]
    return save(rows)


def save(rows: Sequence[Goal]) -> list[Goal]:
    return Goal.objects.bulk_create(list(rows), batch_size=2000)


def errors_at(business: Business, moments: Sequence[datetime], stage: str = "read") -> None:
    GateError.objects.bulk_create(
        [GateError(business=business, at=moment, stage=stage, error="ZeroDivisionError") for moment in moments]
    )
