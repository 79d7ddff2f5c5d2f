"""Endpoints to compare with, served by the same processes as the product: nothing at all, and one row a request."""

from typing import Any, ClassVar

import msgspec
from django.db import connection, models
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.ids import new_id
from apps.core.migration_ops import APP_ROLE

TABLE = "bench_row"


class Row(models.Model):
    """What a peer inserts: no index but its key, no trigger, no row-level security."""

    objects: ClassVar[models.Manager["Row"]]

    id = models.UUIDField(primary_key=True, default=new_id)
    name = models.CharField(max_length=200)
    payload = models.JSONField()

    class Meta:
        app_label = "bench"
        db_table = TABLE
        managed = False

    def __str__(self) -> str:
        return self.name


def make_table() -> None:
    """The table of the peers, as the owner of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {TABLE}"
            " (id uuid PRIMARY KEY, name varchar(200) NOT NULL, payload jsonb NOT NULL)"
        )
        cursor.execute(f"GRANT SELECT, INSERT ON {TABLE} TO {APP_ROLE}")


@csrf_exempt
def nothing(request: HttpRequest) -> JsonResponse:
    """The floor: what server, Django and the middleware take by themselves."""
    return JsonResponse({})


class Authenticated(TenantView):
    """Find the key, count it against its limits, and do nothing."""

    scopes = {"POST": Scope.FLAGS_EVALUATE}
    opens_transaction = False

    def post(self, request: Request) -> Response:
        return Response({})


class AuthenticatedRow(APIView):
    """The peer: find the key, insert one row, commit."""

    scopes = {"POST": Scope.GOALS_WRITE}
    throttle_classes: list[Any] = []

    def post(self, request: Request) -> Response:
        return _insert(request)


class TenantRow(TenantView):
    """The same inside what every endpoint of the product stands on: rate limit, transaction, row-level security."""

    scopes = {"POST": Scope.GOALS_WRITE}

    def post(self, request: Request) -> Response:
        return _insert(request)


def _insert(request: Request) -> Response:
    body = msgspec.json.decode(request._request.body)
    row = Row.objects.create(name=body["goal"][:200], payload=body.get("context", {}))
    return Response({"id": str(row.pk), "name": row.name, "payload": row.payload}, status=201)
