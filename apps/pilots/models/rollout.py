"""The ladder of a rollout, the steps up it, and the ways back."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Business
from apps.core.hearing import Announcement
from apps.core.ids import new_id
from apps.pilots.criteria import Comparison
from apps.pilots.ladder import AdvanceState, Level, StageKind
from apps.pilots.models.feature import Feature


class Stage(models.Model):
    """A step of a feature's ladder: so many businesses by name, or so many percent of all."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="stages", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="From 1")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in StageKind])
    businesses_min = models.PositiveSmallIntegerField(default=0, help_text="On the list before it may be left")
    businesses_max = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Most on the list; allowlist")
    share = models.PositiveSmallIntegerField(default=0, help_text="Percent; percentage")
    baseline = models.BooleanField(default=False, help_text="Listed but not served: measured only")
    soak_hours = models.PositiveIntegerField(default=0, help_text="How long the stage before must have lasted")

    class Meta:
        ordering = ["feature", "position"]
        constraints = [
            models.UniqueConstraint(fields=["feature", "position"], name="stage_once"),
            models.CheckConstraint(condition=Q(position__gte=1, share__lte=100), name="stage_range"),
            models.CheckConstraint(
                condition=Q(businesses_max=None) | Q(businesses_max__gte=F("businesses_min")), name="stage_businesses"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"


class Criterion(models.Model):
    """What must hold, measured on the businesses that have the feature, before a stage is entered."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="criteria")
    metric = models.CharField(max_length=60, help_text="A name of settings.PILOT_METRICS")
    comparison = models.CharField(max_length=10, choices=[(c.value, c.value) for c in Comparison])
    limit = models.FloatField()
    window_hours = models.PositiveIntegerField(help_text="Measured over the last so many hours")
    minimum = models.PositiveIntegerField(help_text="Fewest observations it may be judged by")

    class Meta:
        verbose_name_plural = "criteria"
        ordering = ["stage", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(window_hours__gte=1, minimum__gte=1), name="criterion_range"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.comparison} {self.limit:g}"


class Advance(models.Model):
    """A step up the ladder: asked for, decided by another person, done at once or when it is due."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="advances", db_index=False)
    from_stage = models.PositiveSmallIntegerField()
    to_stage = models.PositiveSmallIntegerField()
    from_share = models.PositiveSmallIntegerField()
    to_share = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in AdvanceState])
    asked_by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="Not before; empty: as soon as it is approved")
    override_reason = models.CharField(max_length=500, blank=True, help_text="Why an owner went past the criteria")
    measured = models.JSONField(default=list, help_text="The criteria as they stood when it was asked for")
    request_id = models.UUIDField(null=True, help_text="The ApprovalRequest of the queue")
    decided_by = models.CharField(max_length=120, blank=True)
    done_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["feature"],
                condition=Q(state__in=[AdvanceState.ASKED, AdvanceState.SCHEDULED]),
                name="advance_open_once",
            ),
        ]
        indexes = [models.Index(fields=["feature", "-asked_at"], name="advance_newest")]

    def __str__(self) -> str:
        return f"{self.from_stage} to {self.to_stage}, {self.state}"


class Rollback(models.Model):
    """A way back that was taken, or rehearsed: who, why, what it did, and how soon everybody saw it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="rollbacks", db_index=False)
    level = models.CharField(max_length=10, choices=[(v.value, v.value) for v in Level])
    # Not `business`: the row belongs to the feature's home, not to the business it was about.
    target = models.ForeignKey(Business, null=True, on_delete=models.SET_NULL, related_name="+")
    cohort_from = models.DateTimeField(null=True, help_text="Enabled at or after")
    cohort_to = models.DateTimeField(null=True, help_text="Enabled before")
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=120)
    rehearsal = models.BooleanField(default=False, help_text="Nothing was changed")
    at = models.DateTimeField()
    affected = models.PositiveIntegerField(help_text="Businesses that had it and have it no more")
    before = models.JSONField(default=dict, help_text="What undo puts back on the feature itself")
    after = models.JSONField(default=dict, help_text="What undo expects to find there")
    took_ms = models.FloatField(help_text="In the database, in milliseconds")
    effect_ms = models.FloatField(null=True, help_text="Until the last process had heard of it, in milliseconds")
    processes = models.PositiveIntegerField(null=True, help_text="Processes that have heard of it")
    unheard = models.PositiveIntegerField(null=True, help_text="Processes that had not within the time; they poll")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, blank=True)
    undone_reason = models.CharField(max_length=500, blank=True)
    # Of the act that has just made or undone it, to ask who has heard; nothing of the row.
    announcement: Announcement | None = None

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cohort_from=None) | Q(cohort_to=None) | Q(cohort_from__lt=F("cohort_to")),
                name="rollback_cohort",
            ),
        ]
        indexes = [models.Index(fields=["feature", "-at"], name="rollback_newest")]

    def __str__(self) -> str:
        return f"{self.level}, {self.reason[:60]}"


class RolledBack(models.Model):
    """A business that a rollback took the feature from, with its row of the list if it had one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rollback = models.ForeignKey(Rollback, on_delete=models.CASCADE, related_name="businesses", db_index=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    was_listed = models.BooleanField()
    listed_id = models.UUIDField(null=True, help_text="The id of its row of the list")
    enabled_at = models.DateTimeField(null=True)
    enabled_by = models.CharField(max_length=120, blank=True)
    notes = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "rolled back"
        constraints = [models.UniqueConstraint(fields=["rollback", "business"], name="rolled_back_once")]

    def __str__(self) -> str:
        return f"{self.business_id} by {self.rollback_id}"
