"""EDGE: the audit trail over REST."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.accounts.trail import as_dict, events_between
from apps.core.bodies import check_storable
from apps.core.errors import Invalid
from apps.core.models import Event
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, problems


class EventAnswer(s.Serializer):
    """One change, told once and never altered."""

    id = s.UUIDField()
    at = s.DateTimeField()
    kind = s.CharField(help_text="noun.verb, such as goal.submitted")
    subject_type = s.CharField()
    subject_id = s.CharField()
    actor = s.CharField(help_text="user:<mail>, key:<prefix> or system:<part>")
    data = s.DictField()


class EventPage(s.Serializer):
    next = s.URLField(allow_null=True)
    previous = s.URLField(allow_null=True)
    results = EventAnswer(many=True)


class Events(TenantView):
    """The audit trail of the business."""

    scopes = {"GET": Scope.AUDIT_READ}

    @extend_schema(
        operation_id="list_events",
        summary="List audit events, newest first",
        parameters=[
            OpenApiParameter("kind", str, description="A whole kind (goal.submitted), or its beginning (goal.)"),
            OpenApiParameter("subject_type", str),
            OpenApiParameter("subject_id", str),
            OpenApiParameter("actor", str),
            OpenApiParameter("since", datetime, description="From this moment on"),
            OpenApiParameter("until", datetime, description="Before this moment"),
            *CURSOR,
        ],
        responses={200: EventPage, **problems(404, 422)},
        tags=["Audit"],
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        mine = Event.objects.filter(business_id=self.principal.business_id)
        rows = pages.paginate_queryset(_filtered(request, mine), request, self)
        return pages.get_paginated_response([as_dict(event) for event in rows or []])


def _filtered(request: Request, events: QuerySet[Event]) -> QuerySet[Event]:
    query = request.query_params
    check_storable(query.dict())
    if kind := query.get("kind"):
        events = events.filter(kind__startswith=kind) if kind.endswith(".") else events.filter(kind=kind)
    for name in ("subject_type", "subject_id", "actor"):
        if value := query.get(name):
            events = events.filter(**{name: value})
    return events_between(events, _moment(request, "since"), _moment(request, "until"))


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid(name, "A date and time, as 2026-01-31T12:00:00Z")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
