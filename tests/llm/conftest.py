"""Providers that the tests are told with: real servers that misbehave, and the rows that name them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.core.sealing import seal
from apps.llm import tokens
from apps.llm.models import Provider
from apps.llm.requesting import QUIRKS
from tests.llm.providers import Provider as Server
from tests.llm.providers import provider_server

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def nothing_learned() -> None:
    """What this process has learned of providers and models must not outlive a test."""
    QUIRKS.known.clear()
    tokens._seen.clear()
    tokens._flush_at.clear()


@pytest.fixture
def server() -> Iterator[Server]:
    with provider_server() as running:
        yield running


@pytest.fixture
def spare() -> Iterator[Server]:
    """A second provider."""
    with provider_server() as running:
        yield running


@pytest.fixture
def make_provider(shop: Business) -> Callable[..., Provider]:
    """make_provider(server, position=1) is a row of the shop for a server, with a key, tried once."""

    def make(at: Server, **fields: Any) -> Provider:
        count = Provider.objects.count()
        given: dict[str, Any] = {
            "business": shop,
            "name": f"provider-{count}",
            "base_url": at.base_url,
            "key": seal(KEY),
            "model": "house-model",
            "position": count,
            "timeout_seconds": 5,
            "retries": 0,
        }
        return Provider.objects.create(**(given | fields))

    return make
