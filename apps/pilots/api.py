"""EDGE: features and their businesses over REST, for programs of the business that runs the rollout."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import EventPage
from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.accounts.row_access import across_businesses, acting_for
from apps.accounts.trail import as_dict
from apps.core.bodies import check_storable, read
from apps.core.errors import Invalid, NotFound
from apps.core.models import Event
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.pilots import schemas
from apps.pilots.changing import SUBJECT
from apps.pilots.models import Feature, HeldBack, PilotBusiness
from apps.pilots.requests import DefaultIn, SwitchOffIn, SwitchOnIn
from apps.pilots.response import features_of, held_of, listed_of, whole_of
from apps.pilots.switching import follow_rollout, set_default, switch_off, switch_on

TAGS = ["Features"]


class FeatureView(TenantView):
    """A view of a feature whose home is the caller's business: it runs the rollout for all businesses.

    Whatever looks beyond the home opens `across_businesses` itself.
    """

    opens_transaction = False

    def feature(self, key: str) -> Feature:
        """The feature of this key. Raises NotFound, also for one that another business runs."""
        home = self.principal.business_id
        with across_businesses():
            found = Feature.objects.filter(key=key, home_id=home).first() if "\0" not in key else None
        if found is None:
            raise NotFound("Your business runs no feature of this key")
        return found


class Features(FeatureView):
    scopes = {"GET": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="list_features",
        summary="The features whose rollout your business runs, newest first",
        parameters=CURSOR,
        responses={200: schemas.FeaturePage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        with across_businesses():
            rows = Feature.objects.filter(home_id=self.principal.business_id)
            page = pages.paginate_queryset(rows, request, self) or []
            return pages.get_paginated_response(features_of(page))


class OneFeature(FeatureView):
    scopes = {"GET": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="get_feature",
        summary="Read a feature: who has it, its ladder, where it stands",
        responses={200: schemas.FeatureWhole, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        found = self.feature(key)
        with across_businesses():
            return Response(whole_of(found))


class FeatureBusinesses(FeatureView):
    """The businesses something is said for by name."""

    scopes = {"GET": Scope.PILOTS_MANAGE, "POST": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="list_feature_businesses",
        summary="The businesses on the list, or those held back, newest first",
        parameters=[
            OpenApiParameter("show", str, enum=["listed", "held_back"], description="listed without"),
            *CURSOR,
        ],
        responses={200: schemas.FeatureBusinessPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        show = request.query_params.get("show") or "listed"
        if show not in ("listed", "held_back"):
            raise Invalid("show", "listed or held_back")
        found, pages = self.feature(key), Cursor()
        with across_businesses():
            model = PilotBusiness if show == "listed" else HeldBack
            rows: Any = model._default_manager.filter(feature=found).select_related("business")
            page: list[Any] = pages.paginate_queryset(rows, request, self) or []
            as_json: Any = listed_of if show == "listed" else held_of
            return pages.get_paginated_response([as_json(row) for row in page])

    @extend_schema(
        operation_id="switch_feature_on",
        summary="Put a business on the list",
        request=schemas.SwitchOnBody,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: schemas.FeatureBusiness, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        wanted, by, found = read(request, SwitchOnIn), self.principal, self.feature(key)
        check_storable(wanted.notes, "notes")

        def act() -> tuple[int, dict[str, Any]]:
            row = switch_on(feature_id=found.pk, business_id=wanted.business, actor=by.actor, notes=wanted.notes)
            with across_businesses():
                return 201, listed_of(PilotBusiness.objects.select_related("business").get(pk=row.pk))

        with acting_for(by.business_id):
            return create_once(request, act)


class SwitchingOff(FeatureView):
    scopes = {"POST": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="switch_feature_off",
        summary="Take the feature from one business; rolling back keeps a record and can be undone",
        request=schemas.SwitchOffBody,
        responses={200: schemas.SwitchedOff, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str, business_id: UUID) -> Response:
        wanted, found = read(request, SwitchOffIn), self.feature(key)
        check_storable(wanted.reason, "reason")
        held = switch_off(
            feature_id=found.pk,
            business_id=business_id,
            actor=self.principal.actor,
            reason=wanted.reason,
            hold=wanted.hold,
        )
        return Response({"business": str(business_id), "held_back": held is not None})


class Following(FeatureView):
    scopes = {"POST": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="follow_rollout",
        summary="Let the share and the default hold for a business again",
        request=None,
        responses={200: schemas.Released, **problems(404, 409, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str, business_id: UUID) -> Response:
        found = self.feature(key)
        follow_rollout(feature_id=found.pk, business_id=business_id, actor=self.principal.actor)
        return Response({"business": str(business_id)})


class Default(FeatureView):
    scopes = {"PUT": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="set_feature_default",
        summary="What whoever is neither listed nor within the share has",
        request=schemas.DefaultBody,
        responses={200: schemas.FeatureWhole, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def put(self, request: Request, key: str) -> Response:
        wanted, found = read(request, DefaultIn), self.feature(key)
        check_storable(wanted.variant, "variant")
        if wanted.variant not in ("", *found.variants):
            raise Invalid("variant", f"One of {', '.join(found.variants)}, or empty")
        feature = set_default(feature_id=found.pk, variant=wanted.variant, actor=self.principal.actor)
        with across_businesses():
            return Response(whole_of(feature))


class FeatureEvents(FeatureView):
    scopes = {"GET": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="list_feature_events",
        summary="What was changed about a feature, newest first",
        parameters=CURSOR,
        responses={200: EventPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        found, pages, home = self.feature(key), Cursor(), self.principal.business_id
        with acting_for(home):
            mine = Event.objects.filter(business_id=home, subject_type=SUBJECT, subject_id=str(found.pk))
            rows = pages.paginate_queryset(mine, request, self) or []
            return pages.get_paginated_response([as_dict(event) for event in rows])
