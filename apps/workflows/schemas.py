"""EDGE: what the OpenAPI document says of workflows and runs, for the answers and bodies that the views build."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers as s

from apps.workflows.defining import RESERVED
from apps.workflows.patterns import PATTERNS
from apps.workflows.plans import Barrier
from apps.workflows.states import Priority, RunState, StageState, StepKind, StepState

PATTERN_NAMES = list(PATTERNS)
RUN_STATES = [state.value for state in RunState]
STAGE_STATES = [state.value for state in StageState]
STEP_STATES = [state.value for state in StepState]
STEP_KINDS = [kind.value for kind in StepKind]
KEY = OpenApiParameter(
    "key",
    str,
    OpenApiParameter.PATH,
    pattern=rf"^(?!(?:{'|'.join(sorted(RESERVED))})$)[a-z0-9][a-z0-9_-]{{0,59}}$",
    description="As it was set up; what stands for something else in addresses is no key",
)
PRIORITIES = [priority.name.lower() for priority in Priority]


class StageOutline(s.Serializer):
    key = s.CharField()
    name = s.CharField()
    says = s.CharField(allow_blank=True)
    types = s.ListField(child=s.CharField(), help_text="The types of recommendations that agents are asked for")


class LibraryPattern(s.Serializer):
    name = s.ChoiceField(choices=PATTERN_NAMES)
    title = s.CharField()
    description = s.CharField()
    stages = StageOutline(many=True)
    config_schema = s.DictField(help_text="JSON Schema 2020-12 of the configuration")
    input_schema = s.DictField(help_text="JSON Schema 2020-12 of the input of a run")
    defaults = s.DictField()


class Library(s.Serializer):
    results = LibraryPattern(many=True)


class WorkflowSummary(s.Serializer):
    key = s.CharField()
    name = s.CharField()
    description = s.CharField(allow_blank=True)
    pattern = s.CharField(help_text="Of the library")
    version = s.IntegerField(help_text="What new runs go by")
    enabled = s.BooleanField()
    created_at = s.DateTimeField()


class WorkflowPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = WorkflowSummary(many=True)


class WorkflowVersionLine(s.Serializer):
    version = s.IntegerField()
    note = s.CharField(allow_blank=True)
    made_by = s.CharField()
    made_at = s.DateTimeField()


class WorkflowWhole(WorkflowSummary):
    config = s.DictField()
    stages = StageOutline(many=True)
    config_schema = s.DictField(help_text="JSON Schema 2020-12")
    input_schema = s.DictField(help_text="JSON Schema 2020-12")
    versions = WorkflowVersionLine(many=True, help_text="The newest 50, the newest first")


class ConfigChange(s.Serializer):
    field = s.CharField(help_text="Dotted path")
    before = s.CharField(allow_blank=True)
    after = s.CharField(allow_blank=True)


class WorkflowVersionWhole(WorkflowVersionLine):
    config = s.DictField()
    against = s.IntegerField(allow_null=True, help_text="The version it is compared with")
    changes = ConfigChange(many=True)


class WorkflowBody(s.Serializer):
    key = s.CharField(max_length=60, help_text="Lower-case letters, digits, - and _")
    pattern = s.ChoiceField(choices=PATTERN_NAMES)
    name = s.CharField(max_length=120, required=False, allow_blank=True)
    description = s.CharField(max_length=500, required=False, allow_blank=True)
    config = s.DictField(required=False, help_text="What differs from the pattern's defaults")
    note = s.CharField(max_length=200, required=False, allow_blank=True)


class WorkflowChangeBody(s.Serializer):
    name = s.CharField(max_length=120, required=False)
    description = s.CharField(max_length=500, required=False, allow_blank=True)
    enabled = s.BooleanField(required=False)
    config = s.DictField(required=False, help_text="What differs from the current one; makes a new version")
    note = s.CharField(max_length=200, required=False, allow_blank=True)
    version = s.IntegerField(
        min_value=1,
        required=False,
        allow_null=True,
        help_text="The version the change was made from; 409 if it is past",
    )


class RestoreBody(s.Serializer):
    version = s.IntegerField(min_value=1, required=False, allow_null=True, help_text="The current one, as last seen")


class Installed(s.Serializer):
    added = WorkflowSummary(many=True)


class RunBody(s.Serializer):
    input = s.DictField(help_text="As the pattern's input_schema has it")
    title = s.CharField(max_length=200, required=False, allow_blank=True)
    key = s.CharField(
        max_length=90,
        required=False,
        allow_blank=True,
        help_text="Starting again with it answers with the run there is",
    )
    correlation_id = s.CharField(max_length=80, required=False, allow_blank=True)
    priority = s.ChoiceField(choices=PRIORITIES, required=False)
    deadline = s.DateTimeField(required=False, allow_null=True, help_text="With its zone")


class ReasonBody(s.Serializer):
    reason = s.CharField(max_length=400, required=False, allow_blank=True)


class RunSummary(s.Serializer):
    id = s.UUIDField()
    workflow = s.CharField(allow_null=True, help_text="Null: started without one")
    pattern = s.CharField()
    version = s.IntegerField(allow_null=True)
    title = s.CharField()
    state = s.ChoiceField(choices=RUN_STATES)
    priority = s.ChoiceField(choices=PRIORITIES)
    correlation_id = s.CharField(allow_blank=True)
    subject_type = s.CharField(allow_blank=True, help_text="What waits for the end, such as goal")
    subject_id = s.UUIDField(allow_null=True)
    started_by = s.CharField()
    quality = s.FloatField(allow_null=True, help_text="0 to 100, as the workflow's own evaluation found")
    cost = s.CharField(help_text="USD, as the agents told")
    error = s.CharField(allow_blank=True)
    deadline = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)


class RunPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = RunSummary(many=True)


class StepAgent(s.Serializer):
    key = s.CharField()
    name = s.CharField()


class RunStep(s.Serializer):
    id = s.UUIDField(help_text="The idempotency key that every attempt carries to the outside")
    key = s.CharField(help_text="Stage / step")
    kind = s.ChoiceField(choices=STEP_KINDS)
    does = s.CharField(help_text="The agent's key, the tool's or the rule's name, or person")
    agent = StepAgent(allow_null=True)
    type = s.CharField(allow_blank=True)
    state = s.ChoiceField(choices=STEP_STATES)
    priority = s.ChoiceField(choices=PRIORITIES)
    attempt = s.IntegerField()
    most_attempts = s.IntegerField()
    expected = s.FloatField(allow_null=True, help_text="How likely trust held its approval to be when it was asked")
    result = s.JSONField(allow_null=True)
    confidence = s.FloatField(allow_null=True)
    reasoning = s.CharField(allow_blank=True)
    error = s.CharField(allow_blank=True)
    why = s.CharField(allow_blank=True, help_text="Why it failed, in one word")
    cost = s.CharField(allow_null=True, help_text="USD")
    took_ms = s.IntegerField(allow_null=True)
    late_answers = s.IntegerField()
    approval_request = s.UUIDField(allow_null=True)
    recommendation = s.UUIDField(allow_null=True)
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)


class RunStage(s.Serializer):
    position = s.IntegerField()
    key = s.CharField()
    name = s.CharField()
    state = s.ChoiceField(choices=STAGE_STATES)
    rule = s.ChoiceField(choices=[barrier.value for barrier in Barrier])
    need = s.IntegerField()
    says = s.CharField(allow_blank=True, help_text="Why the run went on, or did not")
    opened_at = s.DateTimeField()
    due_at = s.DateTimeField(allow_null=True)
    closed_at = s.DateTimeField(allow_null=True)
    steps = RunStep(many=True, help_text="A result above 20,000 characters is cut; the step has it whole")


class RunWhole(RunSummary):
    input = s.DictField()
    config = s.DictField(help_text="As it was when the run began")
    result = s.JSONField(allow_null=True)
    stages = RunStage(many=True)
    to_come = StageOutline(many=True, help_text="What may still come")


CREATE_EXAMPLE = OpenApiExample(
    "Bug fixes in our shop",
    value={
        "key": "shop-bugs",
        "pattern": "bug_fix",
        "name": "Bugs of the shop",
        "config": {
            "language": "Python 3.11",
            "test_framework": "pytest",
            "fix": {"agents": 2, "barrier": "first", "need": 1},
            "test": {"tool": "run_tests", "passes": "patch"},
            "person": {"when": "always"},
        },
    },
    request_only=True,
)
CHANGE_EXAMPLE = OpenApiExample(
    "Ask one more agent, and a person each time",
    value={"config": {"fix": {"agents": 3}, "person": {"when": "always"}}, "version": 1, "note": "After the outage"},
    request_only=True,
)
RUN_EXAMPLE = OpenApiExample(
    "A move for the summer sale",
    value={
        "input": {
            "goal": "Plan a move that sells the remaining garden furniture before August ends",
            "context": {"stock": 240, "margin": 0.31, "last_year": "mail to customers, 4.1 % bought"},
        },
        "correlation_id": "summer-sale",
        "priority": "normal",
    },
    request_only=True,
)
