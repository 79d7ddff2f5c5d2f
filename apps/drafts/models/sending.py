"""What is on its way out."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.drafts.models.drafts import Draft
from apps.drafts.models.mail import Mailbox
from apps.drafts.states import SendState


class Sending(models.Model):
    """An approved reply as it will leave, byte for byte, under one Message-ID for ever."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    draft = models.OneToOneField(Draft, on_delete=models.CASCADE, related_name="sending")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.CharField(max_length=250, unique=True, help_text="Without angle brackets")
    recipients = models.JSONField(help_text="Envelope: addresses only")
    mime = models.TextField(help_text="The whole mail, ASCII")
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in SendState], default=SendState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    held_until = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    refused = models.JSONField(default=dict, help_text="{address: what the server said}")
    last_error = models.CharField(max_length=300, blank=True)
    settled_by = models.CharField(max_length=120, blank=True, help_text="Who said what became of an unsure one")
    sent_at = models.DateTimeField(null=True)
    file_in = models.CharField(max_length=120, blank=True, help_text="IMAP folder that still lacks a copy")
    file_attempts = models.PositiveSmallIntegerField(default=0)
    file_after = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], name="sending_due", condition=Q(state__in=["queued", "handing"])
            ),
            models.Index(fields=["business", "-id"], name="sending_newest"),
            models.Index(fields=["file_after"], name="sending_unfiled", condition=~Q(file_in="")),
        ]

    def __str__(self) -> str:
        return self.message_id
