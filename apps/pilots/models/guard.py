"""What watches a rollout: guards, what they read, and the incidents they opened."""

from django.db import models
from django.db.models import Q

from apps.core.ids import new_id
from apps.pilots.criteria import Comparison
from apps.pilots.ladder import Level
from apps.pilots.models.feature import Feature
from apps.pilots.models.rollout import Rollback


class Guard(models.Model):
    """A limit on a metric that, once surely crossed, takes the feature back by itself."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="guards")
    metric = models.CharField(max_length=60, help_text="A name of settings.PILOT_METRICS")
    comparison = models.CharField(
        max_length=10, choices=[(c.value, c.value) for c in Comparison], help_text="The healthy side of the limit"
    )
    limit = models.FloatField(help_text="A value of the metric; relative: of the baseline, 0.8 for a fifth less")
    relative = models.BooleanField(default=False, help_text="The limit is a share of the baseline")
    baseline = models.FloatField(null=True, help_text="As it was measured when the guard was armed")
    baseline_n = models.PositiveIntegerField(null=True, help_text="From so many observations")
    level = models.CharField(max_length=10, choices=[(v.value, v.value) for v in Level], default=Level.EVERYTHING)
    alpha = models.FloatField(default=0.01, help_text="Chance of a false alarm, however often it is looked at")
    minimum = models.PositiveIntegerField(default=30, help_text="Fewest observations it may act on")
    cooldown_minutes = models.PositiveIntegerField(default=60, help_text="Quiet after it has acted")
    enabled = models.BooleanField(default=True)
    armed_at = models.DateTimeField(help_text="Evidence is gathered from here on")
    cooling_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["feature", "created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(alpha__gt=0, alpha__lt=1), name="guard_alpha"),
            models.CheckConstraint(condition=Q(minimum__gte=1), name="guard_minimum"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.comparison} {self.limit:g}"


class GuardReading(models.Model):
    """What a guard found at one moment: a point of its chart."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    guard = models.ForeignKey(Guard, on_delete=models.CASCADE, related_name="readings", db_index=False)
    at = models.DateTimeField()
    n = models.PositiveIntegerField()
    hits = models.FloatField(null=True)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    evidence = models.FloatField(null=True, help_text="Natural logarithm of the e-value")
    verdict = models.CharField(max_length=20)

    class Meta:
        ordering = ["guard", "at"]
        indexes = [models.Index(fields=["guard", "-at"], name="guard_reading_newest")]

    def __str__(self) -> str:
        return f"{self.value} of {self.n}"


class Incident(models.Model):
    """A guard has acted: with the figures it acted on."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="incidents", db_index=False)
    guard = models.ForeignKey(Guard, null=True, on_delete=models.SET_NULL, related_name="incidents")
    rollback = models.ForeignKey(Rollback, null=True, on_delete=models.SET_NULL, related_name="incidents")
    level = models.CharField(max_length=10, choices=[(v.value, v.value) for v in Level])
    metric = models.CharField(max_length=60)
    figures = models.JSONField(help_text="value, n, limit, evidence, alpha and what else the guard knew")
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=120, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        indexes = [models.Index(fields=["feature", "-opened_at"], name="incident_newest")]

    def __str__(self) -> str:
        return f"{self.metric} at {self.opened_at:%Y-%m-%d %H:%M}"
