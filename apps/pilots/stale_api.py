"""EDGE: the report of stale features over REST."""

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.errors import Invalid
from apps.core.schemas import problems
from apps.pilots.stale import StaleFeature, stale_features
from apps.pilots.staleness import Stale

MOST_DAYS = 3650


class StaleFeatureAnswer(s.Serializer):
    key = s.CharField()
    reasons = s.ListField(child=s.ChoiceField([one.value for one in Stale]))
    words = s.ListField(child=s.CharField())
    owner = s.CharField(allow_null=True, help_text="Of whom to ask, by e-mail")
    created_at = s.DateTimeField()
    changed_at = s.DateTimeField()
    last_evaluated_at = s.DateTimeField(allow_null=True, help_text="To about a minute")


class StaleAnswer(s.Serializer):
    days = s.IntegerField()
    items = StaleFeatureAnswer(many=True)


class StaleFeatures(TenantView):
    """The stale ones among the features whose rollout this business runs."""

    scopes = {"GET": Scope.PILOTS_MANAGE}

    @extend_schema(
        operation_id="list_stale_features",
        summary="Features that have served their time",
        parameters=[OpenApiParameter("days", int, description=f"1 to {MOST_DAYS}; FEATURE_STALE_DAYS without")],
        responses={200: StaleAnswer, **problems(422)},
        tags=["Features"],
    )
    def get(self, request: Request) -> Response:
        days = _days(request.query_params.get("days", ""))
        home = Q(home_id=self.principal.business_id)
        return Response(
            {"days": days, "items": [_item(one) for one in stale_features(timezone.now(), days=days, among=home)]}
        )


def _days(typed: str) -> int:
    if not typed:
        return settings.FEATURE_STALE_DAYS
    if not (typed.isascii() and typed.isdigit() and len(typed) < 6 and 1 <= int(typed) <= MOST_DAYS):
        raise Invalid("days", f"From 1 to {MOST_DAYS}")
    return int(typed)


def _item(one: StaleFeature) -> dict[str, object]:
    feature = one.feature
    return {
        "key": feature.key,
        "reasons": [reason.value for reason in one.reasons],
        "words": list(one.words),
        "owner": feature.owner.email if feature.owner else None,
        "created_at": feature.created_at,
        "changed_at": feature.changed_at,
        "last_evaluated_at": feature.last_evaluated_at,
    }
