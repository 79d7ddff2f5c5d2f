"""A model that is an enemy, beside a tool that says the truth."""

from typing import Any

import pytest

from apps.accounts.models import Business
from apps.drafts.models import Mailbox
from apps.llm import asking
from tests.drafts.attacks.tricks import FINE
from tests.drafts.letters import ORDER, Outside, an_order_tool, use_model
from tests.drafts.mail_servers import connected


@pytest.fixture
def enemy(shop: Business, world: Outside, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """It is told what to answer; until then its reply is good."""
    settings.DRAFT_MODEL_SECONDS = 2.0
    monkeypatch.setattr(asking, "FIRST_WAIT", 0.01)  # it is asked as often again, only sooner
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    use_model(settings, world)
    world.writes(FINE)
    return world


@pytest.fixture
def mailbox(shop: Business, enemy: Outside) -> Mailbox:
    return connected(shop)
