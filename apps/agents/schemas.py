"""What the OpenAPI document says of agents and tools. The bodies are read by apps/agents/requests.py."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers as s

from apps.agents.answers import Why
from apps.agents.kinds import LONGEST_ENTRY, LONGEST_PROMPT, MOST_AT_ONCE, MOST_SECONDS, AgentKind, ToolKind
from apps.core.breaking import Light

AGENT_KEY = r"^[-a-zA-Z0-9_]{1,60}$"
TOOL_NAME = r"^[a-zA-Z0-9_-]{1,64}$"
AGENT_KINDS = [kind.value for kind in AgentKind]
TOOL_KINDS = [kind.value for kind in ToolKind]
BREAKER_STATES = [light.value for light in Light]
TYPE = r"^[a-z][a-z0-9_-]{0,39}$"


class Failure(s.Serializer):
    at = s.DateTimeField()
    why = s.ChoiceField(choices=[why.value for why in Why])
    words = s.CharField(allow_blank=True)


class Breaker(s.Serializer):
    """open: it kept failing and is not called; half_open: one call at a time finds out whether it is back."""

    state = s.ChoiceField(choices=BREAKER_STATES)
    failures = s.IntegerField(help_text="In a row")
    tries_again_in_seconds = s.FloatField(allow_null=True)
    last_failure = Failure(allow_null=True)
    answered_at = s.DateTimeField(allow_null=True)


class _AgentWords(s.Serializer):
    name = s.CharField(min_length=1, max_length=120)
    description = s.CharField(max_length=500, required=False, allow_blank=True)
    url = s.CharField(max_length=500, required=False, help_text="Of kind http")
    model = s.CharField(max_length=120, required=False, allow_blank=True, help_text="Of kind model; empty: LLM_MODEL")
    prompt = s.CharField(max_length=LONGEST_PROMPT, required=False, allow_blank=True, help_text="Of kind model")
    entry = s.CharField(max_length=LONGEST_ENTRY, required=False, help_text="Of kind python: a registered name")
    types = s.ListField(
        child=s.RegexField(TYPE),
        required=False,
        max_length=20,
        help_text="What workflows may ask it for; none: only what names it",
    )
    concurrency = s.IntegerField(min_value=1, max_value=MOST_AT_ONCE, required=False, help_text="Calls at once")
    timeout_seconds = s.IntegerField(min_value=1, max_value=MOST_SECONDS, required=False)
    price_per_call = s.FloatField(min_value=0, max_value=1000, required=False, help_text="USD")


class _WithHeaders(s.Serializer):
    headers = s.DictField(
        child=s.CharField(max_length=2000), required=False, help_text="Extra request headers; kept, never shown again"
    )


class AgentBody(_AgentWords, _WithHeaders):
    key = s.RegexField(AGENT_KEY)
    kind = s.ChoiceField(choices=AGENT_KINDS, required=False)


class AgentChange(_AgentWords, _WithHeaders):
    name = s.CharField(min_length=1, max_length=120, required=False)


class AgentOut(_AgentWords):
    key = s.CharField()
    id = s.UUIDField()
    kind = s.ChoiceField(choices=AGENT_KINDS)
    header_names = s.ListField(child=s.CharField(), required=False)
    enabled = s.BooleanField()
    disabled_reason = s.CharField(allow_blank=True)
    disabled_by = s.CharField(allow_blank=True)
    disabled_at = s.DateTimeField(allow_null=True)
    breaker = Breaker()
    created_at = s.DateTimeField()


class AgentWithSecret(AgentOut):
    secret = s.CharField(
        allow_blank=True, help_text="whsec_...; empty where requests are not signed, and when repeated"
    )


class AgentPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = AgentOut(many=True)


class DisableBody(s.Serializer):
    reason = s.CharField(min_length=1, max_length=200)


class _ToolWords(s.Serializer):
    description = s.CharField(min_length=1, max_length=4000)
    parameters = s.DictField(required=False, help_text="JSON Schema of an object")
    risk = s.FloatField(min_value=0, max_value=1, required=False)
    enabled = s.BooleanField(required=False)
    url = s.CharField(max_length=500, required=False, help_text="Of kinds http and mcp")
    method = s.ChoiceField(choices=["POST", "GET"], required=False, help_text="Of kind http")
    remote_name = s.CharField(max_length=128, required=False, allow_blank=True, help_text="Of kind mcp")
    entry = s.CharField(max_length=LONGEST_ENTRY, required=False, help_text="Of kind python: a registered name")
    returned = s.ListField(
        child=s.CharField(max_length=200), required=False, max_length=50, help_text="Dotted paths, or * alone"
    )
    timeout_seconds = s.IntegerField(min_value=1, max_value=MOST_SECONDS, required=False)


class ToolBody(_ToolWords, _WithHeaders):
    name = s.RegexField(TOOL_NAME)
    kind = s.ChoiceField(choices=TOOL_KINDS, required=False)


class ToolChange(_ToolWords, _WithHeaders):
    description = s.CharField(min_length=1, max_length=4000, required=False)


class ToolOut(_ToolWords):
    name = s.CharField()
    id = s.UUIDField()
    kind = s.ChoiceField(choices=TOOL_KINDS)
    header_names = s.ListField(child=s.CharField(), required=False)
    breaker = Breaker()
    created_at = s.DateTimeField()


class ToolPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = ToolOut(many=True)


class UseBody(s.Serializer):
    arguments = s.DictField(required=False)


class UseAnswer(s.Serializer):
    """answered: whether the tool did; data: the fields that may leave it, null where there were none."""

    answered = s.BooleanField()
    data = s.JSONField(allow_null=True)
    took_ms = s.IntegerField()
    failure = Failure(allow_null=True)


AGENT_EXAMPLE = OpenApiExample(
    "An HTTP endpoint that does research",
    value={
        "key": "researcher",
        "name": "Researcher",
        "kind": "http",
        "url": "https://agents.example.com/research",
        "types": ["research", "analysis"],
        "timeout_seconds": 60,
    },
    request_only=True,
)
TOOL_EXAMPLE = OpenApiExample(
    "Look an order up",
    value={
        "name": "find_order",
        "kind": "http",
        "description": "Look up an order",
        "url": "https://shop.example.com/orders",
        "method": "GET",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
        "returned": ["id", "state", "items.sku"],
    },
    request_only=True,
)
