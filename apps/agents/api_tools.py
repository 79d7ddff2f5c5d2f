"""EDGE: tools over REST."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.agents import schemas
from apps.agents.altering import tell
from apps.agents.answers import CallFailed
from apps.agents.models import Tool
from apps.agents.registering import change_tool, close_breaker, register_tool
from apps.agents.requests import ToolChangeIn, ToolIn, UseIn, given
from apps.agents.response import tool_of
from apps.agents.selectors import find_tool
from apps.agents.using import BadArguments, use_tool
from apps.core.bodies import check_storable, read
from apps.core.breaking import standing, standings
from apps.core.errors import Invalid, NotFound
from apps.core.ids import new_id
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems

TAGS = ["Tools"]
READ, MANAGE = Scope.AGENTS_READ, Scope.AGENTS_MANAGE
LONGEST_KEY = 200


class _OfTools(TenantView):
    def tool(self, name: str) -> Tool:
        found = find_tool(self.principal.business_id, name)
        if found is None:
            raise NotFound
        return found

    def shown(self, tool: Tool) -> dict[str, Any]:
        return tool_of(tool, standing(tool.pk))


class Tools(_OfTools):
    scopes = {"GET": READ, "POST": MANAGE}

    @extend_schema(
        operation_id="list_tools",
        summary="List tools, newest first",
        parameters=CURSOR,
        responses={200: schemas.ToolPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        rows = Tool.objects.filter(business_id=self.principal.business_id)
        page: list[Tool] = pages.paginate_queryset(rows, request, self) or []
        lights = standings([tool.pk for tool in page])
        return pages.get_paginated_response([tool_of(tool, lights[tool.pk]) for tool in page])

    @extend_schema(
        operation_id="register_tool",
        summary="Register a tool",
        request=schemas.ToolBody,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.TOOL_EXAMPLE],
        responses={201: schemas.ToolOut, **problems(400, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, by = read(request, ToolIn), self.principal

        def act() -> tuple[int, dict[str, Any]]:
            return 201, self.shown(register_tool(business_id=by.business_id, actor=by.actor, **given(wanted)))

        return create_once(request, act)


class OneTool(_OfTools):
    scopes = {"GET": READ, "PATCH": MANAGE}

    @extend_schema(
        operation_id="get_tool",
        summary="Read a tool",
        responses={200: schemas.ToolOut, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, name: str) -> Response:
        return Response(self.shown(self.tool(name)))

    @extend_schema(
        operation_id="change_tool",
        summary="Change a tool, or switch it off and on",
        request=schemas.ToolChange,
        responses={200: schemas.ToolOut, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def patch(self, request: Request, name: str) -> Response:
        wanted, tool = read(request, ToolChangeIn), self.tool(name)
        return Response(self.shown(change_tool(tool_id=tool.pk, actor=self.principal.actor, **given(wanted))))


class ClosingToolBreaker(_OfTools):
    scopes = {"POST": MANAGE}

    @extend_schema(
        operation_id="close_tool_breaker",
        summary="Use a tool again at once, although it kept failing",
        request=None,
        responses={200: schemas.ToolOut, **problems(404, 415)},
        tags=TAGS,
    )
    def post(self, request: Request, name: str) -> Response:
        tool = self.tool(name)
        close_breaker(owner=tool, actor=self.principal.actor)
        return Response(self.shown(tool))


class Using(_OfTools):
    """Waits for the tool, so no transaction is open meanwhile."""

    scopes = {"POST": MANAGE}
    opens_transaction = False

    @extend_schema(
        operation_id="use_tool",
        summary="Use a tool; the Idempotency-Key is passed on, so that a tool can tell a repetition",
        request=schemas.UseBody,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: schemas.UseAnswer, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, name: str) -> Response:
        wanted, by = read(request, UseIn), self.principal
        check_storable(wanted.arguments, "arguments")
        work_id = request.headers.get("Idempotency-Key", str(new_id()))
        if not 1 <= len(work_id) <= LONGEST_KEY or not work_id.isascii() or not work_id.isprintable():
            raise Invalid("Idempotency-Key", f"1 to {LONGEST_KEY} printable ASCII characters")
        with acting_for(by.business_id):
            tool = self.tool(name)
        answer = _used(tool, wanted.arguments, work_id)
        with acting_for(by.business_id), transaction.atomic():
            tell(tool, "used", by.actor, answered=answer["answered"], took_ms=answer["took_ms"], work_id=work_id)
        return Response(answer)


def _used(tool: Tool, arguments: dict[str, Any], work_id: str) -> dict[str, Any]:
    from django.utils import timezone

    started = timezone.now()
    try:
        reply = use_tool(tool=tool, arguments=arguments, work_id=work_id)
    except BadArguments as error:
        raise Invalid(errors=error.errors) from None
    except CallFailed as error:
        now = timezone.now()
        failure = {"at": now.isoformat(), "why": error.why.value, "words": str(error)}
        took = round((now - started).total_seconds() * 1000)
        return {"answered": False, "data": None, "took_ms": took, "failure": failure}
    return {"answered": True, "data": reply.data, "took_ms": reply.took_ms, "failure": None}
