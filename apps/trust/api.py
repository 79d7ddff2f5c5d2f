"""EDGE: recommendations and their outcomes over REST."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.agents.models import Agent
from apps.agents.selectors import find_agent
from apps.core.bodies import check_storable, read
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.idempotency import Answer
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.trust import schemas
from apps.trust.asking import ask_about
from apps.trust.evaluating import record_outcome
from apps.trust.models import Outcome
from apps.trust.recommending import flush_buffer, track
from apps.trust.requests import OutcomeIn, RecommendationIn, problem_of, which_problem
from apps.trust.response import outcome_of, recommendation_of, whole_of
from apps.trust.rulings import verdict_of
from apps.trust.selectors import find_recommendation, matching, outcomes_of, recommendations_of
from apps.trust.switch import is_learning
from apps.trust.verdicts import Source, Verdict

TAGS = ["Recommendations"]
OFF = "Learning is switched off for this business"
MOST_AT_ONCE = 100
VALUES = {Verdict.APPROVED: 1.0, Verdict.REJECTED: 0.0}


class Recommendations(TenantView):
    """Tell what an agent recommended; list what was recommended."""

    scopes = {"GET": Scope.TRUST_READ, "POST": Scope.TRUST_WRITE}

    @extend_schema(
        operation_id="track_recommendation",
        summary="Keep what an agent recommended; with `ask`, let people decide about it",
        request=schemas.RecommendationBody,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.RECOMMEND_EXAMPLE],
        responses={201: schemas.TrackedRecommendation, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, RecommendationIn)
        if problem := problem_of(wanted):
            raise Invalid(*problem)
        for name in ("agent", "correlation_id", "reasoning", "group", "title"):
            check_storable(getattr(wanted, name), name)
        return create_once(request, lambda: self._track(wanted))

    @extend_schema(
        operation_id="list_recommendations",
        summary="List recommendations, newest first; those of the last seconds may be missing",
        parameters=[
            OpenApiParameter("agent", str, description="Key"),
            OpenApiParameter("type", str),
            OpenApiParameter("verdict", str, enum=schemas.VERDICTS),
            OpenApiParameter("correlation_id", str),
            *CURSOR,
        ],
        responses={200: schemas.RecommendationPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = recommendations_of(self.principal.business_id)
        if key := text_in(request, "agent"):
            rows = rows.filter(agent=agent_of(self.principal.business_id, key))
        for name in ("type", "correlation_id"):
            if value := text_in(request, name):
                rows = rows.filter(**{name: value})
        if verdict := one_of(request, "verdict", schemas.VERDICTS):
            rows = rows.filter(verdict=verdict)
        return paged(self, request, rows, recommendation_of)

    def _track(self, wanted: RecommendationIn) -> Answer:
        by = self.principal
        agent = agent_of(by.business_id, wanted.agent)
        _refuse_unless_asked(agent, wanted.type)
        found = track(
            business_id=by.business_id,
            agent_id=agent.pk,
            type=wanted.type,
            content=wanted.content,
            digest=wanted.digest or "",
            correlation_id=wanted.correlation_id,
            group=wanted.group,
            confidence=wanted.confidence,
            reasoning=wanted.reasoning,
            latency_ms=wanted.latency_ms,
            on_time=wanted.on_time,
            failure=wanted.failure,
        )
        kept = find_recommendation(by.business_id, found) if found else None
        if kept is None:
            raise StaleState(OFF)
        asked = None
        if wanted.ask:
            asked = ask_about(
                recommendation_id=kept.pk,
                agent=agent,
                type=wanted.type,
                content=wanted.content,
                by=by,
                title=wanted.title,
                reasoning=wanted.reasoning,
                confidence=wanted.confidence,
            )
        return 201, recommendation_of(kept) | {"approval": str(asked.pk) if asked else None}


class OneRecommendation(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="get_recommendation",
        summary="Read a recommendation with all that was said of it",
        responses={200: schemas.RecommendationWhole, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, recommendation_id: UUID) -> Response:
        found = find_recommendation(self.principal.business_id, recommendation_id)
        if found is None:
            raise NotFound
        return Response(whole_of(found, Outcome.objects.filter(recommendation_id=found.pk).order_by("judged_at", "id")))


class Outcomes(TenantView):
    """Tell what came of recommendations; list what was told."""

    scopes = {"GET": Scope.TRUST_READ, "POST": Scope.TRUST_WRITE}

    @extend_schema(
        operation_id="tell_outcome",
        summary="Say what came of a recommendation, or of all an agent recommended in one matter",
        description="A later word takes the place of an earlier one; what people approved or audited outranks it.",
        request=schemas.OutcomeBody,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: schemas.OutcomesKept, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, OutcomeIn)
        if problem := which_problem(wanted):
            raise Invalid(*problem)
        for name in ("agent", "correlation_id", "feedback"):
            check_storable(getattr(wanted, name), name)
        return create_once(request, lambda: self._tell(wanted))

    @extend_schema(
        operation_id="list_outcomes",
        summary="List what was said of recommendations, newest first",
        parameters=[
            OpenApiParameter("source", str, enum=schemas.SOURCES),
            OpenApiParameter("agent", str, description="Key"),
            *CURSOR,
        ],
        responses={200: schemas.OutcomePage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = outcomes_of(self.principal.business_id)
        if key := text_in(request, "agent"):
            rows = rows.filter(recommendation__agent=agent_of(self.principal.business_id, key))
        if source := one_of(request, "source", schemas.SOURCES):
            rows = rows.filter(source=source)
        return paged(self, request, rows, outcome_of)

    def _tell(self, wanted: OutcomeIn) -> Answer:
        by = self.principal
        if not is_learning(by.business_id):
            raise StaleState(OFF)
        verdict, value = _judgement(wanted)
        kept = [
            record_outcome(
                business_id=by.business_id,
                recommendation_id=recommendation_id,
                source=Source.FEEDBACK,
                verdict=verdict,
                value=value,
                quality=wanted.quality,
                feedback=wanted.feedback,
                judged_by=by.actor,
            )
            for recommendation_id in self._which(wanted)
        ]
        rows = outcomes_of(by.business_id).filter(pk__in=[one.pk for one in kept if one]).order_by("pk")
        return 201, {"results": [outcome_of(row) for row in rows]}

    def _which(self, wanted: OutcomeIn) -> list[UUID]:
        if wanted.recommendation is not None:
            return [wanted.recommendation]
        business_id = self.principal.business_id
        agent = agent_of(business_id, wanted.agent or "")
        flush_buffer(business_id=business_id)
        found = matching(business_id, agent, wanted.correlation_id or "", MOST_AT_ONCE + 1)
        if not found:
            raise NotFound("This agent recommended nothing there")
        if len(found) > MOST_AT_ONCE:
            raise Invalid("correlation_id", f"There are more than {MOST_AT_ONCE} there; name each recommendation")
        return list(found)


def agent_of(business_id: UUID, key: str) -> Agent:
    """The agent of this key. Raises NotFound."""
    agent = find_agent(business_id, key)
    if agent is None:
        raise NotFound("There is no agent of this key")
    return agent


def text_in(request: Request, name: str) -> str:
    """A query parameter, "" when it is not there. Raises Invalid for what no row can hold."""
    value = request.query_params.get(name) or ""
    check_storable(value, name)
    return value


def one_of(request: Request, name: str, allowed: list[str]) -> str:
    """A query parameter that must be one of these, "" when it is not there. Raises Invalid."""
    value = text_in(request, name)
    if value and value not in allowed:
        raise Invalid(name, f"One of {', '.join(allowed)}")
    return value


def paged(view: TenantView, request: Request, rows: QuerySet[Any], as_json: Any) -> Response:
    """A page of rows, newest first."""
    pages = Cursor()
    page = pages.paginate_queryset(rows, request, view)
    return pages.get_paginated_response([as_json(row) for row in page or []])


def _refuse_unless_asked(agent: Agent, kind: str) -> None:
    if not agent.enabled:
        raise StaleState(f"This agent is switched off: {agent.disabled_reason}".rstrip(": "))
    if agent.types and kind not in agent.types:
        raise Invalid("type", f"This agent gives {', '.join(agent.types)}")


def _judgement(wanted: OutcomeIn) -> tuple[Verdict, float]:
    if wanted.verdict is None:
        value = wanted.value or 0.0
        return verdict_of(value), value
    verdict = Verdict(wanted.verdict)
    return verdict, VALUES.get(verdict, 0.0) if wanted.value is None else wanted.value
