"""Work of knowledge that runs on the workers."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.knowledge import batching, importing, precedents, pruning, reembedding, shelving, terms_counting, working
from apps.knowledge.models import EmbeddingBatch, FileImport


@shared_task
def work_on_batch(batch_id: str) -> None:
    """Embed texts of a batch for a turn; what is left goes to the back of the line."""
    if batching.work_on_batch(UUID(batch_id)):
        work_on_batch.delay(batch_id)


@shared_task
def work_on_import(import_id: str) -> None:
    """Index entries of a file for a turn."""
    if importing.work_on_import(UUID(import_id)):
        work_on_import.delay(import_id)


@shared_task
def learn_decisions(business_id: str, *request_ids: str) -> int:
    """Make precedents of decided requests."""
    return precedents.learn(business_id=UUID(business_id), request_ids=[UUID(one) for one in request_ids])


@shared_task
def learn_missed_decisions() -> int:
    return precedents.learn_missed()


@shared_task
def sweep_work() -> int:
    """Wake what nobody works on: its message was lost, or its worker killed; how much of it there was."""
    now = timezone.now()
    batches = working.abandoned(EmbeddingBatch, now)
    for pk in batches:
        work_on_batch.delay(str(pk))
    imports = working.abandoned(FileImport, now)
    for pk in imports:
        work_on_import.delay(str(pk))
    return len(batches) + len(imports)


@shared_task
def prune_kept() -> int:
    """Forget kept vectors that are old or too many, and work that ended long ago; how many rows went."""
    gone = pruning.prune()
    return gone.vectors + gone.works + gone.days


@shared_task
def keep_shelves() -> None:
    """Count what has changed; give those that have grown a shelf of their own, and go on where that was begun; drop
    those of businesses that are gone."""
    terms_counting.count_changed()
    shelving.keep_shelves()
    shelving.drop_unused()


@shared_task
def go_on_with_models() -> None:
    """Wake changes of an embedding model that can go on."""
    for business_id in reembedding.unfinished():
        reembed.delay(str(business_id))


@shared_task
def reembed(business_id: str) -> None:
    """Embed chunks anew for a turn; what is left goes to the back of the line."""
    if reembedding.go_on(business_id=UUID(business_id)):
        reembed.delay(business_id)
