"""The people, businesses and clients that tests are told with."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.authentication import forget_found_keys
from apps.accounts.keys import issue_key
from apps.accounts.models import ApiKey, Business, Membership, User
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.core.snapshot import forget_everything
from tests.fakes import Outsider
from tests.fakes import outsider as run_outsider

PASSWORD = "open-sesame-please"


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    """What processes keep in memory must not outlive the transaction of a test."""
    forget_everything()
    forget_found_keys()


def person(username: str, business: Business | None = None, role: str = "reviewer", **extra: Any) -> User:
    user = User.objects.create_user(
        username=username, email=f"{username}@example.com", password=PASSWORD, first_name=username.title(), **extra
    )
    if business:
        Membership.objects.create(business=business, user=user, role=role)
    return user


@pytest.fixture
def shop(db: None) -> Business:
    return Business.objects.create(name="Corner Shop", slug="corner-shop")


@pytest.fixture
def other_shop(db: None) -> Business:
    return Business.objects.create(name="Other Shop", slug="other-shop")


@pytest.fixture
def alice(shop: Business) -> User:
    return person("alice", shop, "reviewer")


@pytest.fixture
def anna(shop: Business) -> User:
    """A second reviewer."""
    return person("anna", shop, "reviewer")


@pytest.fixture
def bob(shop: Business) -> User:
    return person("bob", shop, "admin")


@pytest.fixture
def bo(shop: Business) -> User:
    """A second admin, so that one can ask and the other decide."""
    return person("bo", shop, "admin")


@pytest.fixture
def carol(shop: Business) -> User:
    return person("carol", shop, "owner")


@pytest.fixture
def victor(shop: Business) -> User:
    return person("victor", shop, "viewer")


@pytest.fixture
def mallory(other_shop: Business) -> User:
    return person("mallory", other_shop, "owner")


@pytest.fixture
def root(db: None) -> User:
    return person("root", is_superuser=True, is_staff=True)


@pytest.fixture
def whole_key(shop: Business) -> str:
    """The secret of a key of the shop that may do everything."""
    return issue_key(business=shop, name="tests", scopes=[s.value for s in Scope], by=None)[1]


@pytest.fixture
def key(whole_key: str) -> ApiKey:
    return ApiKey.objects.get(prefix=whole_key.split("_")[1])


def client_for(whole: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {whole}")
    return client


@pytest.fixture
def api(whole_key: str) -> APIClient:
    return client_for(whole_key)


@pytest.fixture
def other_api(other_shop: Business) -> APIClient:
    """A client of the other business."""
    return client_for(issue_key(business=other_shop, name="tests", scopes=[s.value for s in Scope], by=None)[1])


@pytest.fixture
def signed_in(client: Any) -> Callable[[User], Any]:
    """signed_in(alice) is a browser in which alice has signed in."""

    def sign_in(user: User) -> Any:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def in_shop(shop: Business) -> Iterator[Business]:
    """The whole test acts for the shop, under row-level security."""
    with acting_for(shop.pk):
        yield shop


@pytest.fixture
def outside() -> Iterator[Outsider]:
    """A server outside of Gatehouse: an agent, a callback, a webhook receiver."""
    with run_outsider() as told:
        yield told
