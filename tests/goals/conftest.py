"""Goals, agents and tools that the tests of goals are told with."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.sealing import seal
from apps.core.signing import new_secret

REFUND = {
    "type": "function",
    "function": {
        "name": "refund_order",
        "description": "Refund an order to the card it was paid with",
        "parameters": {
            "type": "object",
            "properties": {
                "order_id": {"type": "string", "description": "The order's number, such as A-1042"},
                "amount": {"type": "number", "description": "Amount to refund, in euros"},
            },
            "required": ["order_id", "amount"],
        },
    },
}
CLEAR = {
    "goal": "Refund 39.90 euros for order A-1042 to the card it was paid with",
    "context": {"order_id": "A-1042", "amount": 39.9},
    "tools": [REFUND],
}
UNSURE = {"goal": "Refund the damaged order A-1042, but only the part that broke", "tools": [REFUND]}
MISSING = {"goal": "Please refund my order", "tools": [REFUND]}
HOPELESS = {"goal": "Compose a string quartet in the manner of Haydn and perform it", "tools": [REFUND]}


@pytest.fixture
def agent(shop: Business) -> tuple[Agent, str]:
    """An agent of the shop and its signing secret; its address is set by the test."""
    whole = new_secret()
    row = Agent.objects.create(
        business=shop, key="helper", name="Helper", url="http://127.0.0.1:9/", secret=seal(whole), timeout_seconds=2
    )
    return row, whole


@pytest.fixture
def thresholds(settings: Any) -> Callable[[float, float], None]:
    """Set the installation's thresholds, so that a test chooses its path whatever the rules score."""
    from apps.core.snapshot import forget_everything

    def choose(high: float, medium: float) -> None:
        settings.HIGH_CONFIDENCE_THRESHOLD, settings.MEDIUM_CONFIDENCE_THRESHOLD = high, medium
        forget_everything()

    return choose
