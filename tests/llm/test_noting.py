"""What is noted of requests: over REST, of one's own business only, and never a key, in no log and no error."""

import io
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.ids import first_id_at, new_id
from apps.core.sealing import seal
from apps.llm.asking import ask
from apps.llm.models import Provider, Usage
from apps.llm.streaming import ask_streaming
from tests.llm.conftest import KEY
from tests.llm.providers import Provider as Server

pytestmark = pytest.mark.django_db

Make = Callable[..., Provider]


def a_use(business: Business | None, **fields: Any) -> Usage:
    """A row of use, made at `at`."""
    at = fields.pop("at", timezone.now())
    given: dict[str, Any] = {
        "id": new_id() if "old" not in fields else first_id_at(at), "business": business, "at": at, "call": new_id(),
        "purpose": "draft", "provider_id": new_id(), "provider": "House", "model": "m", "latency_ms": 10,
    }  # fmt: skip
    fields.pop("old", None)
    return Usage.objects.create(**(given | fields))


def test_rest_lists_the_use_of_ones_own_business(api: Any, shop: Business, other_shop: Business) -> None:
    first = a_use(shop, tokens_in=7, cost="0.25")
    a_use(shop, purpose="judge", why="timeout", error="late")
    a_use(other_shop)
    a_use(None)
    page = api.get("/v1/usage").json()
    assert [row["purpose"] for row in page["results"]] == ["judge", "draft"]
    assert page["results"][1]["id"] == str(first.pk)
    assert Decimal(page["results"][1]["cost"]) == Decimal("0.25")
    assert page["results"][0]["cost"] is None
    assert [row["purpose"] for row in api.get("/v1/usage?failed=true").json()["results"]] == ["judge"]
    assert len(api.get("/v1/usage?limit=1").json()["results"]) == 1


def test_rest_sums_up(api: Any, shop: Business) -> None:
    old = timezone.now() - timedelta(days=2)
    a_use(shop, tokens_in=100, tokens_cached=50, tokens_out=10, cost="0.5", model="large")
    a_use(shop, tokens_in=1, cost="0.1", at=old, old=True)
    a_use(shop, tokens_in=1, why="status", model="large")
    whole = api.get("/v1/usage/totals?by=model").json()
    assert Decimal(whole["total"]["cost"]) == Decimal("0.6")
    assert (whole["total"]["requests"], whole["total"]["failed"], whole["total"]["unpriced"]) == (3, 1, 1)
    assert [(one["of"], one["requests"], one["tokens_in"]) for one in whole["groups"]] == [
        ("large", 2, 101),
        ("m", 1, 1),
    ]
    days = api.get("/v1/usage/totals", {"since": (timezone.now() - timedelta(days=1)).isoformat()}).json()
    assert [one["requests"] for one in days["groups"]] == [2]


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-99-01T00:00:00Z", "kind=magic", "failed=maybe", "by=moon", "model=%00"]
)
def test_rest_refuses_what_it_does_not_know(api: Any, query: str) -> None:
    assert api.get(f"/v1/usage/totals?{query}").status_code == 422


def test_rest_wants_its_scope(shop: Business) -> None:
    from apps.accounts.keys import issue_key
    from tests.conftest import client_for

    whole = issue_key(business=shop, name="narrow", scopes=["drafts:read"], by=None)[1]
    assert client_for(whole).get("/v1/usage").status_code == 403


def test_the_key_is_in_no_log_no_error_and_no_repr(
    shop: Business, server: Server, make_provider: Make, monkeypatch: Any
) -> None:
    """With every logger at its most talkative, of ours and of the libraries below."""
    monkeypatch.setenv("OPENAI_LOG", "debug")
    secrets = (KEY, "gw-very-secret", "a private question")
    row = make_provider(server, headers=seal(json.dumps({"X-Gateway-Key": "gw-very-secret"})))
    heard = io.StringIO()
    handler, root = logging.StreamHandler(heard), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    said = []
    try:
        for mode in ("good", "echo_key", "500", "reset", "not_json", "drop", "huge", "redirect"):
            server.mode = mode
            given: Any = {"business_id": shop.pk, "purpose": "t", "system": "", "user": secrets[2], "timeout": 3}
            said.append(repr(ask(**given)))
            said.append(repr(list(ask_streaming(**given))))
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    from apps.llm.clients import client_of
    from apps.llm.providing import endpoint_of

    said += [repr(endpoint_of(row)), repr(row), str(row), repr(client_of(endpoint_of(row)))]
    said += [str(row) for row in Usage.objects.values()]
    for secret in secrets:
        assert secret not in heard.getvalue()
        assert not any(secret in text for text in said)
    assert all(KEY in one.headers["authorization"] for one in server.received)


def test_row_security_hides_providers_and_use_of_others(shop: Business, other_shop: Business) -> None:
    for business in (shop, other_shop, None):
        Provider.objects.create(business=business, name="One", base_url="https://llm.example/v1", model="m")
        a_use(business)
    with acting_for(shop.pk):
        assert {row.business_id for row in Provider.objects.all()} == {shop.pk, None}
        assert {row.business_id for row in Usage.objects.all()} == {shop.pk}
        assert Provider.objects.filter(business=None).update(base_url="https://thief.example/v1") == 0
        assert Provider.objects.filter(business=other_shop).delete()[0] == 0
        with pytest.raises(ProgrammingError), transaction.atomic():
            Provider.objects.create(business=None, name="Two", base_url="https://thief.example/v1", model="m")
        with pytest.raises(ProgrammingError), transaction.atomic():
            a_use(other_shop)


def test_a_row_that_cannot_be_written_costs_nobody_the_answer(
    shop: Business, server: Server, make_provider: Make
) -> None:
    make_provider(server)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE llm_usage ADD CONSTRAINT none_more CHECK (purpose <> 'lost')")
    done = ask(business_id=shop.pk, purpose="lost", system="", user="Hi", timeout=3)
    assert (done.text, done.usage_id) == ("Good day", None)
