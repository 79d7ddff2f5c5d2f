"""Agents and what they recommended, for tests of trust."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.trust.recommending import track


def an_agent(business: Business, key: str = "writer", **extra: Any) -> Agent:
    return Agent.objects.create(
        business=business, key=key, name=key.title(), url="https://agents.example.com", secret="x", **extra
    )


@pytest.fixture
def writer(shop: Business) -> Agent:
    return an_agent(shop)


@pytest.fixture
def reader(shop: Business) -> Agent:
    return an_agent(shop, "reader")


Tracked = Callable[..., UUID]


@pytest.fixture
def tracked(writer: Agent) -> Tracked:
    """tracked(confidence=0.8) is the id of a recommendation of the writer."""

    def tell(agent: Agent = writer, created_at: datetime | None = None, **facts: Any) -> UUID:
        told = {"type": "draft", "content": {"text": "Buy bread"}, "correlation_id": "matter-1", **facts}
        found = track(business_id=agent.business_id, agent_id=agent.pk, created_at=created_at, **told)
        assert found is not None
        return found

    return tell
