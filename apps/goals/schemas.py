"""What the OpenAPI document says of goals: shapes and examples. The bodies are read by apps/goals/requests.py."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers as s

STATUSES = ["pass", "warn", "fail"]
CHECKS = ["well_formed", "tools_available", "required_context", "no_contradiction", "in_scope", "complexity"]
PATHS = ["executed", "approved", "clarification", "rejected"]
APPROVAL_STATES = ["not_required", "awaiting_approval", "approved", "rejected", "expired", "cancelled"]
GOAL_STATES = ["waiting", "asking", "ready", "running", "done", "failed", "rejected", "expired", "cancelled"]


class Function(s.Serializer):
    name = s.CharField(min_length=1, max_length=128)
    description = s.CharField(max_length=8000, required=False, allow_blank=True)
    parameters = s.DictField(required=False, help_text="JSON Schema of an object")


class OfferedTool(s.Serializer):
    type = s.ChoiceField(choices=["function"], required=False)
    function = Function()


class GoalRequest(s.Serializer):
    goal = s.CharField(min_length=1, max_length=20_000, help_text="What is to be done, in plain words")
    context = s.DictField(required=False, help_text="Facts the agent needs, by name")
    history = s.ListField(child=s.CharField(max_length=20_000, allow_blank=True), required=False, max_length=50)
    tools = s.ListField(
        child=OfferedTool(), required=False, max_length=128, help_text="Or, in place of one, a registered tool's name"
    )
    agent_id = s.CharField(max_length=60, required=False, allow_blank=True)
    workflow = s.CharField(max_length=60, required=False, allow_blank=True)
    confidence = s.FloatField(min_value=0, max_value=1, required=False, allow_null=True, help_text="The agent's own")
    deadline = s.DateTimeField(required=False, allow_null=True)
    callback_url = s.CharField(max_length=500, required=False, allow_blank=True)


class Check(s.Serializer):
    check = s.ChoiceField(choices=CHECKS)
    status = s.ChoiceField(choices=STATUSES)
    score = s.FloatField(min_value=0, max_value=1)
    reason = s.CharField(allow_blank=True)
    suggestion = s.CharField(allow_blank=True)


class PreValidationResult(s.Serializer):
    status = s.ChoiceField(choices=STATUSES)
    checks = Check(many=True)


class Factor(s.Serializer):
    name = s.CharField()
    score = s.FloatField()
    weight = s.FloatField()
    contribution = s.FloatField()
    reason = s.CharField(allow_blank=True)


class Question(s.Serializer):
    field = s.CharField()
    question = s.CharField()
    expected = s.CharField()
    why = s.CharField(allow_blank=True)
    options = s.ListField(child=s.CharField())
    required = s.BooleanField()


class GoalAnswer(s.Serializer):
    goal_id = s.UUIDField()
    goal = s.CharField()
    agent_id = s.CharField(allow_blank=True)
    workflow = s.CharField(allow_blank=True)
    state = s.ChoiceField(choices=GOAL_STATES)
    result = s.JSONField(allow_null=True)
    error = s.CharField(allow_blank=True)
    created_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)
    confidence = s.FloatField(min_value=0, max_value=1, required=False, allow_null=True)
    confidence_factors = Factor(many=True, required=False)
    approval_state = s.ChoiceField(choices=APPROVAL_STATES, required=False)
    execution_path = s.ChoiceField(choices=PATHS, required=False)
    soul_request_id = s.UUIDField(required=False, allow_null=True, help_text="The request in the approval queue")
    timestamp = s.DateTimeField(required=False)
    clarification_questions = Question(many=True, required=False)
    pre_validation_result = PreValidationResult(required=False, allow_null=True)
    reasons = s.ListField(child=s.CharField(), required=False)


class GoalPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = GoalAnswer(many=True)


class Answers(s.Serializer):
    answers = s.DictField(help_text="A value for each field asked about")


class Cancellation(s.Serializer):
    reason = s.CharField(max_length=200, required=False, allow_blank=True)


class Secret(s.Serializer):
    secret = s.CharField(help_text="whsec_..., as Standard Webhooks libraries take it")


SUBMIT_EXAMPLE = OpenApiExample(
    "A goal with one tool",
    value={
        "goal": "Refund order A-1042 of 39.90 EUR to the customer's card",
        "context": {"order_id": "A-1042", "amount": 39.9, "currency": "EUR"},
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "refund_order",
                    "description": "Refund an order to the card it was paid with",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "order_id": {"type": "string", "description": "The order's number"},
                            "amount": {"type": "number", "description": "Amount to refund"},
                        },
                        "required": ["order_id", "amount"],
                    },
                },
            }
        ],
    },
    request_only=True,
)
ANSWERS_EXAMPLE = OpenApiExample("An answer", value={"answers": {"order_id": "A-1042"}}, request_only=True)
