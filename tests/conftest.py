"""The people, businesses and clients that tests are told with."""

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management.color import no_style
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from rest_framework.test import APIClient

from apps.accounts.authentication import forget_found_keys
from apps.accounts.keys import issue_key
from apps.accounts.models import ApiKey, Business, Membership, User
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.core.snapshot import forget_everything
from scripts.gate import CLUSTER
from tests.fakes import Outsider
from tests.fakes import outsider as run_outsider

PASSWORD = "open-sesame-please"
# Runs of many processes, and long: begun first, they are over by the time the others are.
LONG = tuple(f"test_{name}.py" for name in ("draft_kills", "workflow_kills", "knowledge_kills", "run"))
# Django fills these two after each migration and each time it has emptied all tables; nothing of a test is in them.
SAME_FOR_ALL = {"django_content_type", "auth_permission"}

# A machine that carries other tests beside is slow at times: that is no finding.
hypothesis_settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("unhurried")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Thousands of tests are a million objects that stay: who looks for garbage need not look at them each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Where the gate has made the tables already, the database of each worker is a copy of them."""
    if os.environ.get(CLUSTER):
        connection.settings_dict["TEST"]["TEMPLATE"] = connection.settings_dict["NAME"]


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    """What follows a test that commits: Django's own way takes three times as long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty_tables())
        yield


def empty_tables() -> None:
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    with connection.cursor() as cursor:
        for statement in connection.ops.sql_flush(no_style(), sorted(tables - SAME_FOR_ALL)):
            cursor.execute(statement)


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
