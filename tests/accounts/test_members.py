"""Who belongs to a business, and as what."""

import threading
import uuid
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from apps.accounts.entering import enter_business
from apps.accounts.founding import found_business
from apps.accounts.members import add_member, change_role, remove_member
from apps.accounts.models import Business, Membership, User
from apps.accounts.principals import Principal, of_person
from apps.accounts.roles import Role, may_manage
from apps.accounts.row_access import acting_for
from apps.accounts.selectors import Seat, seats_of
from apps.accounts.tasks import send_invitation
from apps.core.errors import GatehouseError, Invalid, NotAllowed, NotFound, StaleState
from apps.core.models import Event
from tests.conftest import person


def principal(user: User, business: Business) -> Principal:
    seat = next(seat for seat in seats_of(user) if seat.business_id == business.pk)
    return of_person(user, seat)


@pytest.mark.parametrize(
    ("role", "concerned", "may"),
    [
        (None, [Role.VIEWER], False),
        (Role.REVIEWER, [Role.VIEWER], False),
        (Role.ADMIN, [Role.VIEWER, Role.ADMIN], True),
        (Role.ADMIN, [Role.ADMIN, Role.OWNER], False),
        (Role.OWNER, [Role.OWNER], True),
    ],
)
def test_who_may_manage_whom(role: str | None, concerned: list[str], may: bool) -> None:
    assert may_manage(role, *concerned) is may


@pytest.mark.django_db
def test_an_admin_adds_somebody_who_has_an_account_already(shop: Business, bob: User, mallory: User) -> None:
    with acting_for(shop.pk):
        added = add_member(by=principal(bob, shop), email="MALLORY@example.com", role="viewer")
    assert added.user == mallory
    assert {seat.role for seat in seats_of(mallory)} == {"viewer", "owner"}
    with pytest.raises(StaleState, match="already"), acting_for(shop.pk):
        add_member(by=principal(bob, shop), email="mallory@example.com", role="viewer")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "role", "error"),
    [("nonsense", "viewer", Invalid), ("a@example.com", "king", Invalid), ("a@example.com", "owner", NotAllowed)],
)
def test_it_refuses(shop: Business, bob: User, email: str, role: str, error: type[GatehouseError]) -> None:
    with pytest.raises(error), acting_for(shop.pk):
        add_member(by=principal(bob, shop), email=email, role=role)
    assert not User.objects.filter(email=email).exists()


@pytest.mark.django_db
def test_a_reviewer_manages_nobody(shop: Business, alice: User, victor: User) -> None:
    seat = Membership.objects.get(user=victor)
    with acting_for(shop.pk):
        for act in (
            lambda: add_member(by=principal(alice, shop), email="a@example.com", role="viewer"),
            lambda: change_role(by=principal(alice, shop), membership_id=seat.pk, role="reviewer"),
            lambda: remove_member(by=principal(alice, shop), membership_id=seat.pk),
        ):
            with pytest.raises(NotAllowed):
                act()


@pytest.mark.django_db
def test_the_last_active_owner_stays(shop: Business, carol: User) -> None:
    seat = Membership.objects.get(user=carol)
    person("gone", shop, "owner", is_active=False)
    with acting_for(shop.pk):
        by = principal(carol, shop)
        with pytest.raises(Invalid, match="at least one owner"):
            remove_member(by=by, membership_id=seat.pk)
        with pytest.raises(Invalid, match="at least one owner"):
            change_role(by=by, membership_id=seat.pk, role="admin")
    person("dora", shop, "owner")
    with acting_for(shop.pk):
        remove_member(by=by, membership_id=seat.pk)
    assert seats_of(carol) == []


