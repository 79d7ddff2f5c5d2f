"""RULE: the life of a test of a provider: asked for, running, passed or failed; lost when nobody ended it in time."""

from datetime import datetime, timedelta
from enum import StrEnum

MOST_SECONDS = 60.0  # of a test, however long the provider may take otherwise
# From asking to the end, with the wait for a worker; after it somebody may ask again.
LEASE = timedelta(seconds=MOST_SECONDS + 30)


class TrialState(StrEnum):
    ASKED = "asked"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


UNDER_WAY = (TrialState.ASKED, TrialState.RUNNING)
LOST = "lost"
_LOST_WORDS = {
    TrialState.ASKED: "No worker took the test up. Are workers running?",
    TrialState.RUNNING: "The test was broken off, perhaps by a restart. Test again",
}


def standing_of(state: str, asked_at: datetime, now: datetime) -> str:
    """One of TrialState, or LOST for a test that nobody will end any more."""
    return LOST if state in UNDER_WAY and now - asked_at > LEASE else state


def lost_words(state: str) -> str:
    """Why a test is lost."""
    return _LOST_WORDS[TrialState(state)]


def seconds_of(timeout: float) -> float:
    """How long a test may take of a provider that may take `timeout` seconds."""
    return min(MOST_SECONDS, timeout)
