"""SELECTOR: what is kept of a document."""

from apps.knowledge.models import Chunk, Document, Library


def chunks_of(document: Document) -> list[Chunk]:
    """Its passages, in order."""
    # The shelf is named, so that no other business's partition is opened.
    shelf = Library.objects.values_list("shelf", flat=True).get(business_id=document.business_id)
    rows = Chunk.objects.filter(shelf=shelf, business_id=document.business_id, document_id=document.pk)
    return list(rows.order_by("position").defer("terms"))
