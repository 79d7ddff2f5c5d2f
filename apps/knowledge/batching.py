"""ACT: embed many texts as a job that survives whoever works on it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.accounts.row_access import acting_for
from apps.core.errors import NotFound
from apps.core.later import later
from apps.knowledge import working
from apps.knowledge.models import BatchText, EmbeddingBatch, EmbeddingModel
from apps.knowledge.vectors import packed, vectors_of
from apps.knowledge.working import Held

NOUN = "embedding_batch"
WORK = "apps.knowledge.tasks.work_on_batch"
# Texts of one piece: what a kill may make us embed again, at most.
PIECE = 32


def create_batch(
    *,
    business_id: UUID,
    texts: Sequence[tuple[str, str]],
    model: str,
    actor: str,
    name: str = "",
    dimensions: int | None = None,
) -> EmbeddingBatch:
    """Keep (reference, text) pairs to be embedded in the background."""
    with transaction.atomic():
        batch = EmbeddingBatch.objects.create(
            business_id=business_id,
            model=model,
            name=name,
            dimensions=dimensions,
            total=len(texts),
            asked_by=actor[:120],
        )
        BatchText.objects.bulk_create(
            [
                BatchText(business_id=business_id, batch=batch, position=place, reference=reference, text=text)
                for place, (reference, text) in enumerate(texts)
            ],
            batch_size=1_000,
        )
        working.tell(batch, f"{NOUN}.created", actor=actor)
        later(WORK, str(batch.pk))
    return batch


def work_on_batch(batch_id: UUID) -> bool:
    """Go on with a batch as long as a turn lasts; whether there is more to do. Safe to call at any time, twice too."""
    held = working.claim(EmbeddingBatch, batch_id, NOUN)
    return working.work_on(held, _piece) if held else False


def _piece(held: Held[EmbeddingBatch]) -> bool:
    """Embed the next texts. What is embedded is kept before the rows are written, so that a kill between the two
    embeds nothing again."""
    batch = held.work
    with acting_for(batch.business_id):
        rows = list(BatchText.objects.filter(batch=batch, vector=None, error="").order_by("position")[:PIECE])
        model = EmbeddingModel.objects.filter(key=batch.model).first()
    if not rows:
        return False
    if model is None:
        raise NotFound(f"There is no embedding model {batch.model} any more")
    made = vectors_of(business_id=batch.business_id, model=model, texts=[row.text for row in rows])
    for row, vector in zip(rows, made.rows, strict=True):
        row.vector, row.text = packed(vector), ""
    with acting_for(batch.business_id):
        working.advance(held, done=len(rows), tokens=F("tokens") + made.tokens, hits=F("hits") + made.hits)
        BatchText.objects.bulk_update(rows, ["vector", "text"])
    return True


def cancel_batch(*, business_id: UUID, batch_id: UUID, actor: str) -> EmbeddingBatch:
    """Embed no further text of it; what is embedded stays. Raises NotFound, StaleState."""
    return working.cancel(EmbeddingBatch, business_id=business_id, pk=batch_id, noun=NOUN, actor=actor)


def resume_batch(*, business_id: UUID, batch_id: UUID, actor: str) -> EmbeddingBatch:
    """Go on where it was cancelled or failed. Raises NotFound, StaleState."""
    with transaction.atomic():
        batch = working.resume(EmbeddingBatch, business_id=business_id, pk=batch_id, noun=NOUN, actor=actor)
        later(WORK, str(batch_id))
    return batch
