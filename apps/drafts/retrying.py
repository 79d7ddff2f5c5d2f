"""RULE: how long to wait before a mail is tried again, or a mailbox looked into again."""

from datetime import timedelta

# Two days in all: what a mail server is usually given to come back (RFC 5321, 4.5.4.1, asks for more than one try).
_WAITS = (15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 57_600)
_LONGEST_LOOK = 900.0


def next_wait(attempts: int) -> timedelta | None:
    """After so many attempts at sending, 1 or more; None: that was the last."""
    return timedelta(seconds=_WAITS[attempts - 1]) if attempts <= len(_WAITS) else None


def look_again_after(seconds: float, failures: int) -> timedelta:
    """Until the next look into a mailbox that is usually looked into every `seconds`, after so many failures."""
    return timedelta(seconds=min(max(_LONGEST_LOOK, seconds), seconds * 2 ** min(failures, 20)))
