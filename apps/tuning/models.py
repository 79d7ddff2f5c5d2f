"""What people found goals to be, the curves fitted to it, and how a business wants to be asked.

Which curve is in force stands in goals (GateCurve), where the gate reads it; here stands every curve there ever was.
"""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.goals.models import Goal

OUTCOMES = ["approved", "edited", "rejected"]


class ReviewedGoal(models.Model):
    """What a person found one goal of the gate to be. One row a goal, written once."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", "Approved as it was"
        EDITED = "edited", "Approved, but changed first"
        REJECTED = "rejected", "Rejected"

    class Source(models.TextChoices):
        DECISION = "decision", "Decided before it ran"
        AUDIT = "audit", "Looked at after it had run alone"

    goal = models.OneToOneField(Goal, primary_key=True, on_delete=models.CASCADE, related_name="review")
    # Every index begins with the business.
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="reviewed_goals", db_index=False)
    kind = models.CharField(max_length=64, blank=True)
    raw_confidence = models.FloatField(help_text="The weighted sum, before any curve")
    confidence = models.FloatField(help_text="What the gate went by")
    stopped = models.BooleanField(help_text="A failed check decided its path, so no threshold matters to it")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    right = models.BooleanField(help_text="Could be carried out as stated: approved unchanged")
    source = models.CharField(max_length=10, choices=Source.choices)
    weight = models.FloatField(help_text="How many goals it stands for: 1 / the share that is looked at")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.CheckConstraint(condition=Q(raw_confidence__gte=0, raw_confidence__lte=1), name="reviewed_raw"),
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="reviewed_confidence"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="reviewed_weight"),
            models.CheckConstraint(condition=Q(outcome__in=OUTCOMES), name="reviewed_outcome"),
            models.CheckConstraint(condition=Q(source__in=["decision", "audit"]), name="reviewed_source"),
        ]
        indexes = [
            # All that measures and simulations ask of a label, so that they need not read the rows.
            models.Index(
                fields=["business", "decided_at"],
                include=["kind", "raw_confidence", "confidence", "right", "weight", "stopped"],
                name="reviewed_measured",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goal_id}: {self.outcome}"


class CurveVersion(models.Model):
    """One curve as it was fitted, with what spoke for it. Never altered, but for the mark that it was reverted."""

    class Method(models.TextChoices):
        ISOTONIC = "isotonic", "Isotonic regression"
        PLATT = "platt", "Platt scaling"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="curve_versions", db_index=False)
    kind = models.CharField(max_length=64, blank=True, help_text="Of goals; empty: every kind without its own")
    number = models.PositiveIntegerField(help_text="1, 2, 3 ... for each kind")
    points = models.JSONField(help_text="[[raw, calibrated], ...]")
    method = models.CharField(max_length=10, choices=Method.choices)
    labels = models.PositiveIntegerField(help_text="Labelled goals it was fitted to")
    right = models.PositiveIntegerField(help_text="How many of them went well")
    effective = models.FloatField(help_text="How many equally weighted labels they are worth (Kish)")
    share = models.FloatField(help_text="Weight of its own evidence against the curve above it, 0 to 1")
    newest_label_at = models.DateTimeField(help_text="The newest label it has seen")
    brier_before = models.JSONField(help_text="[value, low, high] of the curve then in force, on the same labels")
    brier_after = models.JSONField(help_text="[value, low, high], on labels each fold had not seen")
    ece_before = models.JSONField()
    ece_after = models.JSONField()
    accepted = models.BooleanField(help_text="Whether it was put in force when it was fitted")
    reason = models.CharField(max_length=300, help_text="Why it was put in force, or was not")
    fitted_at = models.DateTimeField(auto_now_add=True)
    fitted_by = models.CharField(max_length=120)
    reverted_at = models.DateTimeField(null=True, help_text="When somebody went back from it")

    class Meta:
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["business", "kind", "number"], name="curve_version_once"),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="curve_version_share"),
        ]
        indexes = [models.Index(fields=["business", "-fitted_at"], name="curve_version_newest")]

    def __str__(self) -> str:
        return f"{self.kind or 'every kind'}, version {self.number}"


class AuditShare(models.Model):
    """Of the goals that ran alone in one business, the share people look at afterwards. No row: the default."""

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="audit_share")
    share = models.FloatField(help_text="0 to 1")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="audit_share")]

    def __str__(self) -> str:
        return f"{self.share:.0%}"
