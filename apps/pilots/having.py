"""RULE: whether one business has a feature, and why, in the order in which a feature answers (rollout.py)."""

from dataclasses import dataclass
from enum import StrEnum

from apps.pilots.rollout import bucket_of


class Why(StrEnum):
    """What decides for a business."""

    HELD = "held"
    LISTED = "listed"
    BASELINE = "baseline"
    SHARE = "share"
    DEFAULT = "default"
    NOTHING = "nothing"
    ARCHIVED = "archived"


WORDS = {
    Why.HELD: "held back",
    Why.LISTED: "listed",
    Why.BASELINE: "baseline: measured only",
    Why.SHARE: "within the share",
    Why.DEFAULT: "by default",
    Why.NOTHING: "not reached yet",
    Why.ARCHIVED: "archived",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a feature says of everybody. share: percent. serves: its list counts. default_on: who has nothing has it."""

    key: str
    share: int
    serves: bool
    default_on: bool
    archived: bool = False


def why(terms: Terms, business: str, *, listed: bool, held: bool) -> Why:
    """What decides for this business (its id as text)."""
    if terms.archived:
        return Why.ARCHIVED
    if held:
        return Why.HELD
    if listed and terms.serves:
        return Why.LISTED
    if terms.share and bucket_of(terms.key, business) < terms.share:
        return Why.SHARE
    if terms.default_on:
        return Why.DEFAULT
    return Why.BASELINE if listed else Why.NOTHING


def is_on(reason: Why) -> bool:
    return reason in (Why.LISTED, Why.SHARE, Why.DEFAULT)


def is_turned(reason: Why) -> bool:
    """How a business's switch stands: at a baseline it is on the list and has nothing yet."""
    return is_on(reason) or reason is Why.BASELINE
