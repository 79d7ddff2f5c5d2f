"""EDGE: calibration over REST."""

from typing import Any

import msgspec
from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.approvals.response import whole_of
from apps.approvals.schemas import Approval
from apps.core.bodies import check_storable, read
from apps.core.later import later
from apps.core.schemas import IDEMPOTENCY_KEY, problems
from apps.goals.configuration import configuration_of
from apps.goals.models import GateCurve
from apps.tuning import schemas
from apps.tuning.models import CurveVersion
from apps.tuning.proposing import propose, standing_of
from apps.tuning.reliability import reliability_of
from apps.tuning.requests import RevertIn, ThresholdsIn
from apps.tuning.reverting import revert
from apps.tuning.selectors import HISTORY, cells_of, compared_as_typed
from apps.tuning.simulation import in_words
from apps.tuning.standing import Standing
from apps.tuning.tasks import refit_business

TAGS = ["Calibration"]
MOST_VERSIONS = 200


class ReliabilityView(TenantView):
    """How well confidence fits what people found."""

    scopes = {"GET": Scope.GOALS_READ}

    @extend_schema(
        operation_id="get_reliability",
        summary="What was said against what was found",
        parameters=[OpenApiParameter("kind", str, description="Of goals; all without")],
        responses={200: schemas.ReliabilityAnswer, **problems(422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        business_id, kind = self.principal.business_id, request.query_params.get("kind") or None
        check_storable(kind, "kind")
        found, cells = configuration_of(business_id), cells_of(business_id, kind)
        before = reliability_of(cells, lambda cell: cell.raw)
        after = reliability_of(cells, lambda cell: found.curve_for(cell.kind).curve.apply(cell.raw))
        return Response(
            {
                "kind": kind,
                "days": HISTORY.days,
                "before": msgspec.to_builtins(before),
                "after": msgspec.to_builtins(after),
            }
        )


class Simulation(TenantView):
    scopes = {"GET": Scope.GOALS_READ}

    @extend_schema(
        operation_id="simulate_thresholds",
        summary="What two thresholds would have made of the last goals",
        parameters=[
            OpenApiParameter("high", float, required=True, description="At and above: runs alone, 0 to 1"),
            OpenApiParameter("medium", float, required=True, description="At and above: a person is asked; below high"),
        ],
        responses={200: schemas.ComparedAnswer, **problems(422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        found = compared_as_typed(self.principal.business_id, query.get("high", ""), query.get("medium", ""))
        return Response({**msgspec.to_builtins(found), "words": in_words(found.new)})


class Curves(TenantView):
    scopes = {"GET": Scope.GOALS_READ}

    @extend_schema(
        operation_id="list_curves",
        summary="The curves that were fitted, newest first",
        parameters=[OpenApiParameter("kind", str, description="Of goals; every version of every kind without")],
        responses={200: schemas.CurvesAnswer, **problems(422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = CurveVersion.objects.filter(business_id=self.principal.business_id).order_by("-fitted_at", "-number")
        kind = request.query_params.get("kind")
        check_storable(kind, "kind")
        if kind is not None:
            rows = rows.filter(kind=kind)
        in_force = set(GateCurve.objects.values_list("version", flat=True))
        return Response({"results": [_curve(row, row.pk in in_force) for row in rows[:MOST_VERSIONS]]})


class Refit(TenantView):
    scopes = {"POST": Scope.GATE_TUNE}

    @extend_schema(
        operation_id="refit_curves",
        summary="Fit the curves now, on a worker",
        request=None,
        responses={202: schemas.RefitAnswer, **problems()},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        later(refit_business, str(self.principal.business_id), self.principal.actor)
        return Response({"queued": True}, status=202)


class Reversion(TenantView):
    scopes = {"POST": Scope.GATE_TUNE}

    @extend_schema(
        operation_id="revert_curve",
        summary="Put another version of a curve in force, or none of the kind's own",
        request=schemas.Reversion,
        responses={200: schemas.ReversionAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, by = read(request, RevertIn), self.principal
        check_storable([wanted.kind, wanted.reason], "reason")
        revert(business_id=by.business_id, kind=wanted.kind, number=wanted.number, actor=by.actor, reason=wanted.reason)
        return Response({"kind": wanted.kind, "number": wanted.number})


class ThresholdsView(TenantView):
    scopes = {"POST": Scope.GATE_TUNE}

    @extend_schema(
        operation_id="propose_thresholds",
        summary="Propose other thresholds; another admin or owner decides",
        request=schemas.ThresholdsRequest,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.PROPOSE_EXAMPLE],
        responses={201: Approval, **problems(400, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, by = read(request, ThresholdsIn), self.principal

        def act() -> tuple[int, dict[str, Any]]:
            rounds = wanted.rounds if wanted.rounds is not None else standing_of(by.business_id).rounds
            standing = Standing(wanted.high, wanted.medium, rounds)
            with transaction.atomic():
                return 201, whole_of(propose(by=by, wanted=standing, reason=wanted.reason))

        return create_once(request, act)


def _curve(row: CurveVersion, in_force: bool) -> dict[str, Any]:
    names = ("kind", "number", "points", "method", "labels", "brier_before", "brier_after", "ece_before", "ece_after")
    return {
        **{name: getattr(row, name) for name in names},
        "in_force": in_force,
        "accepted": row.accepted,
        "reason": row.reason,
        "fitted_at": row.fitted_at.isoformat(),
        "fitted_by": row.fitted_by,
        "reverted_at": row.reverted_at.isoformat() if row.reverted_at else None,
    }
