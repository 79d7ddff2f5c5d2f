"""How soon every process has heard of a change: processes say that they listen, and which change they have heard of.

All moments are those of the Redis server, so that the clocks of several machines do not matter.
"""

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from uuid import uuid4

import redis
from django.conf import settings

LISTENING = "gatehouse:listening"
HEARD = "gatehouse:heard:"
SAY_SECONDS = 2.0
# A process that has not said so for this long is gone, or deaf and polling.
GONE_SECONDS = 3 * SAY_SECONDS
KEEP_SECONDS = 60
LOOK_SECONDS = 0.004


@dataclass(frozen=True, slots=True)
class Effect:
    """processes: that have heard. unheard: that listen and had not heard in time. milliseconds: until the last had."""

    processes: int
    unheard: int
    milliseconds: float | None


class Announcement:
    """A change that is told to every process at commit, and may be asked afterwards who has heard."""

    def __init__(self) -> None:
        self.token = uuid4().hex
        self.told_at: float | None = None

    def wait(self, seconds: float = 1.0) -> Effect | None:
        """Wait until every listening process has heard, at most so long. None: it could not be told, processes poll."""
        if self.told_at is None:
            return None
        try:
            return _wait(client(), self.token, self.told_at, time.monotonic() + seconds)
        except redis.RedisError:
            return None


class Member:
    """This process, as one that listens."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._said_at = -SAY_SECONDS

    def say(self, to: redis.Redis) -> None:
        """Say that it listens, every SAY_SECONDS."""
        if time.monotonic() - self._said_at >= SAY_SECONDS:
            self._said_at = time.monotonic()
            now = moment(to)
            to.zadd(LISTENING, {self.name: now})
            to.zremrangebyscore(LISTENING, "-inf", now - KEEP_SECONDS)

    def leave(self) -> None:
        """Say that it listens no more, so that nobody waits for it."""
        with contextlib.suppress(redis.RedisError):
            client().zrem(LISTENING, self.name)

    def has_heard(self, to: redis.Redis, token: str) -> None:
        with to.pipeline(transaction=False) as pipe:
            pipe.hset(HEARD + token, self.name, str(moment(to)))
            pipe.expire(HEARD + token, KEEP_SECONDS)
            pipe.execute()


def client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, health_check_interval=0)


def moment(of: redis.Redis) -> float:
    """Now, in seconds, by the clock of the Redis server."""
    seconds, microseconds = of.time()  # type: ignore[misc]
    return seconds + microseconds / 1e6


def _wait(of: redis.Redis, token: str, told_at: float, until: float) -> Effect:
    listening = set(of.zrangebyscore(LISTENING, told_at - GONE_SECONDS, "+inf"))  # type: ignore[arg-type]
    while True:
        heard: dict[bytes, bytes] = of.hgetall(HEARD + token)  # type: ignore[assignment]
        missing = listening - heard.keys()
        if not missing or time.monotonic() > until:
            break
        time.sleep(LOOK_SECONDS)
    last = max((float(at) for at in heard.values()), default=told_at)
    return Effect(len(heard), len(missing), max(0.0, (last - told_at) * 1000))
