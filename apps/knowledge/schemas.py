"""EDGE: what the OpenAPI document says of embeddings and batches. The bodies are read by apps/knowledge/requests.py."""

from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers as s

from apps.knowledge.requests import MOST_BATCH, MOST_CHARS, MOST_COMPARED, MOST_INPUTS
from apps.knowledge.states import WorkState

WORK_STATES = [state.value for state in WorkState]
TEXT_STATUSES = ["done", "failed", "waiting"]
CHANGE_STATES = ["running", "indexing", "failed", "clearing", "done", "cancelled"]
_MODEL = "Key of an embedding model; left out or default: the one the business is searched by"


def _text(**options: object) -> s.CharField:
    return s.CharField(min_length=1, max_length=MOST_CHARS, **options)  # type: ignore[arg-type]


class OpenAIRequest(s.Serializer):
    input = s.ListField(child=_text(), max_length=MOST_INPUTS, min_length=1, help_text="A text alone is taken as well")
    model = s.CharField(required=False, allow_blank=True, max_length=120, help_text=_MODEL)
    encoding_format = s.ChoiceField(choices=["float", "base64"], required=False, allow_null=True)
    dimensions = s.IntegerField(min_value=1, max_value=16_000, required=False, allow_null=True)
    user = s.CharField(
        required=False, allow_blank=True, allow_null=True, max_length=200, help_text="Taken, and not used"
    )


@extend_schema_field({"oneOf": [{"type": "array", "items": {"type": "number"}}, {"type": "string"}]})
class OpenAINumbers(s.JSONField):
    """A vector, as numbers or as base64 of little-endian float32."""


class OpenAIVector(s.Serializer):
    object = s.CharField()
    index = s.IntegerField()
    embedding = OpenAINumbers(help_text="With encoding_format base64 a string")


class OpenAIUsage(s.Serializer):
    prompt_tokens = s.IntegerField()
    total_tokens = s.IntegerField()


class OpenAIAnswer(s.Serializer):
    object = s.CharField()
    data = OpenAIVector(many=True)
    model = s.CharField()
    usage = OpenAIUsage()


class CreateRequest(s.Serializer):
    text = _text(required=False, allow_null=True)
    texts = s.ListField(child=_text(), max_length=MOST_INPUTS, required=False, allow_null=True)
    model = s.CharField(required=False, allow_blank=True, max_length=120, help_text=_MODEL)
    dimensions = s.IntegerField(min_value=1, max_value=16_000, required=False, allow_null=True)


class CreateAnswer(s.Serializer):
    model = s.CharField()
    dimensions = s.IntegerField()
    embeddings = s.ListField(child=s.ListField(child=s.FloatField()))
    cached = s.IntegerField(help_text="Texts whose vectors were kept from before")
    created = s.IntegerField(help_text="Texts embedded now")
    tokens = s.IntegerField()


class SimilarityRequest(s.Serializer):
    texts = s.ListField(child=_text(), min_length=1, max_length=MOST_COMPARED)
    against = s.ListField(child=_text(), min_length=1, max_length=MOST_COMPARED)
    model = s.CharField(required=False, allow_blank=True, max_length=120, help_text=_MODEL)


class SimilarityAnswer(s.Serializer):
    model = s.CharField()
    similarities = s.ListField(
        child=s.ListField(child=s.FloatField(min_value=-1, max_value=1)), help_text="Cosines: a row for each of texts"
    )


class ModelRequest(s.Serializer):
    model = s.CharField(max_length=120, help_text="Key of a model the business may embed with")


class ModelOffer(s.Serializer):
    model = s.CharField()
    provider = s.CharField(allow_blank=True, help_text="Empty where it is computed here")
    dimensions = s.IntegerField(allow_null=True)
    usd = s.FloatField(allow_null=True, help_text="To embed all passages with it, about; null where nobody knows")


class ModelChange(s.Serializer):
    id = s.UUIDField()
    model = s.CharField()
    before = s.CharField()
    state = s.ChoiceField(
        choices=CHANGE_STATES,
        help_text="running, indexing: the old model is searched by; failed: waits for resume or cancel; clearing: the"
        " new one is searched by, and the old vectors go",
    )
    total = s.IntegerField(help_text="Passages")
    done = s.IntegerField()
    progress = s.FloatField(help_text="0 to 1")
    tokens = s.IntegerField(help_text="Of all passages when it began, about")
    error = s.CharField(allow_blank=True, help_text="Why the last try stopped")
    next_try_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()
    switched_at = s.DateTimeField(allow_null=True, help_text="When searches changed over")
    ended_at = s.DateTimeField(allow_null=True)


class ModelAnswer(s.Serializer):
    model = s.CharField(help_text="What is searched by")
    dimensions = s.IntegerField()
    texts = s.IntegerField(help_text="Passages that a change embeds anew")
    tokens = s.IntegerField(help_text="Of those, about")
    models = ModelOffer(many=True)
    change = ModelChange(allow_null=True, help_text="The latest, if there was one")


class BatchText(s.Serializer):
    id = s.CharField(max_length=200, required=False, allow_blank=True, help_text="What you call it")
    text = _text()


class BatchRequest(s.Serializer):
    texts = BatchText(many=True, help_text=f"At most {MOST_BATCH}; strings are taken as well")
    model = s.CharField(required=False, allow_blank=True, max_length=120, help_text=_MODEL)
    dimensions = s.IntegerField(min_value=1, max_value=16_000, required=False, allow_null=True)
    name = s.CharField(required=False, allow_blank=True, max_length=120)


class BatchAnswer(s.Serializer):
    id = s.UUIDField()
    name = s.CharField(allow_blank=True)
    model = s.CharField()
    dimensions = s.IntegerField(allow_null=True)
    state = s.ChoiceField(choices=WORK_STATES)
    total = s.IntegerField()
    done = s.IntegerField()
    failed = s.IntegerField()
    progress = s.FloatField(help_text="0 to 1")
    cached = s.IntegerField(help_text="Texts whose vectors were kept from before")
    tokens = s.IntegerField(help_text="Of what was embedded for this batch")
    error = s.CharField(allow_blank=True, help_text="Why the last try stopped; it is tried again unless it failed")
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)


class BatchPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = BatchAnswer(many=True)


class BatchResult(s.Serializer):
    index = s.IntegerField(help_text="From 0, as given")
    id = s.CharField(allow_blank=True)
    status = s.ChoiceField(choices=TEXT_STATUSES)
    embedding = s.ListField(child=s.FloatField(), allow_null=True)
    error = s.CharField(allow_blank=True)


class BatchResults(s.Serializer):
    results = BatchResult(many=True)
    next_after = s.IntegerField(allow_null=True, help_text="Give it as `after` for the next page")


OPENAI_EXAMPLE = OpenApiExample(
    "Two texts", value={"input": ["Where is my parcel?", "I want my money back"], "model": "default"}, request_only=True
)
CREATE_EXAMPLE = OpenApiExample("One text", value={"text": "Where is my parcel?"}, request_only=True)
SIMILARITY_EXAMPLE = OpenApiExample(
    "One against two",
    value={"texts": ["Where is my parcel?"], "against": ["Track my order", "Your opening hours"]},
    request_only=True,
)
BATCH_EXAMPLE = OpenApiExample(
    "Two texts",
    value={"name": "Catalogue", "texts": [{"id": "sku-1", "text": "Red mug"}, {"id": "sku-2", "text": "Blue plate"}]},
    request_only=True,
)
