"""What learning cycles found: trust, patterns, and the cycles themselves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import new_id
from apps.trust.verdicts import Category, Trend


class TrustScore(models.Model):
    """How far one agent is trusted with one type; type "" is all it does. Every share is 0 to 1."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="trust_scores", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="trust_scores")
    type = models.CharField(max_length=40, blank=True)
    overall = models.FloatField()
    low = models.FloatField(help_text="Lower end of the 90 % credible interval of overall")
    high = models.FloatField()
    accuracy = models.FloatField()
    consistency = models.FloatField()
    timeliness = models.FloatField()
    reliability = models.FloatField()
    effective_n = models.FloatField(help_text="How many recent outcomes the evidence is worth")
    judged = models.PositiveIntegerField(default=0, help_text="Outcomes in all")
    asked = models.PositiveIntegerField(default=0)
    enough = models.BooleanField(help_text="Whether there is enough evidence to go by")
    trend = models.CharField(max_length=10, choices=[(t.value, t.value.title()) for t in Trend], default=Trend.UNKNOWN)
    change = models.FloatField(default=0, help_text="Of the accuracy, from the window before to the last one")
    approval_rate = models.FloatField(null=True, help_text="Plain share approved, edited ones counted in part")
    average_quality = models.FloatField(null=True)
    average_confidence = models.FloatField(null=True)
    boost = models.FloatField(default=0, help_text="-0.5 to 0.5")
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["-low"]
        constraints = [
            models.UniqueConstraint(fields=["business", "agent", "type"], name="trust_once"),
            models.CheckConstraint(condition=Q(boost__gte=-0.5, boost__lte=0.5), name="trust_boost"),
            models.CheckConstraint(
                condition=Q(low__gte=0, low__lte=models.F("high"), high__lte=1), name="trust_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type or 'all'}: {self.overall:.2f}"


class Pattern(models.Model):
    """A group of recommendations that is approved more often than the business's average, tested as such."""

    class State(models.TextChoices):
        FOUND = "found", "Found"
        CONFIRMED = "confirmed", "Confirmed"
        RETIRED = "retired", "Retired"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="patterns", db_index=False)
    key = models.CharField(max_length=200, help_text="Tells the group: category, type, agents")
    category = models.CharField(max_length=20, choices=[(c.value, c.value.replace("_", " ").title()) for c in Category])
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=40, blank=True)
    place = models.PositiveSmallIntegerField(default=0, help_text="How many agreed, or tenths of the claim")
    agent_ids = ArrayField(models.UUIDField(), default=list)
    agent_keys = ArrayField(models.CharField(max_length=60), default=list)
    trials = models.FloatField(help_text="Outcomes seen, decayed")
    successes = models.FloatField()
    rate = models.FloatField()
    low = models.FloatField(help_text="90 % interval of the rate")
    high = models.FloatField()
    base_rate = models.FloatField(help_text="Of the business and type, when it was last looked at")
    q_value = models.FloatField(help_text="Share of false discoveries among those at least as strong")
    strength = models.CharField(max_length=15)
    state = models.CharField(max_length=10, choices=State.choices, default=State.FOUND)
    found_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, help_text="Last confirmed by evidence that came after it was found")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-low"]
        constraints = [models.UniqueConstraint(fields=["business", "key"], name="pattern_once")]
        indexes = [
            models.Index(fields=["business", "state", "-low", "id"], name="pattern_board"),
            models.Index(fields=["business", "category", "state", "-low", "id"], name="pattern_by_category"),
        ]

    def __str__(self) -> str:
        return self.name


class PatternEvent(models.Model):
    """When a pattern was found, confirmed, retired or found again, and by which figures."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    pattern = models.ForeignKey(Pattern, on_delete=models.CASCADE, related_name="events")
    what = models.CharField(max_length=10)
    rate = models.FloatField()
    trials = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["business", "-at"], name="pattern_timeline")]

    def __str__(self) -> str:
        return self.what


class LearningCycle(models.Model):
    """One cycle of one business, as far as it has come."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    class Kind(models.TextChoices):
        FULL = "full", "Full: patterns and everything anew"
        INCREMENTAL = "incremental", "What has come since"
        TRUST = "trust", "Trust alone"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="learning_cycles", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_by = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it last got on")
    finished_at = models.DateTimeField(null=True)
    phase = models.CharField(max_length=20, blank=True, help_text="What it is at")
    position = models.JSONField(default=dict, help_text="Where to go on after a kill")
    progress = models.FloatField(default=0, help_text="0 to 1")
    recommendations = models.PositiveIntegerField(default=0, help_text="Looked at")
    outcomes = models.PositiveIntegerField(default=0, help_text="Changes of outcomes taken in")
    agents = models.PositiveIntegerField(default=0, help_text="Whose trust was computed")
    rules_updated = models.PositiveIntegerField(default=0, help_text="Priorities, boosts and switches that changed")
    patterns_found = models.PositiveIntegerField(default=0)
    patterns_confirmed = models.PositiveIntegerField(default=0)
    patterns_retired = models.PositiveIntegerField(default=0)
    accuracy = models.JSONField(default=dict, help_text="How well trust predicted decisions (apps/trust/accuracy.py)")
    coverage = models.FloatField(null=True, help_text="Share of recommendations with an outcome")
    insights = models.JSONField(default=list, help_text="[{kind, text, link}]")
    duration_ms = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["business"], condition=Q(state="running"), name="cycle_one_at_a_time"),
        ]
        indexes = [models.Index(fields=["business", "-id"], name="cycle_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
