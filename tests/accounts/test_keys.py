"""The life of an API key: issued, used, limited in scope, expired, revoked."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import authentication
from apps.accounts.authentication import forget_found_keys
from apps.accounts.keys import find_key, issue_key, revoke_key
from apps.accounts.models import ApiKey, Business, User
from apps.core.errors import Invalid, StaleState
from apps.core.models import Event
from tests.conftest import client_for

pytestmark = pytest.mark.django_db

EVENTS = "/v1/events"


def test_only_a_digest_of_the_key_is_stored(shop: Business, bob: User) -> None:
    key, whole = issue_key(business=shop, name="till", scopes=["goals:read"], by=bob)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM accounts_apikey k WHERE id = %s", [key.pk])
        stored = cursor.fetchone()[0]
    secret = whole.split("_", 2)[2]
    assert len(secret) >= 43
    assert secret not in stored
    assert whole not in str(list(Event.objects.values()))


def test_every_key_is_another(shop: Business) -> None:
    keys = {issue_key(business=shop, name="x", scopes=["goals:read"], by=None)[1] for _ in range(20)}
    assert len(keys) == 20


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["goals:read", "everything"]}, "scopes"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
    ],
)
def test_it_refuses_a_key_that_makes_no_sense(shop: Business, given: dict[str, Any], field: str) -> None:
    usual: dict[str, Any] = {"name": "till", "scopes": ["goals:read"]}
    with pytest.raises(Invalid) as refused:
        issue_key(business=shop, by=None, **(usual | given))
    assert refused.value.errors[0]["field"] == field


def test_a_key_is_found_by_the_whole_of_it(key: ApiKey, whole_key: str) -> None:
    assert find_key(whole_key) == key
    for wrong in (whole_key[:-1], whole_key + "x", whole_key.replace("gh_", "gx_"), "gh_", "", "gh_\x00_x", "gh_ab_cd"):
        assert find_key(wrong) is None


def test_the_right_key_opens_and_nothing_else_does(api: APIClient, whole_key: str) -> None:
    assert api.get(EVENTS).status_code == 200
    for header in ("", "Bearer", f"Bearer {whole_key}x", f"Basic {whole_key}", "Bearer a b", "Bearer gh_00000000_x"):
        response = APIClient().get(EVENTS, headers={"Authorization": header})
        assert response.status_code == 401, header
        assert response["WWW-Authenticate"].startswith("Bearer")
        assert response["Content-Type"] == "application/problem+json"


def test_an_expired_key_is_refused(api: APIClient, key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() + timedelta(hours=1))
    assert api.get(EVENTS).status_code == 200
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    forget_found_keys()
    assert api.get(EVENTS).status_code == 401


def test_a_key_that_expires_while_it_is_remembered_is_refused_at_once(api: APIClient, key: ApiKey) -> None:
    expires = timezone.now() + timedelta(seconds=2)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=expires)
    assert api.get(EVENTS).status_code == 200
    time.sleep(max(0.0, (expires - timezone.now()).total_seconds()))
    assert api.get(EVENTS).status_code == 401


def test_a_revoked_key_is_refused_within_a_second(api: APIClient, key: ApiKey) -> None:
    assert api.get(EVENTS).status_code == 200
    revoke_key(key=key, by=None)
    assert authentication.CACHE_SECONDS <= 1
    time.sleep(authentication.CACHE_SECONDS)
    assert api.get(EVENTS).status_code == 401


def test_a_key_is_revoked_once(key: ApiKey, bob: User) -> None:
    revoke_key(key=key, by=bob)
    with pytest.raises(StaleState):
        revoke_key(key=key, by=bob)
    assert Event.objects.filter(kind="api_key.revoked").count() == 1


def test_a_key_does_only_what_its_scopes_say(shop: Business) -> None:
    _, whole = issue_key(business=shop, name="reader", scopes=["goals:read"], by=None)
    refused = client_for(whole).get(EVENTS)
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"


def test_a_method_without_a_scope_is_nobodys(api: APIClient) -> None:
    assert api.delete(EVENTS).status_code in (403, 405)


def test_a_remembered_key_costs_no_query(api: APIClient, django_assert_num_queries: Any) -> None:
    api.get(EVENTS)
    found = authentication._found.copy()
    with django_assert_num_queries(0):
        assert authentication._usable_key(next(iter([api._credentials["HTTP_AUTHORIZATION"].split()[1]]))) is not None
    assert authentication._found == found
