"""Embedding models, what a business keeps, and the collections in it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id

KINDS = [("replies", "Replies"), ("snippets", "Snippets"), ("documents", "Documents"), ("precedents", "Precedents")]
STAGES = [(stage, stage) for stage in ("copying", "indexing", "clearing")]

# A statement names its shelves as constants, so that PostgreSQL opens no other business's partition.
_TAKE_CHUNKS_ALONG = """
    EXECUTE format('DELETE FROM knowledge_vector WHERE shelf IN (0, %L, %L) AND business_id = %L',
        OLD.shelf, coalesce(OLD.next_shelf, 0), OLD.business_id);
    EXECUTE format('DELETE FROM knowledge_chunk WHERE shelf IN (0, %L, %L) AND business_id = %L',
        OLD.shelf, coalesce(OLD.next_shelf, 0), OLD.business_id);
    RETURN OLD;
"""


class EmbeddingModel(models.Model):
    """A model whose vectors are stored here. Its dimension never changes under one key."""

    key = models.CharField(max_length=120, unique=True, help_text="As its provider names it")
    provider = models.CharField(max_length=80, default="local", help_text="Who computes it")
    dim = models.PositiveIntegerField(help_text="Numbers in a vector")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["key"]
        constraints = [models.CheckConstraint(condition=Q(dim__gte=1, dim__lte=16000), name="embedding_model_dim")]

    def __str__(self) -> str:
        return self.key


class Library(models.Model):
    """Where the chunks of a business lie, and by which model they are found.

    shelf: the partition that is searched; 0 is shared by all small businesses. next_shelf: the one being filled, with
    stage copying (cursor: the last document that is there), indexing, then, already searched, clearing of the old one.
    """

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="library")
    model = models.ForeignKey(EmbeddingModel, on_delete=models.PROTECT, related_name="+", help_text="Searched by")
    shelf = models.PositiveIntegerField(default=0)
    next_shelf = models.PositiveIntegerField(null=True)
    stage = models.CharField(max_length=10, choices=STAGES, blank=True, default="")
    cursor = models.UUIDField(null=True)
    since = models.DateTimeField(null=True, help_text="When the stage began")
    languages = ArrayField(models.CharField(max_length=2), default=list, help_text="Of its texts, besides English")
    chunks = models.PositiveIntegerField(default=0, help_text="When they were last counted")
    mean_tokens = models.FloatField(default=100.0, help_text="Of a chunk, when they were last counted")
    counted_at = models.DateTimeField(null=True)
    terms_of = models.PositiveIntegerField(default=0, help_text="Chunks, when common words were last counted")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "libraries"
        triggers = [
            pgtrigger.Trigger(
                name="take_chunks_along", when=pgtrigger.Before, operation=pgtrigger.Delete, func=_TAKE_CHUNKS_ALONG
            ),
        ]

    def __str__(self) -> str:
        return f"Library of {self.business_id}"


class Collection(models.Model):
    """Documents of one kind that are searched together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="collections", db_index=False)
    key = models.SlugField(max_length=60, db_index=False)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=KINDS, default="documents")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["business", "key"], name="collection_once")]

    def __str__(self) -> str:
        return self.name


class Reembedding(models.Model):
    """One change of a business's embedding model: in the background, resumable, searched by the old until complete.

    running, indexing: on its way. failed: waits for a person to go on or call it off. clearing: searched by already,
    the old vectors go. told: of `total`, when it was last told how far it is.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="reembeddings", db_index=False)
    model = models.ForeignKey(EmbeddingModel, on_delete=models.PROTECT, related_name="+", help_text="The new one")
    before = models.ForeignKey(EmbeddingModel, on_delete=models.PROTECT, related_name="+", help_text="The old one")
    state = models.CharField(
        max_length=10,
        choices=[(s, s) for s in ("running", "indexing", "failed", "clearing", "done", "cancelled")],
        default="running",
    )
    cursor = models.UUIDField(null=True, help_text="The last chunk that has its new vector")
    done = models.PositiveIntegerField(default=0, help_text="Chunks")
    total = models.PositiveIntegerField(default=0, help_text="Chunks, when it began")
    tokens = models.PositiveBigIntegerField(default=0, help_text="Of those, about")
    told = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why the last try stopped, in words")
    failures = models.PositiveIntegerField(default=0, help_text="In a row")
    next_try_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    switched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["business"],
                name="reembedding_one_at_a_time",
                condition=Q(state__in=["running", "indexing", "failed", "clearing"]),
            ),
        ]
        indexes = [models.Index(fields=["business", "-id"], name="reembedding_newest")]

    def __str__(self) -> str:
        return f"{self.before_id} to {self.model_id}"
