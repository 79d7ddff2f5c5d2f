"""ACT: what came of a recommendation. Of several who judged it the highest rules, in the order of verdicts.Source.

Each source has one word, and its later word takes the place of the earlier. Every change of what rules is written down
with the difference it makes to the sums (a Delta), in the same transaction, so the sums can be brought up to date later
without looking at recommendations again.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.core.bodies import check_storable
from apps.core.errors import GatehouseError, Invalid, NotFound
from apps.core.events import record
from apps.core.inserting import insert
from apps.core.models import Event
from apps.trust.models import Delta, Outcome, Recommendation
from apps.trust.recommending import flush_buffer, flush_these
from apps.trust.rulings import Ruling, Word, difference, problem_of, ruling_of, verdict_of_quality
from apps.trust.switch import is_learning
from apps.trust.verdicts import Source, Verdict

log = logging.getLogger(__name__)

SUBJECT = "recommendation"
AUDIT = "audit"
AUDITED = {"approval.approved": (Verdict.APPROVED, 1.0), "approval.rejected": (Verdict.REJECTED, 0.0)}
MOST_FEEDBACK = 1000
_SAID = ("verdict", "value", "quality", "edited", "weight", "feedback", "judged_by")


class Rated(NamedTuple):
    """What a workflow's own evaluation makes of one recommendation. quality: 0 to 100, cut to that."""

    recommendation_id: UUID
    quality: float
    feedback: str = ""


def record_outcome(
    *,
    business_id: UUID,
    recommendation_id: UUID,
    source: Source,
    verdict: Verdict,
    value: float,
    quality: float | None = None,
    edited: float | None = None,
    weight: float = 1.0,
    feedback: str = "",
    judged_by: str,
    judged_at: datetime | None = None,
) -> Outcome | None:
    """Keep one source's word on a recommendation; the outcome as it stands then. None where it does not learn.

    value: 0 to 1, what was left of it. quality: 0 to 100 if somebody gave a mark, never made up from the value. edited:
    0 to 1. weight: how many recommendations it stands for. The same word again changes nothing, and neither does one
    that is older than what the source has said since. Raises Invalid (names the field), NotFound.
    """
    if not is_learning(business_id):
        return None
    if problem := problem_of(verdict, value, quality, edited, weight):
        raise Invalid(*problem)
    check_storable(feedback, "feedback")
    with transaction.atomic():
        recommendation = _locked(business_id, recommendation_id)
        said = Outcome(
            business_id=business_id,
            recommendation=recommendation,
            source=Source(source).value,
            verdict=Verdict(verdict).value,
            value=value,
            quality=quality,
            edited=edited,
            weight=weight,
            feedback=feedback[:MOST_FEEDBACK],
            judged_by=judged_by[:120],
            judged_at=judged_at or timezone.now(),
        )
        return _take(recommendation, said)


def record_ratings(
    *, business_id: UUID, rated: Iterable[Rated], judged_by: str, judged_at: datetime | None = None
) -> int:
    """Keep what a workflow's own evaluation says of its recommendations; how many were kept.

    For callers whose work must go on: one that is unknown, or cannot be judged, is left out and logged.
    """
    kept = 0
    # In the order of the ids, so that two who judge the same ones cannot wait for each other in a circle.
    for one in sorted(rated):
        quality = max(0.0, min(100.0, one.quality)) if one.quality == one.quality else 0.0
        try:
            with transaction.atomic():
                found = record_outcome(
                    business_id=business_id,
                    recommendation_id=one.recommendation_id,
                    source=Source.EVALUATION,
                    verdict=verdict_of_quality(quality),
                    value=quality / 100,
                    quality=quality,
                    feedback=one.feedback,
                    judged_by=judged_by,
                    judged_at=judged_at,
                )
        except GatehouseError as error:
            log.warning("recommendation %s could not be rated: %s", one.recommendation_id, error.detail)
        else:
            kept += found is not None
    return kept


