"""Answer a repeated request with the first answer (the Idempotency-Key header)."""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.errors import InFlight, Invalid, KeyReused
from apps.core.inserting import insert
from apps.core.models import KeptAnswer

Answer = tuple[int, dict[str, Any]]


def fingerprint(method: str, path: str, body: bytes) -> str:
    """SHA-256, hex, of what makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


def once(*, business_id: UUID, key: str, print_: str, act: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Run `act` unless this key was answered before; (answer, whether it is a repetition).

    Call inside a transaction: the answer is kept if and only if the act's rows are. Answers of 500 and above are not
    kept. Raises Invalid (a key that is empty or over 200 characters), InFlight, KeyReused.
    """
    if not 1 <= len(key) <= 200:
        raise Invalid("Idempotency-Key", "1 to 200 characters")
    kept = _lock_and_find(business_id, key)
    if kept:
        if kept.fingerprint != print_:
            raise KeyReused
        return (kept.status, kept.body), True
    status, body = act()
    insert(KeptAnswer(business_id=business_id, key=key, fingerprint=print_, status=status, body=body))
    return (status, body), False


def _lock_and_find(business_id: UUID, key: str) -> KeptAnswer | None:
    """Keep others with this key out until the transaction ends; the answer kept before, if any. Raises InFlight."""
    with connection.cursor() as cursor:
        # Two statements in one round trip: the second sees what was committed before the lock was free.
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0));"
            " SELECT fingerprint, status, body FROM core_keptanswer WHERE business_id = %s AND key = %s",
            [f"{business_id}:{key}", business_id, key],
        )
        if not cursor.fetchone()[0]:
            raise InFlight
        cursor.nextset()
        row = cursor.fetchone()
    return row and KeptAnswer(fingerprint=row[0], status=row[1], body=json.loads(row[2]))
