"""EDGE: what the OpenAPI document says of features, for the answers and bodies that api.py builds."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers as s

from apps.pilots.criteria import Comparison
from apps.pilots.kinds import Kind
from apps.pilots.ladder import AdvanceState, Level, StageKind

STATES = ["off", "some", "everybody", "archived"]
KINDS = [kind.value for kind in Kind]
ADVANCE_STATES = [state.value for state in AdvanceState]


class FeatureSummary(s.Serializer):
    key = s.CharField()
    kind = s.ChoiceField(choices=KINDS)
    state = s.ChoiceField(choices=STATES, help_text="Who has it: by share or default, everybody; by list, some")
    stage = s.IntegerField(help_text="Of the ladder; 0: not begun")
    stage_name = s.CharField(allow_blank=True)
    stage_since = s.DateTimeField(allow_null=True)
    share = s.IntegerField(help_text="Percent that have it by the sticky hash")
    default_variant = s.CharField(help_text="Of who is neither listed nor within the share")
    businesses_listed = s.IntegerField()
    businesses_held_back = s.IntegerField()
    version = s.UUIDField(help_text="Another one after every change")
    changed_at = s.DateTimeField()
    changed_by = s.CharField(allow_blank=True)
    archived_at = s.DateTimeField(allow_null=True)


class FeaturePage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = FeatureSummary(many=True)


class StageCriterion(s.Serializer):
    metric = s.CharField()
    comparison = s.ChoiceField(choices=[one.value for one in Comparison])
    limit = s.FloatField()
    window_hours = s.IntegerField()
    minimum = s.IntegerField()


class LadderStage(s.Serializer):
    position = s.IntegerField()
    name = s.CharField()
    kind = s.ChoiceField(choices=[kind.value for kind in StageKind])
    businesses_min = s.IntegerField()
    businesses_max = s.IntegerField(allow_null=True)
    share = s.IntegerField()
    baseline = s.BooleanField(help_text="Listed but not served: measured only")
    soak_hours = s.FloatField(help_text="How long the stage before must have lasted")
    criteria = StageCriterion(many=True)


class FeatureWhole(FeatureSummary):
    description = s.CharField(allow_blank=True)
    variants = s.DictField()
    on_variant = s.CharField()
    off_variant = s.CharField()
    businesses_on = s.IntegerField(help_text="By list, share or default, less those held back")
    permanent = s.BooleanField()
    self_service = s.BooleanField()
    exposed = s.BooleanField()
    auto_advance = s.BooleanField()
    last_evaluated_at = s.DateTimeField(allow_null=True)
    ladder = LadderStage(many=True)


class FeatureBusiness(s.Serializer):
    business = s.UUIDField()
    slug = s.CharField()
    name = s.CharField()
    listed = s.BooleanField(help_text="On the list, else held back")
    since = s.DateTimeField()
    by = s.CharField()
    notes = s.CharField(allow_blank=True, help_text="Of who is held back: the reason")
    rollback = s.UUIDField(allow_null=True, help_text="That holds it back")


class FeatureBusinessPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = FeatureBusiness(many=True)


class SwitchOnBody(s.Serializer):
    business = s.UUIDField()
    notes = s.CharField(max_length=500, required=False, allow_blank=True)


class SwitchOffBody(s.Serializer):
    reason = s.CharField(max_length=500, required=False, allow_blank=True)
    hold = s.BooleanField(
        required=False, allow_null=True, help_text="Hold it back in any case, or never; where it is needed without"
    )


class SwitchedOff(s.Serializer):
    business = s.UUIDField()
    held_back = s.BooleanField(help_text="It would still have it by share or default, so it is held back")


class Released(s.Serializer):
    business = s.UUIDField()


class DefaultBody(s.Serializer):
    variant = s.CharField(max_length=40, allow_blank=True, help_text="Empty: what the environment says")


class AdvanceBody(s.Serializer):
    override_reason = s.CharField(max_length=500, required=False, allow_blank=True, help_text="Of an owner")
    due_at = s.DateTimeField(required=False, allow_null=True, help_text="With its zone; at once without")


class AdvanceAnswer(s.Serializer):
    id = s.UUIDField()
    state = s.ChoiceField(choices=ADVANCE_STATES)
    from_stage = s.IntegerField()
    to_stage = s.IntegerField()
    from_share = s.IntegerField()
    to_share = s.IntegerField()
    asked_by = s.CharField()
    asked_at = s.DateTimeField()
    due_at = s.DateTimeField(allow_null=True)
    override_reason = s.CharField(allow_blank=True)
    criteria = s.ListField(child=s.DictField(), help_text="As they were measured when it was asked for")
    approval_request = s.UUIDField(allow_null=True)
    decided_by = s.CharField(allow_blank=True)
    done_at = s.DateTimeField(allow_null=True)
    ended_because = s.CharField(allow_blank=True)


_COHORT = {
    "from": s.DateTimeField(required=False, allow_null=True, help_text="Enabled at or after; level cohort"),
    "to": s.DateTimeField(required=False, allow_null=True, help_text="Enabled before; level cohort"),
}


class _RollbackBody(s.Serializer):
    level = s.ChoiceField(choices=[level.value for level in Level])
    reason = s.CharField(min_length=1, max_length=500)
    business = s.UUIDField(required=False, allow_null=True, help_text="Level business")
    rehearse = s.BooleanField(required=False, help_text="Measure it and change nothing")


# `from` is a word of Python, so these two are given by name.
RollbackBody = type("RollbackBody", (_RollbackBody,), {**_COHORT, "__module__": __name__})


class _RollbackAnswer(s.Serializer):
    id = s.UUIDField()
    level = s.ChoiceField(choices=[level.value for level in Level])
    business = s.UUIDField(allow_null=True)
    reason = s.CharField()
    actor = s.CharField()
    at = s.DateTimeField()
    rehearsal = s.BooleanField()
    affected = s.IntegerField(help_text="Businesses that had it and have it no more")
    took_ms = s.FloatField(help_text="In the database")
    effect_ms = s.FloatField(allow_null=True, help_text="After commit, until the last process had heard of it")
    processes = s.IntegerField(allow_null=True, help_text="That have heard")
    unheard = s.IntegerField(allow_null=True, help_text="That had not within a second: they poll")
    undone_at = s.DateTimeField(allow_null=True)
    undone_by = s.CharField(allow_blank=True)
    undone_reason = s.CharField(allow_blank=True)


RollbackAnswer = type(
    "RollbackAnswer",
    (_RollbackAnswer,),
    {
        "from": s.DateTimeField(allow_null=True),
        "to": s.DateTimeField(allow_null=True),
        "__module__": __name__,
    },
)


class RollbackPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = RollbackAnswer(many=True)


class UndoBody(s.Serializer):
    reason = s.CharField(min_length=1, max_length=500)


class PilotSettingsBody(s.Serializer):
    emailRagEnabled = s.BooleanField(required=False)  # noqa: N815
    emailSnippetsEnabled = s.BooleanField(required=False)  # noqa: N815
    emailRagMinConfidence = s.FloatField(min_value=0, max_value=1, required=False)  # noqa: N815
    emailRagMaxExamples = s.IntegerField(min_value=0, max_value=10, required=False)  # noqa: N815


class PilotSettingsAnswer(s.Serializer):
    emailRagEnabled = s.BooleanField()  # noqa: N815
    emailSnippetsEnabled = s.BooleanField()  # noqa: N815
    emailRagMinConfidence = s.FloatField()  # noqa: N815
    emailRagMaxExamples = s.IntegerField()  # noqa: N815
    updatedAt = s.DateTimeField(allow_null=True, help_text="Null: never, these are the defaults")  # noqa: N815
    updatedBy = s.CharField(allow_blank=True)  # noqa: N815


ROLL_BACK_EXAMPLE = OpenApiExample(
    "From those who got it in two days",
    value={
        "level": "cohort",
        "from": "2026-01-29T00:00:00Z",
        "to": "2026-01-31T00:00:00Z",
        "reason": "Drafts name products that do not exist",
    },
    request_only=True,
)