def on_events(events: Sequence[Event]) -> None:
    """Event consumer: what people said of goals that ran alone counts for the recommendations those goals had.

    An audit looks at a random share, so each stands for 1 / share of them. Told twice, the rows say the same.
    """
    decided = {
        event.subject_id: AUDITED[event.kind]
        for event in events
        if event.kind in AUDITED and event.subject_type == "approval" and event.data.get("request_kind") == AUDIT
    }
    if not decided:
        return
    for request in ApprovalRequest.objects.filter(pk__in=list(decided)).order_by("pk"):
        verdict, value = decided[str(request.pk)]
        _take_audit(request, verdict, value)


def _take_audit(request: ApprovalRequest, verdict: Verdict, value: float) -> None:
    business_id, share = request.business_id, request.payload.get("share")
    weight = 1 / share if isinstance(share, (int, float)) and 0 < share <= 1 else 1.0
    with acting_for(business_id):
        flush_buffer(business_id=business_id)
        rows = Recommendation.objects.filter(
            business_id=business_id, correlation_id=str(request.subject_id), failure=""
        )
        for recommendation_id in rows.order_by("pk").values_list("pk", flat=True):
            record_outcome(
                business_id=business_id,
                recommendation_id=recommendation_id,
                source=Source.AUDIT,
                verdict=verdict,
                value=value,
                weight=weight,
                judged_by=request.decided_by,
                judged_at=request.decided_at,
            )


def _locked(business_id: UUID, recommendation_id: UUID) -> Recommendation:
    rows = Recommendation.objects.select_for_update().filter(business_id=business_id, pk=recommendation_id)
    found = rows.first()
    if found is None:
        # It may not have left the buffer yet.
        flush_these([recommendation_id])
        found = rows.first()
    if found is None:
        raise NotFound("There is no recommendation of this id")
    if found.failure:
        raise Invalid("recommendation", "There was no usable answer, so there is nothing to judge")
    return found


def _take(recommendation: Recommendation, said: Outcome) -> Outcome:
    """Put the word in its source's place, and see what rules then. The recommendation's row is locked."""
    outcomes = {one.source: one for one in Outcome.objects.filter(recommendation=recommendation)}
    before = outcomes.get(said.source)
    if before is not None:
        if _same(before, said) or said.judged_at < before.judged_at:
            return before
        said.pk = before.pk
    said.save(force_insert=before is None, force_update=before is not None)
    old = ruling_of(_word(one) for one in outcomes.values())
    new = ruling_of(_word(one) for one in {**outcomes, said.source: said}.values())
    if new is not None and new != old:
        _rule(recommendation, old, new)
    record(
        kind="recommendation.judged",
        subject_type=SUBJECT,
        subject_id=recommendation.pk,
        business_id=recommendation.business_id,
        actor=said.judged_by,
        agent=str(recommendation.agent_id),
        type=recommendation.type,
        source=said.source,
        verdict=said.verdict,
        value=said.value,
        rules=new != old,
    )
    return said


def _rule(recommendation: Recommendation, old: Ruling | None, new: Ruling) -> None:
    Recommendation.objects.filter(pk=recommendation.pk).update(
        verdict=new.verdict.value,
        value=new.value,
        quality=new.quality,
        weight=new.weight,
        decided_at=new.decided_at,
    )
    if change := difference(old, new):
        insert(
            Delta(
                business_id=recommendation.business_id,
                agent_id=recommendation.agent_id,
                type=recommendation.type,
                day=recommendation.created_at.astimezone(UTC).date(),
                **change,
            )
        )


def _same(one: Outcome, other: Outcome) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAID)


def _word(outcome: Outcome) -> Word:
    return Word(
        Source(outcome.source),
        Verdict(outcome.verdict),
        outcome.value,
        outcome.quality,
        outcome.weight,
        outcome.judged_at,
    )
