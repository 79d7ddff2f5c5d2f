"""Who is asking: a program by its key, or a person by the browser session. Views ask this, whichever it is."""

from dataclasses import dataclass
from uuid import UUID

from apps.accounts.models import ApiKey, User
from apps.accounts.roles import scopes_of
from apps.accounts.selectors import Seat


@dataclass(frozen=True, slots=True)
class Principal:
    """The business acted for, what may be done, and the name that goes into the audit trail."""

    business_id: UUID
    scopes: frozenset[str]
    actor: str
    key: ApiKey | None = None
    user: User | None = None
    role: str | None = None

    # What DRF asks of request.user.
    is_authenticated = True
    is_active = True

    @property
    def pk(self) -> str:
        return self.actor


def actor_of(user: User | None) -> str:
    """The name of a person in the audit trail; without one it was done by a command of the installation."""
    return f"user:{user.email}" if user else "system:setup"


def of_person(user: User, seat: Seat) -> Principal:
    """A signed-in person in the business they have entered."""
    return Principal(
        business_id=seat.business_id, scopes=scopes_of(seat.role), actor=actor_of(user), user=user, role=seat.role
    )


def of_key(key: ApiKey) -> Principal:
    return Principal(business_id=key.business_id, scopes=frozenset(key.scopes), actor=f"key:{key.prefix}", key=key)
