"""SELECTOR: how much waits, counted cheaply however long the queue is, and how a request ended."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.roles import Role, at_least
from apps.approvals.models import ApprovalRequest, Decision, Policy
from apps.approvals.policies import EVERY_KIND, PROGRAMS
from apps.approvals.states import State
from apps.core.errors import NotFound

# Beyond this nobody counts: the badge says 999+.
COUNT_LIMIT = 999


def waiting_count(business_id: UUID, *, limit: int = COUNT_LIMIT) -> int:
    """How many wait, counted up to `limit` + 1."""
    rows = ApprovalRequest.objects.filter(business_id=business_id, state=State.WAITING)
    # Without an order PostgreSQL may stop at any `limit` + 1 entries of the index.
    return rows.order_by()[: limit + 1].count()


def waiting_badge(request: HttpRequest) -> str:
    """The number beside Queue in the navigation; empty when nothing waits."""
    seat = getattr(request, "seat", None)
    if seat is None:
        return ""
    count = waiting_count(seat.business_id)
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count or "")


def counts_by_kind(business_id: UUID) -> dict[str, int]:
    """How many wait, by kind."""
    rows = ApprovalRequest.objects.filter(business_id=business_id, state=State.WAITING)
    return dict(rows.order_by("kind").values_list("kind").annotate(Count("pk")))


def known_kinds(business_id: UUID) -> list[str]:
    """The kinds a list can be filtered by: those with an outcome, with a policy, or with something that waits."""
    policies = Policy.objects.filter(business_id=business_id).exclude(kind=EVERY_KIND).values_list("kind", flat=True)
    return sorted({PROGRAMS, *settings.DECISION_OUTCOMES, *policies, *counts_by_kind(business_id)})


def last_decision(request: ApprovalRequest) -> Decision | None:
    """The word that ended the request, with its answers and reason; None while it waits or when nobody spoke."""
    return Decision.objects.filter(request=request).order_by("-at", "-id").first()


def requests_of(business_id: UUID) -> QuerySet[ApprovalRequest]:
    """The requests of a business for a list: without what makes them heavy."""
    rows = ApprovalRequest.objects.filter(business_id=business_id).select_related("claimed_by")
    return rows.defer("payload", "payload_schema", "original", "questions", "factors", "checks", "search")


def find_request(business_id: UUID, request_id: UUID) -> ApprovalRequest:
    """One request of the business. Raises NotFound."""
    request = (
        ApprovalRequest.objects.select_related("claimed_by").filter(pk=request_id, business_id=business_id).first()
    )
    if request is None:
        raise NotFound
    return request


def decidable_by(
    rows: QuerySet[ApprovalRequest], *, user: User, role: str | None, now: datetime
) -> QuerySet[ApprovalRequest]:
    """Of waiting rows those this person may decide and nobody else holds at `now`. role: theirs in this business."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_by=user)
    asked_by_them = Q(requester=user) | Q(requested_by=f"user:{user.email}")
    said_already = Decision.objects.filter(request=OuterRef("pk"), user=user, version=OuterRef("version"))
    return (
        rows.filter(free, decider_role__in=[held.value for held in Role if at_least(role, held)])
        .exclude(asked_by_them & ~Q(requester_may_decide=True, approvers_needed=1))
        .filter(~Exists(said_already))
    )
