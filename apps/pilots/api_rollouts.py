"""EDGE: steps up the ladder and rollbacks over REST, and a business's own settings of its powers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.accounts.row_access import across_businesses, acting_for
from apps.core.bodies import check_storable, read
from apps.core.errors import Invalid, NotFound
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.pilots import schemas
from apps.pilots.api import TAGS, FeatureView
from apps.pilots.choosing import CHOICES, choose_settings, settings_of
from apps.pilots.ladder import Level
from apps.pilots.models import Rollback
from apps.pilots.requests import AdvanceIn, RollbackIn, SettingsIn, UndoIn
from apps.pilots.response import advance_of, effect_of, rollback_of, settings_as_json
from apps.pilots.rollback import confirm_effect, roll_back
from apps.pilots.undoing import undo
from apps.pilots.widening import ask_to_advance, withdraw_advance


class Advancing(FeatureView):
    scopes = {"POST": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="ask_to_advance_feature",
        summary="Ask for the next stage; another admin or owner decides",
        request=schemas.AdvanceBody,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: schemas.AdvanceAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        wanted, by, found = read(request, AdvanceIn), self.principal, self.feature(key)
        check_storable(wanted.override_reason, "override_reason")

        def act() -> tuple[int, dict[str, Any]]:
            asked = ask_to_advance(
                feature_id=found.pk, by=by, override_reason=wanted.override_reason, due_at=wanted.due_at
            )
            return 201, advance_of(asked)

        with acting_for(by.business_id):
            return create_once(request, act)


class Withdrawing(FeatureView):
    scopes = {"POST": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="withdraw_feature_advance",
        summary="Take back a step that is asked for or scheduled",
        request=None,
        responses={200: schemas.AdvanceAnswer, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        found = self.feature(key)
        ended = withdraw_advance(feature_id=found.pk, actor=self.principal.actor)
        with across_businesses():
            ended.refresh_from_db()
        return Response(advance_of(ended))


class Rollbacks(FeatureView):
    scopes = {"GET": Scope.PILOTS_MANAGE, "POST": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="list_rollbacks",
        summary="Rollbacks and rehearsals of a feature, newest first",
        parameters=CURSOR,
        responses={200: schemas.RollbackPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        found, pages = self.feature(key), Cursor()
        with across_businesses():
            rows = pages.paginate_queryset(Rollback.objects.filter(feature=found), request, self) or []
            return pages.get_paginated_response([rollback_of(row) for row in rows])

    @extend_schema(
        operation_id="roll_back_feature",
        summary="Take the feature back, or rehearse it",
        request=schemas.RollbackBody,
        parameters=[IDEMPOTENCY_KEY],
        examples=[schemas.ROLL_BACK_EXAMPLE],
        responses={201: schemas.RollbackAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        wanted, by, found = read(request, RollbackIn), self.principal, self.feature(key)
        check_storable(wanted.reason, "reason")
        done: list[Rollback] = []

        def act() -> tuple[int, dict[str, Any]]:
            rollback = roll_back(
                feature_id=found.pk,
                level=Level(wanted.level),
                reason=wanted.reason,
                actor=by.actor,
                business_id=wanted.business,
                cohort=_cohort(wanted),
                rehearse=wanted.rehearse,
            )
            done.append(rollback)
            return 201, rollback_of(rollback)

        with acting_for(by.business_id):
            answer = create_once(request, act)
        # The effect is known after commit only, so that the answer kept for this key has it not.
        answer.data |= effect_of(confirm_effect(done[0]) if done else _again(answer.data["id"]))
        return answer


class Undoing(FeatureView):
    scopes = {"POST": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="undo_rollback",
        summary="Put back exactly what a rollback took, if nobody has changed what it left",
        request=schemas.UndoBody,
        responses={200: schemas.RollbackAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str, rollback_id: UUID) -> Response:
        wanted, found = read(request, UndoIn), self.feature(key)
        check_storable(wanted.reason, "reason")
        with across_businesses():
            if not Rollback.objects.filter(feature=found, pk=rollback_id).exists():
                raise NotFound("There is no such rollback of this feature")
        return Response(rollback_of(undo(rollback_id=rollback_id, reason=wanted.reason, actor=self.principal.actor)))


class PilotSettings(TenantView):
    """The settings of the caller's own business."""

    scopes = {"GET": Scope.PILOTS_MANAGE, "PATCH": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="get_pilot_settings",
        summary="How your business uses the powers it pilots",
        responses={200: schemas.PilotSettingsAnswer, **problems()},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return Response(settings_as_json(settings_of(self.principal.business_id)))

    @extend_schema(
        operation_id="change_pilot_settings",
        summary="Change some of them; what is left out stays",
        request=schemas.PilotSettingsBody,
        responses={200: schemas.PilotSettingsAnswer, **problems(400, 413, 415, 422)},
        tags=TAGS,
    )
    def patch(self, request: Request) -> Response:
        wanted = read(request, SettingsIn)
        choices = {name: value for name in CHOICES if (value := getattr(wanted, name)) is not UNSET}
        by = self.principal
        return Response(settings_as_json(choose_settings(business_id=by.business_id, actor=by.actor, **choices)))


def _cohort(wanted: RollbackIn) -> tuple[datetime, datetime] | None:
    if wanted.since is None and wanted.until is None:
        return None
    if wanted.since is None:
        raise Invalid("from", "Give both from and to")
    if wanted.until is None:
        raise Invalid("to", "Give both from and to")
    return wanted.since, wanted.until


def _again(rollback_id: str) -> Rollback:
    with across_businesses():
        return Rollback.objects.get(pk=rollback_id)
