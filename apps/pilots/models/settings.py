"""What a business has chosen of the powers it pilots."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business

MOST_EXAMPLES = 10


class BusinessSettings(models.Model):
    """The e-mail powers of one business. No row: the defaults."""

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="pilot_settings")
    email_rag_enabled = models.BooleanField(default=False, help_text="Past replies are looked up for drafts")
    email_snippets_enabled = models.BooleanField(default=False, help_text="Snippets are looked up for drafts")
    email_rag_min_confidence = models.FloatField(default=0.7, help_text="0 to 1: replies less alike are left out")
    email_rag_max_examples = models.PositiveSmallIntegerField(default=3, help_text=f"0 to {MOST_EXAMPLES} replies")
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "business settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(email_rag_min_confidence__gte=0, email_rag_min_confidence__lte=1),
                name="email_rag_min_confidence_range",
            ),
            models.CheckConstraint(
                condition=Q(email_rag_max_examples__gte=0, email_rag_max_examples__lte=MOST_EXAMPLES),
                name="email_rag_max_examples_range",
            ),
        ]

    def __str__(self) -> str:
        return str(self.business_id)
