"""RULE: what programs may send about recommendations, their outcomes and learning, as typed structs."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

Key = Annotated[str, Meta(min_length=1, max_length=60)]
Type = Annotated[str, Meta(max_length=40, pattern=r"^[a-z][a-z0-9_-]*\Z")]
Share = Annotated[float, Meta(ge=0, le=1)]
Mark = Annotated[float, Meta(ge=0, le=100)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Correlation = Annotated[str, Meta(min_length=1, max_length=80)]


class _Struct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A misspelt field is refused: a figure must not be dropped in silence."""


class RecommendationIn(_Struct):
    """The body of POST /v1/recommendations. content or its digest is needed, unless it is a failure."""

    agent: Key
    type: Type
    correlation_id: Correlation
    content: Any = UNSET
    digest: Digest | None = None
    confidence: Share | None = None
    reasoning: Annotated[str, Meta(max_length=4000)] = ""
    group: Annotated[str, Meta(max_length=160)] = ""
    latency_ms: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    on_time: bool = True
    failure: Annotated[str, Meta(max_length=20, pattern=r"^[a-z_]*\Z")] = ""
    ask: bool = False
    title: Annotated[str, Meta(max_length=200)] = ""


class OutcomeIn(_Struct):
    """The body of POST /v1/outcomes. Which: recommendation, or agent with correlation_id. verdict, value or both."""

    recommendation: UUID | None = None
    agent: Key | None = None
    correlation_id: Correlation | None = None
    verdict: Literal["approved", "partial", "rejected"] | None = None
    value: Share | None = None
    quality: Mark | None = None
    feedback: Annotated[str, Meta(max_length=1000)] = ""


class CycleIn(_Struct):
    """The body of POST /v1/learning/cycles."""

    kind: Literal["full", "incremental", "trust"] = "incremental"


class SettingsIn(_Struct):
    """The body of PATCH /v1/trust/settings: what is left out stays as it is."""

    keep_reasoning: bool | UnsetType = UNSET
    may_disable: bool | UnsetType = UNSET
    min_evidence: Annotated[int, Meta(ge=10, le=1000)] | UnsetType = UNSET


def problem_of(wanted: RecommendationIn) -> tuple[str, str] | None:
    """(field, what is wrong) of a recommendation whose fields are each well."""
    has_content = wanted.content is not UNSET
    if wanted.failure and (has_content or wanted.digest or wanted.ask):
        return "failure", "A failure has no content, so there is nothing to ask about"
    if not wanted.failure and has_content == (wanted.digest is not None):
        return "content", "Send the content, or its digest"
    if wanted.ask and not has_content:
        return "ask", "People must see the content to decide"
    return None


def which_problem(wanted: OutcomeIn) -> tuple[str, str] | None:
    """(field, what is wrong) of an outcome whose fields are each well."""
    by_matter = wanted.agent is not None and wanted.correlation_id is not None
    half = (wanted.agent is None) != (wanted.correlation_id is None)
    if half or (wanted.recommendation is not None) == by_matter:
        return "recommendation", "Name a recommendation, or an agent and a correlation_id"
    if wanted.verdict is None and wanted.value is None:
        return "verdict", "Send a verdict, a value or both"
    if wanted.verdict == "partial" and wanted.value is None:
        return "value", "How much of it was right, 0 to 1"
    return None
