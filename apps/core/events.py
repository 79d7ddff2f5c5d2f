"""Write the audit trail: one row a change, in the same transaction, which is also the outbox."""

from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.inserting import insert
from apps.core.later import nudge_outbox
from apps.core.models import Event


def record(
    *, kind: str, subject_type: str, subject_id: UUID | str, business_id: UUID | None, actor: str, **data: Any
) -> Event:
    """Record that something changed. Call inside the transaction of the change.

    kind: noun.verb, at most 60 characters. data: JSON-able facts; never a secret.
    Raises RuntimeError outside a transaction, because the trail would then not be bound to the change.
    """
    event = event_of(
        kind=kind, subject_type=subject_type, subject_id=subject_id, business_id=business_id, actor=actor, **data
    )
    insert(event)
    return event


def event_of(
    *, kind: str, subject_type: str, subject_id: UUID | str, business_id: UUID | None, actor: str, **data: Any
) -> Event:
    """The event `record` would write, for callers that insert it with the rows it tells of. Raises as `record`."""
    if not connection.in_atomic_block:
        raise RuntimeError("An audit event belongs in the transaction of the change it tells of")
    nudge_outbox()
    return Event(
        kind=kind,
        subject_type=subject_type,
        subject_id=str(subject_id),
        business_id=business_id,
        actor=actor[:120],
        data=data,
    )
