"""RULE: which events an endpoint is told of, in what words, and when a delivery is tried again."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

MINUTE, HOUR = 60, 3600
# Of the Standard Webhooks specification: ten tries within a little more than three days.
RETRY_AFTER = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
LONGEST_PAUSE = 5 * MINUTE
MAX_KINDS = 50
_TOLD_OF = ("approval.", "goal.", "gate.", "feature.")
_KIND = re.compile(r"^(\*|[a-z_]{1,30}\.(\*|[a-z_]{1,28}))$")
# What the audit trail keeps and a message need not carry: who may read the request can fetch it.
_KEPT_BACK = frozenset({"changes"})


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Whether an endpoint with these kinds is told of this event. None: of everything that can be told."""
    if not kind.startswith(_TOLD_OF):
        return False
    start = kind.split(".", 1)[0]
    return not kinds or any(wanted in ("*", kind, f"{start}.*") for wanted in kinds)


def bad_kinds(kinds: Iterable[str]) -> list[str]:
    """Those that name nothing one could be told of."""
    return [kind for kind in kinds if not _KIND.match(kind) or not (kind == "*" or kind.startswith(_TOLD_OF))]


def body_of(
    *, event_id: UUID, kind: str, at: datetime, subject_type: str, subject_id: str, actor: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """The message: `type`, `timestamp` and `data`, as Standard Webhooks advises."""
    told = {key: value for key, value in data.items() if key not in _KEPT_BACK}
    about = {"event_id": str(event_id), "subject_type": subject_type, "id": subject_id, "actor": actor}
    return {"type": kind, "timestamp": at.isoformat(), "data": about | told}


def next_try(attempts: int, chance: float, asked: float | None = None) -> timedelta | None:
    """How long to wait after the given number of failed attempts; None when it is given up.

    chance: 0 to 1, stretches the wait by up to a fifth so that many do not come back together. asked: seconds the
    endpoint has asked for (Retry-After), heeded up to a day.
    """
    if attempts > len(RETRY_AFTER):
        return None
    planned = RETRY_AFTER[attempts - 1] * (1 + chance / 5)
    return timedelta(seconds=max(planned, min(asked or 0, 24 * HOUR)))


def pause_after(failures: int) -> timedelta:
    """How long an endpoint is left in peace that gave no answer this many times in a row."""
    return timedelta(seconds=min(5 * 2 ** min(failures - 1, 10), LONGEST_PAUSE))


def seconds_asked(header: str | None) -> float | None:
    """Retry-After in seconds; None when absent or a date."""
    return float(header) if header and header.strip().isdigit() and len(header) < 9 else None
