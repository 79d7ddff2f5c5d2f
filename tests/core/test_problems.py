"""Every error of the REST API is a problem document."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions, status
from rest_framework.test import APIClient

from apps.core import errors
from apps.core.problems import handle, not_found, server_error


def told(error: Exception) -> Any:
    response = handle(error, {})
    assert response is not None
    assert response.content_type == "application/problem+json"
    assert response.data["status"] == response.status_code
    assert set(response.data) >= {"type", "title", "status", "detail"}
    return response


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Malformed("Not JSON"), 400),
        (errors.NotAllowed("No"), 403),
        (errors.NotFound("No"), 404),
        (errors.StaleState("Alice approved it at 12:03"), 409),
        (errors.InFlight(), 409),
        (errors.KeyReused(), 422),
        (errors.Invalid("deadline", "Lies in the past"), 422),
        (errors.TooMany("Wait", retry_after=7), 429),
        (Http404(), 404),
        (PermissionDenied(), 403),
        (exceptions.NotAuthenticated(), 401),
        (exceptions.MethodNotAllowed("PUT"), 405),
        (exceptions.NotAcceptable(), 406),
        (exceptions.UnsupportedMediaType("text/html"), 415),
        (exceptions.ParseError(), 400),
        (exceptions.ValidationError({"name": ["Required"]}), 422),
    ],
)
def test_each_error_has_its_status(error: Exception, code: int) -> None:
    assert told(error).status_code == code


def test_it_says_what_was_said() -> None:
    answer = told(errors.StaleState("Alice approved it at 12:03", decided_by="alice"))
    assert answer.data["detail"] == "Alice approved it at 12:03"
    assert answer.data["decided_by"] == "alice"
    assert answer.data["type"] == "/docs/errors#stale-state"


def test_it_names_each_field_that_is_wrong() -> None:
    answer = told(errors.Invalid(errors=[{"field": "a", "reason": "Too short"}, {"field": "b.c", "reason": "No"}]))
    assert answer.data["errors"] == [{"field": "a", "reason": "Too short"}, {"field": "b.c", "reason": "No"}]
    nested = told(exceptions.ValidationError({"tools": {"name": ["Required"]}, "non_field_errors": ["Both or none"]}))
    assert nested.data["errors"] == [
        {"field": "tools.name", "reason": "Required"},
        {"field": "", "reason": "Both or none"},
    ]


def test_it_says_how_long_to_wait() -> None:
    assert told(errors.TooMany("Wait", retry_after=7))["Retry-After"] == "7"


def test_what_is_unexpected_is_left_to_django() -> None:
    assert handle(ZeroDivisionError(), {}) is None


@pytest.mark.parametrize("path", ["/v1/nothing", "/reasoning/nothing"])
def test_an_address_of_the_api_that_is_not_there_is_a_problem_too(path: str) -> None:
    response = not_found(RequestFactory().get(path), Http404())
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    response = server_error(RequestFactory().get(path))
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_a_page() -> None:
    response = APIClient().get("/nothing")
    assert response.status_code == status.HTTP_404_NOT_FOUND
    assert "There is nothing here" in response.content.decode()
    assert "Something went wrong" in server_error(RequestFactory().get("/admin/")).content.decode()
