"""Celery's way to Redis, less one fault: a worker that holds work lives on when Redis goes away, and connects again."""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Channel as RedisChannel
from kombu.transport.redis import Transport as RedisTransport
from redis.exceptions import ConnectionError as RedisConnectionError


class Channel(RedisChannel):
    """A channel whose connection was given up says so by an error that Celery expects.

    kombu lets go of a lost connection and then closes its channels, which want to give back what is not acknowledged,
    and ask a connection that is None for its address. Celery takes that AttributeError for a fault of the worker and
    ends it, with all that it has in hand. What is not given back here comes back after the visibility timeout.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("The connection of this channel was given up")
        found: dict[str, Any] = super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]
        return found


class Transport(RedisTransport):
    Channel = Channel


def use() -> None:
    """Have every address redis://, rediss:// and redis+socket:// reached this way; before the first connection."""
    for name in ("redis", "rediss"):
        TRANSPORT_ALIASES[name] = f"{__name__}:Transport"
