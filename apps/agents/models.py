"""The agents that carry out goals, and the tools a business has registered by name."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id


class Agent(models.Model):
    """Something that carries out goals at an HTTP address; requests to it are signed with its secret."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="agents")
    key = models.SlugField(max_length=60, help_text="How callers name it in agent_id")
    name = models.CharField(max_length=120)
    description = models.CharField(
        max_length=500, blank=True, help_text="What it is for; goals far from it are out of scope"
    )
    url = models.URLField(max_length=500)
    secret = models.TextField(editable=False, help_text="Encrypted; shown once as whsec_...")
    timeout_seconds = models.PositiveSmallIntegerField(default=30)
    is_demo = models.BooleanField(default=False, help_text="A built-in stand-in that only echoes")
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["business", "key"], name="agent_once"),
            models.CheckConstraint(condition=Q(timeout_seconds__gte=1, timeout_seconds__lte=280), name="agent_timeout"),
        ]

    def __str__(self) -> str:
        return self.name


class Tool(models.Model):
    """A tool of a business that goals may offer by its name alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="tools")
    name = models.CharField(max_length=64)
    description = models.TextField(max_length=4000)
    parameters = models.JSONField(default=dict, help_text="JSON Schema of an object, as in OpenAI functions")
    risk = models.FloatField(default=0.3, help_text="0 only reads, 1 cannot be undone")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="tool_once"),
            models.CheckConstraint(condition=Q(risk__gte=0, risk__lte=1), name="tool_risk"),
        ]

    def __str__(self) -> str:
        return self.name
