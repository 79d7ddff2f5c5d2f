"""EDGE: approvals over REST."""

from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.approvals import schemas
from apps.approvals.deciding import decide, decide_many
from apps.approvals.editing import check_against_schema, check_schema
from apps.approvals.models import ApprovalRequest
from apps.approvals.payloads import problem_of
from apps.approvals.requesting import cancel_request, request_approval
from apps.approvals.requests import ApprovalIn, CancelIn, DecisionIn, DecisionsIn
from apps.approvals.response import summary_of, whole_of
from apps.approvals.selectors import find_request, requests_of
from apps.approvals.states import State
from apps.approvals.waiting import COME_AGAIN_SECONDS, LONGEST_SECONDS, wait_for_end
from apps.core.bodies import check_storable, read
from apps.core.errors import Invalid, NotAllowed
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems

TAGS = ["Approvals"]


class Approvals(TenantView):
    """Ask for a decision; list requests."""

    scopes = {"GET": Scope.APPROVALS_READ, "POST": Scope.APPROVALS_WRITE}

    @extend_schema(
        operation_id="request_approval",
        summary="Ask people for a decision",
        request=schemas.ApprovalRequestBody,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.ASK_EXAMPLE],
        responses={201: schemas.Approval, **problems(400, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = _checked(read(request, ApprovalIn))
        principal = self.principal

        def act() -> tuple[int, dict[str, Any]]:
            asked = request_approval(
                business_id=principal.business_id,
                kind=wanted.kind,
                subject_id=None,
                title=wanted.title,
                why=wanted.why,
                payload=wanted.payload,
                payload_schema=wanted.payload_schema,
                requested_by=principal.actor,
                requester=principal.user,
                confidence=wanted.confidence,
                risk=wanted.risk,
                factors=[msgspec.to_builtins(factor) for factor in wanted.factors],
                questions=[msgspec.to_builtins(question) for question in wanted.questions],
                deadline=wanted.deadline,
            )
            return 201, whole_of(asked)

        return create_once(request, act)

    @extend_schema(
        operation_id="list_approvals",
        summary="List requests, newest first",
        parameters=[OpenApiParameter("state", str, enum=schemas.STATES), OpenApiParameter("kind", str), *CURSOR],
        responses={200: schemas.ApprovalPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = _filtered(request, requests_of(self.principal.business_id))
        pages = Cursor()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([summary_of(row) for row in page or []])


class OneApproval(TenantView):
    scopes = {"GET": Scope.APPROVALS_READ}
    opens_transaction = False

    @extend_schema(
        operation_id="get_approval",
        summary="Read a request, or wait for its end",
        parameters=[
            OpenApiParameter(
                "wait",
                int,
                description=f"Seconds, 0 to {LONGEST_SECONDS}: answer when the request has ended or they are over. "
                "When too many wait already the answer comes at once, with Retry-After",
            )
        ],
        responses={200: OpenApiResponse(schemas.Approval), **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        business_id, seconds = self.principal.business_id, _seconds(request.query_params.get("wait"))
        waited = not seconds or wait_for_end(business_id=business_id, request_id=request_id, seconds=seconds)
        with acting_for(business_id):
            found = find_request(business_id, request_id)
            headers = None if waited or found.state != State.WAITING else {"Retry-After": str(COME_AGAIN_SECONDS)}
            return Response(whole_of(found), headers=headers)


class Deciding(TenantView):
    scopes = {"POST": Scope.APPROVALS_DECIDE}

    @extend_schema(
        operation_id="decide_approval",
        summary="Approve, reject or answer a request",
        request=schemas.DecisionBody,
        examples=[schemas.DECIDE_EXAMPLE],
        responses={200: schemas.Approval, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        said = read(request, DecisionIn)
        decided = decide(
            request_id=request_id,
            by=self.principal,
            verdict=said.verdict,
            payload_hash=said.payload_hash,
            payload=said.payload,
            reason=said.reason,
            comment=said.comment,
            answers=said.answers,
        )
        return Response(whole_of(decided))


class DecidingMany(TenantView):
    scopes = {"POST": Scope.APPROVALS_DECIDE}

    @extend_schema(
        operation_id="decide_approvals",
        summary="Approve or reject several, each for itself",
        request=schemas.DecisionsBody,
        responses={200: schemas.DecisionsResult, **problems(400, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        said = read(request, DecisionsIn)
        results = decide_many(
            items=[(item.id, item.payload_hash) for item in said.items],
            by=self.principal,
            verdict=said.verdict,
            reason=said.reason,
            comment=said.comment,
        )
        told = [{"id": str(r.request_id), "ok": r.ok, "state": r.state, "detail": r.detail} for r in results]
        return Response({"results": told})


class Cancelling(TenantView):
    scopes = {"POST": Scope.APPROVALS_WRITE}

    @extend_schema(
        operation_id="cancel_approval",
        summary="Withdraw a request that a program has made",
        request=schemas.Withdrawal,
        responses={200: schemas.Approval, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        reason = read(request, CancelIn).reason
        check_storable(reason, "reason")
        found = find_request(self.principal.business_id, request_id)
        if found.kind in settings.DECISION_OUTCOMES:
            raise NotAllowed(f"This belongs to a {found.kind}: cancel that")
        return Response(whole_of(cancel_request(request_id=request_id, actor=self.principal.actor, why=reason)))


def _checked(wanted: ApprovalIn) -> ApprovalIn:
    check_storable([wanted.title, wanted.why], "title")
    check_storable(msgspec.to_builtins([wanted.questions, wanted.factors]), "questions")
    if wanted.kind in settings.DECISION_OUTCOMES:
        raise Invalid(
            "kind", f"Requests of this kind are made by Gatehouse itself; choose another word than {wanted.kind}"
        )
    if len({question.field for question in wanted.questions}) < len(wanted.questions):
        raise Invalid("questions", "Each field can be asked about once")
    if problem := problem_of(wanted.payload_schema):
        raise Invalid("payload_schema", problem)
    if problem := problem_of(wanted.payload):
        raise Invalid("payload", problem)
    check_schema(wanted.payload_schema)
    check_against_schema(wanted.payload, wanted.payload_schema)
    return wanted


def _filtered(request: Request, rows: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    if state := request.query_params.get("state"):
        if state not in schemas.STATES:
            raise Invalid("state", f"One of {', '.join(schemas.STATES)}")
        rows = rows.filter(state=state)
    if kind := request.query_params.get("kind"):
        check_storable(kind, "kind")
        rows = rows.filter(kind=kind)
    return rows


def _seconds(text: str | None) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= LONGEST_SECONDS and len(text) < 9):
        raise Invalid("wait", f"Whole seconds, 0 to {LONGEST_SECONDS}")
    return int(text)
