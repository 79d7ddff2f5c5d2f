"""The audit trail, its outbox, and answers kept for repeated requests. Core knows businesses only by their id."""

import pgtrigger
from django.db import models
from django.db.models import Q

from apps.core.ids import new_id


class Event(models.Model):
    """One change, told once and never altered. Written in the transaction of the change itself."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business_id = models.UUIDField(null=True, editable=False)
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=60, help_text="What happened, as noun.verb: goal.submitted, approval.approved")
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    actor = models.CharField(max_length=120, help_text="user:mail address, key:prefix, or system:part")
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["business_id", "-id"], name="event_by_business"),
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_by_subject"),
            models.Index(fields=["business_id", "kind", "-id"], name="event_by_kind"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="to_outbox",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                func=(
                    "INSERT INTO core_outbox (event_id, subject, attempts, next_attempt_at, last_error)"
                    " VALUES (NEW.id, NEW.subject_type || ':' || NEW.subject_id, 0, now(), ''); RETURN NULL;"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor}"


class Outbox(models.Model):
    """An event that has not reached every consumer yet. The row goes when it has."""

    event = models.OneToOneField(Event, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False)
    subject = models.CharField(max_length=90)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "outbox"
        indexes = [
            models.Index(fields=["subject", "event"], name="outbox_order"),
            models.Index(fields=["next_attempt_at", "event"], name="outbox_due"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}, tried {self.attempts} times"


class KeptAnswer(models.Model):
    """The answer given to a request that carried an Idempotency-Key, to be given again to its repetition."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business_id = models.UUIDField(editable=False)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 over method, path and body")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business_id", "key"], name="kept_answer_once"),
            models.CheckConstraint(condition=Q(status__gte=200, status__lt=600), name="kept_answer_status"),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return self.key
