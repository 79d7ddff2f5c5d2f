"""Work that goes on in the background: texts embedded as a batch, files read in; and vectors kept for the next time."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.knowledge.models.catalogue import Collection
from apps.knowledge.states import WorkState

OPEN = Q(state__in=[WorkState.QUEUED.value, WorkState.RUNNING.value])


class Work(models.Model):
    """Something a worker does piece by piece, and another goes on with when that one is gone.

    held_by, held_until: the worker that has it; only it may write. Each of `total` pieces ends as done or failed.
    tries: failures in a row; next_try_at: not before. told: of `total`, when it was last told how far it is.
    HEAVY: columns that only who works on it reads.
    """

    HEAVY: tuple[str, ...] = ()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=WorkState.choices(), default=WorkState.QUEUED.value)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    held_by = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why the last try stopped, in words")
    asked_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["-id"]


class EmbeddingBatch(Work):
    """Texts to be embedded as a job. Its texts are the rows of BatchText.

    dimensions: of the vectors that are handed out; null: all that the model has. hits: texts that were kept before.
    """

    name = models.CharField(max_length=120, blank=True)
    model = models.CharField(max_length=120, help_text="Key of the embedding model")
    dimensions = models.PositiveIntegerField(null=True)
    tokens = models.PositiveBigIntegerField(default=0)
    hits = models.PositiveIntegerField(default=0)

    class Meta(Work.Meta):
        verbose_name_plural = "embedding batches"
        indexes = [
            models.Index(fields=["business", "-id"], name="batch_newest"),
            models.Index(fields=["next_try_at"], name="batch_open", condition=OPEN),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)


class BatchText(models.Model):
    """One text of a batch; once it is embedded the text is dropped and the vector stands in its place.

    position: from 0, as given. reference: what its caller calls it. vector: float32, little-endian, of length 1.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    batch = models.ForeignKey(EmbeddingBatch, on_delete=models.CASCADE, related_name="texts", db_index=False)
    position = models.PositiveIntegerField()
    reference = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    vector = models.BinaryField(null=True)
    tokens = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="batch_text_once")]
        indexes = [
            models.Index(
                fields=["batch", "position"], name="batch_text_open", condition=Q(vector__isnull=True, error="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}"


class FileImport(Work):
    """A file on its way into a collection. Pieces are its entries; the file is dropped when all are in.

    counts: what became of entries, by word. errors: [{line, words, text}]. notes: what had to be guessed.
    """

    HEAVY = ("content",)

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=250, help_text="Of the file")
    size = models.PositiveIntegerField(help_text="Bytes")
    content = models.BinaryField(null=True)
    counts = models.JSONField(default=dict)
    errors = models.JSONField(default=list)
    notes = models.JSONField(default=list)

    class Meta(Work.Meta):
        indexes = [
            models.Index(fields=["business", "collection", "-id"], name="import_newest"),
            models.Index(fields=["next_try_at"], name="import_open", condition=OPEN),
        ]

    def __str__(self) -> str:
        return self.name


class CachedVector(models.Model):
    """What a model made of a text, for whenever the same text comes again. vector: float32, little-endian."""

    pk = models.CompositePrimaryKey("business_id", "model", "digest")
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    model = models.CharField(max_length=120)
    digest = models.CharField(max_length=32, help_text="BLAKE2 of the text, hex")
    vector = models.BinaryField()
    used_on = models.DateField(help_text="The day it was last of use")

    class Meta:
        indexes = [models.Index(fields=["business", "used_on"], name="cached_vector_oldest")]

    def __str__(self) -> str:
        return self.digest


class CacheDay(models.Model):
    """How often a kept vector was of use on one day."""

    pk = models.CompositePrimaryKey("business_id", "day")
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    memory_hits = models.PositiveBigIntegerField(default=0, help_text="In the memory of the process")
    stored_hits = models.PositiveBigIntegerField(default=0, help_text="In the database")
    misses = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}"
