"""SELECTOR: how much of what a business keeps."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count

from apps.knowledge.models import Document


def document_counts(business_id: UUID, collection_id: UUID | None = None) -> dict[UUID, int]:
    """Documents by collection; of one only, where it is given. One query."""
    rows = Document.objects.filter(business_id=business_id)
    if collection_id:
        rows = rows.filter(collection_id=collection_id)
    return dict(rows.order_by().values_list("collection_id").annotate(Count("pk")))
