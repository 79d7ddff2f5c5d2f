"""EDGE: goals over REST."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.core.bodies import read
from apps.core.errors import Invalid
from apps.core.pagination import Cursor
from apps.core.problems import is_our_fault
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.goals import schemas
from apps.goals.callbacks import callback_secret
from apps.goals.clarifying import answer
from apps.goals.ending import cancel
from apps.goals.erring import note_error
from apps.goals.models import Goal
from apps.goals.requests import AnswersIn, CancelIn, GoalIn
from apps.goals.response import response_of
from apps.goals.selectors import find_goal, goals_of
from apps.goals.states import State
from apps.goals.submission import submit
from apps.goals.timing import Stopwatch
from apps.goals.weighing import weigh

TAGS = ["Goals"]
SUBMISSION: dict[str, Any] = {
    "request": schemas.GoalRequest,
    "parameters": [IDEMPOTENCY_KEY],
    "examples": [schemas.SUBMIT_EXAMPLE],
    "tags": TAGS,
}


class SubmissionView(TenantView):
    """Takes goals. Times each from before authentication, and keeps count of those that fail by our fault."""

    opens_transaction = False
    submits_to: UUID | None = None

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.watch = Stopwatch()
        super().setup(request, *args, **kwargs)

    def submit(self, request: Request, status: int) -> Response:
        principal = self.principal
        self.submits_to = principal.business_id
        wanted = read(request, GoalIn)
        weighed = weigh(business_id=principal.business_id, wanted=wanted, watch=self.watch)

        def act() -> tuple[int, dict[str, Any]]:
            return status, response_of(submit(weighed=weighed, actor=principal.actor, user=principal.user))

        with acting_for(principal.business_id):
            return create_once(request, act)

    def handle_exception(self, exc: Exception) -> Response:
        if self.request.method == "POST" and is_our_fault(exc):
            note_error(business_id=self.submits_to, stage=self.watch.stage, error=exc)
        return super().handle_exception(exc)


class Goals(SubmissionView):
    """Submit a goal; list goals."""

    scopes = {"GET": Scope.GOALS_READ, "POST": Scope.GOALS_WRITE}

    @extend_schema(
        operation_id="submit_goal",
        summary="Submit a goal",
        responses={201: schemas.GoalAnswer, **problems(400, 409, 413, 415, 422)},
        **SUBMISSION,
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, 201)

    @extend_schema(
        operation_id="list_goals",
        summary="List goals, newest first",
        parameters=[
            OpenApiParameter("state", str, enum=schemas.GOAL_STATES),
            OpenApiParameter("agent_id", str),
            OpenApiParameter("workflow", str),
            OpenApiParameter("execution_path", str, enum=schemas.PATHS),
            *CURSOR,
        ],
        responses={200: schemas.GoalPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        with acting_for(self.principal.business_id):
            pages = Cursor()
            rows = pages.paginate_queryset(_filtered(request, goals_of(self.principal.business_id)), request, self)
            return pages.get_paginated_response([response_of(goal) for goal in rows or []])


class Execute(SubmissionView):
    """The same act under the address that reasoning clients know."""

    scopes = {"POST": Scope.GOALS_WRITE}

    @extend_schema(
        operation_id="execute_reasoning",
        summary="Submit a goal (reasoning clients)",
        responses={200: schemas.GoalAnswer, **problems(400, 409, 413, 415, 422)},
        **SUBMISSION,
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, 200)


class OneGoal(TenantView):
    scopes = {"GET": Scope.GOALS_READ}

    @extend_schema(
        operation_id="get_goal",
        summary="Read a goal",
        responses={200: schemas.GoalAnswer, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, goal_id: UUID) -> Response:
        return Response(response_of(find_goal(self.principal.business_id, goal_id)))


class Clarifications(TenantView):
    scopes = {"POST": Scope.GOALS_WRITE}
    opens_transaction = False

    @extend_schema(
        operation_id="answer_clarification",
        summary="Answer a goal's questions",
        request=schemas.Answers,
        examples=[schemas.ANSWERS_EXAMPLE],
        responses={200: schemas.GoalAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, goal_id: UUID) -> Response:
        answers = read(request, AnswersIn).answers
        principal = self.principal
        goal = answer(business_id=principal.business_id, goal_id=goal_id, answers=answers, actor=principal.actor)
        return Response(response_of(goal))


class Cancellation(TenantView):
    scopes = {"POST": Scope.GOALS_WRITE}

    @extend_schema(
        operation_id="cancel_goal",
        summary="Cancel a goal; what its run has done is taken back where its workflow says how",
        request=schemas.Cancellation,
        responses={200: schemas.GoalAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, goal_id: UUID) -> Response:
        reason = read(request, CancelIn).reason
        return Response(response_of(cancel(goal_id=goal_id, actor=self.principal.actor, reason=reason)))


class CallbackSecret(TenantView):
    scopes = {"GET": Scope.WEBHOOKS_MANAGE}

    @extend_schema(
        operation_id="get_callback_secret",
        summary="The secret that callbacks of goals are signed with",
        responses={200: schemas.Secret, **problems()},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return Response({"secret": callback_secret(self.principal.business_id)})


def _filtered(request: Request, goals: QuerySet[Goal]) -> QuerySet[Goal]:
    query = request.query_params
    if state := query.get("state"):
        if state not in set(State):
            raise Invalid("state", f"One of {', '.join(State)}")
        goals = goals.filter(state=state)
    if path := query.get("execution_path"):
        if path not in schemas.PATHS:
            raise Invalid("execution_path", f"One of {', '.join(schemas.PATHS)}")
        goals = goals.filter(execution_path=path)
    if agent := query.get("agent_id"):
        goals = goals.filter(agent_key=agent)
    if workflow := query.get("workflow"):
        goals = goals.filter(workflow_key=workflow)
    return goals
