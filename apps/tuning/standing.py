"""RULE: the thresholds of a business as one thing that is compared and written down."""

from dataclasses import asdict, dataclass
from typing import Any

from apps.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Standing:
    """At `high` and above a goal runs, at `medium` and above a person is asked; `rounds` of questions, 0 to 10.

    own: the business's own, or the installation's.
    """

    high: float
    medium: float
    rounds: int
    own: bool = True

    def in_words(self) -> str:
        whose = "" if self.own else " (the installation's)"
        return f"{self.high:g} and {self.medium:g}, {self.rounds} rounds{whose}"


def number_in(text: str, field: str) -> float:
    """A threshold as typed or sent. Raises Invalid naming the field."""
    try:
        value = float(text)
    except ValueError:
        raise Invalid(field, "A number from 0 to 1") from None
    if not 0.0 <= value <= 1.0:
        raise Invalid(field, "A number from 0 to 1")
    return value


def to_json(standing: Standing) -> dict[str, Any]:
    """{high, medium, rounds, own}."""
    return asdict(standing)
