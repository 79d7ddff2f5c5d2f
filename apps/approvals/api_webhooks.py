"""EDGE: webhook endpoints and their deliveries over REST."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.approvals import schemas
from apps.approvals.endpoints import add_endpoint, change_endpoint, remove_endpoint, rotate_secret
from apps.approvals.models import WebhookDelivery, WebhookEndpoint
from apps.approvals.requests import EndpointChangeIn, EndpointIn
from apps.approvals.response import delivery_of, endpoint_of
from apps.approvals.webhooks import redeliver
from apps.core.bodies import check_storable, read
from apps.core.errors import NotFound
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, problems

TAGS = ["Webhooks"]
MANAGE = Scope.WEBHOOKS_MANAGE


class Endpoints(TenantView):
    scopes = {"GET": MANAGE, "POST": MANAGE}

    @extend_schema(
        operation_id="add_webhook",
        summary="Add an endpoint; its secret is shown once",
        request=schemas.EndpointBody,
        examples=[schemas.ENDPOINT_EXAMPLE],
        responses={201: schemas.EndpointWithSecret, **problems(400, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, EndpointIn)
        check_storable(wanted.kinds, "kinds")
        endpoint, secret = add_endpoint(
            business_id=self.principal.business_id, url=wanted.url, kinds=wanted.kinds, actor=self.principal.actor
        )
        return Response(endpoint_of(endpoint) | {"secret": secret}, status=201)

    @extend_schema(
        operation_id="list_webhooks",
        summary="List endpoints",
        responses={200: schemas.EndpointList, **problems()},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = WebhookEndpoint.objects.filter(business_id=self.principal.business_id)
        return Response({"results": [endpoint_of(endpoint) for endpoint in rows]})


class OneEndpoint(TenantView):
    scopes = {"GET": MANAGE, "PATCH": MANAGE, "DELETE": MANAGE}

    @extend_schema(
        operation_id="get_webhook",
        summary="Read an endpoint",
        responses={200: schemas.Endpoint, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        return Response(endpoint_of(_find(self.principal.business_id, endpoint_id)))

    @extend_schema(
        operation_id="change_webhook",
        summary="Change an endpoint, or switch it off and on",
        request=schemas.EndpointChange,
        responses={200: schemas.Endpoint, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def patch(self, request: Request, endpoint_id: UUID) -> Response:
        wanted = read(request, EndpointChangeIn)
        check_storable(wanted.kinds, "kinds")
        endpoint = change_endpoint(
            endpoint_id=endpoint_id,
            actor=self.principal.actor,
            url=wanted.url,
            kinds=wanted.kinds,
            enabled=wanted.enabled,
        )
        return Response(endpoint_of(endpoint))

    @extend_schema(
        operation_id="remove_webhook",
        summary="Remove an endpoint and its deliveries",
        responses={204: None, **problems(404)},
        tags=TAGS,
    )
    def delete(self, request: Request, endpoint_id: UUID) -> Response:
        remove_endpoint(endpoint_id=endpoint_id, actor=self.principal.actor)
        return Response(status=204)


class Rotation(TenantView):
    scopes = {"POST": MANAGE}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Make a new secret; the old one signs too for a day",
        request=None,
        responses={200: schemas.EndpointWithSecret, **problems(404, 415)},
        tags=TAGS,
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint, secret = rotate_secret(endpoint_id=endpoint_id, actor=self.principal.actor)
        return Response(endpoint_of(endpoint) | {"secret": secret})


class Deliveries(TenantView):
    scopes = {"GET": MANAGE}

    @extend_schema(
        operation_id="list_deliveries",
        summary="List what was sent to an endpoint, newest first",
        parameters=CURSOR,
        responses={200: schemas.DeliveryPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = _find(self.principal.business_id, endpoint_id)
        pages = Cursor()
        page = pages.paginate_queryset(WebhookDelivery.objects.filter(endpoint=endpoint), request, self)
        return pages.get_paginated_response([delivery_of(delivery) for delivery in page or []])


class Redelivery(TenantView):
    scopes = {"POST": MANAGE}

    @extend_schema(
        operation_id="redeliver",
        summary="Send a delivery once more",
        request=None,
        responses={202: schemas.Delivery, **problems(404, 409, 415)},
        tags=TAGS,
    )
    def post(self, request: Request, endpoint_id: UUID, delivery_id: UUID) -> Response:
        endpoint = _find(self.principal.business_id, endpoint_id)
        if not WebhookDelivery.objects.filter(pk=delivery_id, endpoint=endpoint).exists():
            raise NotFound
        return Response(delivery_of(redeliver(delivery_id=delivery_id, actor=self.principal.actor)), status=202)


def _find(business_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id, business_id=business_id).first()
    if endpoint is None:
        raise NotFound
    return endpoint
