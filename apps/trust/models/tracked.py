"""Recommendations and their outcomes, and the buffer they pass on their way in."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import new_id
from apps.trust.verdicts import Source, Verdict

VERDICTS = [(v.value, v.value.title()) for v in Verdict]
SOURCES = [(s.value, s.value.title()) for s in Source]


class Buffered(models.Model):
    """A recommendation as it was tracked, on its way to the table of recommendations: one narrow insert, no index."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False, help_text="The recommendation's")
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    facts = models.JSONField(help_text="The recommendation's columns")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.id)


class Recommendation(models.Model):
    """What an agent answered when it was asked, by digest, and what was thought of it in the end.

    An agent that did not answer usably has a row with `failure`, which counts against its reliability alone.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="recommendations", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="recommendations", db_index=False)
    type = models.CharField(max_length=40)
    correlation_id = models.CharField(max_length=80)
    run_id = models.UUIDField(null=True)
    step_id = models.UUIDField(null=True)
    group = models.CharField(
        max_length=160, blank=True, help_text="Recommendations asked for side by side share it, for consensus"
    )
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the content, never the content")
    confidence = models.FloatField(null=True)
    reasoning = models.TextField(blank=True, help_text="Only where the business allows it to be kept")
    latency_ms = models.PositiveIntegerField(null=True)
    on_time = models.BooleanField(default=True)
    failure = models.CharField(max_length=20, blank=True, help_text="Why there was no usable answer, in one word")
    expected = models.FloatField(null=True, help_text="What trust gave its approval at the time, 0 to 1")
    average = models.FloatField(null=True, help_text="The plain running average at the time, 0 to 1")

    verdict = models.CharField(max_length=10, choices=VERDICTS, default=Verdict.PENDING)
    value = models.FloatField(null=True, help_text="1 approved as it was, 0 rejected; between: less what was edited")
    quality = models.FloatField(null=True, help_text="0 to 100")
    weight = models.FloatField(default=1, help_text="How many it stands for: 1 / the share that is looked at")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=0, value__lte=1), name="recommended_value"),
            models.CheckConstraint(
                condition=Q(quality=None) | Q(quality__gte=0, quality__lte=100), name="recommended_quality"
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1), name="recommended_confidence"
            ),
            models.CheckConstraint(condition=Q(weight__gte=0), name="recommended_weight"),
            models.CheckConstraint(condition=Q(verdict__in=[v.value for v in Verdict]), name="recommended_verdict"),
        ]
        indexes = [
            models.Index(fields=["business", "-id"], name="recommended_newest"),
            models.Index(fields=["business", "agent", "-id"], name="recommended_by_agent"),
            models.Index(fields=["business", "correlation_id"], name="recommended_correlation"),
            models.Index(fields=["business", "-decided_at"], name="recommended_decided"),
            models.Index(fields=["business", "created_at"], name="recommended_made"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.verdict}"


class Outcome(models.Model):
    """What one source said about one recommendation. A later word of the same source takes its place."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    recommendation = models.ForeignKey(Recommendation, on_delete=models.CASCADE, related_name="outcomes")
    source = models.CharField(max_length=10, choices=SOURCES)
    verdict = models.CharField(max_length=10, choices=VERDICTS)
    value = models.FloatField()
    quality = models.FloatField(null=True)
    edited = models.FloatField(null=True, help_text="Normalised edit distance, 0 untouched to 1 rewritten")
    weight = models.FloatField(default=1)
    feedback = models.CharField(max_length=1000, blank=True)
    judged_by = models.CharField(max_length=120)
    judged_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["recommendation", "source"], name="outcome_once"),
            models.CheckConstraint(condition=Q(value__gte=0, value__lte=1), name="outcome_value"),
            models.CheckConstraint(
                condition=Q(quality=None) | Q(quality__gte=0, quality__lte=100), name="outcome_quality"
            ),
            models.CheckConstraint(condition=Q(edited=None) | Q(edited__gte=0, edited__lte=1), name="outcome_edited"),
            models.CheckConstraint(condition=Q(source__in=[s.value for s in Source]), name="outcome_source"),
        ]
        indexes = [
            models.Index(fields=["business", "-judged_at"], name="outcome_newest"),
            models.Index(fields=["business", "-id"], name="outcome_last_told"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.verdict}"
