"""The whole way of a request under the role of web processes: they may do all of this and need no more rights."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.founding import found_business
from apps.accounts.models import ApiKey, Business, Membership, User
from apps.accounts.row_access import current_business_id
from apps.core.migration_ops import APP_ROLE
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(settings: Any, alice: User, bob: User, root: User, mallory: User, key: ApiKey) -> Iterator[None]:
    """As if GATEHOUSE_DB_ROLE were set; the rows were there before."""
    settings.DATABASE_ROLE = APP_ROLE
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        yield
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APP_ROLE,), "a request has left another role behind"
        assert current_business_id() is None
        cursor.execute("RESET ROLE")


def test_without_a_business_there_is_nothing(web: None) -> None:
    assert not Business.objects.exists()
    assert not Membership.objects.exists()
    assert not ApiKey.objects.exists()


def test_a_person_signs_in_and_works(web: None, client: Any, bob: User) -> None:
    signed = client.post(reverse("admin:login"), {"username": bob.username, "password": PASSWORD})
    assert signed.status_code == 302
    page = client.get(reverse("admin:accounts_membership_changelist"))
    assert page.status_code == 200
    assert {member.user.username for member in page.context["cl"].result_list} == {"alice", "bob"}
    added = client.post(
        reverse("admin:accounts_membership_add"),
        {"email": "nina@example.com", "role": "viewer", "first_name": "", "last_name": ""},
    )
    assert added.status_code == 302
    assert client.get(reverse("admin:core_event_changelist")).context["cl"].result_list[0].kind == "member.added"


def test_a_key_is_found_counted_and_sees_its_business(web: None, api: APIClient, key: ApiKey, bob: User) -> None:
    answer = api.get("/v1/events")
    assert answer.status_code == 200
    assert {event["kind"] for event in answer.json()["results"]} == {"api_key.issued"}
    assert "RateLimit" in answer


def test_a_superuser_sees_all_businesses_and_founds_one(web: None, signed_in: Any, root: User, alice: User) -> None:
    browser = signed_in(root)
    # The test's connection signed in as the owner of the tables, as that of `make run` does.
    listed = browser.get(reverse("admin:accounts_business_changelist")).context["cl"].result_list
    assert {business.name for business in listed} == {"Corner Shop", "Other Shop"}
    founded = browser.post(
        reverse("admin:accounts_business_add"), {"name": "New Shop", "slug": "new-shop", "owner": str(alice.pk)}
    )
    assert founded.status_code == 302
    listed = browser.get(reverse("admin:accounts_business_changelist")).context["cl"].result_list
    assert "New Shop" in {business.name for business in listed}


def test_a_business_is_founded_by_a_command_too(web: None, alice: User) -> None:
    assert found_business(name="New Shop", owner=alice).slug == "new-shop"
