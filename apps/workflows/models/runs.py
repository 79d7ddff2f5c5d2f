"""Runs: every stage and step a row with a unique key, so that any process may die at any moment."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import new_id
from apps.workflows.models.definitions import Workflow
from apps.workflows.states import Priority, RunState, StageState, StepKind, StepState

PRIORITIES = [(p.value, p.name.title()) for p in Priority]
UNENDED = Q(state__in=[RunState.RUNNING.value, RunState.WAITING.value, RunState.UNDOING.value])


class Run(models.Model):
    """One piece of work going through its stages."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="runs", db_index=False)
    workflow = models.ForeignKey(
        Workflow,
        null=True,
        on_delete=models.SET_NULL,
        related_name="runs",
        db_index=False,
        help_text="None: started without one",
    )
    pattern = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=0, help_text="The workflow's, when the run began")
    config = models.JSONField(default=dict, help_text="The configuration as it was then")
    input = models.JSONField(default=dict)
    title = models.CharField(max_length=200)
    subject_type = models.CharField(max_length=30, blank=True, help_text="What waits for the end, such as goal")
    subject_id = models.UUIDField(null=True)
    correlation_id = models.CharField(max_length=80, help_text="The caller's name for the matter; the goal's id")
    key = models.CharField(max_length=160, help_text="Starting again with the same key starts nothing")
    started_by = models.CharField(max_length=120)
    priority = models.SmallIntegerField(choices=PRIORITIES, default=Priority.NORMAL)
    deadline = models.DateTimeField(null=True)

    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in RunState], default=RunState.RUNNING)
    ending = models.CharField(max_length=10, blank=True, help_text="While undoing: failed or cancelled, to come")
    stage = models.PositiveSmallIntegerField(default=0, help_text="Position of the open stage")
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    quality = models.FloatField(null=True, help_text="0 to 100, as the workflow's own evaluation found")
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0, help_text="USD, as the agents told")
    advance_after = models.DateTimeField(null=True, help_text="When the reconciler looks at it, whatever was lost")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["business", "key"], name="run_once"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in RunState]), name="run_state"),
            models.CheckConstraint(condition=Q(priority__gte=0, priority__lte=2), name="run_priority"),
            models.CheckConstraint(condition=Q(quality=None) | Q(quality__gte=0, quality__lte=100), name="run_quality"),
        ]
        indexes = [
            models.Index(fields=["business", "-id"], name="run_newest"),
            models.Index(fields=["business", "state", "-id"], name="run_by_state"),
            models.Index(fields=["workflow", "-id"], name="run_by_workflow"),
            models.Index(fields=["business", "correlation_id"], name="run_correlation"),
            models.Index(fields=["subject_id"], name="run_subject"),
            models.Index(fields=["advance_after"], name="run_unended", condition=UNENDED),
        ]

    def __str__(self) -> str:
        return self.title


class Stage(models.Model):
    """Steps that run side by side, and the barrier that says when the run goes on."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stages", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="From 1")
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    rule = models.CharField(max_length=10, help_text="all, first, quorum or deadline")
    need = models.PositiveSmallIntegerField(default=0, help_text="For first and quorum: how many must be done")
    timeout_seconds = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in StageState], default=StageState.OPEN)
    says = models.CharField(max_length=300, blank=True, help_text="Why the barrier opened or failed")
    opened_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="run_stage_once"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in StageState]), name="run_stage_state"),
        ]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One thing to do. Its key is the idempotency key that every attempt carries to the outside."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=100, help_text="Unique in the run: stage, and what tells the step apart in it")
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in StepKind])
    agent = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    does = models.CharField(max_length=64, help_text="The agent's key, the tool's or the rule's name, or person")
    type = models.CharField(max_length=40, blank=True, help_text="The type of recommendation asked for")
    input = models.JSONField(default=dict)
    undo = models.JSONField(null=True, help_text="What takes it back: {kind, does, input}")
    priority = models.SmallIntegerField(choices=PRIORITIES, default=Priority.NORMAL)
    expected = models.FloatField(null=True, help_text="How likely trust held its approval to be when it was asked")

    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in StepState], default=StepState.READY)
    attempt = models.PositiveSmallIntegerField(default=0)
    most_attempts = models.PositiveSmallIntegerField(default=3)
    timeout_seconds = models.PositiveIntegerField(default=30)
    run_after = models.DateTimeField(help_text="When a worker may take it; while running, when its lease ends")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True, help_text="The content of the answer")
    confidence = models.FloatField(null=True)
    reasoning = models.TextField(blank=True)
    error = models.CharField(max_length=500, blank=True)
    why = models.CharField(max_length=20, blank=True, help_text="Why it failed, in one word")
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    took_ms = models.PositiveIntegerField(null=True, help_text="Of the attempt that counted")
    late_answers = models.PositiveSmallIntegerField(default=0, help_text="Answers that came when none was awaited")
    request_id = models.UUIDField(null=True, help_text="The ApprovalRequest that a person step waits for")
    recommendation_id = models.UUIDField(null=True, help_text="What trust keeps of its answer")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="step_once"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in StepState]), name="step_state"),
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in StepKind]), name="step_kind"),
            models.CheckConstraint(condition=Q(priority__gte=0, priority__lte=2), name="step_priority"),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1), name="step_confidence"
            ),
        ]
        indexes = [
            models.Index(fields=["priority", "run_after", "id"], name="step_ready", condition=Q(state="ready")),
            models.Index(fields=["agent", "priority", "run_after", "id"], name="step_lane", condition=Q(state="ready")),
            models.Index(fields=["agent", "run_after"], name="step_running", condition=Q(state="running")),
            models.Index(fields=["run_after"], name="step_waiting", condition=Q(state="waiting")),
            models.Index(fields=["request_id"], name="step_request", condition=Q(request_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key
