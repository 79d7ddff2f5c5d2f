"""RULE: whether a step that failed is tried again, and when.

The wait before the next attempt is drawn evenly from nothing up to a bound that doubles (exponential backoff with full
jitter: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), so that steps which failed together
do not come back together.
"""

from dataclasses import dataclass
from datetime import timedelta

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 60.0
# An agent that is left in peace, or has its hands full, was not tried: waiting for it uses up no attempt for so long.
PATIENCE = timedelta(minutes=10)
NOT_TRIED = frozenset({"breaker_open", "busy"})


@dataclass(frozen=True, slots=True)
class Next:
    """What follows a failure. wait: until the next attempt; None: the step has failed. counts: it was an attempt."""

    wait: timedelta | None
    counts: bool = True


def wait_before(attempt: int, chance: float) -> timedelta:
    """How long to wait after the failed attempt of this number (1 and more). chance: from 0 up to 1."""
    bound = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 30))
    return timedelta(seconds=bound * chance)


def after_failure(
    *, attempt: int, most_attempts: int, again: bool, why: str, age: timedelta, pause: float, chance: float
) -> Next:
    """What follows the failed attempt of this number.

    again: whether trying once more may help. why: the word of the failure. age: of the step. pause: seconds for which
    an agent that keeps failing is left in peace. chance: from 0 up to 1.
    """
    if again and why in NOT_TRIED and age < PATIENCE:
        return Next(timedelta(seconds=max(1.0, pause * (0.5 + chance / 2))), counts=False)
    if not again or attempt >= most_attempts:
        return Next(None)
    return Next(wait_before(attempt, chance))
