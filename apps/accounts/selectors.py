"""Questions about people and businesses that pages ask before the business is known."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.accounts.models import User
from apps.accounts.roles import Role


@dataclass(frozen=True, slots=True)
class Seat:
    """A business a person may enter, and as what."""

    business_id: UUID
    name: str
    role: str


def seats_of(user: User) -> list[Seat]:
    """The businesses this person may enter, by name; a superuser enters each as owner.

    By a database function, because no business is current yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id, name, role FROM accounts_seats_of(%s)", [user.pk])
        return [Seat(row[0], row[1], Role(row[2])) for row in cursor.fetchall()]
