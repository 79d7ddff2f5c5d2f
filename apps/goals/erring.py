"""ACT: keep count of submissions that failed by our fault. Class of error and stage only, never what was sent."""

import json
import logging
from datetime import datetime
from uuid import UUID

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.ids import new_id
from apps.goals.models import GateError

log = logging.getLogger(__name__)

# Where errors wait that the database could not take; gathered by `gather_errors`.
WAITING_LIST = "gatehouse:gate-errors"
MOST_WAITING = 10_000
AT_ONCE = 500
PATIENCE_SECONDS = 1.0


def note_error(*, business_id: UUID | None, stage: str, error: BaseException) -> None:
    """Count one submission that failed. Call outside of the transaction that failed; never raises.

    In the database, else in Redis until `gather_errors`, else in the log alone. business_id None (the database was away
    before the caller was known): the installation's, shown to no business.
    """
    row = GateError(
        id=new_id(), business_id=business_id, at=timezone.now(), stage=stage[:10], error=type(error).__name__[:80]
    )
    try:
        _write([row])
    except (DatabaseError, InterfaceError) as away:
        log.warning("an error of the gate could not be written down: %s", away)
        _put_aside(row)


def gather_errors() -> int:
    """Write down what waits in Redis; how many. Dying in between writes none twice, as each has its id already."""
    client = _redis()
    texts: list[bytes] = client.lrange(WAITING_LIST, 0, AT_ONCE - 1)  # type: ignore[assignment]
    for text in texts:
        told = json.loads(text)
        _write([GateError(**told)])
        client.lrem(WAITING_LIST, 1, text)  # type: ignore[arg-type]
    return len(texts)


def forget_errors(*, before: datetime) -> int:
    """Drop the errors from before this moment, of all businesses; how many. For the owner of the tables."""
    return GateError.objects.filter(at__lt=before).delete()[0]


def _write(rows: list[GateError]) -> None:
    business_id = rows[0].business_id
    # Rows of the installation may be added by every business, so which one is current does not matter.
    with acting_for(business_id or UUID(int=0)):
        GateError.objects.bulk_create(rows, ignore_conflicts=True)


def _put_aside(row: GateError) -> None:
    told = {
        "id": str(row.pk),
        "business_id": str(row.business_id) if row.business_id else None,
        "at": row.at.isoformat(),
        "stage": row.stage,
        "error": row.error,
    }
    try:
        client = _redis()
        client.rpush(WAITING_LIST, json.dumps(told))
        client.ltrim(WAITING_LIST, -MOST_WAITING, -1)
    except redis.RedisError as error:
        log.error("an error of the gate is counted nowhere: %s at %s (%s)", row.error, row.stage, error)


def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )
