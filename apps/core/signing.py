"""Messages to the outside, signed as Standard Webhooks (standardwebhooks.com), and the secrets they are signed with."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

SECRET_START = "whsec_"  # noqa: S105


def new_secret() -> str:
    """A fresh secret of 256 random bits, in the form that Standard Webhooks libraries take."""
    return as_secret(secrets.token_bytes(32))


def as_secret(key: bytes) -> str:
    return SECRET_START + base64.b64encode(key).decode()


def signed_headers(keys: Sequence[str], *, message_id: str, at: datetime, content: bytes) -> dict[str, str]:
    """The headers of one message, with a signature by each of the secrets: several while one is being replaced."""
    signatures = [Webhook(key).sign(message_id, at, content.decode()) for key in keys]
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
