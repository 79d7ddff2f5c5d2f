"""RULE: what the answer to an attempt means, and when the next one is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MINUTE, HOUR = 60, 3600
# Twenty tries within about half a day: quick at first, since somebody may have to get up.
RETRY_AFTER = (10, 20, 40, 80, 160, 320, 640, 1280, 1800, 2700, *(HOUR for _ in range(9)))
MOST_ATTEMPTS = len(RETRY_AFTER) + 1
LONGEST_ASKED = 6 * HOUR
_TRY_LATER = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt.

    status: of the answer; None when there was none, or for mail. permanent: no further attempt can do better.
    retry_after: seconds the other side asked for. mailed: addresses whose mail was handed over in this attempt.
    """

    ok: bool
    error: str = ""
    status: int | None = None
    permanent: bool = False
    retry_after: float | None = None
    mailed: tuple[str, ...] = ()


def result_of(status: int, *, reason: str = "", retry_after: float | None = None) -> Result:
    """An answer of HTTP: 2xx is success, 408, 429 and 5xx are tried again, all else is of no use to repeat."""
    if 200 <= status < 300:
        return Result(ok=True, status=status)
    if 300 <= status < 400:
        return Result(ok=False, error=f"Answered {status}: redirects are not followed", status=status, permanent=True)
    words = f"Answered {status}: {reason}" if reason else f"Answered {status}"
    permanent = 400 <= status < 500 and status not in _TRY_LATER
    return Result(ok=False, error=words, status=status, permanent=permanent, retry_after=retry_after)


def next_try(attempts: int, chance: float, asked: float | None = None) -> timedelta | None:
    """How long to wait after the given number of failed attempts (1 and more); None when it is given up.

    chance: 0 to 1, stretches the wait by up to a quarter so that many do not come back together. asked: seconds the
    other side has asked for, heeded up to LONGEST_ASKED; the stretch is added to it as well.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    planned = max(RETRY_AFTER[attempts - 1], min(asked or 0, LONGEST_ASKED))
    return timedelta(seconds=planned * (1 + chance / 4))


def seconds_asked(header: str | None, *, now: datetime) -> float | None:
    """Retry-After (RFC 9110, 10.2.3) in seconds from `now`: a number or a date. None when absent or neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())
