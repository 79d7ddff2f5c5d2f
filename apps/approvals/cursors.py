"""RULE: where a list went on, as a short opaque string."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Place:
    """The last row seen. `rank`: its risk in the queue, unused (0) among what was decided; `moment`: deadline or decision."""

    rank: float
    moment: datetime
    id: UUID


def write_place(place: Place) -> str:
    raw = json.dumps([place.rank, place.moment.isoformat(), place.id.hex], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def read_place(text: str) -> Place | None:
    """The place, or None for what no list has given out."""
    try:
        rank, moment, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        place = Place(float(rank), datetime.fromisoformat(moment), UUID(key))
    except (ValueError, TypeError, binascii.Error, AttributeError):
        return None
    return place if place.moment.tzinfo is not None and 0 <= place.rank <= 1 else None
