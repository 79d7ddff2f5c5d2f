"""The one queue: requests for a person's decision, the decisions, and the policies they follow."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Replace

from apps.accounts.models import Business, User
from apps.accounts.roles import Role, at_least
from apps.approvals.states import OnTimeout, State, Verdict
from apps.core.ids import new_id

ROLES = [(r.value, r.value.title()) for r in Role]
WAITING = Q(state=State.WAITING.value)


def _parted(name: str) -> Replace:
    """The text with its hyphens opened, for PostgreSQL takes HP-2041 for a word and the number minus 2041."""
    return Replace(name, Value("-"), Value(" "))


class Policy(models.Model):
    """Who may decide requests of one kind in one business, how many must, and what a passed deadline does."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="policies", db_index=False)
    kind = models.CharField(max_length=30, help_text="goal, draft, action, rollout; * is every kind without its own")
    decider_role = models.CharField(max_length=10, choices=ROLES, default=Role.REVIEWER)
    approvers = models.PositiveSmallIntegerField(default=1, help_text="Distinct people who must approve")
    requester_may_decide = models.BooleanField(default=False)
    deadline_minutes = models.PositiveIntegerField(default=24 * 60)
    on_timeout = models.CharField(
        max_length=10, choices=[(t.value, t.value.title()) for t in OnTimeout], default=OnTimeout.ESCALATE
    )
    escalate_to = models.CharField(max_length=10, choices=ROLES, default=Role.ADMIN)
    reason_presets = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(fields=["business", "kind"], name="policy_once"),
            models.CheckConstraint(condition=Q(approvers__gte=1, approvers__lte=10), name="policy_approvers"),
            models.CheckConstraint(
                condition=Q(deadline_minutes__gte=1, deadline_minutes__lte=525_600), name="policy_deadline"
            ),
            models.CheckConstraint(condition=Q(on_timeout__in=[t.value for t in OnTimeout]), name="policy_on_timeout"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.approvers} x {self.decider_role}"

    def clean(self) -> None:
        if not at_least(self.decider_role, Role.REVIEWER):
            raise ValidationError({"decider_role": "Viewers look on; choose reviewer or above"})
        if not at_least(self.escalate_to, self.decider_role):
            raise ValidationError({"escalate_to": "Those escalated to must be able to decide: not below the deciders"})
        if self.approvers > 1 and self.requester_may_decide:
            raise ValidationError({"requester_may_decide": "Where several must approve, the requester is never one"})


