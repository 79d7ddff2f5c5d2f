"""Signing in: who may, how often one may fail, what passwords must be, and what the session then sees."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.accounts.middleware import choose_seat
from apps.accounts.models import Business, Membership, User
from apps.accounts.selectors import Seat
from apps.accounts.sign_in import client_address
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def unlucky(shop: Business) -> User:
    """Somebody whose failures nobody else has counted."""
    return person(f"unlucky-{uuid.uuid4().hex[:8]}", shop, "reviewer")


def sign_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(reverse("admin:login"), {"username": user.username, "password": password}, **extra)


def test_a_member_signs_in_without_being_staff(client: Client, alice: User) -> None:
    assert not alice.is_staff
    assert sign_in(client, alice).status_code == 302
    assert client.get(reverse("admin:password_change")).status_code == 200


def test_a_wrong_password_and_an_inactive_account_are_refused(client: Client, unlucky: User) -> None:
    assert sign_in(client, unlucky, "wrong").status_code == 200
    User.objects.filter(pk=unlucky.pk).update(is_active=False)
    assert sign_in(client, unlucky).status_code == 200
    assert "_auth_user_id" not in client.session


def test_after_six_failures_the_right_password_is_refused_too(client: Client, unlucky: User) -> None:
    statuses = [sign_in(client, unlucky, "wrong").status_code for _ in range(6)]
    assert statuses[:5] == [200] * 5
    locked = sign_in(client, unlucky)
    assert locked.status_code == 429
    assert "Too many attempts" in locked.content.decode()
    assert sign_in(client, unlucky, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_a_success_begins_the_count_anew(client: Client, unlucky: User) -> None:
    for _ in range(2):
        for _ in range(4):
            sign_in(client, unlucky, "wrong")
        assert sign_in(client, unlucky).status_code == 302


@pytest.mark.parametrize(
    ("trusted", "header", "address"),
    [
        (0, "198.51.100.7", "10.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        (2, "1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_the_address_is_the_one_our_own_proxy_saw(settings: Any, trusted: int, header: str, address: str) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": header})
    assert client_address(request) == address


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012345", "alice@example.com"])
def test_weak_passwords_are_refused(alice: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, alice)


def test_a_long_and_unusual_password_is_taken(alice: User) -> None:
    validate_password("correct-horse-battery", alice)


def test_the_session_sees_the_chosen_business_or_the_first(shop: Business, other_shop: Business) -> None:
    first, second = Seat(shop.pk, "A", "viewer"), Seat(other_shop.pk, "B", "owner")
    assert choose_seat([first, second], str(other_shop.pk)) == second
    assert choose_seat([first, second], None) == first
    assert choose_seat([first], str(other_shop.pk)) == first
    assert choose_seat([first], "nonsense") == first
    assert choose_seat([], str(shop.pk)) is None


def test_who_is_removed_from_a_business_is_out_at_the_next_request(signed_in: Any, alice: User) -> None:
    browser = signed_in(alice)
    assert browser.get(reverse("admin:password_change")).status_code == 200
    Membership.objects.filter(user=alice).delete()
    assert browser.get(reverse("admin:password_change")).status_code == 302


def test_an_error_takes_back_what_its_page_had_written(
    signed_in: Any, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.accounts import admin_keys

    def write_and_fail(*args: Any, **kwargs: Any) -> None:
        Membership.objects.filter(user=bob).update(role="owner")
        raise ZeroDivisionError

    monkeypatch.setattr(admin_keys.ApiKeyAdmin, "get_queryset", write_and_fail)
    browser = signed_in(bob)
    browser.raise_request_exception = False
    assert browser.get(reverse("admin:accounts_apikey_changelist")).status_code == 500
    assert Membership.objects.get(user=bob).role == "admin"
