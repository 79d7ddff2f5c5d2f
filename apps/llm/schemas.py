"""What the OpenAPI document says of the use of models."""

from rest_framework import serializers as s

from apps.llm.responses import Kind, Why
from apps.llm.selectors import BY

KINDS = [kind.value for kind in Kind]
WHYS = [why.value for why in Why if why]
GROUPS = list(BY)


class UsageRow(s.Serializer):
    id = s.UUIDField()
    at = s.DateTimeField()
    call = s.UUIDField(help_text="Shared by the requests that one answer took")
    attempt = s.IntegerField(min_value=1)
    kind = s.ChoiceField(choices=KINDS)
    purpose = s.CharField()
    provider = s.CharField()
    model = s.CharField(allow_blank=True)
    tokens_in = s.IntegerField(min_value=0, help_text="Without tokens_cached")
    tokens_cached = s.IntegerField(min_value=0)
    tokens_out = s.IntegerField(min_value=0)
    estimated = s.BooleanField(help_text="The provider did not count the tokens")
    texts = s.IntegerField(min_value=0, help_text="Embedded by this request")
    cost = s.DecimalField(14, 8, allow_null=True, help_text="USD; null where nobody knows a price")
    latency_ms = s.IntegerField(min_value=0)
    finish_reason = s.CharField(allow_blank=True)
    why = s.ChoiceField(choices=["", *WHYS], help_text="Why it failed; empty when it did not")
    error = s.CharField(allow_blank=True)
    subject_type = s.CharField(allow_blank=True)
    subject_id = s.UUIDField(allow_null=True)


class UsagePage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = UsageRow(many=True)


class UsageSum(s.Serializer):
    of = s.CharField(allow_blank=True, help_text="The day, model, purpose or provider; empty for all")
    requests = s.IntegerField(min_value=0)
    failed = s.IntegerField(min_value=0)
    tokens_in = s.IntegerField(min_value=0)
    tokens_cached = s.IntegerField(min_value=0)
    tokens_out = s.IntegerField(min_value=0)
    cost = s.DecimalField(20, 8, help_text="USD of the requests with a known price")
    unpriced = s.IntegerField(min_value=0, help_text="Requests that used tokens at an unknown price")
    latency_ms = s.FloatField(allow_null=True, help_text="Mean")


class UsageTotals(s.Serializer):
    by = s.ChoiceField(choices=GROUPS)
    total = UsageSum()
    groups = UsageSum(many=True)
