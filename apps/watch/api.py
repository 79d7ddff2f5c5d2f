"""EDGE: the gate's health over REST."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.errors import Invalid
from apps.core.schemas import problems
from apps.watch import schemas
from apps.watch.response import health_of
from apps.watch.selectors import alerts_of
from apps.watch.watching import watch
from apps.watch.windows import DEFAULT, chosen


class GateHealthView(TenantView):
    """The figures of the Watch page as JSON."""

    scopes = {"GET": Scope.GOALS_READ}

    @extend_schema(
        operation_id="get_gate_health",
        summary="How the gate judges: figures against their bands",
        parameters=[
            OpenApiParameter("window", str, enum=schemas.WINDOWS, default=DEFAULT),
            OpenApiParameter("from", str, description="RFC 3339, in place of window; UTC without an offset"),
            OpenApiParameter("to", str, description="RFC 3339; now unless given"),
        ],
        responses={200: schemas.GateHealth, **problems(422)},
        tags=["Gate"],
    )
    def get(self, request: Request) -> Response:
        try:
            window = chosen(request.query_params, timezone.now())
        except ValueError as error:
            raise Invalid("window", str(error)) from None
        business_id = self.principal.business_id
        return Response(health_of(watch(business_id, window), alerts_of(business_id, past=0)[0]))
