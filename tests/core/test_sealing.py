"""Secrets at rest."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from apps.core.sealing import CannotUnseal, reseal, seal, unseal


def test_what_is_sealed_can_be_unsealed_and_not_read() -> None:
    sealed = seal("whsec_ünsecret")
    assert unseal(sealed) == "whsec_ünsecret"
    assert "secret" not in sealed
    assert sealed != seal("whsec_ünsecret")


def test_a_new_key_in_front_still_opens_what_the_old_one_sealed(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEY = old
    sealed = seal("secret")
    settings.FIELD_ENCRYPTION_KEY = f"{new}, {old}"
    assert unseal(sealed) == "secret"
    resealed = reseal(sealed)
    settings.FIELD_ENCRYPTION_KEY = new
    assert unseal(resealed) == "secret"
    with pytest.raises(CannotUnseal):
        unseal(sealed)


@pytest.mark.parametrize("damaged", ["", "nonsense", "gAAAAABnonsense"])
def test_what_is_damaged_is_not_opened(damaged: str) -> None:
    with pytest.raises(CannotUnseal):
        unseal(damaged)


@pytest.mark.parametrize("keys", ["", " , ", "too-short"])
def test_it_says_what_is_wrong_with_the_key(settings: Any, keys: str) -> None:
    settings.FIELD_ENCRYPTION_KEY = keys
    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEY"):
        seal("x")
