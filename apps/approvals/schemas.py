"""What the OpenAPI document says of approvals and webhooks. The bodies are read by apps/approvals/requests.py."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers as s

from apps.approvals.models import WebhookDelivery
from apps.approvals.states import State, Verdict

STATES = [state.value for state in State]
VERDICTS = [verdict.value for verdict in Verdict]
KIND = "^[a-z][a-z0-9_-]{0,29}$"


class AskedField(s.Serializer):
    field = s.CharField(min_length=1, max_length=100)
    question = s.CharField(min_length=1, max_length=500)
    expected = s.CharField(max_length=20, required=False, allow_blank=True, help_text="text, number, boolean ...")
    why = s.CharField(max_length=500, required=False, allow_blank=True)
    options = s.ListField(child=s.CharField(max_length=200, allow_blank=True), required=False, max_length=100)


class AskedFactor(s.Serializer):
    name = s.CharField(max_length=200, allow_blank=True)
    score = s.FloatField(min_value=0, max_value=1)
    weight = s.FloatField(min_value=0, max_value=1, required=False)
    contribution = s.FloatField(min_value=0, max_value=1, required=False)
    reason = s.CharField(max_length=500, required=False, allow_blank=True)


class ApprovalRequestBody(s.Serializer):
    title = s.CharField(min_length=1, max_length=200)
    payload = s.DictField(help_text="Exactly what will happen on approval; at most 512 KiB")
    kind = s.RegexField(KIND, required=False, help_text="The word policies are kept by; action unless told")
    why = s.CharField(max_length=500, required=False, allow_blank=True, help_text="Why a person is asked")
    payload_schema = s.DictField(required=False, help_text="JSON Schema (2020-12) of the payload, for the editor")
    questions = AskedField(many=True, required=False, help_text="With them an answer is wanted, not an approval")
    risk = s.FloatField(min_value=0, max_value=1, required=False, help_text="0 harmless to 1 grave")
    confidence = s.FloatField(min_value=0, max_value=1, required=False, allow_null=True)
    factors = AskedFactor(many=True, required=False)
    deadline = s.DateTimeField(required=False, allow_null=True, help_text="The policy's, if that is earlier")


class DecisionRead(s.Serializer):
    actor = s.CharField()
    verdict = s.ChoiceField(choices=VERDICTS)
    reason = s.CharField(allow_blank=True)
    comment = s.CharField(allow_blank=True)
    payload_hash = s.CharField()
    version = s.IntegerField()
    edited = s.BooleanField()
    answers = s.DictField()
    at = s.DateTimeField()


class ApprovalSummary(s.Serializer):
    id = s.UUIDField()
    kind = s.CharField()
    subject_id = s.UUIDField(help_text="The goal, draft or step that waits; the request itself when a program asked")
    title = s.CharField()
    why = s.CharField(allow_blank=True)
    state = s.ChoiceField(choices=STATES)
    risk = s.FloatField()
    confidence = s.FloatField(allow_null=True)
    requested_by = s.CharField()
    payload_hash = s.CharField(help_text="Name it when you decide: it says which payload you saw")
    version = s.IntegerField(help_text="Raised by every edit")
    approvers_needed = s.IntegerField()
    decider_role = s.CharField()
    created_at = s.DateTimeField()
    deadline = s.DateTimeField()
    escalated_at = s.DateTimeField(allow_null=True)
    claimed_by = s.CharField(allow_null=True)
    claimed_until = s.DateTimeField(allow_null=True)
    decided_at = s.DateTimeField(allow_null=True)
    decided_by = s.CharField(allow_blank=True)
    url = s.URLField(help_text="Where a person decides")


class Approval(ApprovalSummary):
    payload = s.DictField()
    payload_schema = s.DictField()
    original_payload = s.DictField(allow_null=True, help_text="As it was asked for, once it has been edited")
    questions = s.ListField(child=s.DictField())
    factors = s.ListField(child=s.DictField())
    checks = s.DictField()
    decisions = DecisionRead(many=True)


class ApprovalPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = ApprovalSummary(many=True)


class DecisionBody(s.Serializer):
    verdict = s.ChoiceField(choices=VERDICTS)
    payload_hash = s.CharField(help_text="Of the payload you saw")
    payload = s.DictField(
        required=False, allow_null=True, help_text="Approve this in its place, if it passes the checks"
    )
    reason = s.CharField(max_length=80, required=False, allow_blank=True)
    comment = s.CharField(max_length=4000, required=False, allow_blank=True)
    answers = s.DictField(required=False, allow_null=True, help_text="{field: value}, with the verdict answer")


class DecisionItem(s.Serializer):
    id = s.UUIDField()
    payload_hash = s.CharField()


class DecisionsBody(s.Serializer):
    items = s.ListField(child=DecisionItem(), min_length=1, max_length=200)
    verdict = s.ChoiceField(choices=[Verdict.APPROVE.value, Verdict.REJECT.value])
    reason = s.CharField(max_length=80, required=False, allow_blank=True)
    comment = s.CharField(max_length=4000, required=False, allow_blank=True)


class ItemResult(s.Serializer):
    id = s.UUIDField()
    ok = s.BooleanField()
    state = s.CharField(allow_blank=True)
    detail = s.CharField(allow_blank=True, help_text="Why not, when ok is false")


class DecisionsResult(s.Serializer):
    results = ItemResult(many=True)


class Withdrawal(s.Serializer):
    reason = s.CharField(max_length=200, required=False, allow_blank=True)


class EndpointBody(s.Serializer):
    url = s.CharField(min_length=1, max_length=500, help_text="https or http, to a public address")
    kinds = s.ListField(child=s.CharField(), required=False, help_text="approval.approved, goal.* ...; none: all")


class EndpointChange(s.Serializer):
    url = s.CharField(min_length=1, max_length=500, required=False, allow_null=True)
    kinds = s.ListField(child=s.CharField(), required=False, allow_null=True)
    enabled = s.BooleanField(required=False, allow_null=True)


class Endpoint(s.Serializer):
    id = s.UUIDField()
    url = s.CharField()
    kinds = s.ListField(child=s.CharField())
    enabled = s.BooleanField()
    disabled_reason = s.CharField(allow_blank=True)
    created_at = s.DateTimeField()


class EndpointWithSecret(Endpoint):
    secret = s.CharField(help_text="whsec_...; shown now and never again")


class EndpointList(s.Serializer):
    results = Endpoint(many=True)


class Delivery(s.Serializer):
    id = s.UUIDField()
    event_id = s.UUIDField(help_text="Sent as webhook-id")
    kind = s.CharField()
    state = s.ChoiceField(choices=WebhookDelivery.State.values)
    attempts = s.IntegerField()
    next_attempt_at = s.DateTimeField(allow_null=True)
    response_status = s.IntegerField(allow_null=True)
    last_error = s.CharField(allow_blank=True)
    created_at = s.DateTimeField()
    delivered_at = s.DateTimeField(allow_null=True)
    body = s.DictField()


class DeliveryPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = Delivery(many=True)


ASK_EXAMPLE = OpenApiExample(
    "An agent wants to send money",
    value={
        "title": "Refund 420.00 EUR for order A-1042",
        "why": "The amount is above what the agent may refund alone",
        "payload": {"tool": "refund_order", "order_id": "A-1042", "amount": 420.0},
        "payload_schema": {"type": "object", "properties": {"amount": {"type": "number", "title": "Amount"}}},
        "risk": 0.7,
    },
    request_only=True,
)
DECIDE_EXAMPLE = OpenApiExample(
    "Approve what was seen", value={"verdict": "approve", "payload_hash": "0f1e..."}, request_only=True
)
ENDPOINT_EXAMPLE = OpenApiExample(
    "Decisions only",
    value={"url": "https://agent.example.com/hooks", "kinds": ["approval.approved", "approval.rejected"]},
    request_only=True,
)
