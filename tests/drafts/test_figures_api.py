"""Figures of drafts and backfills over REST."""

from typing import Any

import pytest

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.drafts.models import BackfillRun
from tests.drafts.drafted import decided, drafts

pytestmark = pytest.mark.django_db

METRICS, BACKFILLS = "/v1/drafts/metrics", "/v1/drafts/backfills"


def test_the_figures_are_those_of_the_business(api: Any, shop: Business, other_shop: Business) -> None:
    decided(shop, 30, arm="retrieval")
    decided(shop, 10, state="discarded", arm="control")
    drafts(other_shop, 4, hallucinations=1)
    told = api.get(METRICS).json()
    figures = {row["figure"]: row for row in told["figures"]}
    assert told["window"] == "7d" and len(figures) == 16
    approval = figures["draft_approval_rate"]
    assert (approval["n"], approval["value"], approval["unit"]) == (40, 0.75, "share")
    assert approval["low"] < 0.75 < approval["high"] and approval["target"] == "above 70 %"
    assert figures["hallucination_count"]["value"] == 0 and figures["token_accuracy"]["value"] is None
    control = api.get(METRICS, {"arm": "control", "window": "24h"}).json()["figures"]
    assert {row["figure"]: row["value"] for row in control}["draft_approval_rate"] == 0


@pytest.mark.parametrize("query", [{"window": "1y"}, {"arm": "none"}, {"window": "\0"}])
def test_what_cannot_be_asked_for_is_refused(api: Any, query: dict[str, str]) -> None:
    assert api.get(METRICS, query).status_code == 422


def test_a_backfill_is_started_read_and_turned(api: Any, other_api: Any, shop: Business) -> None:
    answer = api.post(BACKFILLS, {"days": 30}, format="json")
    assert answer.status_code == 201, answer.content
    run = answer.json()
    assert (run["state"], run["days"], run["per_second"], run["total"]) == ("running", 30, 50.0, 0)
    assert api.post(BACKFILLS, {}, format="json").status_code == 409
    one = f"{BACKFILLS}/{run['id']}"
    assert api.get(one).json() == run and api.get(BACKFILLS).json()["results"] == [run]
    assert other_api.get(one).status_code == 404 and other_api.get(BACKFILLS).json()["results"] == []
    assert other_api.post(f"{one}/cancel").status_code == 404
    assert api.post(f"{one}/pause").json()["state"] == "paused"
    assert api.post(f"{one}/pause").status_code == 409
    assert api.post(f"{one}/resume").json()["state"] == "running"
    assert api.post(f"{one}/cancel").json()["state"] == "cancelled"
    with across_businesses():
        assert BackfillRun.objects.get().started_by.startswith("key:")


@pytest.mark.parametrize("body", [{"days": 0}, {"days": "x"}, {"per_second": 0}, {"dayz": 3}, [], {"days": 1e9}])
def test_a_body_that_makes_no_sense_is_refused(api: Any, body: Any) -> None:
    assert api.post(BACKFILLS, body, format="json").status_code in (400, 422)
    with across_businesses():
        assert not BackfillRun.objects.exists()
