"""ACT: hold a request for a while, so that two people never work on the same one."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals.facts import asked_of, role_in
from apps.approvals.models import ApprovalRequest
from apps.approvals.recording import record_change
from apps.approvals.selectors import decidable_by
from apps.approvals.states import State
from apps.approvals.verdicts import held, over
from apps.core.errors import NotFound

LEASE_SECONDS = 120


def claim(*, request_id: UUID, user: User) -> ApprovalRequest:
    """Hold a waiting request for LEASE_SECONDS from now, or for so long again if it is yours.

    Raises NotFound, StaleState (over, or held by somebody else: it names them).
    """
    with transaction.atomic():
        # Not joined with the holder: after a wait for the lock, the row would be the new one and its holder the old.
        request = ApprovalRequest.objects.select_for_update().filter(pk=request_id).first()
        if request is None:
            raise NotFound
        asked, now = asked_of(request), timezone.now()
        found = over(asked) or held(asked, user.pk, now)
        if found:
            raise found.as_error()
        _take(request, user, now)
    return request


def let_go(*, request_id: UUID, user: User) -> None:
    """Give back what you hold; nothing happens when you do not hold it."""
    with transaction.atomic():
        rows = ApprovalRequest.objects.filter(pk=request_id, claimed_by=user, state=State.WAITING)
        if rows.update(claimed_by=None, claimed_until=None):
            record_change("approval.released", rows.model.objects.get(pk=request_id), f"user:{user.email}")


def claim_next(
    *, business_id: UUID, user: User, role: str | None = None, kind: str | None = None, skip: Collection[UUID] = ()
) -> ApprovalRequest | None:
    """Hold the first request of the queue that this person may decide and nobody else holds; None if there is none.

    role: the person's in this business, looked up unless told. skip: requests to pass over, such as those just skipped.
    """
    waiting = ApprovalRequest.objects.filter(business_id=business_id, state=State.WAITING)
    rows = decidable_by(waiting, user=user, role=role or role_in(business_id, user), now=timezone.now())
    if kind:
        rows = rows.filter(kind=kind)
    if skip:
        rows = rows.exclude(pk__in=list(skip))
    return claim_first(rows=rows.order_by("-risk", "deadline", "id"), user=user)


def claim_first(*, rows: QuerySet[ApprovalRequest], user: User) -> ApprovalRequest | None:
    """Hold the first of `rows` that nobody is taking at this moment; None if there is none.

    rows: ordered, and narrowed to what the person may decide and nobody holds (selectors.decidable_by).
    """
    # Nothing here is refused once it has begun, so a savepoint of its own would only cost two round trips.
    with transaction.atomic(savepoint=False):
        # Others who look at the same moment pass over the locked row instead of waiting for it.
        request = rows.select_related(None).select_for_update(skip_locked=True).first()
        if request is not None:
            _take(request, user, timezone.now())
    return request


def _take(request: ApprovalRequest, user: User, now: datetime) -> None:
    """Write the lease on a row that is locked."""
    renewed = request.claimed_by_id == user.pk and request.claimed_until is not None and request.claimed_until > now
    request.claimed_by, request.claimed_until = user, now + timedelta(seconds=LEASE_SECONDS)
    request.save(update_fields=["claimed_by", "claimed_until"])
    if not renewed:
        record_change("approval.claimed", request, f"user:{user.email}")
