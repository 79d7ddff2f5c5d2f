"""EDGE: how often a key may ask: per minute and per day, counted in Redis, told in the RateLimit headers.

One script run a request counts both windows and says when it is time to note the key's last use. While Redis is away
nobody is turned away: a limit protects the service, and refusing everybody would be the greater harm.
"""

import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from apps.accounts.models import ApiKey
from apps.accounts.principals import Principal
from apps.accounts.row_access import acting_for
from apps.core.errors import TooMany

log = logging.getLogger(__name__)

MINUTE, DAY = 60, 24 * 3600
NOTE_USE_SECONDS = 60
REDIS_SECONDS = 0.25
# After a failure Redis is left alone for this long, so that its absence does not slow every request.
PAUSE_SECONDS = 1.0

# A window begins with its first request. A request that is refused in one window is counted in neither.
_SCRIPT = """
local windows, answer = {tonumber(ARGV[3]), tonumber(ARGV[4])}, {1}
for i = 1, 2 do
  local used = tonumber(redis.call('GET', KEYS[i]) or 0)
  local left = redis.call('PTTL', KEYS[i])
  if left < 0 then used, left = 0, windows[i] * 1000 end
  answer[2 * i], answer[2 * i + 1] = used, left
  if used >= tonumber(ARGV[i]) then answer[1] = 0 end
end
if answer[1] == 1 then
  for i = 1, 2 do
    redis.call('SET', KEYS[i], answer[2 * i] + 1, 'PX', answer[2 * i + 1])
    answer[2 * i] = answer[2 * i] + 1
  end
end
answer[6] = redis.call('SET', KEYS[3], 1, 'NX', 'EX', ARGV[5]) and 1 or 0
return answer
"""


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of a key as it stands: `limit` requests in `seconds`, `left` of them until `reset` seconds from now."""

    name: str
    limit: int
    seconds: int
    left: int
    reset: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key may still do; allowed is False when this very request was one too many."""

    allowed: bool
    windows: tuple[Window, Window]

    @property
    def retry_after(self) -> int:
        """Whole seconds until every window has room again."""
        return max((window.reset for window in self.windows if window.left == 0), default=1)


class KeyThrottle(BaseThrottle):
    """Counts each request of an API key. Raises TooMany above its limits; people in the browser are not counted."""

    def allow_request(self, request: Request, view: Any) -> bool:
        allowance = _charge_once(request)
        if allowance is None or allowance.allowed:
            return True
        full = next(window for window in allowance.windows if window.left == 0)
        raise TooMany(
            f"This key may send {full.limit} requests a {full.name}; try again in {allowance.retry_after} s",
            retry_after=allowance.retry_after,
        )


def add_headers(request: Request, response: Response) -> None:
    """Put RateLimit and RateLimit-Policy on an answer to a key; one that was refused before counting is counted now."""
    allowance = _charge_once(request)
    if allowance is None:
        return
    response["RateLimit-Policy"] = ", ".join(f'"{w.name}";q={w.limit};w={w.seconds}' for w in allowance.windows)
    response["RateLimit"] = ", ".join(f'"{w.name}";r={w.left};t={w.reset}' for w in allowance.windows)


def _charge_once(request: Request) -> Allowance | None:
    django_request: Any = request._request
    if hasattr(django_request, "allowance"):
        return django_request.allowance
    # _user, not user: asking for user would authenticate here, after that has failed already.
    principal = getattr(request, "_user", None)
    key = principal.key if isinstance(principal, Principal) else None
    django_request.allowance = charge(key) if key else None
    return django_request.allowance


_paused_until = 0.0


def charge(key: ApiKey) -> Allowance | None:
    """Count one request of this key; None while Redis cannot be asked."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return None
    name = f"throttle:{{{key.pk}}}"
    limits = (key.requests_per_minute, key.requests_per_day)
    try:
        allowed, minute, minute_left, day, day_left, note = _script()(
            keys=[f"{name}:minute", f"{name}:day", f"{name}:noted"], args=[*limits, MINUTE, DAY, NOTE_USE_SECONDS]
        )
    except redis.RedisError as error:
        _paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("rate limits are not counted, Redis cannot be asked: %s", error)
        return None
    if note:
        _note_use(key)
    return Allowance(
        allowed=bool(allowed),
        windows=(
            _window("minute", limits[0], MINUTE, minute, minute_left),
            _window("day", limits[1], DAY, day, day_left),
        ),
    )


def _window(name: str, limit: int, seconds: int, used: int, left_ms: int) -> Window:
    return Window(name, limit, seconds, left=max(0, limit - used), reset=-(-left_ms // 1000))


def _note_use(key: ApiKey) -> None:
    with acting_for(key.business_id):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())


@cache
def _script() -> Any:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        # Once, because a connection kept from before a restart of Redis fails at its next use.
        retry=Retry(NoBackoff(), 1),
    )
    return client.register_script(_SCRIPT)
