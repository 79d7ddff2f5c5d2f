"""EDGE: OFREP over HTTP: what features answer programs, from memory: no transaction, no query.

Evaluations and what is wrong with a request are told in the protocol's JSON; that a key is missing, may not or asks too
often, as every endpoint here tells it.
"""

import logging
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.authentication import ApiKeyAuthentication
from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core import bodies
from apps.pilots.ofrep_rules import Refused, Sight, answer_one, answers, configuration_tag, is_known, tag_of
from apps.pilots.ofrep_sight import look_again, sight_of
from apps.pilots.ofrep_stream import stream_for

log = logging.getLogger(__name__)

JSON = "application/json"
OUR_FAULT = b'{"errorDetails":"Something went wrong here; it has been logged"}'


class ProgramKey(ApiKeyAuthentication):
    """`Authorization: Bearer gh_...` or `X-API-Key: gh_...`; the protocol knows both, the rest of REST the first."""

    def shown_key(self, request: Request) -> str | None:
        return super().shown_key(request) or request.META.get("HTTP_X_API_KEY") or None


class OfrepView(TenantView):
    """What both endpoints share. The protocol describes them, so /v1/schema does not."""

    authentication_classes = [ProgramKey]
    scopes = {"POST": Scope.FLAGS_EVALUATE}
    opens_transaction = False
    schema = None

    def handle_exception(self, exc: Exception) -> Response | HttpResponse:  # type: ignore[override]
        """What nobody foresaw, in the protocol's shape too."""
        if isinstance(exc, RequestDataTooBig):
            exc = bodies.TooLarge()
        try:
            return super().handle_exception(exc)
        except Exception:
            log.exception("a feature could not be evaluated")
            return HttpResponse(OUR_FAULT, JSON, 500)


class OneFlag(OfrepView):
    """POST /ofrep/v1/evaluate/flags/{key}: one feature."""

    def post(self, request: Request, key: str) -> HttpResponse:  # type: ignore[override]
        business_id = self.principal.business_id
        status, wire = answer_one(sight_of(business_id), business_id, key, bodies.raw(request))
        return HttpResponse(wire, JSON, status)


class AllFlags(OfrepView):
    """POST /ofrep/v1/evaluate/flags: every feature that the key may ask for, with an ETag to poll by."""

    def post(self, request: Request) -> HttpResponse:
        business_id = self.principal.business_id
        sight, anew = _sight_told_of(business_id, request._request.GET.get("flagConfigEtag", ""))
        try:
            found = answers(sight, business_id, bodies.raw(request))
        except Refused as refused:
            return HttpResponse(refused.wire(), JSON, 400)
        tag = tag_of(found)
        if not anew and is_known(tag, request.META.get("HTTP_IF_NONE_MATCH", "")):
            response = HttpResponse(status=304)
            del response["Content-Type"]
        else:
            response = HttpResponse(b'{"flags":[%s],"eventStreams":[%s]}' % (found, stream_for(request)), JSON)
        response["ETag"] = tag
        response["Cache-Control"] = "private, no-cache"
        return response


def _sight_told_of(business_id: UUID, told: str) -> tuple[Sight, bool]:
    """(what the business may ask for, whether its answers must be sent again in any case).

    told: what the stream said of a change. This process may not have heard of it yet, and would say that nothing has
    changed.
    """
    sight = sight_of(business_id)
    if not told or told == configuration_tag(sight, business_id):
        return sight, False
    sight = look_again(business_id)
    return sight, told != configuration_tag(sight, business_id)
