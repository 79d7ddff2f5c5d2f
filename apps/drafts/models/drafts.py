"""Drafts, what each version of them said, and what was masked."""

import pgtrigger
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.drafts.models.mail import Message, Thread
from apps.drafts.states import Arm, DraftState, Intent, MadeBy, RetrievalOutcome


class Draft(models.Model):
    """The reply to one message. One row a message, whatever happens; its figures are those of the first version."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="draft")
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in DraftState], default=DraftState.QUEUED)
    held_until = models.DateTimeField(null=True, help_text="A process is making it")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why making failed, in words")
    version = models.PositiveSmallIntegerField(default=0, help_text="Of the newest DraftVersion; 0: none yet")
    instruction = models.CharField(max_length=1000, blank=True, help_text="What a person asked the next version for")
    wanted_by = models.CharField(max_length=120, blank=True, help_text="Who asked for the next version")

    intent = models.CharField(max_length=20, choices=[(i.value, i.value) for i in Intent], blank=True)
    intent_confidence = models.FloatField(null=True, help_text="0 to 1")
    made_by = models.CharField(max_length=12, choices=[(m.value, m.value) for m in MadeBy], blank=True)
    verification = models.BooleanField(default=False, help_text="It asks for what is missing instead of answering")
    hallucinations = models.PositiveSmallIntegerField(default=0, help_text="Facts its generator stated without data")
    privacy_incidents = models.PositiveSmallIntegerField(default=0, help_text="Personal data its generator let out")
    injection_incidents = models.PositiveSmallIntegerField(default=0, help_text="Headers or recipients it tried to set")
    tool_calls = models.PositiveSmallIntegerField(default=0)
    tool_errors = models.PositiveSmallIntegerField(default=0, help_text="Of them, answers that were none or wrong")
    retrieval = models.CharField(max_length=10, choices=[(r.value, r.value) for r in RetrievalOutcome], blank=True)
    retrieval_ms = models.FloatField(null=True)
    passages = models.PositiveSmallIntegerField(default=0, help_text="Put into the prompt")
    tokens_estimated = models.PositiveIntegerField(null=True, help_text="Of the prompt, before the call")
    tokens_actual = models.PositiveIntegerField(null=True, help_text="Of the prompt, as the provider counted")
    arm = models.CharField(max_length=10, choices=[(a.value, a.value) for a in Arm], blank=True, default="")
    took_ms = models.FloatField(null=True, help_text="Making the first version, all in")
    edit_distance = models.FloatField(null=True, help_text="0 to 1, of what was sent from what was drafted")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    override_reason = models.CharField(max_length=300, blank=True, help_text="Why unsupported facts were let through")
    answered_by = models.ForeignKey(
        Message, null=True, on_delete=models.SET_NULL, related_name="answers", db_index=False,
        help_text="The customer's next message after it was sent",
    )  # fmt: skip
    made_at = models.DateTimeField(null=True, help_text="When the first version was there, or making it failed")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(intent_confidence=None) | Q(intent_confidence__gte=0, intent_confidence__lte=1),
                name="draft_intent_confidence",
            ),
            models.CheckConstraint(
                condition=Q(edit_distance=None) | Q(edit_distance__gte=0, edit_distance__lte=1),
                name="draft_edit_distance",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], name="draft_due", condition=Q(state__in=["queued", "making"])
            ),
            models.Index(fields=["business", "-id"], name="draft_newest"),
            models.Index(fields=["business", "made_at"], name="draft_made", condition=Q(made_at__isnull=False)),
            models.Index(
                fields=["business", "decided_at"], name="draft_decided", condition=Q(decided_at__isnull=False)
            ),
            models.Index(fields=["thread"], name="draft_thread"),
        ]

    def __str__(self) -> str:
        return f"Reply to {self.message_id}"


class DraftVersion(models.Model):
    """One wording, with everything that speaks for or against it. Never altered.

    material: {tools: [{name, arguments, data, error, took_ms}], passages: [{id, kind, title, text, score, document}],
    thread: [message ids]}, redacted. verdicts: [{stage, status, words, findings}]. claims: [{kind, text, start, end,
    supported, source}] of the body.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    made_by = models.CharField(max_length=12, choices=[(m.value, m.value) for m in MadeBy])
    instruction = models.CharField(max_length=1000, blank=True)
    to = models.JSONField(default=list, help_text="[{name, address}]; from the thread, never from the model")
    cc = models.JSONField(default=list)
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField(help_text="Plain text, with personal data masked")
    material = models.JSONField(default=dict)
    verdicts = models.JSONField(default=list)
    claims = models.JSONField(default=list)
    prompt_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the exact prompt, hex")
    prompt_parts = models.JSONField(default=list, help_text="[{part, tokens, kept}] in the order of the prompt")
    prompt = models.TextField(blank=True, help_text="Only where the business keeps prompts")
    model = models.CharField(max_length=120, blank=True)
    provider = models.CharField(max_length=80, blank=True)
    usage_id = models.UUIDField(null=True, help_text="The call in llm's Usage")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="draft_version_once")]
        triggers = [pgtrigger.Protect(name="version_append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"Version {self.number}"


class Redaction(models.Model):
    """Personal data that was found and masked. The original is sealed and shown to admins only, each time audited."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="redactions")
    place = models.CharField(max_length=20, help_text="tool, passage, thread, draft")
    kind = models.CharField(max_length=20, help_text="card, iban, ssn, phone, email, address, secret")
    masked = models.CharField(max_length=120)
    sealed = models.TextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.masked
