"""ACT: people change the embedding model of a business, call the change off, and have it go on after a failure.

What is done in the background then: reembedding.py.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q

from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid, StaleState
from apps.core.events import record
from apps.core.later import later
from apps.core.transitions import move
from apps.knowledge.embedders import check_answers, model_of
from apps.knowledge.indexing import library_of
from apps.knowledge.models import Reembedding
from apps.knowledge.offering import amount_of

REEMBED = "apps.knowledge.tasks.reembed"
# What the new model may take to embed one word before anything is begun.
SECONDS = 10.0


def change_model(*, business_id: UUID, model_key: str, actor: str) -> Reembedding:
    """Begin to change to this model, which is asked for one vector first.

    Raises Invalid (it is that one already), StaleState (a change is under way, or one is being cleared away), and
    EmbeddingFailed (nothing here computes it, it does not answer, or it gives another length than is stored).
    """
    refuse_meanwhile(business_id)
    model = model_of(model_key, business_id)
    with acting_for(business_id):
        before = library_of(business_id).model_id
    if before == model.pk:
        raise Invalid("model", f"{model.key} is what is used already")
    check_answers(model, business_id, timeout=SECONDS)
    try:
        with acting_for(business_id):
            amount = amount_of(business_id)
            change = Reembedding.objects.create(
                business_id=business_id, model=model, before_id=before, asked_by=actor[:120], total=amount.texts,
                tokens=amount.tokens,
            )  # fmt: skip
            _tell(change, "begun", actor, model=model.key)
            later(REEMBED, str(business_id))
    except IntegrityError:
        raise StaleState("The model is being changed already.") from None
    return change


def refuse_meanwhile(business_id: UUID) -> None:
    """Raises StaleState where a change is not over yet."""
    with acting_for(business_id):
        state = Reembedding.objects.filter(business_id=business_id, ended_at=None).values_list("state", flat=True)
        states = set(state)
    if states & {"clearing", "cancelled"}:
        raise StaleState("The vectors of the last change are still being cleared away: try again in a minute.")
    if states:
        raise StaleState("The model is being changed already.")


def cancel(*, business_id: UUID, actor: str) -> Reembedding:
    """Stay with the old model. Raises StaleState where no change is under way, or it has been made."""
    with acting_for(business_id):
        change = _open(
            business_id, Q(state__in=["running", "indexing", "failed"]), "No change of the model is under way."
        )
        move(
            Reembedding.objects.filter(pk=change.pk), allowed=[change.state], to="cancelled",
            says="The change has moved on: look again.",
        )  # fmt: skip
        _tell(change, "cancelled", actor)
        later(REEMBED, str(business_id))
        change.refresh_from_db()
    return change


def resume(*, business_id: UUID, actor: str) -> Reembedding:
    """Go on now with a change that has failed, or that waits for its next try. Raises StaleState."""
    with acting_for(business_id):
        waits = Q(state="failed") | Q(state="running", failures__gt=0)
        change = _open(business_id, waits, "No change of the model waits to be gone on with.")
        move(
            Reembedding.objects.filter(pk=change.pk), allowed=[change.state], to="running",
            says="The change has moved on: look again.", failures=0, error="", next_try_at=None,
        )  # fmt: skip
        _tell(change, "resumed", actor)
        later(REEMBED, str(business_id))
        change.refresh_from_db()
    return change


def _open(business_id: UUID, which: Q, says: str) -> Reembedding:
    change = Reembedding.objects.filter(which, business_id=business_id).select_related("model", "before").first()
    if change is None:
        raise StaleState(says)
    return change


def _tell(change: Reembedding, what: str, actor: str, **data: Any) -> None:
    record(
        kind=f"knowledge.model_change_{what}", subject_type="reembedding", subject_id=change.pk,
        business_id=change.business_id, actor=actor, **data,
    )  # fmt: skip
