"""EDGE: trust, what learning may do, and learning cycles over REST."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import NotFound
from apps.core.idempotency import Answer
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.trust import schemas
from apps.trust.api import agent_of, one_of, paged, text_in
from apps.trust.choosing import CHOICES, choose_settings, settings_of
from apps.trust.learning import start_cycle
from apps.trust.requests import CycleIn, SettingsIn
from apps.trust.response import cycle_of, settings_as_json, trust_of
from apps.trust.selectors import averages_of, cycles_of, scores_of

# An agent has a row for each type; more agents than this is no business anybody has seen.
MOST_ROWS = 5000


class Trust(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="list_trust",
        summary="How far agents are trusted: agents as a whole first, the surest first",
        parameters=[
            OpenApiParameter("agent", str, description="Key"),
            OpenApiParameter("type", str, description="Of recommendations"),
        ],
        responses={200: schemas.TrustAnswer, **problems(404, 422)},
        tags=["Trust"],
    )
    def get(self, request: Request) -> Response:
        business_id = self.principal.business_id
        rows = scores_of(business_id)
        if key := text_in(request, "agent"):
            rows = rows.filter(agent=agent_of(business_id, key))
        if kind := text_in(request, "type"):
            rows = rows.filter(type=kind)
        averages = averages_of(business_id)
        return Response({"results": [trust_of(row, averages) for row in rows[:MOST_ROWS]]})


class TrustSettingsView(TenantView):
    scopes = {"GET": Scope.TRUST_READ, "PATCH": Scope.TRUST_WRITE}

    @extend_schema(
        operation_id="get_trust_settings",
        summary="What learning may do here",
        responses={200: schemas.TrustSettingsRead, **problems()},
        tags=["Trust"],
    )
    def get(self, request: Request) -> Response:
        return Response(settings_as_json(settings_of(self.principal.business_id)))

    @extend_schema(
        operation_id="change_trust_settings",
        summary="Choose what learning may do; what is left out stays",
        request=schemas.TrustSettingsBody,
        responses={200: schemas.TrustSettingsRead, **problems(400, 413, 415, 422)},
        tags=["Trust"],
    )
    def patch(self, request: Request) -> Response:
        wanted, by = read(request, SettingsIn), self.principal
        before = settings_of(by.business_id)
        given = {name: getattr(wanted, name) for name in CHOICES if getattr(wanted, name) is not UNSET}
        choose_settings(
            business_id=by.business_id,
            actor=by.actor,
            **{name: given.get(name, getattr(before, name)) for name in CHOICES},
        )
        return Response(settings_as_json(settings_of(by.business_id)))


class Cycles(TenantView):
    scopes = {"GET": Scope.TRUST_READ, "POST": Scope.TRUST_WRITE}

    @extend_schema(
        operation_id="list_learning_cycles",
        summary="List learning cycles, newest first",
        parameters=[OpenApiParameter("state", str, enum=schemas.STATES), *CURSOR],
        responses={200: schemas.CyclePage, **problems(404, 422)},
        tags=["Learning"],
    )
    def get(self, request: Request) -> Response:
        rows = cycles_of(self.principal.business_id)
        if state := one_of(request, "state", schemas.STATES):
            rows = rows.filter(state=state)
        return paged(self, request, rows, cycle_of)

    @extend_schema(
        operation_id="start_learning_cycle",
        summary="Begin a learning cycle, which a worker carries out; 409 while one runs",
        request=schemas.CycleBody,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: schemas.Cycle, **problems(400, 409, 413, 415, 422)},
        tags=["Learning"],
    )
    def post(self, request: Request) -> Response:
        wanted, by = read(request, CycleIn), self.principal

        def act() -> Answer:
            return 201, cycle_of(start_cycle(business_id=by.business_id, kind=wanted.kind, started_by=by.actor))

        return create_once(request, act)


class OneCycle(TenantView):
    scopes = {"GET": Scope.TRUST_READ}

    @extend_schema(
        operation_id="get_learning_cycle",
        summary="Read a learning cycle: how far it is, and what it found",
        responses={200: schemas.Cycle, **problems(404)},
        tags=["Learning"],
    )
    def get(self, request: Request, cycle_id: UUID) -> Response:
        found = cycles_of(self.principal.business_id).filter(pk=cycle_id).first()
        if found is None:
            raise NotFound
        return Response(cycle_of(found))
