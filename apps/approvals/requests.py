"""RULE: what a program may send about approvals and webhooks, as typed structs, and the limits of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

MOST_QUESTIONS = 20
MOST_FACTORS = 50
MOST_ITEMS = 200

Unit = Annotated[float, Meta(ge=0, le=1)]
Line = Annotated[str, Meta(max_length=200)]
Sentence = Annotated[str, Meta(max_length=500)]


class _Struct(msgspec.Struct, forbid_unknown_fields=True):
    """A misspelt field is refused: an edit must not be dropped in silence."""


class QuestionIn(_Struct):
    field: Annotated[str, Meta(min_length=1, max_length=100)]
    question: Annotated[str, Meta(min_length=1, max_length=500)]
    expected: Annotated[str, Meta(max_length=20)] = "text"
    why: Sentence = ""
    options: Annotated[list[Line], Meta(max_length=100)] = []


class FactorIn(_Struct):
    name: Line
    score: Unit
    weight: Unit = 0
    contribution: Unit = 0
    reason: Sentence = ""


class ApprovalIn(_Struct):
    """The body of POST /v1/approvals. payload: exactly what will happen on approval. deadline: with an offset."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    payload: dict[str, Any]
    kind: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,29}$")] = "action"
    why: Sentence = ""
    payload_schema: dict[str, Any] = {}
    questions: Annotated[list[QuestionIn], Meta(max_length=MOST_QUESTIONS)] = []
    risk: Unit = 0.5
    confidence: Unit | None = None
    factors: Annotated[list[FactorIn], Meta(max_length=MOST_FACTORS)] = []
    deadline: Annotated[datetime, Meta(tz=True)] | None = None


class DecisionIn(_Struct):
    """The body of POST /v1/approvals/{id}/decide. payload: another one to approve in place of the one asked for."""

    verdict: str
    payload_hash: str
    payload: dict[str, Any] | None = None
    reason: str = ""
    comment: str = ""
    answers: dict[str, Any] | None = None


class ItemIn(_Struct):
    id: UUID
    payload_hash: str


class DecisionsIn(_Struct):
    """The body of POST /v1/approvals/decide."""

    items: Annotated[list[ItemIn], Meta(min_length=1, max_length=MOST_ITEMS)]
    verdict: str
    reason: Annotated[str, Meta(max_length=80)] = ""
    comment: Annotated[str, Meta(max_length=4000)] = ""


class CancelIn(_Struct):
    reason: Line = ""


class EndpointIn(_Struct):
    """The body of POST /v1/webhooks."""

    url: Annotated[str, Meta(min_length=1, max_length=500)]
    kinds: list[str] = []


class EndpointChangeIn(_Struct):
    """The body of PATCH /v1/webhooks/{id}: what is left out stays."""

    url: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    kinds: list[str] | None = None
    enabled: bool | None = None
