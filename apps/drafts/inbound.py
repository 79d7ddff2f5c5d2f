"""RULE: is mail that is posted to us signed by whoever holds the mailbox's secret, and fresh (Standard Webhooks).

The signature is over the bytes as they came: a raw mail need not be text in any character set.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from apps.core.signing import SECRET_START

FRESH_SECONDS = 300
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
MOST_SIGNATURES = 10


def is_fresh(headers: Mapping[str, str], now: float) -> bool:
    """Whether all three headers are there, and it was signed within FRESH_SECONDS of `now` (seconds since 1970)."""
    stamp = headers.get("webhook-timestamp", "")
    if not all(headers.get(name) for name in SIGNED) or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return False
    return abs(now - int(stamp)) <= FRESH_SECONDS


def is_signed(headers: Mapping[str, str], content: bytes, secret: str) -> bool:
    """Whether one of the signatures fits. secret: whsec_..."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_START))
        begin = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode("latin-1")
    except (binascii.Error, ValueError):
        return False
    expected = base64.b64encode(hmac.new(key, begin + content, hashlib.sha256).digest())
    given = headers["webhook-signature"].encode("latin-1", "replace").split()[:MOST_SIGNATURES]
    return any(hmac.compare_digest(one, b"v1," + expected) for one in given)
