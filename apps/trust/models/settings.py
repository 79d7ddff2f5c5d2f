"""What a business has chosen about learning, and the evidence that is kept so that old days need not be summed anew."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business

LEAST_EVIDENCE, MOST_EVIDENCE = 10, 1000


class TrustSettings(models.Model):
    """What the admins of a business let learning do. No row: the defaults."""

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="trust_settings")
    keep_reasoning = models.BooleanField(
        default=False, help_text="Keep what agents say about why; off, only a digest of the content is kept"
    )
    may_disable = models.BooleanField(
        "May switch agents off", default=True, help_text="Agents whose trust is below 0.3 on enough evidence"
    )
    min_evidence = models.PositiveSmallIntegerField(
        "Enough evidence",
        default=LEAST_EVIDENCE,
        validators=[MinValueValidator(LEAST_EVIDENCE), MaxValueValidator(MOST_EVIDENCE)],
        help_text=f"Recommendations that came to an end, counted as recent ones, {LEAST_EVIDENCE} to {MOST_EVIDENCE}",
    )
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "trust settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(min_evidence__gte=LEAST_EVIDENCE, min_evidence__lte=MOST_EVIDENCE),
                name="trust_min_evidence",
            ),
        ]

    def __str__(self) -> str:
        return str(self.business_id)


class KeptEvidence(models.Model):
    """The decayed sums of a business as of one day, in step with its tallies, and the rule's fitted constants.

    cells is empty where the sums must be made anew from the tallies (apps/trust/keeping.py).
    """

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(null=True)
    cells = models.BinaryField(default=b"")
    learned = models.JSONField(default=dict, help_text="apps/trust/estimation.py")
    learned_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "kept evidence"

    def __str__(self) -> str:
        return str(self.business_id)
