"""Whatever a client sends within or beside the schema: no 5xx, no status the schema does not tell of."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.roles import Scope
from apps.workflows.patterns import PATTERNS
from apps.workflows.schemas import PATTERN_NAMES

EXAMPLES = 25
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """The end of a request must not close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def patterns_of_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests, which may have been imported meanwhile, add a pattern of their own to the library."""
    for name in set(PATTERNS) - set(PATTERN_NAMES):
        monkeypatch.delitem(PATTERNS, name)


schema = schemathesis.openapi.from_wsgi("/v1/schema?format=json", get_wsgi_application())


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.usefixtures("one_connection", "patterns_of_the_schema")
def test_it_answers_as_the_schema_says(case: Any, shop: Business) -> None:
    _, whole = issue_key(
        business=shop, name="fuzz", scopes=[s.value for s in Scope], by=None, requests_per_minute=1_000_000
    )
    case.call_and_validate(headers={"Authorization": f"Bearer {whole}"}, checks=CHECKS)
