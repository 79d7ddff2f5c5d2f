"""ACT: wake workers for steps that are ready. A message says only that there is work; the claim says which.

Lost messages cost a few seconds: the reconciler wakes for what is ready and was not taken.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

TASK = "apps.workflows.tasks.work_steps"
# Messages on their way at most: more workers than that are not woken at once, and those who are work on until nothing
# is left. The count is begun anew every so many seconds, so that lost messages cannot keep it up.
MOST_ON_THEIR_WAY = 64
COUNTS_FOR = 15
# Whoever works looks for more anyway: a message that nobody had the time to take says nothing new after this.
EXPIRES_AFTER = 60
_COUNT = "gatehouse:workflows:waking"
_TAKE = """
local on_their_way = tonumber(redis.call('GET', KEYS[1]) or 0)
local more = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - on_their_way))
if more > 0 then
  redis.call('INCRBY', KEYS[1], more)
  if on_their_way == 0 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
end
return more
"""
_BEGUN = "if tonumber(redis.call('GET', KEYS[1]) or 0) > 0 then redis.call('DECR', KEYS[1]) end"

_mine = threading.local()


def wake(ready: int) -> None:
    """After commit, wake workers for so many more steps that are ready."""
    if ready > 0:
        transaction.on_commit(lambda: _send(ready))


def wake_after(wait: timedelta) -> None:
    """After commit, have a worker look once this time is over: a step will be ready again then."""
    transaction.on_commit(lambda: _message(countdown=max(0.05, wait.total_seconds())))


@contextmanager
def working() -> Iterator[None]:
    """While this thread works off what is ready, it needs no message for one of the steps it makes ready itself."""
    try:
        _redis().eval(_BEGUN, 1, _COUNT)
    except redis.RedisError as error:
        log.info("messages to workers are not counted, Redis cannot be asked: %s", error)
    _mine.works = True
    try:
        yield
    finally:
        _mine.works = False


def wake_successor() -> None:
    """Wake one worker now: this one's time is over, and there may be more."""
    _send(1)


def _send(ready: int) -> None:
    ready -= getattr(_mine, "works", False)
    for _ in range(_allowed(ready)):
        if not _message():
            return


def _message(countdown: float = 0.0) -> bool:
    try:
        current_app.send_task(TASK, retry=False, countdown=countdown or None, expires=countdown + EXPIRES_AFTER)
    except (OperationalError, OSError) as error:
        log.warning("could not wake a worker: %s", error)
        return False
    return True


def _allowed(ready: int) -> int:
    if ready <= 0:
        return 0
    try:
        return int(_redis().eval(_TAKE, 1, _COUNT, ready, MOST_ON_THEIR_WAY, COUNTS_FOR))
    except redis.RedisError:
        return min(ready, MOST_ON_THEIR_WAY)


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
