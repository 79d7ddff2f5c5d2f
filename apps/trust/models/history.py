"""How trust stood day by day, which is what was acted upon: today's evidence would tell another story of the past."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import new_id


class TrustDay(models.Model):
    """An agent's trust in all it does as it stood at the end of a day (UTC), or stands so far today."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    overall = models.FloatField()
    low = models.FloatField(help_text="Lower end of the 90 % credible interval of overall")
    high = models.FloatField()
    effective_n = models.FloatField()
    enough = models.BooleanField()

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["business", "agent", "day"], name="trust_day_once"),
            models.CheckConstraint(
                condition=Q(low__gte=0, low__lte=models.F("high"), high__lte=1), name="trust_day_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.overall:.2f} on {self.day}"
