"""What the OpenAPI document says of errors, for every view alike."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers as s


class FieldError(s.Serializer):
    field = s.CharField(allow_blank=True)
    reason = s.CharField()


class Problem(s.Serializer):
    """RFC 9457."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    detail = s.CharField()
    errors = FieldError(many=True, required=False)


_WORDS = {
    400: "The body is not JSON, or a parameter is malformed",
    401: "No key, or one that is unknown, expired or revoked",
    403: "The key has not the scope, or the person not the role",
    404: "Nothing by that name in this business",
    405: "Not a method of this address",
    406: "Only JSON is spoken here",
    409: "It has already moved on, or the same request is in flight",
    413: "The body is too large",
    415: "Send JSON",
    422: "A value is not acceptable; `errors` names the field",
    429: "The limit of this key is used up; see Retry-After",
    503: "Busy; see Retry-After",
}
ALWAYS = (401, 403, 406, 429, 503)


def problems(*statuses: int) -> dict[Any, Any]:
    """The error answers of an endpoint: the given ones and those every endpoint may give."""
    return {
        (status, "application/problem+json"): OpenApiResponse(Problem, _WORDS[status])
        for status in sorted({*statuses, *ALWAYS})
    }


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 200 characters; the same key and body within 24 hours get the first answer again",
)
CURSOR = [
    OpenApiParameter("cursor", str, description="From `next` or `previous`"),
    OpenApiParameter("limit", int, description="1 to 200"),
]
