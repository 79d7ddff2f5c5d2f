"""EDGE: agents over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.agents import schemas
from apps.agents.enlisting import change_agent, enlist_agent, renew_secret
from apps.agents.models import Agent
from apps.agents.registering import close_breaker
from apps.agents.requests import AgentChangeIn, AgentIn, DisableIn, given
from apps.agents.response import agent_of
from apps.agents.selectors import find_agent
from apps.agents.switching import disable_agent, enable_agent
from apps.core.bodies import read
from apps.core.breaking import standing, standings
from apps.core.errors import NotFound
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems

TAGS = ["Agents"]
READ, MANAGE = Scope.AGENTS_READ, Scope.AGENTS_MANAGE


class _OfAgents(TenantView):
    def agent(self, key: str) -> Agent:
        found = find_agent(self.principal.business_id, key)
        if found is None:
            raise NotFound
        return found

    def shown(self, agent: Agent) -> dict[str, Any]:
        return agent_of(agent, standing(agent.pk))


class Agents(_OfAgents):
    scopes = {"GET": READ, "POST": MANAGE}

    @extend_schema(
        operation_id="list_agents",
        summary="List agents, newest first",
        parameters=CURSOR,
        responses={200: schemas.AgentPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        rows = Agent.objects.filter(business_id=self.principal.business_id)
        page: list[Agent] = pages.paginate_queryset(rows, request, self) or []
        lights = standings([agent.pk for agent in page])
        return pages.get_paginated_response([agent_of(agent, lights[agent.pk]) for agent in page])

    @extend_schema(
        operation_id="enlist_agent",
        summary="Take an agent on; its signing secret is shown once",
        request=schemas.AgentBody,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.AGENT_EXAMPLE],
        responses={201: schemas.AgentWithSecret, **problems(400, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, by, secrets = read(request, AgentIn), self.principal, [""]

        def act() -> tuple[int, dict[str, Any]]:
            agent, secrets[0] = enlist_agent(business_id=by.business_id, actor=by.actor, **given(wanted))
            return 201, self.shown(self.agent(agent.key))

        response = create_once(request, act)
        # Beside the answer that is kept for a repetition: a secret is stored encrypted or not at all.
        response.data |= {"secret": secrets[0]}
        return response


class OneAgent(_OfAgents):
    scopes = {"GET": READ, "PATCH": MANAGE}

    @extend_schema(
        operation_id="get_agent",
        summary="Read an agent",
        responses={200: schemas.AgentOut, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        return Response(self.shown(self.agent(key)))

    @extend_schema(
        operation_id="change_agent",
        summary="Change an agent",
        request=schemas.AgentChange,
        responses={200: schemas.AgentOut, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def patch(self, request: Request, key: str) -> Response:
        wanted, agent = read(request, AgentChangeIn), self.agent(key)
        return Response(self.shown(change_agent(agent_id=agent.pk, actor=self.principal.actor, **given(wanted))))


class Disabling(_OfAgents):
    scopes = {"POST": MANAGE}

    @extend_schema(
        operation_id="disable_agent",
        summary="Give an agent no more work; one that is off stays so, with its first reason",
        request=schemas.DisableBody,
        responses={200: schemas.AgentOut, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        wanted, agent = read(request, DisableIn), self.agent(key)
        disable_agent(agent_id=agent.pk, reason=wanted.reason, by="person", actor=self.principal.actor)
        return Response(self.shown(self.agent(key)))


class Enabling(_OfAgents):
    scopes = {"POST": MANAGE}

    @extend_schema(
        operation_id="enable_agent",
        summary="Give an agent work again, and close its breaker",
        request=None,
        responses={200: schemas.AgentOut, **problems(404, 415)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        enable_agent(agent_id=self.agent(key).pk, actor=self.principal.actor)
        return Response(self.shown(self.agent(key)))


class ClosingBreaker(_OfAgents):
    scopes = {"POST": MANAGE}

    @extend_schema(
        operation_id="close_agent_breaker",
        summary="Call an agent again at once, although it kept failing",
        request=None,
        responses={200: schemas.AgentOut, **problems(404, 415)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        agent = self.agent(key)
        close_breaker(owner=agent, actor=self.principal.actor)
        return Response(self.shown(agent))


class Renewing(_OfAgents):
    scopes = {"POST": MANAGE}

    @extend_schema(
        operation_id="renew_agent_secret",
        summary="Make a new signing secret, which alone holds from now on",
        request=None,
        responses={200: schemas.AgentWithSecret, **problems(404, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        agent = self.agent(key)
        secret = renew_secret(agent=agent, actor=self.principal.actor)
        return Response(self.shown(agent) | {"secret": secret})
