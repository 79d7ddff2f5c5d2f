"""SELECTOR: what several people said of the same thing, and how reliable that shows each of them to be.

Three places where people overlap: a request that needed several approvers; several requests about the same subject and
content, such as a blind duplicate; a recommendation that was decided on and looked back at in an audit.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F

from apps.accounts.models import User
from apps.approvals.models import Decision
from apps.trust.models import Outcome
from apps.trust.reviewing import Reviewers, Vote, weigh
from apps.trust.verdicts import Source

WINDOW = timedelta(days=365)
MOST = 50_000
PERSON = "user:"
ANSWERS = {"approve": "approved", "reject": "rejected"}


def reviewers_of(business_id: UUID, now: datetime) -> Reviewers:
    """Of the last year. Four queries; people who have judged nothing are not in it."""
    since = now - WINDOW
    votes = [*_of_requests(business_id, since), *_of_recommendations(business_id, since)]
    judged = _judged(business_id, since)
    return weigh(votes, judged, _names({actor for _, actor, _ in votes} | set(judged)))


def _of_requests(business_id: UUID, since: datetime) -> Iterable[Vote]:
    """By kind, subject and content of what was decided on: whoever saw the same payload judged the same thing."""
    rows: Any = Decision.objects.filter(
        business_id=business_id, at__gte=since, user__isnull=False, verdict__in=ANSWERS
    ).order_by("-at")
    columns = ("request__kind", "request__subject_id", "payload_hash", "actor", "verdict", "edited")
    for kind, subject, content, actor, verdict, edited in rows.values_list(*columns)[:MOST]:
        yield f"{kind}:{subject}:{content}", actor, "edited" if edited else ANSWERS[verdict]


def _of_recommendations(business_id: UUID, since: datetime) -> Iterable[Vote]:
    """Decided on and audited. Each source has one word on each recommendation."""
    rows: Any = Outcome.objects.filter(
        business_id=business_id,
        judged_at__gte=since,
        source__in=[Source.APPROVAL, Source.AUDIT, Source.FEEDBACK],
        judged_by__startswith=PERSON,
    )
    several = rows.order_by().values("recommendation").annotate(many=Count("pk")).filter(many__gt=1)
    both = rows.filter(recommendation__in=several.values("recommendation")).order_by("-judged_at")
    for recommendation, actor, verdict in both.values_list("recommendation_id", "judged_by", "verdict")[:MOST]:
        yield f"recommendation:{recommendation}", actor, "edited" if verdict == "partial" else verdict


def _judged(business_id: UUID, since: datetime) -> dict[str, int]:
    rows: Any = Decision.objects.filter(business_id=business_id, at__gte=since, user__isnull=False, verdict__in=ANSWERS)
    return dict(rows.order_by().values_list(F("actor")).annotate(Count("pk")))


def _names(actors: Iterable[str]) -> Mapping[str, str]:
    """As people are called; in the trail they go by their address."""
    addresses = [actor.removeprefix(PERSON) for actor in actors if actor.startswith(PERSON)]
    people = User.objects.filter(email__in=addresses).only("username", "email", "first_name", "last_name")
    return {f"{PERSON}{person.email}": str(person) for person in people}
