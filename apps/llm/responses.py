"""RULE: what a call to a language model comes to, whichever provider was asked and however it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

NO_PROVIDER = "no provider"


class Kind(StrEnum):
    """What a provider is asked for."""

    CHAT = "chat"
    EMBEDDING = "embedding"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(one.value, one.name.capitalize()) for one in cls]


class Form(StrEnum):
    """How a provider is asked for JSON: by its schema, as any object, or by words alone."""

    SCHEMA = "schema"
    OBJECT = "object"
    WORDS = "words"


class Why(StrEnum):
    """Why a call came to nothing; NONE for one that went well."""

    NONE = ""
    MISSING = "missing"  # no provider is set up
    RESTING = "resting"  # its breaker is open
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # its address may not be called
    STATUS = "status"
    TOO_LARGE = "too_large"
    BAD_ANSWER = "bad_answer"  # not the form of a completion
    EMPTY = "empty"
    SCHEMA = "schema"  # not the JSON that was asked for
    BROKEN_OFF = "broken_off"  # a stream that ended early
    LEFT = "left"  # a stream that the caller left
    SEALED = "sealed"  # its key cannot be opened


class About(StrEnum):
    """What a failure seems to be about, where that can be told; for whoever has to mend it."""

    NOTHING = ""
    KEY = "key"
    MODEL = "model"
    CREDIT = "credit"
    HOST = "host"  # there is no such name
    NOBODY = "nobody"  # the machine is there, and nothing answers at this port
    TLS = "tls"


class Turn(NamedTuple):
    """One message of a conversation. role: user or assistant."""

    role: str
    text: str


class Piece(NamedTuple):
    """The next part of an answer that comes in as a stream."""

    text: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """read: of the prompt, without the cached ones. cached: of the prompt, read from the provider's cache. written: of
    the answer. told: whether the provider counted, or we estimated."""

    read: int = 0
    cached: int = 0
    written: int = 0
    told: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to one provider. error: "" when it went well."""

    provider: str
    model: str
    why: Why
    error: str
    latency_ms: int
    usage_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LLMResponse:
    """The end of a call. error: "" when it went well, else words for a person that name no secret and no content.

    data: the JSON object, where a schema was given. tokens_in: of the prompt without tokens_cached. cost: USD of all
    attempts, None where nobody knows a price. latency_ms: of everything, waiting between attempts included. again:
    whether asking once more may help. attempts: each request that was sent, or held back by a breaker, in order.
    status: what the provider answered last, 0 when it did not.
    """

    text: str = ""
    data: dict[str, Any] | None = None
    model: str = ""
    provider: str = ""
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None
    latency_ms: int = 0
    finish_reason: str = ""
    error: str = ""
    why: Why = Why.NONE
    again: bool = False
    status: int = 0
    usage_id: UUID | None = None
    attempts: tuple[Attempt, ...] = field(default=())

    @property
    def ok(self) -> bool:
        return not self.error


def turns_of(user: str | Sequence[Turn]) -> tuple[Turn, ...]:
    """A conversation, from a single message or from its turns."""
    return (Turn("user", user),) if isinstance(user, str) else tuple(Turn(*turn) for turn in user)
