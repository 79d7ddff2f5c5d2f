"""Every error of the REST API as a problem document (RFC 9457)."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core.connections import AWAY, drop_dead_connections
from apps.core.errors import GatehouseError, TooMany

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
API_PATHS = ("/v1/", "/reasoning/", "/ofrep/", "/embeddings/")


def document(status: int, title: str, detail: str, slug: str, **extra: Any) -> dict[str, Any]:
    """The problem document's fields. `slug` becomes the type, a path below /docs/errors."""
    return {"type": f"/docs/errors#{slug}", "title": title, "status": status, "detail": detail, **extra}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: our errors, DRF's and Django's, all in one shape; None for what is unexpected."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, GatehouseError):
        response = _respond(error.status, error.title, error.detail, error.slug, **error.extra)
        if isinstance(error, TooMany):
            response["Retry-After"] = str(error.retry_after)
        return response
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    if isinstance(error, AWAY):
        return _database_away(error)
    return None


def is_our_fault(error: Exception) -> bool:
    """Whether `handle` answers this error with 500 or above: nothing the caller sent is wrong."""
    if isinstance(error, GatehouseError):
        return error.status >= 500
    if isinstance(error, exceptions.APIException):
        return error.status_code >= 500
    return not isinstance(error, Http404 | PermissionDenied)


def _database_away(error: Exception) -> Response:
    log.error("the database did not answer: %s", error)
    drop_dead_connections()
    response = _respond(503, "The database is away", "Nothing was changed; send it again", "database-away")
    response["Retry-After"] = "1"
    return response


def _from_drf(error: exceptions.APIException) -> Response:
    extra: dict[str, Any] = {}
    detail = str(error.detail) if isinstance(error.detail, str) else "Some values are not acceptable"
    status = error.status_code
    if isinstance(error, exceptions.ValidationError):
        status = 422
        extra["errors"] = list(_flatten(error.detail))
    response = _respond(status, str(error.default_detail), detail, str(error.default_code).replace("_", "-"), **extra)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def _flatten(detail: Any, path: str = "") -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flatten(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flatten(value, path)
    else:
        yield {"field": "" if path == "non_field_errors" else path, "reason": str(detail)}


def _respond(status: int, title: str, detail: str, slug: str, **extra: Any) -> Response:
    return Response(document(status, title, detail, slug, **extra), status=status, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: a problem document below the API's addresses, the page elsewhere."""
    if not request.path.startswith(API_PATHS):
        return defaults.page_not_found(request, exception)
    body = document(404, "Not found", "There is nothing at this address", "not-found")
    return JsonResponse(body, status=404, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, likewise."""
    if not request.path.startswith(API_PATHS):
        return defaults.server_error(request)
    body = document(500, "Our fault", "Something went wrong here; it has been logged", "server-error")
    return JsonResponse(body, status=500, content_type=CONTENT_TYPE)
