"""Channels that people are told by, what they are told of, and how far each telling has come."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Business
from apps.alerts.severities import Severity
from apps.core.ids import new_id

SEVERITIES = [(severity.value, severity.value) for severity in Severity]
IS_SEVERITY = [severity.value for severity in Severity]


class Channel(models.Model):
    """A way to reach people. Without a business: the installation's own, told of what concerns no single business."""

    class Kind(models.TextChoices):
        EMAIL = "email", "Mail"
        SLACK = "slack", "Slack"
        PAGERDUTY = "pagerduty", "PagerDuty"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=80)
    secret = models.TextField(blank=True, editable=False, help_text="Encrypted: webhook address or integration key")
    addresses = ArrayField(models.EmailField(), default=list, blank=True, help_text="Beside admins and owners")
    lowest = models.CharField("from severity", max_length=10, choices=SEVERITIES, default=Severity.WARNING.value)
    enabled = models.BooleanField(default=True)
    failing = models.CharField(max_length=300, blank=True, editable=False, help_text="Why nothing gets through")
    last_at = models.DateTimeField("last tried", null=True, editable=False)
    last_words = models.CharField("what came of it", max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(lowest__in=IS_SEVERITY), name="alert_channel_lowest"),
            models.CheckConstraint(
                condition=Q(kind="email", secret="") | (Q(kind__in=["slack", "pagerduty"]) & ~Q(secret="")),
                name="alert_channel_secret",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"


class Notice(models.Model):
    """Something went wrong, from `opened_at` until `resolved_at`. Open, it is there once for each dedup_key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, null=True, related_name="+")
    source = models.CharField(max_length=40, help_text="The part that tells: watch, pilots")
    severity = models.CharField(max_length=10, choices=SEVERITIES)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    facts = models.JSONField(default=list, help_text='[{"name", "value"}]')
    link = models.CharField(max_length=400, blank=True, help_text="A path of this installation")
    dedup_key = models.CharField(max_length=200)
    test = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(severity__in=IS_SEVERITY), name="alert_notice_severity"),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("opened_at")), name="alert_notice_ends_later"
            ),
            models.UniqueConstraint(
                fields=["business", "dedup_key"], condition=Q(resolved_at=None), name="alert_notice_open_once"
            ),
            models.UniqueConstraint(
                fields=["dedup_key"],
                condition=Q(resolved_at=None, business=None),
                name="alert_notice_open_once_of_none",
            ),
        ]
        indexes = [models.Index(fields=["business", "-id"], name="alert_notice_newest")]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One telling of one notice by one channel; without a channel: by mail to those whom it concerns."""

    class Action(models.TextChoices):
        TRIGGER = "trigger", "that it began"
        RESOLVE = "resolve", "that it is over"

    class State(models.TextChoices):
        PENDING = "pending", "on its way"
        DELIVERED = "delivered", "delivered"
        FAILED = "failed", "failed"
        WITHDRAWN = "withdrawn", "withdrawn"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, null=True, related_name="+")
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="deliveries")
    action = models.CharField(max_length=10, choices=Action.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True, help_text="Being sent; whoever holds it may have died after that")
    mailed = ArrayField(models.EmailField(), default=list, help_text="Addresses whose mail was handed over")
    response_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel", "action"], name="alert_delivery_once"),
            models.UniqueConstraint(
                fields=["notice", "action"], condition=Q(channel=None), name="alert_delivery_once_by_default"
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="alert_delivery_due", condition=Q(state="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.notice_id}"
