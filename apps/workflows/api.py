"""EDGE: workflows and the pattern library over REST."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import Invalid
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.workflows import schemas
from apps.workflows.defining import change_workflow, create_workflow, install_ready_workflows, restore_version
from apps.workflows.models import Workflow
from apps.workflows.patterns import PATTERNS
from apps.workflows.requests import RestoreIn, WorkflowChange, WorkflowIn
from apps.workflows.response import pattern_as_json, version_as_json, whole_workflow, workflow_as_json
from apps.workflows.selectors import find_version, find_workflow, versions_of, workflows_of

TAGS = ["Workflows"]
MOST_VERSIONS = 50


class Patterns(TenantView):
    scopes = {"GET": Scope.WORKFLOWS_READ}

    @extend_schema(
        operation_id="list_workflow_patterns",
        summary="The pattern library, each pattern with the JSON Schema of its configuration",
        responses={200: schemas.Library, **problems()},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return Response({"results": [pattern_as_json(pattern) for pattern in PATTERNS.values()]})


class Workflows(TenantView):
    scopes = {"GET": Scope.WORKFLOWS_READ, "POST": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="list_workflows",
        summary="The workflows of your business, newest first",
        parameters=CURSOR,
        responses={200: schemas.WorkflowPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        rows = pages.paginate_queryset(workflows_of(self.principal.business_id), request, self)
        return pages.get_paginated_response([workflow_as_json(one) for one in rows or []])

    @extend_schema(
        operation_id="create_workflow",
        summary="Set up a workflow of a pattern",
        request=schemas.WorkflowBody,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.CREATE_EXAMPLE],
        responses={201: schemas.WorkflowWhole, **problems(400, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, by = read(request, WorkflowIn), self.principal

        def act() -> tuple[int, dict[str, Any]]:
            made = create_workflow(
                business_id=by.business_id,
                key=wanted.key,
                pattern=wanted.pattern,
                name=wanted.name,
                description=wanted.description,
                config=wanted.config,
                note=wanted.note,
                actor=by.actor,
            )
            return 201, _whole(made)

        return create_once(request, act)


class ReadyWorkflows(TenantView):
    scopes = {"POST": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="install_ready_workflows",
        summary="Add a workflow of each pattern that you have none of, with its defaults",
        request=None,
        responses={200: schemas.Installed, **problems(409)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        made = install_ready_workflows(business_id=self.principal.business_id, actor=self.principal.actor)
        return Response({"added": [workflow_as_json(one) for one in made]})


class OneWorkflow(TenantView):
    scopes = {"GET": Scope.WORKFLOWS_READ, "PATCH": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="get_workflow",
        parameters=[schemas.KEY],
        summary="Read a workflow: its configuration with schema, stages and versions",
        responses={200: schemas.WorkflowWhole, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        return Response(_whole(find_workflow(self.principal.business_id, key)))

    @extend_schema(
        operation_id="change_workflow",
        parameters=[schemas.KEY],
        summary="Rename or switch a workflow, or give it another configuration, which makes a new version",
        request=schemas.WorkflowChangeBody,
        examples=[schemas.CHANGE_EXAMPLE],
        responses={200: schemas.WorkflowWhole, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def patch(self, request: Request, key: str) -> Response:
        wanted, by = read(request, WorkflowChange), self.principal
        given = {name: getattr(wanted, name) for name in ("name", "description", "enabled", "config")}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not UNSET}
        found = find_workflow(by.business_id, key)
        changed = change_workflow(
            workflow_id=found.pk, actor=by.actor, note=wanted.note, expected=wanted.version, **changes
        )
        return Response(_whole(changed))


class OneVersion(TenantView):
    scopes = {"GET": Scope.WORKFLOWS_READ}

    @extend_schema(
        operation_id="get_workflow_version",
        summary="Read a version, and what differs from another",
        parameters=[OpenApiParameter("against", int, description="Another version; the one before it without")],
        responses={200: schemas.WorkflowVersionWhole, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str, number: int) -> Response:
        workflow = find_workflow(self.principal.business_id, key)
        version = find_version(workflow, number)
        other = request.query_params.get("against")
        if other is not None and not (other.isascii() and other.isdigit() and len(other) < 10):
            raise Invalid("against", "The number of a version")
        before = int(other) if other is not None else number - 1
        against = find_version(workflow, before) if before or other is not None else None
        return Response(version_as_json(version, against))


class Restoring(TenantView):
    scopes = {"POST": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="restore_workflow_version",
        summary="Make a new version with the configuration of an earlier one",
        request=schemas.RestoreBody,
        responses={200: schemas.WorkflowWhole, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str, number: int) -> Response:
        wanted, by = read(request, RestoreIn), self.principal
        workflow = find_workflow(by.business_id, key)
        find_version(workflow, number)
        restored = restore_version(workflow_id=workflow.pk, number=number, actor=by.actor, expected=wanted.version)
        return Response(_whole(restored))


def _whole(workflow: Workflow) -> dict[str, Any]:
    return whole_workflow(workflow, list(versions_of(workflow)[:MOST_VERSIONS]))
