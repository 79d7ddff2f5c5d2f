"""What the OpenAPI document says of calibration. The bodies are read by apps/tuning/requests.py."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers as s


class FoundShare(s.Serializer):
    value = s.FloatField(min_value=0, max_value=1)
    low = s.FloatField(min_value=0, max_value=1, help_text="End of the 95 % interval")
    high = s.FloatField(min_value=0, max_value=1)
    seen = s.IntegerField(help_text="Labelled goals it was seen on")


class ReliabilityBin(s.Serializer):
    said = s.FloatField(help_text="Mean confidence")
    found = FoundShare()


class Measured(s.Serializer):
    bins = ReliabilityBin(many=True)
    seen = s.IntegerField()
    brier = s.FloatField(allow_null=True)
    ece = s.FloatField(allow_null=True, help_text="Calibration error over these bins")


class ReliabilityAnswer(s.Serializer):
    kind = s.CharField(allow_null=True)
    days = s.IntegerField()
    before = Measured(help_text="Of the weighted sum")
    after = Measured(help_text="Of the confidence by the curves in force")


class TallyAnswer(s.Serializer):
    run = s.IntegerField()
    ask = s.IntegerField()
    clarify = s.IntegerField()
    reject = s.IntegerField()


class SimulatedAnswer(s.Serializer):
    high = s.FloatField()
    medium = s.FloatField()
    tally = TallyAnswer()
    looked = s.IntegerField(help_text="Labelled goals among those that would run")
    wrong = FoundShare(allow_null=True, help_text="Of the runs, rejected or changed; null on too little evidence")


class ComparedAnswer(s.Serializer):
    now = SimulatedAnswer()
    new = SimulatedAnswer()
    days = s.IntegerField()
    moved = s.DictField(child=s.IntegerField(), help_text="Goals that would go another way: asked to run, ...")
    words = s.CharField()


class CurveAnswer(s.Serializer):
    kind = s.CharField(allow_blank=True, help_text="Of goals; empty for every kind without its own")
    number = s.IntegerField()
    in_force = s.BooleanField()
    points = s.ListField(child=s.ListField(child=s.FloatField()), help_text="[[weighted sum, confidence], ...]")
    method = s.CharField()
    labels = s.IntegerField()
    brier_before = s.ListField(child=s.FloatField(), help_text="[value, low, high] with the curve then in force")
    brier_after = s.ListField(child=s.FloatField(), help_text="[value, low, high] on goals it had not seen")
    ece_before = s.ListField(child=s.FloatField())
    ece_after = s.ListField(child=s.FloatField())
    accepted = s.BooleanField()
    reason = s.CharField()
    fitted_at = s.DateTimeField()
    fitted_by = s.CharField()
    reverted_at = s.DateTimeField(allow_null=True)


class CurvesAnswer(s.Serializer):
    results = CurveAnswer(many=True)


class RefitAnswer(s.Serializer):
    queued = s.BooleanField()


class Reversion(s.Serializer):
    kind = s.CharField(max_length=64, required=False, allow_blank=True)
    number = s.IntegerField(
        min_value=1, max_value=2_147_483_647, required=False, allow_null=True, help_text="Without: none of its own"
    )
    reason = s.CharField(max_length=300, required=False, allow_blank=True)


class ReversionAnswer(s.Serializer):
    kind = s.CharField(allow_blank=True)
    number = s.IntegerField(allow_null=True)


class ThresholdsRequest(s.Serializer):
    high = s.FloatField(min_value=0, max_value=1)
    medium = s.FloatField(min_value=0, max_value=1)
    reason = s.CharField(min_length=1, max_length=500, help_text="Whoever decides reads it")
    rounds = s.IntegerField(min_value=0, max_value=10, required=False, allow_null=True)


PROPOSE_EXAMPLE = OpenApiExample(
    "Ask about less",
    value={"high": 0.8, "medium": 0.5, "reason": "Of what was asked about above 0.8, nothing was rejected"},
    request_only=True,
)
