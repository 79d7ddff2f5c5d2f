"""Features, people who run them, and outcomes to measure them by."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.accounts.models import Business, Membership, User
from apps.accounts.principals import Principal, of_person
from apps.accounts.row_access import across_businesses
from apps.accounts.selectors import Seat
from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.pilots.defining import create_feature
from apps.pilots.models import Feature
from apps.pilots.plans import seven_day_plan


@pytest.fixture
def everywhere(db: None) -> Iterator[None]:
    """The whole test sees every business, as the pages of whoever runs a rollout do."""
    with across_businesses():
        yield


@pytest.fixture
def more_shops(db: None) -> list[Business]:
    """Twenty businesses more."""
    shops = [Business(name=f"Shop {n:02}", slug=f"shop-{n:02}") for n in range(20)]
    return Business.objects.bulk_create(shops)


@pytest.fixture
def feature(shop: Business) -> Feature:
    """A power on the seven-day ladder, run by the shop's people; nobody has it yet."""
    return create_feature(key="RAG_PILOT", home_id=shop.pk, ladder=seven_day_plan(), actor="user:root@example.com")


@pytest.fixture
def switch(shop: Business) -> Feature:
    """A plain switch without a ladder."""
    return create_feature(key="BULK_APPROVE", home_id=shop.pk, actor="user:root@example.com")


@pytest.fixture
def ours(shop: Business) -> Feature:
    """Run by the shop; only its programs may ask."""
    return create_feature(key="OURS", home_id=shop.pk, actor="user:root@example.com")


@pytest.fixture
def open_to_all(shop: Business) -> Feature:
    """Run by the shop; programs of every business may ask about their own."""
    return create_feature(key="OPEN", home_id=shop.pk, exposed=True, actor="user:root@example.com")


def acting(user: User, business: Business) -> Principal:
    role = Membership.objects.get(user=user, business=business).role
    return of_person(user, Seat(business.pk, business.name, role))


@pytest.fixture
def decided(db: None) -> Callable[..., None]:
    """decided(shop, approved=70, rejected=30): people have decided so many requests an hour ago, or at `at`."""

    def decide(business: Business, *, approved: int = 0, rejected: int = 0, at: datetime | None = None) -> None:
        moment = at or timezone.now() - timedelta(hours=1)
        states = [State.APPROVED] * approved + [State.REJECTED] * rejected
        ApprovalRequest.objects.bulk_create(request_row(business.pk, state, moment) for state in states)

    return decide


def request_row(business_id: UUID, state: str, at: datetime) -> ApprovalRequest:
    """A request that a person has decided."""
    row: dict[str, Any] = {
        "business_id": business_id, "kind": "goal", "title": "A goal", "payload": {}, "payload_hash": "0" * 64,
        "on_timeout": "escalate", "escalate_to": "admin", "deadline": at, "state": state, "decided_at": at,
        "decided_by": "user:alice@example.com",
    }  # fmt: skip
    request = ApprovalRequest(**row)
    request.subject_id = request.pk
    return request
