"""Daily sums, which everything learned is made of, and the changes that are still to be added to them."""

from django.db import models
from django.db.models.functions import Now

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import new_id


class Sums(models.Model):
    """What is summed over the recommendations of one agent and type that were made on one day (UTC)."""

    asked = models.FloatField(default=0, help_text="Recommendations, failures among them")
    answered = models.FloatField(default=0, help_text="With a usable answer")
    on_time = models.FloatField(default=0)
    judged = models.FloatField(default=0, help_text="With an outcome")
    weight = models.FloatField(default=0, help_text="Sum of the judged ones' weights")
    weight2 = models.FloatField(default=0, help_text="Sum of their squares")
    value = models.FloatField(default=0, help_text="Sum of weight x value")
    value2 = models.FloatField(default=0, help_text="Sum of weight x value squared")
    approved = models.FloatField(default=0)
    rejected = models.FloatField(default=0)
    rated = models.FloatField(default=0, help_text="With a quality")
    quality = models.FloatField(default=0, help_text="Sum of the qualities")
    claimed = models.FloatField(default=0, help_text="With a confidence")
    confidence = models.FloatField(default=0, help_text="Sum of the confidences")

    class Meta:
        abstract = True


class DailyTally(Sums):
    """The sums so far. One row an agent, type and day."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    day = models.DateField()
    changed_at = models.DateTimeField(db_default=Now(), help_text="When anything was last added to it")

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["business", "agent", "type", "day"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.type} on {self.day}"


class Delta(Sums):
    """What one change adds to a tally, or takes from it. Written with the change, gone once it is added."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    day = models.DateField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["business", "id"], name="delta_waiting")]

    def __str__(self) -> str:
        return f"{self.type} on {self.day}"
