"""EDGE: patterns, reviewers, head-to-head, the what-if and learning's health over REST."""

import math
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, problems
from apps.trust import response_patterns as response
from apps.trust import schemas_patterns as schemas
from apps.trust.comparing import head_to_head
from apps.trust.health import health_of
from apps.trust.models import Pattern
from apps.trust.patterns import MOST_MOMENTS, patterns_of, timeline_of
from apps.trust.reviewers import reviewers_of
from apps.trust.verdicts import Category
from apps.trust.whatif import DAYS, USUAL, what_if

PATTERNS, TRUST = ["Patterns"], ["Trust"]
CATEGORIES, STATES = [one.value for one in Category], list(Pattern.State.values)


class Patterns(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="list_patterns",
        summary="Patterns that were found, newest first",
        parameters=[
            OpenApiParameter("category", str, enum=CATEGORIES),
            OpenApiParameter("state", str, enum=STATES, description="All without; retired ones are kept"),
            OpenApiParameter("type", str, description="Of recommendations"),
            OpenApiParameter("agent", str, description="The key of an agent that takes part"),
            *CURSOR,
        ],
        responses={200: schemas.PatternPage, **problems(404, 422)},
        tags=PATTERNS,
    )
    def get(self, request: Request) -> Response:
        rows = patterns_of(
            self.principal.business_id,
            category=_one_of(request, "category", CATEGORIES),
            state=_one_of(request, "state", STATES),
            type_=_text(request, "type"),
            agent=_text(request, "agent"),
        )
        pages = Cursor()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([response.pattern_of(row) for row in page or []])


class OnePattern(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="get_pattern",
        summary="A pattern and what became of it when",
        responses={200: schemas.PatternWithTimeline, **problems(404)},
        tags=PATTERNS,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        business_id = self.principal.business_id
        row = Pattern.objects.filter(business_id=business_id, pk=pk).first()
        if row is None:
            raise NotFound
        timeline = timeline_of(business_id, pattern_id=pk, limit=MOST_MOMENTS)
        return Response({**response.pattern_of(row), "timeline": [response.moment_of(one) for one in timeline]})


class ReviewersView(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="get_reviewers",
        summary="How reliable reviewers are, where they judged the same things",
        responses={200: schemas.ReviewersAnswer, **problems()},
        tags=TRUST,
    )
    def get(self, request: Request) -> Response:
        return Response(response.reviewers_answer(reviewers_of(self.principal.business_id, timezone.now())))


class HeadToHeadView(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="get_head_to_head",
        summary="Agents compared where they were asked side by side",
        parameters=[OpenApiParameter("type", str, description="Of recommendations; all without")],
        responses={200: schemas.HeadToHeadAnswer, **problems(422)},
        tags=TRUST,
    )
    def get(self, request: Request) -> Response:
        found = head_to_head(self.principal.business_id, timezone.now(), type_=_text(request, "type"))
        return Response(response.head_to_head_answer(found))


class WhatIfView(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="try_trust_thresholds",
        summary="What other thresholds of trust would have made of past recommendations",
        parameters=[
            OpenApiParameter("critical", float, description="Boost above which is served first, 0 to 0.5"),
            OpenApiParameter("low", float, description="Boost below which is served last, -0.5 to 0"),
            OpenApiParameter("disable", float, description="Trust below which an agent is switched off, 0 to 1"),
            OpenApiParameter("days", int, description=f"7 to 365; {DAYS} without"),
        ],
        responses={200: schemas.WhatIfAnswer, **problems(422)},
        tags=TRUST,
    )
    def get(self, request: Request) -> Response:
        critical, low, disable = (
            _number(request, name, usual)
            for name, usual in (("critical", USUAL.critical), ("low", USUAL.low), ("disable", USUAL.disable))
        )
        days = _number(request, "days", DAYS)
        if days != int(days):
            raise Invalid("days", "A whole number")
        try:
            found = what_if(
                self.principal.business_id,
                timezone.now(),
                critical=critical,
                low=low,
                disable=disable,
                days=int(days),
            )
        except ValueError as error:
            raise Invalid("", str(error)) from None
        return Response(response.what_if_answer(found))


class HealthView(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="get_learning_health",
        summary="The figures of learning's health against their targets",
        responses={200: schemas.LearningHealth, **problems()},
        tags=TRUST,
    )
    def get(self, request: Request) -> Response:
        return Response(response.health_answer(health_of(self.principal.business_id, timezone.now())))


def _text(request: Request, name: str) -> str:
    value = request.query_params.get(name, "")
    check_storable(value, name)
    return value


def _one_of(request: Request, name: str, known: list[str]) -> str:
    value = _text(request, name)
    if value and value not in known:
        raise Invalid(name, f"One of {', '.join(known)}")
    return value


def _number(request: Request, name: str, usual: float) -> float:
    value = request.query_params.get(name, "")
    try:
        number = float(value) if value else float(usual)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(name, "A number")
    return number
