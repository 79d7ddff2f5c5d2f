"""ACT: count what a business keeps: how many chunks, and which words are so common that they tell little."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.knowledge.languages import ENGLISH
from apps.knowledge.models import Document, Library, Term
from apps.knowledge.standing import forget_standings

LOOK_BACK = timedelta(minutes=15)
COMMON_FROM = 100  # chunks; a word in fewer is rare, whatever the size of the business
GROWN = 1.2
AT_ONCE = 1000
LONGEST_LEXEME = 250


def count_changed(now: datetime | None = None) -> int:
    """Count the businesses of which something was indexed lately; how many they were."""
    since = (now or timezone.now()) - LOOK_BACK
    recent = Document.objects.filter(indexed_at__gte=since).order_by().values_list("business_id", flat=True)
    ids = set(recent.distinct())
    for business_id in ids:
        count(business_id)
    return len(ids)


def count(business_id: UUID) -> None:
    """Chunks and their mean length; common words when there is a fifth more or less than when they were counted."""
    library = Library.objects.filter(pk=business_id).first()
    if library is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(avg(tokens), 100) FROM knowledge_chunk_{library.shelf:d}"
            " WHERE business_id = %s",
            [business_id],
        )
        chunks, mean = cursor.fetchone()
    rows = Document.objects.filter(business_id=business_id).order_by()
    languages = set(rows.values_list("language", flat=True).distinct())
    Library.objects.filter(pk=business_id).update(
        chunks=chunks, mean_tokens=float(mean), counted_at=timezone.now(), languages=sorted(languages - {ENGLISH})
    )
    if chunks >= COMMON_FROM and not library.terms_of / GROWN < chunks < library.terms_of * GROWN:
        count_terms(library, chunks)
    forget_standings()


def count_terms(library: Library, chunks: int) -> None:
    """Replace what is known of common words."""
    with connection.cursor() as cursor:
        # A term is six characters of tag, a dot, and the word.
        cursor.execute(
            "SELECT substring(word FROM 8), ndoc FROM ts_stat(format("
            "'SELECT terms FROM knowledge_chunk_%%s WHERE business_id = %%L', %s, %s))"
            " WHERE ndoc >= %s AND length(word) <= %s AND substring(word FROM 7 FOR 1) = '.'",
            [library.shelf, library.business_id, COMMON_FROM, LONGEST_LEXEME],
        )
        found = cursor.fetchall()
    with transaction.atomic():
        Term.objects.filter(business_id=library.business_id).delete()
        rows = [Term(business_id=library.business_id, lexeme=word, chunks=number) for word, number in found]
        Term.objects.bulk_create(rows, batch_size=AT_ONCE)
        Library.objects.filter(pk=library.pk).update(terms_of=chunks)
