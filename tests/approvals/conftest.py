"""Requests and principals that the tests of approvals begin with."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import ApiKey, Business, User
from apps.accounts.principals import Principal, of_key
from apps.accounts.roles import scopes_of
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import request_approval
from apps.core.ids import new_id
from apps.core.recall import forget_all

Ask = Callable[..., ApprovalRequest]


def as_person(user: User, business: Business, role: str = "reviewer") -> Principal:
    """The principal of a person who works in the browser."""
    return Principal(business.pk, scopes_of(role), f"user:{user.email}", user=user, role=role)


def ask_in(business: Business, **changes: Any) -> ApprovalRequest:
    values: dict[str, Any] = {
        "business_id": business.pk,
        "kind": "action",
        "subject_id": new_id(),
        "title": "Refund order 1182",
        "why": "The amount is above the limit",
        "payload": {"tool": "refund", "order": "1182", "amount": 42.5},
        "requested_by": "key:agent",
    }
    # Tests change policies in less time than one is remembered.
    forget_all()
    return request_approval(**(values | changes))


@pytest.fixture
def ask(in_shop: Business) -> Ask:
    """ask(title=...) puts a request into the shop's queue."""
    return lambda **changes: ask_in(in_shop, **changes)


@pytest.fixture
def by_alice(alice: User, shop: Business) -> Principal:
    return as_person(alice, shop)


@pytest.fixture
def by_anna(anna: User, shop: Business) -> Principal:
    return as_person(anna, shop)


@pytest.fixture
def by_bob(bob: User, shop: Business) -> Principal:
    return as_person(bob, shop, "admin")


@pytest.fixture
def by_victor(victor: User, shop: Business) -> Principal:
    return as_person(victor, shop, "viewer")


@pytest.fixture
def by_key(key: ApiKey) -> Principal:
    return of_key(key)
