"""EDGE: what the OpenAPI document says of search, collections, documents and imports."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers as s

from apps.knowledge.requests import MOST_FOUND, MOST_QUERY
from apps.knowledge.schemas import WORK_STATES

KINDS = ["replies", "snippets", "documents", "precedents"]
WRITTEN = ["snippets", "documents"]
INDEXED = ["indexed", "same", "duplicate"]
MODES = ["hybrid", "vector", "text"]
COLLECTION = OpenApiParameter("key", str, OpenApiParameter.PATH, description="Key of a collection")


class SearchRequest(s.Serializer):
    query = s.CharField(min_length=1, max_length=MOST_QUERY)
    collections = s.ListField(child=s.CharField(max_length=60), max_length=20, required=False)
    kinds = s.ListField(child=s.ChoiceField(choices=KINDS), max_length=4, required=False)
    filters = s.DictField(
        required=False, child=s.CharField(min_length=1, max_length=80), help_text="Values of `meta` that must be equal"
    )
    since = s.DateTimeField(required=False, allow_null=True, help_text="Documents from then on")
    until = s.DateTimeField(required=False, allow_null=True)
    limit = s.IntegerField(min_value=1, max_value=MOST_FOUND, required=False)
    mode = s.ChoiceField(choices=MODES, required=False)
    floor = s.FloatField(min_value=0, max_value=1, required=False, allow_null=True, help_text="Least confidence")
    rerank = s.BooleanField(required=False)


class FoundPassage(s.Serializer):
    document_id = s.UUIDField()
    chunk_id = s.UUIDField()
    collection = s.CharField()
    kind = s.ChoiceField(choices=KINDS)
    key = s.CharField()
    title = s.CharField(allow_blank=True)
    heading = s.CharField(allow_blank=True)
    text = s.CharField(allow_blank=True)
    highlights = s.ListField(child=s.ListField(child=s.IntegerField()), help_text="[start, end) in characters of text")
    score = s.FloatField(help_text="Fused rank, 0 to 1")
    similarity = s.FloatField(allow_null=True, help_text="Cosine; null where no vector was compared")
    confidence = s.FloatField(help_text="0 to 1: how probably it is about the same matter")
    meta = s.DictField()
    created_at = s.DateTimeField()


class SearchAnswer(s.Serializer):
    results = FoundPassage(many=True)
    took_ms = s.FloatField()
    embed_ms = s.FloatField()
    model = s.CharField(allow_blank=True, help_text="Whose vectors were compared")
    timed_out = s.BooleanField()
    problem = s.CharField(allow_blank=True, help_text="Why a part of the search was left out")


class CollectionRequest(s.Serializer):
    key = s.RegexField(r"^[a-z0-9][a-z0-9_-]{0,59}$")
    name = s.CharField(required=False, allow_blank=True, max_length=120)
    kind = s.ChoiceField(choices=WRITTEN, required=False)


class CollectionAnswer(s.Serializer):
    key = s.CharField()
    name = s.CharField()
    kind = s.ChoiceField(choices=KINDS)
    documents = s.IntegerField()
    created_at = s.DateTimeField()


class CollectionList(s.Serializer):
    results = CollectionAnswer(many=True)


class DocumentRequest(s.Serializer):
    text = s.CharField(min_length=1, max_length=2_000_000)
    title = s.CharField(required=False, allow_blank=True, max_length=300)
    key = s.CharField(required=False, allow_blank=True, max_length=250, help_text="The same key again replaces it")
    tags = s.ListField(child=s.CharField(min_length=1, max_length=40), max_length=20, required=False)
    intent = s.CharField(required=False, allow_blank=True, max_length=40)
    meta = s.DictField(required=False)
    source = s.CharField(required=False, allow_blank=True, max_length=250)  # type: ignore[assignment]
    expires_at = s.DateTimeField(required=False, allow_null=True)


class DocumentSummary(s.Serializer):
    id = s.UUIDField()
    key = s.CharField()
    title = s.CharField(allow_blank=True)
    chunks = s.IntegerField()
    language = s.CharField()
    meta = s.DictField()
    source = s.CharField(allow_blank=True)  # type: ignore[assignment]
    created_at = s.DateTimeField()
    indexed_at = s.DateTimeField()
    expires_at = s.DateTimeField(allow_null=True)


class DocumentChunk(s.Serializer):
    position = s.IntegerField()
    heading = s.CharField(allow_blank=True)
    start = s.IntegerField()
    end = s.IntegerField()
    tokens = s.IntegerField()
    text = s.CharField(allow_blank=True)


class DocumentAnswer(DocumentSummary):
    text = s.CharField(allow_blank=True)
    passages = DocumentChunk(many=True)


class DocumentPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = DocumentSummary(many=True)


class IndexedAnswer(s.Serializer):
    id = s.UUIDField()
    chunks = s.IntegerField()
    state = s.ChoiceField(choices=INDEXED)


class LineError(s.Serializer):
    line = s.IntegerField(help_text="From 1; 0 for the whole file")
    words = s.CharField()
    text = s.CharField(allow_blank=True)


class ImportAnswer(s.Serializer):
    id = s.UUIDField()
    name = s.CharField()
    collection = s.CharField()
    size = s.IntegerField()
    state = s.ChoiceField(choices=WORK_STATES)
    total = s.IntegerField()
    done = s.IntegerField()
    failed = s.IntegerField()
    progress = s.FloatField()
    counts = s.DictField(child=s.IntegerField(), help_text="Entries by what became of them: indexed, same")
    errors = LineError(many=True)  # type: ignore[assignment]
    notes = s.ListField(child=s.CharField())
    error = s.CharField(allow_blank=True)
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)


class ImportAnswers(s.Serializer):
    results = ImportAnswer(many=True)


class PrecedentAnswer(s.Serializer):
    request_id = s.UUIDField()
    title = s.CharField(allow_blank=True)
    verdict = s.CharField(help_text="approved, rejected or answered")
    reason = s.CharField(allow_blank=True)
    comment = s.CharField(allow_blank=True)
    edited = s.BooleanField(help_text="Approved with changes")
    decided_by = s.CharField(allow_blank=True)
    decided_at = s.DateTimeField()
    alike = s.FloatField(min_value=0, max_value=1)


class PrecedentSum(s.Serializer):
    approved = s.IntegerField()
    edited = s.IntegerField(help_text="Of the approved, those with changes")
    rejected = s.IntegerField()
    answered = s.IntegerField()
    reasons = s.ListField(child=s.CharField(), help_text="Of those rejected, the most frequent first")
    words = s.CharField(allow_blank=True, help_text="The same as a sentence; empty for fewer than three")


class PrecedentList(s.Serializer):
    results = PrecedentAnswer(many=True)
    in_sum = PrecedentSum(help_text="Of the up to 20 most alike")
    problem = s.CharField(allow_blank=True, help_text="Why there may be more")


SEARCH_EXAMPLE = OpenApiExample(
    "Snippets about refunds",
    value={"query": "customer wants the money back", "kinds": ["snippets"], "filters": {"intent": "refund"}},
    request_only=True,
)
DOCUMENT_EXAMPLE = OpenApiExample(
    "A snippet", value={"title": "Refunds", "text": "Refunds take five days.", "tags": ["refund"]}, request_only=True
)
