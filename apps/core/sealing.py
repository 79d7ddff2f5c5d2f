"""Secrets we must be able to read again (webhook and agent secrets), encrypted where they are stored."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.errors import GatehouseError


class CannotUnseal(GatehouseError):
    """None of the keys in FIELD_ENCRYPTION_KEY opens this."""

    status = 500
    slug = "cannot-unseal"
    title = "A stored secret could not be opened with the keys of this installation"


def seal(text: str) -> str:
    """Encrypt with the first key of FIELD_ENCRYPTION_KEY."""
    return _box(settings.FIELD_ENCRYPTION_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed, by any key of FIELD_ENCRYPTION_KEY. Raises CannotUnseal."""
    try:
        return _box(settings.FIELD_ENCRYPTION_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal from None


def reseal(sealed: str) -> str:
    """The same secret under the first key: after a new key was put in front, before the old one is dropped."""
    try:
        return _box(settings.FIELD_ENCRYPTION_KEY).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal from None


@lru_cache(maxsize=8)
def _box(keys: str) -> MultiFernet:
    try:
        fernets = [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
    except ValueError as error:
        raise ImproperlyConfigured(f"FIELD_ENCRYPTION_KEY: {error}") from None
    if not fernets:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEY is empty; make one by cryptography.fernet.Fernet.generate_key()"
        )
    return MultiFernet(fernets)
