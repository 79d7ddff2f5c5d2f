"""Who is asked for texts and vectors, and what each request came to."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.llm.responses import Form, Kind, Why
from apps.llm.trial_states import TrialState

MOST_SECONDS = 600
MOST_RETRIES = 5


class Provider(models.Model):
    """An OpenAI-compatible endpoint. business null: it serves every business.

    Those of a business are asked before those of the installation, each group in the order of `position`, and last
    the provider of the settings. Prices: USD for a million tokens; null looks them up, 0 is free.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, null=True, blank=True, on_delete=models.CASCADE, related_name="providers")
    kind = models.CharField(max_length=10, choices=Kind.choices(), default=Kind.CHAT.value)
    name = models.CharField(max_length=60)
    base_url = models.URLField("Address", max_length=500, help_text="Up to and with /v1")
    key = models.TextField(blank=True, editable=False, help_text="Encrypted; never shown")
    headers = models.TextField(blank=True, editable=False, help_text="Extra request headers as JSON, encrypted")
    model = models.CharField(max_length=120, help_text="As the provider names it")
    serves = ArrayField(
        models.CharField(max_length=120), default=list, blank=True, size=100, help_text="Others it has; empty: any"
    )
    position = models.PositiveSmallIntegerField(default=0)
    timeout_seconds = models.PositiveSmallIntegerField(default=30)
    retries = models.PositiveSmallIntegerField(default=2, help_text="At this provider, before the next is asked")
    form = models.CharField(max_length=10, choices=[(f.value, f.value) for f in Form], default=Form.SCHEMA.value)
    dim = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of its vectors; of kind embedding")
    price_in = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    price_cached = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    price_out = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "created_at"]
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], nulls_distinct=False, name="provider_once"),
            models.CheckConstraint(
                condition=Q(timeout_seconds__gte=1, timeout_seconds__lte=MOST_SECONDS), name="provider_timeout"
            ),
            models.CheckConstraint(condition=Q(retries__lte=MOST_RETRIES), name="provider_retries"),
        ]

    def __str__(self) -> str:
        return self.name


class Usage(models.Model):
    """One request to a provider, or one that its breaker held back, however it ended. Never what was said in it.

    business null: of the installation. call: shared by the attempts at one answer, counted by `attempt` from 1.
    provider_id: not a reference, because a provider may go and its use stays. tokens_in: without tokens_cached.
    estimated: the provider did not count, so we did. priced: who told the cost (told, own, list), "" when nobody did.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    call = models.UUIDField()
    attempt = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=10, choices=Kind.choices(), default=Kind.CHAT.value)
    purpose = models.CharField(max_length=60)
    provider_id = models.UUIDField()
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=120, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_cached = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=False)
    texts = models.PositiveIntegerField(default=0, help_text="Embedded at once; 0 for a chat")
    cost = models.DecimalField(max_digits=14, decimal_places=8, null=True, help_text="USD")
    priced = models.CharField(max_length=5, blank=True)
    latency_ms = models.PositiveIntegerField(default=0)
    first_ms = models.PositiveIntegerField(null=True, help_text="Until the first piece of a stream")
    finish_reason = models.CharField(max_length=40, blank=True)
    status = models.PositiveSmallIntegerField(default=0, help_text="Of HTTP; 0: no answer")
    why = models.CharField(max_length=12, blank=True, choices=[(w.value, w.value or "ok") for w in Why])
    error = models.CharField(max_length=300, blank=True)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True)

    class Meta:
        verbose_name_plural = "usage"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["business", "-id"], name="usage_newest"),
            models.Index(fields=["subject_id"], name="usage_subject", condition=Q(subject_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} at {self.provider}"


class Trial(models.Model):
    """The last test of a provider by a business, on its way or ended. What it says holds for the provider as it was.

    provider_id: not a reference, because the provider of the settings has no row. turn: of this very test, so that a
    message of an earlier one finds nothing to do. words: for a person; neither key nor anything the provider said.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    provider_id = models.UUIDField(db_index=True)
    turn = models.UUIDField(default=new_id)
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in TrialState])
    words = models.CharField(max_length=400, blank=True)
    asked_by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "provider_id"], name="trial_once")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.state}"


class TokenRate(models.Model):
    """How many tokens a model really counts for what we estimate: sums in which older requests fade.

    error: sum of the absolute shares by which the calibrated estimate was off, fading likewise.
    """

    model = models.CharField(primary_key=True, max_length=120)
    estimated = models.FloatField(default=0)
    actual = models.FloatField(default=0)
    error = models.FloatField(default=0)
    weight = models.FloatField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.model
