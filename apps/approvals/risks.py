"""RULE: how a risk between 0 and 1 is named and filtered."""

from enum import StrEnum


class Band(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


HIGH_FROM = 0.7
MEDIUM_FROM = 0.4


def band_of(risk: float) -> Band:
    if risk >= HIGH_FROM:
        return Band.HIGH
    return Band.MEDIUM if risk >= MEDIUM_FROM else Band.LOW


def limits_of(band: Band) -> tuple[float, float]:
    """(from, below) of a band; the highest has no upper limit but 1, given as 2 so that 1 lies within."""
    return {Band.HIGH: (HIGH_FROM, 2.0), Band.MEDIUM: (MEDIUM_FROM, HIGH_FROM), Band.LOW: (0.0, MEDIUM_FROM)}[band]