@pytest.mark.django_db
def test_a_membership_of_another_business_is_not_found(shop: Business, carol: User, mallory: User) -> None:
    theirs = Membership.objects.get(user=mallory)
    with pytest.raises(NotFound), acting_for(shop.pk):
        remove_member(by=principal(carol, shop), membership_id=theirs.pk)


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_remove_each_other_at_once(shop: Business, carol: User) -> None:
    dora = person("dora", shop, "owner")
    barrier, results = threading.Barrier(2), []

    def remove(by: User, whom: User) -> None:
        try:
            seat = Membership.objects.get(user=whom)
            acting = principal(by, shop)
            barrier.wait(10)
            with acting_for(shop.pk):
                remove_member(by=acting, membership_id=seat.pk)
            results.append("removed")
        except GatehouseError as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((carol, dora), (dora, carol))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == ["Invalid", "removed"]
    assert Membership.objects.filter(role="owner").count() == 1


@pytest.mark.django_db
def test_a_founded_business_has_its_owner_and_its_event(carol: User) -> None:
    business = found_business(name=" Flower Shop ", owner=carol)
    assert (business.name, business.slug) == ("Flower Shop", "flower-shop")
    assert Seat(business.pk, "Flower Shop", Role.OWNER) in seats_of(carol)
    event = Event.objects.get(kind="business.founded")
    assert (event.business_id, event.actor) == (business.pk, "system:setup")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "slug"), [(" ", ""), ("x" * 121, ""), ("!!!", ""), ("Shop", "Corner Shop"), ("S", "corner-shop")]
)
def test_a_business_needs_a_name_and_a_slug_of_its_own(carol: User, name: str, slug: str) -> None:
    with pytest.raises(Invalid):
        found_business(name=name, slug=slug, owner=carol)
    assert Business.objects.count() == 1


@pytest.mark.django_db
def test_seats_are_by_name_and_a_superuser_has_them_all(
    shop: Business, other_shop: Business, alice: User, root: User
) -> None:
    assert [seat.name for seat in seats_of(alice)] == ["Corner Shop"]
    assert [(seat.name, seat.role) for seat in seats_of(root)] == [("Corner Shop", "owner"), ("Other Shop", "owner")]


@pytest.mark.django_db
def test_one_enters_only_where_one_has_a_seat(shop: Business, other_shop: Business, alice: User) -> None:
    seats = seats_of(alice)
    assert enter_business(user=alice, seats=seats, business_id=shop.pk) == seats[0]
    with pytest.raises(NotAllowed):
        enter_business(user=alice, seats=seats, business_id=other_shop.pk)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_invitation_of_somebody_with_a_password_has_no_secret_link(shop: Business, alice: User) -> None:
    send_invitation(str(alice.pk), str(shop.pk))
    assert "password" not in mail.outbox[0].body.lower()
    assert mail.outbox[0].to == [alice.email]


@pytest.mark.django_db
def test_a_business_name_cannot_break_the_mail_s_headers(shop: Business, alice: User) -> None:
    Business.objects.update(name="Shop\r\nBcc: eve@example.com")
    send_invitation(str(alice.pk), str(shop.pk))
    assert "\n" not in mail.outbox[0].subject


@pytest.mark.django_db
def test_a_forgotten_password_is_chosen_anew_by_a_link(client: Any, shop: Business) -> None:
    # A name of its own: an address is mailed once in five minutes, and that is remembered beyond the test.
    alice = person(f"alice-{uuid.uuid4().hex[:8]}", shop)
    page = "/password/forgotten/"
    assert client.get(page).status_code == 200
    for address in (alice.email, alice.email, "nobody@example.com"):
        assert client.post(page, {"email": address}).status_code == 302
    assert [message.to for message in mail.outbox] == [[alice.email]]
    assert "/password/choose/" in mail.outbox[0].body
    assert client.get("/password/sent/").status_code == 200
    assert client.get("/password/chosen/").status_code == 200


def test_a_superuser_comes_in_where_they_belong(shop: Business, other_shop: Business, root: User) -> None:
    Business.objects.create(name="A first by name", slug="a-first")
    Membership.objects.create(business=other_shop, user=root, role="admin")
    assert [seat.name for seat in seats_of(root)] == ["Other Shop", "A first by name", "Corner Shop"]
