"""Questions about people and businesses: where a person may enter, and whom a mail is for."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.accounts.models import Membership, User
from apps.accounts.roles import Role, at_least


@dataclass(frozen=True, slots=True)
class Seat:
    """A business a person may enter, and as what."""

    business_id: UUID
    name: str
    role: str


def seats_of(user: User) -> list[Seat]:
    """The businesses this person may enter, their own first, by name; a superuser enters each as owner.

    By a database function, because no business is current yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id, name, role FROM accounts_seats_of(%s)", [user.pk])
        return [Seat(row[0], row[1], Role(row[2])) for row in cursor.fetchall()]


def addresses_of(role: str) -> list[str]:
    """Mail addresses of the active people of this role and above in the current business."""
    roles = [held.value for held in Role if at_least(held, role)]
    rows = Membership.objects.filter(role__in=roles, user__is_active=True).exclude(user__email="")
    return list(rows.order_by("user__email").values_list("user__email", flat=True))


def addresses_of_superusers() -> list[str]:
    """Mail addresses of the active people who look after the whole installation."""
    rows = User.objects.filter(is_superuser=True, is_active=True).exclude(email="")
    return list(rows.order_by("email").values_list("email", flat=True))
