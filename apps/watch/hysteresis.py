"""RULE: when an alert opens and when it closes, so that a figure at the edge of its band does not flap.

It opens when a figure is surely out of its band, unless one about the same figure closed within COOL_DOWN. It closes
when the figure has been back, or too little came in to tell, for HOLD without a break.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.watch.bands import Standing

HOLD = timedelta(minutes=5)
COOL_DOWN = timedelta(minutes=15)
_CALM = frozenset({Standing.IN_BAND, Standing.NOT_ENOUGH_DATA, Standing.NO_BAND})


class Step(StrEnum):
    NOTHING = "nothing"
    OPEN = "open"
    CALM = "calm"  # the figure came back just now: remember since when
    STIR = "stir"  # it was back and is not any more: forget that
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Past:
    """The last alert about a figure. closed_at None: it is open. calm_since: since when its figure has been back."""

    closed_at: datetime | None
    calm_since: datetime | None = None


def next_step(past: Past | None, standing: Standing, now: datetime) -> Step:
    """What to do about a figure that stands like this now."""
    if past is None or past.closed_at is not None:
        cooling = past is not None and past.closed_at is not None and now - past.closed_at < COOL_DOWN
        return Step.OPEN if standing is Standing.OUT_OF_BAND and not cooling else Step.NOTHING
    if standing not in _CALM:
        return Step.STIR if past.calm_since else Step.NOTHING
    if past.calm_since is None:
        return Step.CALM
    return Step.CLOSE if now - past.calm_since >= HOLD else Step.NOTHING
