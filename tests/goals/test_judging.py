"""The gate's judge: whoever answers of the business's providers, and nobody's time where there is none."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.core.sealing import seal
from apps.goals.judging import has_judge
from apps.goals.models import Goal
from apps.llm.models import Provider, Usage
from tests.goals.conftest import CLEAR
from tests.llm.providers import Provider as Server
from tests.llm.providers import provider_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[Server]:
    with provider_server() as running:
        yield running


@pytest.fixture
def provider(shop: Business, server: Server) -> Provider:
    return Provider.objects.create(
        business=shop, name="House", base_url=server.base_url, key=seal("sk-1"), model="house-model", retries=0
    )


def submitted(api: APIClient) -> dict[str, Any]:
    answer = api.post("/v1/goals", CLEAR, format="json")
    assert answer.status_code in (200, 201), answer.content
    checks: dict[str, Any] = {one["check"]: one for one in answer.json()["pre_validation_result"]["checks"]}
    return checks


def warns(asked: dict[str, Any]) -> dict[str, Any]:
    return {"checks": [{"check": "complexity", "status": "warn", "score": 0.1, "reason": "That is much at once."}]}


def test_a_provider_of_the_business_is_the_judge(api: APIClient, server: Server, provider: Provider) -> None:
    server.reply = warns
    checks = submitted(api)
    assert (checks["complexity"]["status"], checks["complexity"]["reason"]) == ("warn", "That is much at once.")
    row = Usage.objects.get()
    assert (row.purpose, row.provider_id, row.business_id) == ("judge", provider.pk, provider.business_id)
    timings = Goal.objects.get().timings
    assert timings and timings[2] is not None, "the wait for the model is timed"


def test_nobody_elses_provider_is(other_api: APIClient, server: Server, provider: Provider) -> None:
    submitted(other_api)
    assert server.asked == []
    assert not Usage.objects.exists()


def test_without_an_answer_the_rules_stand_alone(api: APIClient, server: Server, provider: Provider) -> None:
    alone = submitted(api)
    Goal.objects.all().delete()
    server.mode = "500"
    assert submitted(api) == alone
    assert list(Usage.objects.order_by("pk").values_list("why", flat=True)) == ["", "status"]


def test_to_know_that_there_is_none_takes_no_query(
    shop: Business, api: APIClient, django_assert_num_queries: Any
) -> None:
    submitted(api)
    with django_assert_num_queries(0):
        assert not has_judge(shop.pk)


def test_the_settings_alone_make_a_judge_as_they_did(
    shop: Business, api: APIClient, server: Server, settings: Any
) -> None:
    settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = server.base_url, "sk-2", "set-model"
    server.reply = warns
    assert submitted(api)["complexity"]["status"] == "warn"
    assert server.asked[0]["model"] == "set-model"
    assert Usage.objects.get().provider == "settings"


def test_without_a_model_named_in_the_settings_nobody_is_asked(
    shop: Business, api: APIClient, server: Server, settings: Any
) -> None:
    settings.LLM_BASE_URL, settings.LLM_MODEL = server.base_url, ""
    submitted(api)
    assert server.asked == []
