"""Calibration over REST: what a program may read and start, and what it is told when a value is wrong."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.roles import Scope
from apps.approvals.models import ApprovalRequest
from apps.goals.models import GateCurve, GateSettings
from apps.tuning.models import CurveVersion
from apps.tuning.refitting import refit
from tests.conftest import client_for

pytestmark = pytest.mark.django_db
BOB = "user:bob@example.com"


def test_it_tells_how_well_confidence_fits(api: APIClient, shop: Business, history: Any) -> None:
    history(shop, 300)
    refit(business_id=shop.pk, actor=BOB)
    found = api.get("/v1/tuning/reliability").json()
    assert found["before"]["seen"] == 300
    assert len(found["before"]["bins"]) == 10
    assert sum(one["found"]["seen"] for one in found["before"]["bins"]) == 300
    assert found["after"]["brier"] < found["before"]["brier"]
    assert found["after"]["ece"] < found["before"]["ece"]
    assert api.get("/v1/tuning/reliability?kind=find_order").json()["before"]["seen"] == 150


def test_without_labels_it_tells_nothing_rather_than_something(api: APIClient) -> None:
    found = api.get("/v1/tuning/reliability").json()
    assert found["before"] == {"bins": [], "seen": 0, "brier": None, "ece": None}
    assert api.get("/v1/tuning/curves").json() == {"results": []}


def test_it_simulates_thresholds(api: APIClient, shop: Business, history: Any) -> None:
    history(shop, 300)
    found = api.get("/v1/tuning/simulate?high=0.8&medium=0.5").json()
    assert sum(found["new"]["tally"].values()) == 300
    assert found["new"]["tally"]["run"] > found["now"]["tally"]["run"]
    assert found["new"]["wrong"]["low"] < found["new"]["wrong"]["value"] < found["new"]["wrong"]["high"]
    assert found["words"].startswith("At 0.80, ")


@pytest.mark.parametrize(
    ("query", "field"),
    [("high=0.5&medium=0.6", "medium"), ("high=nan&medium=0.5", "high"), ("high=2&medium=0.5", "high"), ("", "high")],
)
def test_a_wrong_threshold_is_named(api: APIClient, query: str, field: str) -> None:
    answer = api.get(f"/v1/tuning/simulate?{query}")
    assert answer.status_code == 422
    assert answer["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"high": 0.5, "medium": 0.6, "reason": "x"}, "medium"),
        ({"high": 1.5, "medium": 0.6, "reason": "x"}, "high"),
        ({"high": 0.8, "medium": 0.6}, "reason"),
        ({"high": 0.8, "medium": 0.6, "reason": "  "}, "reason"),
        ({"high": 0.8, "medium": 0.6, "reason": "x", "lowest": 0}, "lowest"),
        ({"high": 0.8, "medium": 0.6, "reason": "x", "rounds": 11}, "rounds"),
    ],
)
def test_a_wrong_proposal_is_refused_by_the_name_of_its_field(api: APIClient, body: Any, field: str) -> None:
    answer = api.post("/v1/tuning/thresholds", body, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert not ApprovalRequest.objects.exists()


def test_it_proposes_thresholds_and_changes_none(api: APIClient) -> None:
    body = {"high": 0.8, "medium": 0.5, "reason": "Fewer questions"}
    headers = {"Idempotency-Key": "once"}
    first = api.post("/v1/tuning/thresholds", body, format="json", headers=headers)
    assert first.status_code == 201
    assert first.json()["decider_role"] == "admin"
    assert api.post("/v1/tuning/thresholds", body, format="json", headers=headers).json()["id"] == first.json()["id"]
    assert api.post("/v1/tuning/thresholds", body, format="json").status_code == 409
    assert not GateSettings.objects.exists()


def test_it_reverts_a_curve(api: APIClient, shop: Business, history: Any) -> None:
    history(shop, 300)
    refit(business_id=shop.pk, actor=BOB)
    curves = api.get("/v1/tuning/curves?kind=").json()["results"]
    assert [(one["kind"], one["number"], one["in_force"]) for one in curves] == [("", 1, True)]
    assert api.post("/v1/tuning/revert", {"reason": "Odd"}, format="json").status_code == 200
    assert not GateCurve.objects.filter(kind="").exists()
    assert api.post("/v1/tuning/revert", {}, format="json").status_code == 409
    assert api.post("/v1/tuning/revert", {"number": 9}, format="json").status_code == 404
    assert api.post("/v1/tuning/revert", {"number": 1}, format="json").status_code == 200
    assert GateCurve.objects.get(kind="").version == CurveVersion.objects.get(kind="").pk


def test_it_refits_on_a_worker(
    api: APIClient, shop: Business, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("apps.core.later._send", lambda name, args, options: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        assert api.post("/v1/tuning/refit").status_code == 202
    assert ("apps.tuning.tasks.refit_business", (str(shop.pk), sent[0][1][1])) in sent


def test_each_act_needs_the_scope(shop: Business) -> None:
    reader = client_for(issue_key(business=shop, name="reader", scopes=[Scope.GOALS_READ.value], by=None)[1])
    assert reader.get("/v1/tuning/reliability").status_code == 200
    for path in ("refit", "revert", "thresholds"):
        assert reader.post(f"/v1/tuning/{path}", {}, format="json").status_code == 403


def test_another_business_reads_none_of_it(other_api: APIClient, shop: Business, history: Any) -> None:
    history(shop, 300)
    refit(business_id=shop.pk, actor=BOB)
    assert other_api.get("/v1/tuning/reliability").json()["before"]["seen"] == 0
    assert other_api.get("/v1/tuning/curves").json() == {"results": []}
    assert other_api.get("/v1/tuning/simulate?high=0.8&medium=0.5").json()["new"]["tally"]["run"] == 0
    assert other_api.post("/v1/tuning/revert", {"number": 1}, format="json").status_code == 404
