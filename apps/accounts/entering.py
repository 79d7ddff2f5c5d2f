"""ACT: enter another business with the browser session."""

from collections.abc import Sequence
from uuid import UUID

from apps.accounts.models import User
from apps.accounts.principals import actor_of
from apps.accounts.row_access import acting_for
from apps.accounts.selectors import Seat
from apps.core.errors import NotAllowed
from apps.core.events import record


def enter_business(*, user: User, seats: Sequence[Seat], business_id: UUID) -> Seat:
    """The seat of this person there. A superuser's visit is told in that business's own audit trail.

    Raises NotAllowed when the person has no seat there.
    """
    seat = next((seat for seat in seats if seat.business_id == business_id), None)
    if seat is None:
        raise NotAllowed("You do not belong to this business")
    if user.is_superuser:
        with acting_for(business_id):
            record(
                kind="business.entered",
                subject_type="business",
                subject_id=business_id,
                business_id=business_id,
                actor=actor_of(user),
            )
    return seat
