"""RULE: a provider as it is called: where, with which model and for which price. Its secrets stay out of every repr."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.llm.responses import Form, Kind

SHARE_KEPT = 1 / 3  # of the time that is left, for the providers behind
MOST_KEPT = 15.0  # seconds


@dataclass(frozen=True, slots=True)
class Endpoint:
    """timeout: seconds for one request. serves: other models it has, empty for any name. trusted: set by the operator
    and so not held to the networks that may be reached. Prices: USD for a million tokens, None where unset.
    """

    id: UUID
    name: str
    base_url: str
    model: str = ""
    kind: Kind = Kind.CHAT
    sealed_key: str = field(default="", repr=False)
    sealed_headers: str = field(default="", repr=False)
    plain_key: str = field(default="", repr=False)
    serves: tuple[str, ...] = ()
    timeout: float = 30.0
    retries: int = 0
    form: Form = Form.SCHEMA
    dim: int | None = None
    price_in: Decimal | None = None
    price_cached: Decimal | None = None
    price_out: Decimal | None = None
    trusted: bool = False

    def model_for(self, asked: str) -> str:
        """The asked model where it has it, else its own; "" when there is none to ask."""
        has_it = asked and (not self.serves or asked in self.serves or asked == self.model)
        return asked if has_it else self.model

    @property
    def has_price(self) -> bool:
        return self.price_in is not None or self.price_out is not None


def seconds_for(endpoint: Endpoint, left: float, behind: Sequence[Endpoint]) -> float:
    """How long this provider may take of the `left` seconds: one that hangs must leave time for those behind it."""
    kept = min(left * SHARE_KEPT, MOST_KEPT) if behind else 0.0
    return max(0.0, min(left - kept, endpoint.timeout * (endpoint.retries + 1)))
