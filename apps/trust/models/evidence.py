"""What patterns are tested on: daily sums of what came of recommendations, by what they have in common."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.trust.verdicts import Category


class GroupTally(models.Model):
    """One kind of group on one day (UTC). A whole day is counted at once and replaced as a whole.

    Consensus: `place` agents gave the same answer side by side; `agents` empty for any such agents, or which they were.
    High confidence: a claim from place / 10 up to (place + 1) / 10; `agents` empty for anybody's, or the one whose.
    Experts have no rows here: daily tallies hold all of it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    category = models.CharField(max_length=20, choices=[(c.value, c.value.replace("_", " ").title()) for c in Category])
    type = models.CharField(max_length=40)
    place = models.PositiveSmallIntegerField()
    agents = ArrayField(models.UUIDField(), default=list)
    seen = models.PositiveIntegerField(help_text="Groups, or single recommendations where each is one")
    trials = models.FloatField(help_text="Sum of their weights")
    successes = models.FloatField(help_text="Sum of weight x value")
    squares = models.FloatField(help_text="Sum of the weights' squares")

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "day", "category", "type", "place", "agents"], name="group_tally_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.place} on {self.day}"


class CountedDay(models.Model):
    """That a day's groups were counted, and when. A day of which more was heard later is counted again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    counted_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["business", "day"], name="counted_day_once")]

    def __str__(self) -> str:
        return str(self.day)
