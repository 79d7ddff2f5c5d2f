"""What the OpenAPI document says of the gate's health. The bodies are made by apps/watch/response.py."""

from rest_framework import serializers as s

from apps.watch.bands import Figure, Standing
from apps.watch.windows import NAMED

FIGURES = [figure.value for figure in Figure]
STANDINGS = [standing.value for standing in Standing]
WINDOWS = list(NAMED)


class Span(s.Serializer):
    name = s.CharField(allow_blank=True, help_text="15m, 1h, 24h, 7d, 30d, or empty for one of from and to")
    start = s.DateTimeField()
    end = s.DateTimeField()


class Measure(s.Serializer):
    value = s.FloatField(allow_null=True, help_text="A share 0 to 1, or seconds")
    low = s.FloatField(help_text="Of the interval of 95 %")
    high = s.FloatField()
    n = s.IntegerField(min_value=0)


class TargetBounds(s.Serializer):
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)


class HealthFigure(s.Serializer):
    figure = s.ChoiceField(choices=FIGURES)
    now = Measure()
    before = Measure(help_text="In the window of the same length before")
    band = TargetBounds(allow_null=True)
    standing = s.ChoiceField(choices=STANDINGS)


class ConfidenceBin(s.Serializer):
    low = s.FloatField()
    high = s.FloatField()
    goals = s.IntegerField(min_value=0)


class StageLatency(s.Serializer):
    stage = s.CharField()
    p50 = Measure()
    p95 = Measure()


class HealthError(s.Serializer):
    stage = s.CharField()
    error = s.CharField()
    submissions = s.IntegerField(min_value=1)


class HealthColumn(s.Serializer):
    start = s.DateTimeField()
    end = s.DateTimeField()
    executed = s.IntegerField()
    approved = s.IntegerField()
    clarification = s.IntegerField()
    rejected = s.IntegerField()


class OpenAlert(s.Serializer):
    alert_id = s.UUIDField()
    figure = s.ChoiceField(choices=FIGURES)
    opened_at = s.DateTimeField()
    value = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()
    n = s.IntegerField()
    band = TargetBounds()
    acknowledged_by = s.CharField(allow_blank=True)
    note = s.CharField(allow_blank=True)


class GateHealth(s.Serializer):
    window = Span()
    goals = s.IntegerField(min_value=0)
    figures = HealthFigure(many=True)
    confidence = ConfidenceBin(many=True)
    paths = HealthColumn(many=True)
    stages = StageLatency(many=True)
    errors = HealthError(many=True)
    alerts = OpenAlert(many=True)
