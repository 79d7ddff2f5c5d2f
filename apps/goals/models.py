"""Goals, and what the gate goes by for each business: thresholds and curves. Its switches are features."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.goals.states import ApprovalState, CallbackState, State


class Goal(models.Model):
    """What a caller wants done, what the gate made of it, and what came of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Each index that is asked for one business begins with it, so it needs none of its own.
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="goals", db_index=False)
    text = models.TextField(max_length=20_000)
    context = models.JSONField(default=dict, blank=True)
    history = models.JSONField(default=list, blank=True, help_text="Earlier turns of the same conversation")
    tools = models.JSONField(default=list, blank=True, help_text="OpenAI function format")
    agent_key = models.CharField(max_length=60, blank=True)
    workflow_key = models.CharField(max_length=60, blank=True, default="", help_text="The workflow that carries it out")
    own_confidence = models.FloatField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True)
    callback_url = models.URLField(max_length=500, blank=True)
    submitted_by = models.CharField(max_length=120)

    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in State])
    approval_state = models.CharField(max_length=20, choices=[(s.value, s.value) for s in ApprovalState])
    execution_path = models.CharField(max_length=15, blank=True)
    kind = models.CharField(max_length=64, blank=True, default="", help_text="The tool that fits best, else the agent")
    confidence = models.FloatField(null=True)
    raw_confidence = models.FloatField(null=True, help_text="Before calibration; empty when confidence was not graded")
    curve_version = models.UUIDField(null=True, help_text="The curve that calibrated it; empty for the shipped one")
    unsure_path = models.CharField(
        max_length=15, blank=True, default="", help_text="Its path below the thresholds; empty when a check decided"
    )
    factors = models.JSONField(default=list)
    checks = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    questions = models.JSONField(default=list)
    rounds = models.PositiveSmallIntegerField(default=0, help_text="Clarification rounds used")
    request_id = models.UUIDField(null=True, help_text="The ApprovalRequest of the queue")
    check_marks = models.PositiveSmallIntegerField(null=True, help_text="The checks' outcomes (apps/goals/marks.py)")
    timings = ArrayField(
        models.IntegerField(null=True), null=True, help_text="Microseconds of each stage (apps/goals/timing.py)"
    )
    is_trial = models.BooleanField(default=False, help_text="Made up to try the gate; no figure counts it")

    attempts = models.PositiveSmallIntegerField(default=0)
    run_after = models.DateTimeField(
        null=True, help_text="When a worker may take it, or the lease of the one that has it"
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    callback_state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in CallbackState], default=CallbackState.NONE
    )
    callback_attempts = models.PositiveSmallIntegerField(default=0)
    callback_after = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="goal_state"),
            models.CheckConstraint(
                condition=Q(approval_state__in=[s.value for s in ApprovalState]), name="goal_approval_state"
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1), name="goal_confidence"
            ),
            models.CheckConstraint(
                condition=Q(own_confidence=None) | Q(own_confidence__gte=0, own_confidence__lte=1),
                name="goal_own_confidence",
            ),
            models.CheckConstraint(
                condition=Q(raw_confidence=None) | Q(raw_confidence__gte=0, raw_confidence__lte=1),
                name="goal_raw_confidence",
            ),
        ]
        indexes = [
            models.Index(fields=["business", "-id"], name="goal_newest"),
            models.Index(fields=["business", "state", "-id"], name="goal_by_state"),
            models.Index(fields=["run_after"], name="goal_unfinished", condition=Q(state__in=["ready", "running"])),
            models.Index(fields=["callback_after"], name="goal_callback_due", condition=Q(callback_state="pending")),
            # All that the threshold simulator asks of a goal, so that it need not read the wide rows themselves.
            models.Index(
                fields=["business", "created_at"],
                include=["kind", "raw_confidence", "unsure_path", "execution_path"],
                name="goal_judged",
                condition=Q(raw_confidence__isnull=False),
            ),
            # How goals fared, of any number of businesses (pilot_metrics.py), without reading the wide rows.
            models.Index(
                fields=["business", "finished_at"],
                include=["state", "started_at"],
                name="goal_ended",
                condition=Q(state__in=["done", "failed"], is_trial=False),
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class GateSettings(models.Model):
    """The thresholds of one business, where they differ from the settings of the installation."""

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="gate_settings")
    high = models.FloatField(help_text="At and above: execute now")
    medium = models.FloatField(help_text="At and above: ask for approval; below: clarify or reject")
    clarification_rounds = models.PositiveSmallIntegerField(default=3)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "gate settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(medium__gte=0, medium__lt=F("high"), high__lte=1), name="gate_thresholds"
            ),
            models.CheckConstraint(condition=Q(clarification_rounds__lte=10), name="gate_rounds"),
        ]

    def __str__(self) -> str:
        return f"{self.high} / {self.medium}"


class GateCurve(models.Model):
    """The curve that calibrates one kind of goal of one business now. No row: the curve above it, or the shipped."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="gate_curves", db_index=False)
    kind = models.CharField(max_length=64, blank=True, help_text="A goal's kind; empty: every kind without its own")
    version = models.UUIDField(help_text="Goals judged by it carry this")
    points = models.JSONField(help_text="[[raw, calibrated], ...]")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "kind"], name="gate_curve_once")]

    def __str__(self) -> str:
        return self.kind or "every kind"


class GateError(models.Model):
    """A submission that failed by our fault: no goal came of it. The class of the error and the stage, no content."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    stage = models.CharField(max_length=10)
    error = models.CharField(max_length=80)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["business", "-at"], name="gate_error_newest")]

    def __str__(self) -> str:
        return f"{self.error} at {self.stage}"
