"""Whether what Gatehouse stands on answers."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection


def dependencies() -> dict[str, bool]:
    """Each dependency by name, and whether it answered just now."""
    return {"database": _database(), "redis": _redis()}


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    try:
        return bool(redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2).ping())
    except redis.RedisError:
        return False
