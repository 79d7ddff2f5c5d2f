"""Answer a repeated request with the first answer (the Idempotency-Key header)."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.errors import InFlight, Invalid, KeyReused
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{business_id}:{key}"])
        if not cursor.fetchone()[0]:
            raise InFlight
    kept = KeptAnswer.objects.filter(business_id=business_id, key=key).first()
    if kept:
        if kept.fingerprint != print_:
            raise KeyReused
        return (kept.status, kept.body), True
    status, body = act()
    KeptAnswer.objects.create(business_id=business_id, key=key, fingerprint=print_, status=status, body=body)
    return (status, body), False
