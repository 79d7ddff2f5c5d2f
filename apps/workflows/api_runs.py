"""EDGE: runs of workflows over REST: started, read, cancelled, resumed, and one step tried again."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.core.bodies import check_storable, read
from apps.core.errors import Invalid
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.workflows import schemas
from apps.workflows.configs import check_input
from apps.workflows.ending import cancel_run, resume_run, retry_step
from apps.workflows.models import Run
from apps.workflows.patterns import pattern_of
from apps.workflows.requests import ReasonIn, RunIn
from apps.workflows.response import run_as_json, step_as_json, whole_run
from apps.workflows.selectors import find_run, find_step, find_workflow, runs_of, stages_of
from apps.workflows.starting import start_workflow
from apps.workflows.states import Priority

TAGS = ["Workflows"]
FILTERS = {"workflow": 60, "pattern": 40, "correlation_id": 80}


class WorkflowRuns(TenantView):
    scopes = {"POST": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="start_workflow_run",
        summary="Start a run of a workflow",
        request=schemas.RunBody,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.RUN_EXAMPLE],
        responses={
            200: schemas.RunSummary,
            201: schemas.RunSummary,
            **problems(400, 404, 409, 413, 415, 422),
        },
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        wanted, by = read(request, RunIn), self.principal
        workflow = find_workflow(by.business_id, key)
        check_storable(wanted.title, "title")
        check_storable(wanted.key, "key")
        check_storable(wanted.correlation_id, "correlation_id")
        given = check_input(pattern_of(workflow.pattern), wanted.input)
        run_key = f"{workflow.key}:{wanted.key}" if wanted.key else ""

        def act() -> tuple[int, dict[str, Any]]:
            there = bool(run_key) and Run.objects.filter(business_id=by.business_id, key=run_key).exists()
            run = start_workflow(
                business_id=by.business_id,
                key=workflow.key,
                input=given,
                actor=by.actor,
                run_key=run_key,
                title=wanted.title.strip(),
                correlation_id=wanted.correlation_id,
                priority=Priority[wanted.priority.upper()],
                deadline=wanted.deadline,
            )
            return (200 if there else 201), run_as_json(run)

        return create_once(request, act)


class Runs(TenantView):
    scopes = {"GET": Scope.WORKFLOWS_READ}

    @extend_schema(
        operation_id="list_workflow_runs",
        summary="Runs, newest first",
        parameters=[
            OpenApiParameter("state", str, enum=schemas.RUN_STATES),
            OpenApiParameter("workflow", str, description="The key of a workflow"),
            OpenApiParameter("pattern", str, enum=schemas.PATTERN_NAMES),
            OpenApiParameter("correlation_id", str),
            *CURSOR,
        ],
        responses={200: schemas.RunPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = runs_of(self.principal.business_id, **_filters(request))
        pages = Cursor()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([run_as_json(run) for run in page or []])


class OneRun(TenantView):
    scopes = {"GET": Scope.WORKFLOWS_READ}

    @extend_schema(
        operation_id="get_workflow_run",
        summary="Read a run: its stages and steps, timing, cost, and who recommended what",
        responses={200: schemas.RunWhole, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        run = find_run(self.principal.business_id, run_id)
        return Response(whole_run(run, stages_of(run)))


class Cancelling(TenantView):
    scopes = {"POST": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="cancel_workflow_run",
        summary="Cancel a run; what it has done is taken back where it can be",
        request=schemas.ReasonBody,
        responses={200: schemas.RunSummary, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        reason, by = read(request, ReasonIn).reason, self.principal
        check_storable(reason, "reason")
        find_run(by.business_id, run_id)
        return Response(run_as_json(cancel_run(run_id=run_id, actor=by.actor, reason=reason.strip())))


class Resuming(TenantView):
    scopes = {"POST": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="resume_workflow_run",
        summary="Let a failed or cancelled run go on where it stood",
        request=None,
        responses={200: schemas.RunSummary, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        by = self.principal
        find_run(by.business_id, run_id)
        return Response(run_as_json(resume_run(run_id=run_id, actor=by.actor)))


class OneStep(TenantView):
    scopes = {"GET": Scope.WORKFLOWS_READ}

    @extend_schema(
        operation_id="get_workflow_step",
        summary="Read one step with its whole result",
        responses={200: schemas.RunStep, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, step_id: UUID) -> Response:
        return Response(step_as_json(find_step(self.principal.business_id, step_id)))


class Retrying(TenantView):
    scopes = {"POST": Scope.WORKFLOWS_WRITE}

    @extend_schema(
        operation_id="retry_workflow_step",
        summary="Try one failed step again, under the same idempotency key",
        request=None,
        responses={200: schemas.RunStep, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, step_id: UUID) -> Response:
        by = self.principal
        find_step(by.business_id, step_id)
        retry_step(step_id=step_id, actor=by.actor)
        return Response(step_as_json(find_step(by.business_id, step_id)))


def _filters(request: Request) -> dict[str, str]:
    """What the query asks for. Raises Invalid; NotFound for a page number that is not one of ours is the cursor's."""
    query = request.query_params
    found = {name: query[name] for name in FILTERS if query.get(name)}
    for name, most in FILTERS.items():
        if len(found.get(name, "")) > most:
            raise Invalid(name, f"At most {most} characters")
        check_storable(found.get(name, ""), name)
    if state := query.get("state"):
        if state not in schemas.RUN_STATES:
            raise Invalid("state", f"One of {', '.join(schemas.RUN_STATES)}")
        found["state"] = state
    return found
