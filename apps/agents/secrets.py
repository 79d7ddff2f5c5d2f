"""ACT: make and read the secret with which requests to an agent are signed."""

import base64
import secrets

from apps.core.sealing import seal

SECRET_START = "whsec_"  # noqa: S105


def new_secret() -> tuple[str, str]:
    """(the secret to show once, as whsec_..., the sealed form to store). 256 random bits."""
    whole = SECRET_START + base64.b64encode(secrets.token_bytes(32)).decode()
    return whole, seal(whole)
