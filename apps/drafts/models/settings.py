"""What a business sets about its drafts, and the runs that learn its past replies."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.agents.models import Tool
from apps.core.ids import new_id
from apps.drafts.states import Intent


class DraftSettings(models.Model):
    """How drafts are made in one business. No row: the defaults."""

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="draft_settings")
    enabled = models.BooleanField(default=True, help_text="Draft a reply to every mail a person wrote")
    keep_prompts = models.BooleanField(default=False, help_text="Keep the exact prompt of every version")
    model = models.CharField(max_length=120, blank=True, help_text="Empty: the provider's own")
    token_budget = models.PositiveIntegerField(default=4000, help_text="Of the whole prompt, in tokens")
    guidance = models.TextField(max_length=4000, blank=True, help_text="How this business writes: tone, rules, names")
    compare = models.BooleanField(default=False, help_text="Compare drafts with and without retrieval")
    control_share = models.PositiveSmallIntegerField(default=50, help_text="Percent of threads drafted without it")
    keep_days = models.PositiveSmallIntegerField(default=180, help_text="Past replies are looked up for so long")
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "draft settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(control_share__gte=1, control_share__lte=99), name="draft_control_share"
            ),
            models.CheckConstraint(
                condition=Q(token_budget__gte=500, token_budget__lte=1_000_000), name="draft_token_budget"
            ),
            models.CheckConstraint(condition=Q(keep_days__gte=1, keep_days__lte=3650), name="draft_keep_days"),
        ]

    def __str__(self) -> str:
        return str(self.business_id)


class IntentTool(models.Model):
    """Which tool brings the facts for an intent. arguments: {parameter: what of the mail fills it}."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    intent = models.CharField(max_length=20, choices=[(i.value, i.value) for i in Intent])
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    arguments = models.JSONField(
        default=dict, help_text="order_number, tracking_number, sender, date: {order_id: order_number}"
    )

    class Meta:
        ordering = ["intent", "id"]
        constraints = [models.UniqueConstraint(fields=["business", "intent", "tool"], name="intent_tool_once")]

    def __str__(self) -> str:
        return f"{self.intent}: {self.tool_id}"


class RunState(models.TextChoices):
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BackfillRun(models.Model):
    """Learning the replies of the last so many days. It goes on from `position` after whatever stopped it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    days = models.PositiveSmallIntegerField()
    since = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    per_second = models.FloatField(default=50, help_text="At most so many a second")
    total = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    indexed = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    position = models.JSONField(default=dict, help_text="{received_at, id} of the last message done")
    error = models.CharField(max_length=300, blank=True)
    held_until = models.DateTimeField(null=True)
    started_by = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["business"], condition=Q(state="running"), name="backfill_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.days} days"


class MaintenanceRun(models.Model):
    """What one night's maintenance did to the replies that a business looks up."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(help_text="Whose mail was learned: the day before the night")
    indexed = models.PositiveIntegerField(default=0)
    expired = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    over_cap = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    took_seconds = models.FloatField(default=0)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["business", "day"], name="maintenance_once")]

    def __str__(self) -> str:
        return str(self.day)
