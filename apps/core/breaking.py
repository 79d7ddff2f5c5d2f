"""ACT: leave in peace what keeps failing outside, and let one call at a time find out whether it is back.

Agents, tools and model providers have a breaker each, by their id.

The state is Redis's alone, so that every process sees it at once; without Redis every call goes through.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

REDIS_SECONDS = 0.25
# After Redis did not answer it is left alone so long, and calls go through unasked.
PAUSE_SECONDS = 5.0
KEEP_SECONDS = 7 * 24 * 3600
LONGEST_WORDS = 300

# One script each, because what is asked and what is noted must not be torn apart by another process. Redis's own clock
# serves them all. Fields: failures in a row, opened (moment), probe (moment until which one call is finding out).
_ASK = """
local at = redis.call('TIME')
local now = at[1] + at[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'opened', 'probe')
if not kept[1] then return {1, '0'} end
local closed_until = math.max(tonumber(kept[1]) + tonumber(ARGV[1]), tonumber(kept[2] or 0))
if now < closed_until then return {0, tostring(closed_until - now)} end
redis.call('HSET', KEYS[1], 'probe', tostring(now + ARGV[2]))
return {2, '0'}
"""
_NOTE = """
local at = redis.call('TIME')
local now = tostring(at[1] + at[2] / 1000000)
local opened, turned = redis.call('HGET', KEYS[1], 'opened'), 0
if ARGV[1] == 'ok' then
  turned = redis.call('HDEL', KEYS[1], 'failures', 'opened', 'probe') > 0 and opened and -1 or 0
  redis.call('HSET', KEYS[1], 'answered_at', now)
else
  local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
  redis.call('HSET', KEYS[1], 'failed_at', now, 'why', ARGV[3], 'words', ARGV[4])
  if opened then
    if redis.call('HDEL', KEYS[1], 'probe') == 1 then redis.call('HSET', KEYS[1], 'opened', now) end
  elseif failures >= tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], 'opened', now)
    turned = 1
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
return turned
"""


class Light(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Standing:
    """The breaker of one agent, tool or provider, and its last failure. tries_again_in: seconds, while it is open."""

    light: Light = Light.CLOSED
    failures: int = 0
    tries_again_in: float = 0.0
    last_why: str = ""
    last_words: str = ""
    failed_at: datetime | None = None
    answered_at: datetime | None = None


_paused_until = 0.0


def may_call(owner: UUID, *, probe_seconds: float) -> float:
    """0 when this one (by its id) may be called now, else the seconds until it is worth asking again.

    Of those who ask after the pause one is let through to find out; it should `note` within probe_seconds, or the next
    is let through.
    """
    answer = _run(_ASK, owner, settings.AGENT_BREAKER_SECONDS, probe_seconds)
    return 0.0 if answer is None or answer[0] else max(0.001, float(answer[1]))


def words(whom: str, wait: float) -> str:
    """Why `whom` (agent, tool or provider) is not called now."""
    return f"The {whom} keeps failing and is left in peace for another {max(1, round(wait))} s"


def note(owner: UUID, *, ok: bool, why: str = "", told: str = "") -> int:
    """Tell how a call ended. 1 when this failure opened the breaker, -1 when this answer closed it, else 0."""
    mood = "ok" if ok else "failed"
    cut = told[:LONGEST_WORDS].encode("utf-8", "replace")
    return _run(_NOTE, owner, mood, settings.AGENT_BREAKER_FAILURES, why, cut, KEEP_SECONDS) or 0


def close(owner: UUID) -> None:
    """Let calls through again at once, because a person says so. The last failure stays to be read."""
    try:
        _client().hdel(_name(owner), "failures", "opened", "probe")
    except redis.RedisError as error:
        log.warning("a breaker could not be closed, Redis cannot be asked: %s", error)


def standings(owners: Sequence[UUID]) -> dict[UUID, Standing]:
    """The breakers of these, in one round trip; closed ones where Redis cannot be asked."""
    if not owners:
        return {}
    try:
        pipe = _client().pipeline(transaction=False)
        for owner in owners:
            pipe.hgetall(_name(owner))
        rows = pipe.execute()
    except redis.RedisError as error:
        log.warning("breakers cannot be shown, Redis cannot be asked: %s", error)
        rows = [{} for _ in owners]
    now = time.time()
    return {owner: _standing(row, now) for owner, row in zip(owners, rows, strict=True)}


def standing(owner: UUID) -> Standing:
    """The breaker of one of them."""
    return standings([owner])[owner]


def _standing(row: dict[bytes, bytes], now: float) -> Standing:
    told = {name.decode(): value.decode("utf-8", "replace") for name, value in row.items()}
    opened, probe = (float(told[name]) if name in told else None for name in ("opened", "probe"))
    light, left = Light.CLOSED, 0.0
    if opened is not None:
        left = max(0.0, opened + settings.AGENT_BREAKER_SECONDS - now)
        light = Light.HALF_OPEN if left == 0 or (probe or 0) > now else Light.OPEN
    return Standing(
        light=light,
        failures=int(told.get("failures", 0)),
        tries_again_in=left,
        last_why=told.get("why", ""),
        last_words=told.get("words", ""),
        failed_at=_moment(told.get("failed_at")),
        answered_at=_moment(told.get("answered_at")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromtimestamp(float(text), UTC) if text else None


def _run(script: str, owner: UUID, *arguments: Any) -> Any:
    global _paused_until
    if time.monotonic() < _paused_until:
        return None
    try:
        return _script(script)(keys=[_name(owner)], args=list(arguments))
    except redis.RedisError as error:
        _paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("breakers are not heeded, Redis cannot be asked: %s", error)
        return None


def _name(owner: UUID) -> str:
    return f"gatehouse:breaker:{owner}"


@cache
def _script(text: str) -> Any:
    return _client().register_script(text)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        # Once, because a connection kept from before a restart of Redis fails at its next use.
        retry=Retry(NoBackoff(), 1),
    )
