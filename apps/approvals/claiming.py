"""ACT: hold a request for a while, so that two people never work on the same one."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import Role, at_least
from apps.approvals.facts import asked_of, role_in
from apps.approvals.models import ApprovalRequest, Decision
from apps.approvals.recording import record_change
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
    now = timezone.now()
    role = role or role_in(business_id, user)
    with transaction.atomic():
        rows = _free_for(business_id, user, role, now)
        if kind:
            rows = rows.filter(kind=kind)
        if skip:
            rows = rows.exclude(pk__in=list(skip))
        # Others who look at the same moment pass over the locked row instead of waiting for it.
        request = rows.order_by("-risk", "deadline", "id").select_for_update(skip_locked=True).first()
        if request is not None:
            _take(request, user, now)
    return request


def _free_for(business_id: UUID, user: User, role: str | None, now: datetime) -> QuerySet[ApprovalRequest]:
    mine_or_free = Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_by=user)
    asked_by_me = Q(requester=user) | Q(requested_by=f"user:{user.email}")
    may_decide_own = Q(requester_may_decide=True, approvers_needed=1)
    said_already = Decision.objects.filter(request=OuterRef("pk"), user=user, version=OuterRef("version"))
    return (
        ApprovalRequest.objects.filter(business_id=business_id, state=State.WAITING)
        .filter(mine_or_free, decider_role__in=[r.value for r in Role if at_least(role, r)])
        .exclude(asked_by_me & ~may_decide_own)
        .filter(~Exists(said_already))
    )


def _take(request: ApprovalRequest, user: User, now: datetime) -> None:
    """Write the lease on a row that is locked."""
    renewed = request.claimed_by_id == user.pk and request.claimed_until is not None and request.claimed_until > now
    request.claimed_by, request.claimed_until = user, now + timedelta(seconds=LEASE_SECONDS)
    request.save(update_fields=["claimed_by", "claimed_until"])
    if not renewed:
        record_change("approval.claimed", request, f"user:{user.email}")
