"""Documents, the chunks they are searched by, the vectors of those, and how common words are."""

import pgtrigger
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from pgvector.django import HalfVectorField

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.knowledge.models.catalogue import Collection, EmbeddingModel

# As in catalogue.py, each statement names its shelves as constants.
_TAKE_CHUNKS_ALONG = """
    FOR gone IN
        SELECT o.business_id AS business, array_agg(o.id) AS documents,
            ARRAY[0, coalesce(min(l.shelf), 0), coalesce(min(l.next_shelf), 0)] AS shelves
        FROM old_rows o LEFT JOIN knowledge_library l ON l.business_id = o.business_id GROUP BY 1
    LOOP
        EXECUTE format(
            'WITH gone AS (DELETE FROM knowledge_chunk WHERE shelf = ANY (%L::int[]) AND business_id = %L'
            ' AND document_id = ANY (%L::uuid[]) RETURNING id) DELETE FROM knowledge_vector'
            ' WHERE shelf = ANY (%L::int[]) AND business_id = %L AND chunk_id IN (SELECT id FROM gone)',
            gone.shelves, gone.business, gone.documents, gone.shelves, gone.business);
    END LOOP;
    RETURN NULL;
"""


class Document(models.Model):
    """One text as it was given. Its chunks go with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="documents", db_index=False)
    key = models.CharField(max_length=250, help_text="What its source calls it; the same key again replaces it")
    title = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    searchable = models.TextField(blank=True, help_text="What is searched instead of the text")
    whole = models.BooleanField(default=False, help_text="One chunk, however long")
    meta = models.JSONField(default=dict)
    source = models.CharField(max_length=250, blank=True, help_text="Where it came from")
    language = models.CharField(max_length=2, default="en")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of title, text and what is searched, hex")
    chunks_count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(help_text="Its own date, else when it was first indexed")
    indexed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["collection", "key"], name="document_once")]
        indexes = [
            models.Index(fields=["collection", "content_hash"], name="document_content"),
            models.Index(fields=["business", "collection", "-created_at", "-id"], name="document_newest"),
            models.Index(fields=["indexed_at"], name="document_indexed"),
            models.Index(
                fields=["business", "expires_at"],
                name="document_expiring",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="take_chunks_along", level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="old_rows"), declare=[("gone", "record")],
                func=_TAKE_CHUNKS_ALONG,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title or self.key


class Chunk(models.Model):
    """A passage of a document. Its table is partitioned by `shelf`; the key there is (business_id, id, shelf).

    terms: stems of its words and its facets (`key=value`), each behind a tag of the business, so that one index over
    many businesses finds those of one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shelf = models.PositiveIntegerField(default=0)
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    document = models.ForeignKey(
        Document, on_delete=models.DO_NOTHING, related_name="chunks", db_index=False, db_constraint=False
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    position = models.PositiveIntegerField(help_text="Within its document, from 0")
    heading = models.CharField(max_length=300, blank=True, help_text="The headings above it")
    start = models.PositiveIntegerField(help_text="Characters into the document's text")
    end = models.PositiveIntegerField()
    tokens = models.PositiveIntegerField()
    text = models.TextField()
    searchable = models.TextField(blank=True, help_text="What was embedded, where it is not title, heading and text")
    digest = models.CharField(max_length=32, help_text="BLAKE2 of what was embedded, hex")
    terms = SearchVectorField()
    created_at = models.DateTimeField(help_text="The document's")

    class Meta:
        ordering = ["document", "position"]

    def __str__(self) -> str:
        return self.text[:60]


class Vector(models.Model):
    """What a model makes of a chunk, of length 1. Partitioned like the chunks."""

    pk = models.CompositePrimaryKey("business_id", "chunk_id", "model_id")
    shelf = models.PositiveIntegerField(default=0)
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    chunk = models.ForeignKey(
        Chunk, on_delete=models.DO_NOTHING, related_name="vectors", db_index=False, db_constraint=False
    )
    model = models.ForeignKey(
        EmbeddingModel, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    embedding = HalfVectorField()

    def __str__(self) -> str:
        return f"Vector of {self.chunk_id}"


class Term(models.Model):
    """How many chunks of a business hold a lexeme, where they are many. What is not listed is rare."""

    pk = models.CompositePrimaryKey("business_id", "lexeme")
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    lexeme = models.CharField(max_length=250)
    chunks = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.lexeme
