"""Identifiers of our rows: UUID version 7, so that an index grows at its end and an id tells its age."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562), ordered by creation time within a process."""
    return uuid7()