class ApprovalRequest(models.Model):
    """Something a person must decide. What is approved is the payload whose hash stands beside it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="approval_requests", db_index=False)
    kind = models.CharField(max_length=30)
    subject_id = models.UUIDField(help_text="The goal, draft or rollout step that waits")
    title = models.CharField(max_length=200)
    why = models.CharField(max_length=500, blank=True, help_text="Why a person is asked, in one sentence")
    requested_by = models.CharField(max_length=120)
    requester = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    payload = models.JSONField(help_text="Exactly what will happen on approval")
    payload_schema = models.JSONField(default=dict, help_text="JSON Schema for the typed editor")
    payload_hash = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1, help_text="Raised by every edit")
    original = models.JSONField(null=True, help_text="The payload as it was requested, once it has been edited")
    questions = models.JSONField(default=list, help_text="[{field, question, type, why}] when an answer is wanted")

    confidence = models.FloatField(null=True, blank=True)
    risk = models.FloatField(default=0.5, help_text="0 harmless to 1 grave")
    factors = models.JSONField(default=list, help_text="[{name, score, weight, contribution, reason}]")
    checks = models.JSONField(default=dict, help_text="{status, checks: [{check, status, score, reason, suggestion}]}")

    state = models.CharField(max_length=20, choices=[(s.value, s.value) for s in State], default=State.WAITING)
    decider_role = models.CharField(max_length=10, choices=ROLES, default=Role.REVIEWER)
    approvers_needed = models.PositiveSmallIntegerField(default=1)
    requester_may_decide = models.BooleanField(default=False)
    on_timeout = models.CharField(max_length=10, choices=[(t.value, t.value) for t in OnTimeout])
    escalate_to = models.CharField(max_length=10, choices=ROLES)
    reason_presets = ArrayField(models.CharField(max_length=80), default=list, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    deadline = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="claims")
    claimed_until = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    search = models.GeneratedField(
        expression=SearchVector(*(_parted(name) for name in ("title", "why", "requested_by")), config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["-risk", "deadline", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(risk__gte=0, risk__lte=1), name="request_risk"),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1), name="request_confidence"
            ),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="request_state"),
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="awaiting_approval"), name="request_open_once"
            ),
        ]
        # No index on business alone: each of these begins with it or is for the sweeps, which cross businesses.
        indexes = [
            models.Index(
                F("business"), F("risk").desc(), F("deadline"), F("id"), name="request_queue", condition=WAITING
            ),
            models.Index(
                F("business"),
                F("kind"),
                F("risk").desc(),
                F("deadline"),
                F("id"),
                name="request_queue_kind",
                condition=WAITING,
            ),
            models.Index(fields=["business", "deadline", "id"], name="request_queue_due", condition=WAITING),
            models.Index(
                fields=["deadline", "id"],
                name="request_overdue",
                condition=WAITING & Q(escalated_at__isnull=True, on_timeout__in=["reject", "escalate"]),
            ),
            models.Index(
                fields=["remind_at", "id"], name="request_reminder", condition=WAITING & Q(remind_at__isnull=False)
            ),
            models.Index(fields=["business", "state", "-decided_at", "-id"], name="request_decided"),
            models.Index(fields=["business", "-id"], name="request_newest"),
            models.Index(fields=["kind", "subject_id"], name="request_subject"),
            # Two halves of one index: the queue's search never wades through what was decided long ago.
            GinIndex(fields=["search"], name="request_search", condition=WAITING),
            GinIndex(fields=["search"], name="request_search_decided", condition=~WAITING),
        ]

    def __str__(self) -> str:
        return self.title


class Decision(models.Model):
    """What one person said about one payload. Never altered."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="decisions")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="decisions")
    actor = models.CharField(max_length=120)
    verdict = models.CharField(max_length=10, choices=[(v.value, v.value) for v in Verdict])
    reason = models.CharField(max_length=80, blank=True, help_text="A preset of the policy")
    comment = models.TextField(max_length=4000, blank=True)
    payload_hash = models.CharField(max_length=64, help_text="What this person saw and decided on")
    version = models.PositiveIntegerField(
        default=1, help_text="The request's version decided on; an edit leaves it behind"
    )
    edited = models.BooleanField(default=False)
    answers = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "user", "version"], condition=Q(user__isnull=False), name="decision_once_a_person"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.actor}: {self.verdict}"


class Notice(models.Model):
    """A mail that people of a role are still to get about a request. The row goes when they have."""

    class Kind(models.TextChoices):
        REMINDER = "reminder"
        ESCALATION = "escalation"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    role = models.CharField(max_length=10, choices=ROLES, help_text="Told: people of this role and above")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["request", "kind"], name="notice_once")]
        indexes = [models.Index(fields=["next_attempt_at"], name="notice_due")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.role}"


class WebhookEndpoint(models.Model):
    """Where a business wants to be told of events, signed as Standard Webhooks."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="webhook_endpoints")
    url = models.URLField(max_length=500)
    secret = models.TextField(editable=False, help_text="Encrypted; shown once as whsec_...")
    old_secret = models.TextField(blank=True, editable=False, help_text="Signs too, until old_secret_until")
    old_secret_until = models.DateTimeField(null=True, editable=False)
    kinds = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, help_text="approval.approved, goal.*; empty: all"
    )
    enabled = models.BooleanField(default=True)
    failures = models.PositiveSmallIntegerField(default=0, editable=False, help_text="Without an answer, in a row")
    held_until = models.DateTimeField(null=True, editable=False, help_text="Being delivered to, or left in peace")
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event_id = models.UUIDField()
    kind = models.CharField(max_length=60)
    body = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    response_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "event_id"], name="delivery_once")]
        indexes = [
            models.Index(fields=["endpoint", "next_attempt_at"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["endpoint", "-id"], name="delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.endpoint}"
