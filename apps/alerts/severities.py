"""RULE: how bad something is, and what a channel that sets a lowest severity is told of."""

from enum import StrEnum


class Severity(StrEnum):
    """From what is only worth knowing to what somebody must be woken for. PagerDuty's four, by its names."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def is_wanted(severity: str, lowest: str) -> bool:
    """Whether `severity` is `lowest` or worse. Raises ValueError for words that are no severity."""
    return _RANK[Severity(severity)] >= _RANK[Severity(lowest)]
