"""The agents that carry out work, and the tools a business has registered by name."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.agents.kinds import (
    LONGEST_ENTRY,
    LONGEST_PATH,
    LONGEST_PROMPT,
    LONGEST_TYPE,
    MOST_AT_ONCE,
    MOST_PATHS,
    MOST_SECONDS,
    MOST_TYPES,
    AgentKind,
    ToolKind,
)
from apps.core.ids import new_id


class Agent(models.Model):
    """Something that carries out work: an HTTP address, a model of the provider, or a Python entry point.

    url and secret belong to kind http (requests are signed with the secret), model and prompt to kind model, entry to
    kind python; they are empty elsewhere. types: the recommendation types it gives; without any it is
    asked by name alone, as by goals that name it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="agents")
    kind = models.CharField(max_length=10, choices=AgentKind.choices(), default=AgentKind.HTTP.value)
    key = models.SlugField(max_length=60, help_text="How callers name it in agent_id")
    name = models.CharField(max_length=120)
    description = models.CharField(
        max_length=500, blank=True, help_text="What it is for; goals far from it are out of scope"
    )
    url = models.URLField("Address", max_length=500, blank=True, help_text="Work is sent here by POST, signed")
    secret = models.TextField(blank=True, editable=False, help_text="Encrypted; shown once as whsec_...")
    headers = models.TextField(blank=True, editable=False, help_text="Extra request headers as JSON, encrypted")
    model = models.CharField(max_length=120, blank=True, help_text="As the provider names it; empty: LLM_MODEL")
    prompt = models.TextField(
        "Instructions", max_length=LONGEST_PROMPT, blank=True, help_text="What the model is told before the work"
    )
    entry = models.CharField("Entry point", max_length=LONGEST_ENTRY, blank=True)
    types = ArrayField(models.CharField(max_length=LONGEST_TYPE), size=MOST_TYPES, default=list, blank=True)
    concurrency = models.PositiveSmallIntegerField(default=4, help_text="Calls at once, 1 to 100")
    timeout_seconds = models.PositiveSmallIntegerField(default=30)
    price_per_call = models.DecimalField(
        max_digits=10, decimal_places=6, default=0, help_text="USD; counts where a call does not tell its own cost"
    )
    is_demo = models.BooleanField(default=False, help_text="A built-in stand-in that only echoes")
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    disabled_by = models.CharField(max_length=120, blank=True, help_text="Who, as in the audit trail")
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["business", "key"], name="agent_once"),
            models.CheckConstraint(
                condition=Q(timeout_seconds__gte=1, timeout_seconds__lte=MOST_SECONDS), name="agent_timeout"
            ),
            models.CheckConstraint(
                condition=Q(concurrency__gte=1, concurrency__lte=MOST_AT_ONCE), name="agent_concurrency"
            ),
            models.CheckConstraint(condition=Q(price_per_call__gte=0), name="agent_price"),
            models.CheckConstraint(
                condition=(Q(kind="http") & ~Q(url="")) | Q(kind="model") | (Q(kind="python") & ~Q(entry="")),
                name="agent_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Tool(models.Model):
    """A tool of a business, offered to goals by its name and, unless it is only described, used by workflows.

    url: of kinds http and mcp. method: of kind http. remote_name: how an MCP server calls the tool. entry: of kind
    python. returned: the fields of an answer that may leave the tool, as dotted paths; "*" is all of it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="tools")
    kind = models.CharField(max_length=10, choices=ToolKind.choices(), default=ToolKind.DESCRIBED.value)
    name = models.CharField(max_length=64)
    description = models.TextField(max_length=4000)
    parameters = models.JSONField(
        default=dict, blank=True, help_text="JSON Schema of an object, as in OpenAI functions; empty: anything"
    )
    risk = models.FloatField(default=0.3, help_text="0 only reads, 1 cannot be undone")
    url = models.URLField("Address", max_length=500, blank=True)
    method = models.CharField(max_length=4, choices=[("POST", "POST"), ("GET", "GET")], default="POST")
    headers = models.TextField(blank=True, editable=False, help_text="Extra request headers as JSON, encrypted")
    remote_name = models.CharField(
        "Name on the server", max_length=128, blank=True, help_text="Empty: the name of the tool"
    )
    entry = models.CharField("Entry point", max_length=LONGEST_ENTRY, blank=True)
    returned = ArrayField(models.CharField(max_length=LONGEST_PATH), size=MOST_PATHS, default=list, blank=True)
    timeout_seconds = models.PositiveSmallIntegerField(default=30)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="tool_once"),
            models.CheckConstraint(condition=Q(risk__gte=0, risk__lte=1), name="tool_risk"),
            models.CheckConstraint(
                condition=Q(timeout_seconds__gte=1, timeout_seconds__lte=MOST_SECONDS), name="tool_timeout"
            ),
            models.CheckConstraint(
                condition=Q(kind="described")
                | (Q(kind__in=["http", "mcp"]) & ~Q(url=""))
                | (Q(kind="python") & ~Q(entry="")),
                name="tool_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name
