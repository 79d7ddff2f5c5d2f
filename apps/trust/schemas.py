"""What the OpenAPI document says of recommendations, outcomes, trust and cycles. Bodies are read by requests.py."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers as s

from apps.trust.models import LearningCycle
from apps.trust.verdicts import Source, Trend, Verdict

VERDICTS = [verdict.value for verdict in Verdict]
JUDGED = [verdict.value for verdict in Verdict if verdict is not Verdict.PENDING]
SOURCES = [source.value for source in Source]
KINDS, STATES = list(LearningCycle.Kind.values), list(LearningCycle.State.values)
PRIORITIES = ["critical", "normal", "low"]
TYPE = r"^[a-z][a-z0-9_-]{0,39}$"


class RecommendationBody(s.Serializer):
    agent = s.CharField(min_length=1, max_length=60, help_text="Key of the agent whose recommendation it is")
    type = s.RegexField(TYPE, max_length=40)
    correlation_id = s.CharField(min_length=1, max_length=80, help_text="Your name for the matter")
    content = s.JSONField(
        required=False, help_text="What is recommended. Only its digest is kept, and with `ask` the payload"
    )
    digest = s.RegexField("^[0-9a-f]{64}$", required=False, allow_null=True, help_text="Instead: SHA-256 of it, in hex")
    confidence = s.FloatField(min_value=0, max_value=1, required=False, allow_null=True)
    reasoning = s.CharField(max_length=4000, required=False, allow_blank=True)
    group = s.CharField(
        max_length=160, required=False, allow_blank=True, help_text="Shared by those asked side by side"
    )
    latency_ms = s.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    on_time = s.BooleanField(required=False, default=True)
    failure = s.RegexField(
        "^[a-z_]{0,20}$",
        max_length=20,
        required=False,
        allow_blank=True,
        help_text="Why it gave no usable answer, in one word",
    )
    ask = s.BooleanField(required=False, default=False, help_text="Put it before people; their decision is its outcome")
    title = s.CharField(max_length=200, required=False, allow_blank=True, help_text="Of the request, with `ask`")


class RecommendationSummary(s.Serializer):
    id = s.UUIDField()
    agent = s.CharField()
    type = s.CharField(allow_blank=True)
    correlation_id = s.CharField(allow_blank=True)
    run = s.UUIDField(allow_null=True)
    step = s.UUIDField(allow_null=True)
    group = s.CharField(allow_blank=True)
    digest = s.CharField(allow_blank=True)
    confidence = s.FloatField(allow_null=True)
    reasoning = s.CharField(allow_blank=True, help_text="Empty unless the business keeps it")
    latency_ms = s.IntegerField(allow_null=True)
    on_time = s.BooleanField()
    failure = s.CharField(allow_blank=True)
    verdict = s.ChoiceField(choices=VERDICTS)
    value = s.FloatField(allow_null=True, help_text="0 to 1; what was left of it")
    quality = s.FloatField(allow_null=True, help_text="0 to 100")
    created_at = s.DateTimeField()
    decided_at = s.DateTimeField(allow_null=True)


class TrackedRecommendation(RecommendationSummary):
    approval = s.UUIDField(allow_null=True, help_text="The request for a decision, with `ask`")


class Word(s.Serializer):
    id = s.UUIDField()
    source = s.ChoiceField(choices=SOURCES, help_text="The first of approval, audit, feedback, evaluation rules")
    verdict = s.ChoiceField(choices=JUDGED)
    value = s.FloatField()
    quality = s.FloatField(allow_null=True)
    edited = s.FloatField(allow_null=True, help_text="Normalised edit distance, 0 to 1")
    weight = s.FloatField(help_text="How many recommendations it stands for")
    feedback = s.CharField(allow_blank=True)
    judged_by = s.CharField()
    judged_at = s.DateTimeField()


class RecommendationWhole(RecommendationSummary):
    outcomes = Word(many=True)


class RecommendationPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = RecommendationSummary(many=True)


class OutcomeBody(s.Serializer):
    recommendation = s.UUIDField(required=False, allow_null=True)
    agent = s.CharField(
        min_length=1,
        max_length=60,
        required=False,
        allow_null=True,
        help_text="With correlation_id: all its answers there",
    )
    correlation_id = s.CharField(min_length=1, max_length=80, required=False, allow_null=True)
    verdict = s.ChoiceField(choices=JUDGED, required=False, allow_null=True)
    value = s.FloatField(min_value=0, max_value=1, required=False, allow_null=True)
    quality = s.FloatField(min_value=0, max_value=100, required=False, allow_null=True)
    feedback = s.CharField(max_length=1000, required=False, allow_blank=True)


class OutcomeRead(Word):
    recommendation = s.UUIDField()
    agent = s.CharField()
    type = s.CharField(allow_blank=True)


class OutcomesKept(s.Serializer):
    results = OutcomeRead(many=True)


class OutcomePage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = OutcomeRead(many=True)


class TrustInterval(s.Serializer):
    level = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()


class TrustRow(s.Serializer):
    agent = s.CharField()
    agent_name = s.CharField()
    enabled = s.BooleanField()
    type = s.CharField(allow_blank=True, help_text="Empty: all it does")
    overall = s.FloatField(min_value=0, max_value=1)
    low = s.FloatField(min_value=0, max_value=1)
    high = s.FloatField(min_value=0, max_value=1)
    interval = TrustInterval(help_text="Credible interval of overall")
    accuracy = s.FloatField(help_text="Probability that its next recommendation is approved")
    consistency = s.FloatField()
    timeliness = s.FloatField()
    reliability = s.FloatField()
    trend = s.ChoiceField(choices=[trend.value for trend in Trend])
    change = s.FloatField(help_text="Of the accuracy, from the 30 days before to the last 30")
    effective_n = s.FloatField(help_text="How many recent outcomes the evidence is worth")
    judged = s.IntegerField()
    asked = s.IntegerField()
    enough = s.BooleanField(help_text="Whether there is enough evidence to go by")
    approval_rate = s.FloatField(allow_null=True)
    average_quality = s.FloatField(allow_null=True)
    average_confidence = s.FloatField(allow_null=True)
    boost = s.FloatField(min_value=-0.5, max_value=0.5)
    priority = s.ChoiceField(choices=PRIORITIES)
    business_average = s.FloatField(allow_null=True, help_text="Mean overall of the agents with enough evidence")
    computed_at = s.DateTimeField()


class TrustAnswer(s.Serializer):
    results = TrustRow(many=True)


class TrustSettingsBody(s.Serializer):
    keep_reasoning = s.BooleanField(required=False)
    may_disable = s.BooleanField(required=False)
    min_evidence = s.IntegerField(min_value=10, max_value=1000, required=False)


class TrustSettingsRead(s.Serializer):
    keep_reasoning = s.BooleanField()
    may_disable = s.BooleanField(help_text="Whether trust may switch agents off")
    min_evidence = s.IntegerField()
    updated_at = s.DateTimeField(allow_null=True)
    updated_by = s.CharField(allow_blank=True)


class CycleBody(s.Serializer):
    kind = s.ChoiceField(choices=KINDS, required=False, default="incremental")


class Cycle(s.Serializer):
    id = s.UUIDField()
    kind = s.ChoiceField(choices=KINDS)
    state = s.ChoiceField(choices=STATES)
    started_by = s.CharField()
    started_at = s.DateTimeField()
    seen_at = s.DateTimeField(help_text="When it last got on")
    finished_at = s.DateTimeField(allow_null=True)
    phase = s.CharField(allow_blank=True)
    doing = s.CharField(allow_blank=True, help_text="The phase in words")
    progress = s.FloatField(min_value=0, max_value=1)
    recommendations = s.IntegerField()
    outcomes = s.IntegerField()
    agents = s.IntegerField()
    rules_updated = s.IntegerField()
    patterns_found = s.IntegerField()
    patterns_confirmed = s.IntegerField()
    patterns_retired = s.IntegerField()
    accuracy = s.DictField(help_text="How well trust foretold decisions")
    coverage = s.FloatField(allow_null=True, help_text="Share of recommendations with an outcome")
    insights = s.ListField(child=s.DictField())
    duration_ms = s.IntegerField(allow_null=True)
    error = s.CharField(allow_blank=True)


class CyclePage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = Cycle(many=True)


RECOMMEND_EXAMPLE = OpenApiExample(
    "A draft that waits for a person",
    request_only=True,
    value={
        "agent": "writer",
        "type": "draft",
        "correlation_id": "ticket-4711",
        "content": {"text": "Dear Ms Marsh, your order has left our house today."},
        "confidence": 0.8,
        "ask": True,
    },
)
