"""Identifiers of our rows: UUID version 7, so that an index grows at its end and an id tells its age."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562), ordered by creation time within a process."""
    return uuid7()


def first_id_at(moment: datetime) -> UUID:
    """The smallest id that can have been made at this moment: turns a range of time into a range of ids."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=(milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7000_8000_0000_0000_0000)
