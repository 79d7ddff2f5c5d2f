"""What the OpenAPI document says of threads and drafts. The bodies are read by apps/drafts/requests.py."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers as s

from apps.drafts.states import Arm, Direction, DraftState, Intent, MadeBy, RetrievalOutcome, Source

STATES = [state.value for state in DraftState]
INTENTS = [intent.value for intent in Intent]
_OR_NONE = [""]


class MailAddress(s.Serializer):
    name = s.CharField(allow_blank=True)
    address = s.CharField(allow_blank=True)


class MailThread(s.Serializer):
    id = s.UUIDField()
    subject = s.CharField(allow_blank=True)
    customer = MailAddress()
    mailbox = s.UUIDField()
    messages_count = s.IntegerField()
    last_message_at = s.DateTimeField()
    created_at = s.DateTimeField()


class MailMessage(s.Serializer):
    id = s.UUIDField()
    message_id = s.CharField()
    direction = s.ChoiceField(choices=[d.value for d in Direction])
    source = s.ChoiceField(choices=[one.value for one in Source])
    sender = MailAddress()
    to = MailAddress(many=True)
    cc = MailAddress(many=True)
    subject = s.CharField(allow_blank=True)
    text = s.CharField(allow_blank=True, help_text="Personal data of others is masked")
    attachments = s.ListField(child=s.DictField())
    automatic = s.CharField(allow_blank=True)
    problems = s.ListField(child=s.CharField())
    received_at = s.DateTimeField()


class MailDraft(s.Serializer):
    id = s.UUIDField()
    thread = s.UUIDField()
    message = s.UUIDField()
    state = s.ChoiceField(choices=STATES)
    version = s.IntegerField()
    error = s.CharField(allow_blank=True)
    intent = s.ChoiceField(choices=INTENTS + _OR_NONE)
    intent_confidence = s.FloatField(min_value=0, max_value=1, allow_null=True)
    made_by = s.ChoiceField(choices=[m.value for m in MadeBy] + _OR_NONE)
    verification = s.BooleanField()
    hallucinations = s.IntegerField()
    privacy_incidents = s.IntegerField()
    injection_incidents = s.IntegerField()
    tool_calls = s.IntegerField()
    tool_errors = s.IntegerField()
    retrieval = s.ChoiceField(choices=[r.value for r in RetrievalOutcome] + _OR_NONE)
    retrieval_ms = s.FloatField(allow_null=True)
    passages = s.IntegerField()
    tokens_estimated = s.IntegerField(allow_null=True)
    tokens_actual = s.IntegerField(allow_null=True)
    arm = s.ChoiceField(choices=[a.value for a in Arm])
    took_ms = s.FloatField(allow_null=True)
    edit_distance = s.FloatField(min_value=0, max_value=1, allow_null=True)
    override_reason = s.CharField(allow_blank=True)
    decided_at = s.DateTimeField(allow_null=True)
    decided_by = s.CharField(allow_blank=True)
    made_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()


class MailDraftVersion(s.Serializer):
    number = s.IntegerField()
    made_by = s.ChoiceField(choices=[m.value for m in MadeBy])
    model = s.CharField(allow_blank=True)
    provider = s.CharField(allow_blank=True)
    instruction = s.CharField(allow_blank=True)
    to = MailAddress(many=True)
    cc = MailAddress(many=True)
    subject = s.CharField(allow_blank=True)
    body = s.CharField()
    material = s.DictField(help_text="Tools, passages and messages it was made from, masked")
    verdicts = s.ListField(child=s.DictField())
    claims = s.ListField(child=s.DictField(), help_text="Facts of the body and where each comes from")
    prompt_digest = s.CharField(allow_blank=True)
    prompt_parts = s.ListField(child=s.DictField())
    created_at = s.DateTimeField()


class WholeMailDraft(MailDraft):
    versions = MailDraftVersion(many=True)
    request = s.UUIDField(allow_null=True, help_text="The request for approval by which it waits")
    blocked = s.BooleanField(help_text="It may be approved only when edited, or with an override_reason")
    newer_messages = s.IntegerField()


class WholeMailThread(MailThread):
    messages = MailMessage(many=True)
    drafts = MailDraft(many=True)


class MailThreadPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = MailThread(many=True)


class MailDraftPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = MailDraft(many=True)


class Regeneration(s.Serializer):
    instruction = s.CharField(min_length=1, max_length=1000)


class MappedTool(s.Serializer):
    intent = s.ChoiceField(choices=INTENTS)
    tool = s.UUIDField()
    arguments = s.DictField(
        child=s.CharField(min_length=1, max_length=64),
        required=False,
        help_text="{parameter: order_number, tracking_number, sender, sender_name, date or subject}",
    )


class MappedToolAnswer(MappedTool):
    id = s.UUIDField()


class DraftSettingsBody(s.Serializer):
    enabled = s.BooleanField(required=False)
    keep_prompts = s.BooleanField(required=False)
    model = s.CharField(max_length=120, required=False, allow_blank=True)
    token_budget = s.IntegerField(min_value=500, max_value=1_000_000, required=False)
    guidance = s.CharField(max_length=4000, required=False, allow_blank=True)
    compare = s.BooleanField(required=False)
    control_share = s.IntegerField(min_value=1, max_value=99, required=False)
    keep_days = s.IntegerField(min_value=1, max_value=3650, required=False)
    intent_tools = MappedTool(many=True, required=False)


class DraftSettingsAnswer(DraftSettingsBody):
    intent_tools = MappedToolAnswer(many=True)
    updated_at = s.DateTimeField(allow_null=True)
    updated_by = s.CharField(allow_blank=True)


REGENERATE_EXAMPLE = OpenApiExample(
    "Shorter", value={"instruction": "Shorter, and without the apology"}, request_only=True
)
