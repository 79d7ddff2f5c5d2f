"""EDGE: the figures of drafts, and backfills of past replies, over REST."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import Invalid, NotFound
from apps.core.idempotency import Answer
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.drafts import schemas_figures as schemas
from apps.drafts.backfilling import cancel, pause, resume, start_backfill
from apps.drafts.counting import WINDOWS, count, window_of
from apps.drafts.exporting_figures import rows_of
from apps.drafts.figures import BY_NAME
from apps.drafts.models import BackfillRun
from apps.drafts.requests_figures import BackfillIn
from apps.drafts.states import Arm

TAGS = ["Mail"]
ARMS = [Arm.RETRIEVAL.value, Arm.CONTROL.value]


class DraftMetrics(TenantView):
    scopes = {"GET": Scope.DRAFTS_READ}

    @extend_schema(
        operation_id="get_draft_metrics",
        summary="The figures of drafts over a window, with intervals, targets and how they stand",
        parameters=[
            OpenApiParameter("window", str, enum=list(WINDOWS), description="7d unless you say otherwise"),
            OpenApiParameter("arm", str, enum=ARMS, description="Of the comparison with and without retrieval"),
        ],
        responses={200: schemas.DraftFigures, **problems(422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        name = _one_of(request, "window", list(WINDOWS)) or "7d"
        arm = _one_of(request, "arm", ARMS) or None
        window = window_of(name, timezone.now())
        rows = [row for row in rows_of(count([self.principal.business_id], window, arm=arm)) if row["whole"]]
        keys = ("figure", "n", "hits", "value", "low", "high", "unit", "standing", "target", "alert")
        figures = [{key: row[key] for key in keys} | {"meaning": BY_NAME[row["figure"]].meaning} for row in rows]
        return Response({"window": name, "since": window.start, "until": window.end, "arm": arm, "figures": figures})


class Backfills(TenantView):
    scopes = {"GET": Scope.DRAFTS_READ, "POST": Scope.DRAFTS_WRITE}

    @extend_schema(
        operation_id="list_backfills",
        summary="Backfills of past replies, newest first",
        parameters=CURSOR,
        responses={200: schemas.BackfillPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        page = pages.paginate_queryset(BackfillRun.objects.all(), request, self)
        return pages.get_paginated_response([backfill_as_json(row) for row in page or []])

    @extend_schema(
        operation_id="start_backfill",
        summary="Learn the replies of the last so many days, which workers carry out; 409 while one runs",
        request=schemas.BackfillBody,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: schemas.Backfill, **problems(400, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, by = read(request, BackfillIn), self.principal

        def act() -> Answer:
            run = start_backfill(
                business_id=by.business_id, days=wanted.days, per_second=wanted.per_second, actor=by.actor
            )
            return 201, backfill_as_json(run)

        return create_once(request, act)


class OneBackfill(TenantView):
    scopes = {"GET": Scope.DRAFTS_READ}

    @extend_schema(
        operation_id="get_backfill",
        summary="Read a backfill: how far it is",
        responses={200: schemas.Backfill, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        run = BackfillRun.objects.filter(pk=run_id).first()
        if run is None:
            raise NotFound("There is no such backfill")
        return Response(backfill_as_json(run))


class _Turn(TenantView):
    scopes = {"POST": Scope.DRAFTS_WRITE}
    act: Callable[..., BackfillRun]

    def turned(self, run_id: UUID) -> Response:
        by = self.principal
        return Response(backfill_as_json(type(self).act(business_id=by.business_id, run_id=run_id, actor=by.actor)))


class PauseBackfill(_Turn):
    act = staticmethod(pause)

    @extend_schema(
        operation_id="pause_backfill",
        summary="Stop a backfill behind the batch under way",
        request=None,
        responses={200: schemas.Backfill, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        return self.turned(run_id)


class ResumeBackfill(_Turn):
    act = staticmethod(resume)

    @extend_schema(
        operation_id="resume_backfill",
        summary="Go on with a backfill that pauses or failed",
        request=None,
        responses={200: schemas.Backfill, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        return self.turned(run_id)


class CancelBackfill(_Turn):
    act = staticmethod(cancel)

    @extend_schema(
        operation_id="cancel_backfill",
        summary="Give a backfill up; what was learned stays",
        request=None,
        responses={200: schemas.Backfill, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        return self.turned(run_id)


def backfill_as_json(run: BackfillRun) -> dict[str, Any]:
    names = ("days", "per_second", "total", "seen", "indexed", "duplicates", "failed", "error", "started_by")
    return {
        "id": str(run.pk),
        "state": str(run.state),
        **{name: getattr(run, name) for name in names},
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }


def _one_of(request: Request, name: str, known: list[str]) -> str:
    wanted = request.query_params.get(name) or ""
    if wanted and wanted not in known:
        raise Invalid(name, f"One of {', '.join(known)}")
    return wanted
