"""RULE: where work that goes on in the background stands, and which may follow which."""

from enum import StrEnum


class WorkState(StrEnum):
    """QUEUED waits for a worker; RUNNING is held by one; the others are ends, of which all but DONE can be resumed."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(one.value, one.value) for one in cls]


UNFINISHED = (WorkState.QUEUED, WorkState.RUNNING)
RESUMABLE = (WorkState.FAILED, WorkState.CANCELLED)
