"""What the OpenAPI document says of the figures of drafts and of backfills. Bodies are read by requests_figures.py."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from apps.drafts.figures import PARTS
from apps.drafts.figures_found import WORDS
from apps.drafts.models.settings import RunState

NAMES = [part.name for part in PARTS]
UNITS = ["share", "seconds", "count"]
RUN_STATES = list(RunState.values)


class DraftFigure(s.Serializer):
    figure = s.ChoiceField(choices=NAMES)
    meaning = s.CharField(help_text="Which drafts are counted, and which of them are hits")
    n = s.IntegerField(help_text="Observations")
    hits = s.FloatField()
    value = s.FloatField(allow_null=True, help_text="Null without any observation")
    low = s.FloatField(allow_null=True, help_text="Of the 95 % interval")
    high = s.FloatField(allow_null=True, help_text="Null also where so few observations cannot say")
    unit = s.ChoiceField(choices=UNITS)
    standing = s.ChoiceField(choices=sorted(WORDS.values()), allow_null=True)
    target = s.CharField(allow_null=True)
    alert = s.CharField(allow_null=True)


class DraftFigures(s.Serializer):
    window = s.ChoiceField(choices=["24h", "7d", "30d"])
    since = s.DateTimeField()
    until = s.DateTimeField()
    arm = s.CharField(allow_null=True)
    figures = DraftFigure(many=True)


@extend_schema_serializer(examples=[OpenApiExample("Half a year, gently", value={"days": 180, "per_second": 20})])
class BackfillBody(s.Serializer):
    days = s.IntegerField(min_value=1, max_value=3650, required=False, default=90)
    per_second = s.FloatField(min_value=0, max_value=10_000, required=False, default=50, help_text="Above 0")


class Backfill(s.Serializer):
    id = s.UUIDField()
    state = s.ChoiceField(choices=RUN_STATES)
    days = s.IntegerField()
    per_second = s.FloatField()
    total = s.IntegerField(help_text="Replies when it began")
    seen = s.IntegerField()
    indexed = s.IntegerField(help_text="Learned by it; what was known before is none")
    duplicates = s.IntegerField()
    failed = s.IntegerField()
    error = s.CharField(allow_blank=True)
    started_by = s.CharField()
    started_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)


class BackfillPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = Backfill(many=True)
