"""ACT: what people decided before: decisions are learned as documents, and the most alike are found for a request.

Learned is what the request said and what people said about it, as the queue stores it. Of a draft of a mail neither
the mail nor its text is taken along: its subject and why a person was asked are enough to find it by.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest, Decision
from apps.approvals.states import State
from apps.core.later import later
from apps.core.models import Event
from apps.knowledge.embedders import EmbeddingFailed
from apps.knowledge.indexing import NewDocument, ensure_collection, index_many
from apps.knowledge.models import Document
from apps.knowledge.removing import trim
from apps.knowledge.searching import search
from apps.knowledge.tallying import NOTHING, Tally, in_sum, tally_of

log = logging.getLogger(__name__)

COLLECTION = "precedents"
LEARN = "apps.knowledge.tasks.learn_decisions"
MOST = 5
MOST_SUMMED = 20
MOST_KEPT = 100_000
# Below this two requests have little more in common than their language.
LEAST_ALIKE = 0.35
SECONDS = 1.0
DECIDED = (State.APPROVED, State.REJECTED, State.ANSWERED)
_EVENTS = frozenset(f"approval.{state}" for state in DECIDED)
# Kinds whose payload is somebody's mail: only their title and why they were asked are learned.
_TITLE_ALONE = frozenset({"draft"})
_LONGEST_ASKED, _LONGEST_VALUE = 1_500, 400
_SECRETS = ("password", "secret", "token", "api_key", "apikey", "authorization", "credential")
_PIECE = 50


@dataclass(frozen=True, slots=True)
class Precedent:
    """A decision on something alike. alike: 0 to 1. reason, comment: of the person who decided, "" for none."""

    request_id: UUID
    title: str
    verdict: str
    reason: str
    comment: str
    edited: bool
    decided_by: str
    decided_at: datetime
    alike: float


@dataclass(frozen=True, slots=True)
class Precedents:
    """found: the most alike first. tally: of those and of more like it. problem: why there may be more than was found,
    "" for nothing."""

    found: tuple[Precedent, ...]
    tally: Tally = NOTHING
    problem: str = ""

    @property
    def summary(self) -> str:
        """How they were decided, in a sentence; "" where there are not enough to sum up."""
        return in_sum(self.tally)


def precedents_of(request: ApprovalRequest, *, most: int = MOST) -> Precedents:
    """What people decided on the requests of the same kind most like this one, itself left out. Within SECONDS.

    most: how many are given; up to MOST_SUMMED are summed up.
    """
    found = search(
        business_id=request.business_id, query=asked_of(request), collections=[COLLECTION],
        filters={"kind": request.kind}, limit=max(most, MOST_SUMMED) + 1, floor=LEAST_ALIKE, timeout=SECONDS,
    )  # fmt: skip
    alike = [
        _precedent(one.key, one.meta, one.title, one.confidence, one.created_at)
        for one in found.passages
        if one.key != str(request.pk)
    ]
    return Precedents(
        tuple(alike[:most]),
        tally_of((one.verdict, one.edited, one.reason) for one in alike[:MOST_SUMMED]),
        "The search took too long" if found.timed_out else found.problem,
    )


def _precedent(key: str, meta: Mapping[str, Any], title: str, alike: float, at: datetime) -> Precedent:
    return Precedent(
        request_id=UUID(key),
        title=title,
        verdict=str(meta.get("verdict", "")),
        reason=str(meta.get("reason", "")),
        comment=str(meta.get("comment", "")),
        edited=bool(meta.get("edited")),
        decided_by=str(meta.get("decided_by", "")),
        decided_at=at,
        alike=alike,
    )


def learn_from_events(events: Sequence[Event]) -> None:
    """Event consumer: decisions are learned by a worker, for that takes the time of an embedding."""
    decided = [event for event in events if event.kind in _EVENTS and event.business_id]
    for event in decided:
        later(LEARN, str(event.business_id), event.subject_id)


def learn(*, business_id: UUID, request_ids: Iterable[UUID]) -> int:
    """Learn decided requests as documents; how many. The same again changes nothing. Call outside a transaction."""
    with acting_for(business_id):
        rows = ApprovalRequest.objects.filter(business_id=business_id, pk__in=list(request_ids), state__in=DECIDED)
        said = _last_words([row.pk for row in rows])
        documents = [_document(row, said[row.pk]) for row in rows if row.pk in said]
    if not documents:
        return 0
    with acting_for(business_id):
        ensure_collection(business_id=business_id, key=COLLECTION, name="Precedents", kind="precedents")
    return len(index_many(business_id=business_id, collection=COLLECTION, documents=documents))


def _last_words(request_ids: Sequence[UUID]) -> dict[UUID, Decision]:
    """What ended each, as a person said it: what a deadline or a program ended is no precedent. One query."""
    rows = Decision.objects.filter(request__in=request_ids, user__isnull=False)
    return {row.request_id: row for row in rows.order_by("request_id", "-at", "-id").distinct("request_id")}


def _document(request: ApprovalRequest, last: Decision) -> NewDocument:
    asked = asked_of(request)
    words = {State.APPROVED: "Approved", State.REJECTED: "Rejected", State.ANSWERED: "Answered"}[State(request.state)]
    reason = ": ".join(part for part in (last.reason, last.comment) if part)
    verdict = f"{words}{' with changes' if last.edited else ''}{f', because {reason}' if reason else ''}."
    meta = {
        "kind": request.kind,
        "verdict": str(request.state),
        "reason": last.reason,
        "comment": last.comment[:500],
        "edited": last.edited,
        "decided_by": request.decided_by,
    }
    return NewDocument(
        key=str(request.pk), title=request.title, text=f"{asked}\n\n{verdict}", searchable=asked, whole=True,
        meta=meta, source=f"approval {request.pk}", created_at=request.decided_at,
    )  # fmt: skip


def asked_of(request: ApprovalRequest) -> str:
    """What was asked, in the words that requests are compared by."""
    parts = [request.title]
    if request.why:
        parts.append(request.why)
    if request.kind not in _TITLE_ALONE:
        parts += [f"{name}: {value}" for name, value in _values(request.payload) if value != request.title]
    return "\n".join(parts)[:_LONGEST_ASKED]


def _values(payload: Any) -> list[tuple[str, str]]:
    if not isinstance(payload, dict):
        return []
    return [
        (str(name), str(value)[:_LONGEST_VALUE])
        for name, value in payload.items()
        if isinstance(value, str | int | float) and value != "" and not any(part in name.lower() for part in _SECRETS)
    ]


def missed(now: datetime, *, days: int = 2, most: int = 500) -> list[tuple[UUID, UUID]]:
    """(business, request) of decisions of people that nobody has learned: their message was lost. What somebody has
    taken out of the collection stays out."""
    learned = Document.objects.filter(collection__key=COLLECTION, key=Cast(OuterRef("pk"), TextField()))
    removed = Event.objects.annotate(taken_out=KeyTextTransform("key", "data")).filter(
        business_id=OuterRef("business_id"), kind="document.removed", data__collection=COLLECTION,
        taken_out=Cast(OuterRef("pk"), TextField()),
    )  # fmt: skip
    decided = ApprovalRequest.objects.filter(
        Exists(Decision.objects.filter(request=OuterRef("pk"), user__isnull=False)), ~Exists(learned), ~Exists(removed),
        state__in=DECIDED, decided_at__gte=now - timedelta(days=days), decided_at__lt=now - timedelta(minutes=5),
    )  # fmt: skip
    return list(decided.order_by("decided_at").values_list("business_id", "pk")[:most])


def learn_missed() -> int:
    """Learn what was missed, and keep no more than is of use; how many were learned."""
    by_business: dict[UUID, list[UUID]] = {}
    for business_id, request_id in missed(timezone.now()):
        by_business.setdefault(business_id, []).append(request_id)
    count = 0
    for business_id, request_ids in by_business.items():
        try:
            count += _learn_all(business_id, request_ids)
        except EmbeddingFailed as error:
            # One business's model that is away must not keep the others waiting.
            log.warning("precedents of %s are learned later: %s", business_id, error.detail)
    return count


def _learn_all(business_id: UUID, request_ids: Sequence[UUID]) -> int:
    pieces = [request_ids[start : start + _PIECE] for start in range(0, len(request_ids), _PIECE)]
    count = sum(learn(business_id=business_id, request_ids=piece) for piece in pieces)
    with acting_for(business_id):
        trim(business_id=business_id, collection=COLLECTION, most=MOST_KEPT)
    return count
