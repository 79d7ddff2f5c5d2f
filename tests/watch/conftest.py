"""What the tests of Watch share: a moment, and goals that put a figure out of its band."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.goals.models import Goal
from tests.alerts.conftest import mail_server, pagerduty, slack
from tests.watch.made import goal_at, save

__all__ = ["mail_server", "pagerduty", "slack"]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


Put = Callable[..., list[Goal]]


@pytest.fixture
def put(shop: Business) -> Put:
    """put(at, executed=60, approved=20): so many goals with these verdicts in the ten minutes before `at`."""

    def put_some(at: datetime, *, of: Business = shop, **paths: int) -> list[Goal]:
        chance = random.Random(7)
        rows = []
        for path, number in paths.items():
            for _ in range(number):
                then = at - timedelta(seconds=chance.random() * 600)
                rows.append(goal_at(of, then, execution_path=path, confidence=chance.random()))
        return save(rows)

    return put_some
