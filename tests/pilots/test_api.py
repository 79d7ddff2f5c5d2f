"""Features over REST: what a program of the home may read and do, and what it is told when a value is wrong."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.roles import Scope
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots.defining import create_feature
from apps.pilots.ladder import Level
from apps.pilots.models import BusinessSettings, Feature, HeldBack, PilotBusiness, Rollback
from apps.pilots.plans import seven_day_plan
from apps.pilots.rollback import roll_back
from tests.conftest import client_for
from tests.pilots.test_rollback import BOB, day, listing, widened

# The id of nothing: the same in every process, because it stands in the names of tests.
NOBODY = "01970000-0000-7000-8000-000000000000"
pytestmark = pytest.mark.django_db
FEATURE = "/v1/features/RAG_PILOT"
SWITCH = "/v1/features/BULK_APPROVE"


def test_it_lists_the_features_whose_home_is_the_callers(api: APIClient, feature: Feature, switch: Feature) -> None:
    create_feature(key="NOBODYS", actor=BOB)
    found = api.get("/v1/features").json()
    assert [one["key"] for one in found["results"]] == ["BULK_APPROVE", "RAG_PILOT"]
    assert (found["next"], found["previous"]) == (None, None)
    second = api.get(api.get("/v1/features?limit=1").json()["next"]).json()
    assert [one["key"] for one in second["results"]] == ["RAG_PILOT"]


def test_it_tells_of_one_feature_who_has_it_and_where_it_stands(
    api: APIClient, feature: Feature, more_shops: list[Business]
) -> None:
    assert api.get(FEATURE).json()["state"] == "off"
    listing(feature, more_shops[:2], day(1))
    Feature.objects.filter(pk=feature.pk).update(stage=2, stage_since=day(1))
    found = api.get(FEATURE).json()
    feature.refresh_from_db()
    assert found["state"] == "some"
    assert (found["stage"], found["stage_name"], found["share"]) == (2, "Pilot", 0)
    assert (found["businesses_listed"], found["businesses_held_back"], found["businesses_on"]) == (2, 0, 2)
    assert found["version"] == str(feature.version)
    assert [stage["share"] for stage in found["ladder"]] == [0, 0, 0, 10, 25, 50, 100]
    assert found["ladder"][2]["criteria"][0] == {
        "metric": "approval_rate", "comparison": "at_least", "limit": 0.7, "window_hours": 48, "minimum": 30,
    }  # fmt: skip
    Feature.objects.filter(pk=feature.pk).update(share=100)
    assert api.get(FEATURE).json()["state"] == "everybody"
    Feature.objects.filter(pk=feature.pk).update(archived_at=timezone.now())
    assert (api.get(FEATURE).json()["state"], api.get(FEATURE).json()["businesses_on"]) == ("archived", 0)


def test_it_switches_one_business_on_and_off(api: APIClient, feature: Feature, other_shop: Business) -> None:
    body = {"business": str(other_shop.pk), "notes": "A shop of books"}
    added = api.post(f"{FEATURE}/businesses", body)
    assert added.status_code == 201
    assert added.json()["slug"] == "other-shop" and added.json()["by"].startswith("key:")
    assert api.post(f"{FEATURE}/businesses", body).status_code == 409
    assert [one["notes"] for one in api.get(f"{FEATURE}/businesses").json()["results"]] == ["A shop of books"]
    off = api.post(f"{FEATURE}/businesses/{other_shop.pk}/off", {"reason": "Not yet", "hold": True})
    assert off.json() == {"business": str(other_shop.pk), "held_back": True}
    held = api.get(f"{FEATURE}/businesses?show=held_back").json()["results"]
    assert [(one["business"], one["notes"], one["listed"]) for one in held] == [(str(other_shop.pk), "Not yet", False)]
    assert api.get(f"{FEATURE}/businesses").json()["results"] == []
    assert api.post(f"{FEATURE}/businesses/{other_shop.pk}/off").status_code == 409
    assert api.post(f"{FEATURE}/businesses/{other_shop.pk}/follow").json() == {"business": str(other_shop.pk)}
    assert api.post(f"{FEATURE}/businesses/{other_shop.pk}/follow").status_code == 409
    assert not HeldBack.objects.exists()


def test_a_repeated_switching_on_gets_the_first_answer(api: APIClient, feature: Feature, other_shop: Business) -> None:
    body, headers = {"business": str(other_shop.pk)}, {"Idempotency-Key": "once"}
    first, again = (api.post(f"{FEATURE}/businesses", body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() and again["Idempotent-Replayed"] == "true"


def test_it_sets_the_default(api: APIClient, switch: Feature) -> None:
    assert api.put(f"{SWITCH}/default", {"variant": "on"}).json()["state"] == "everybody"
    assert api.put(f"{SWITCH}/default", {"variant": ""}).json()["state"] == "off"
    refused = api.put(f"{SWITCH}/default", {"variant": "blue"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "variant")


def test_it_asks_for_a_step_and_withdraws_it(api: APIClient, feature: Feature) -> None:
    due = (timezone.now() + timedelta(days=1)).isoformat()
    asked = api.post(f"{FEATURE}/advance", {"due_at": due})
    assert asked.status_code == 201
    assert (asked.json()["state"], asked.json()["to_stage"]) == ("asked", 1)
    assert api.get(f"/v1/approvals/{asked.json()['approval_request']}").json()["kind"] == "rollout"
    assert api.post(f"{FEATURE}/advance").status_code == 409
    withdrawn = api.post(f"{FEATURE}/advance/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "cancelled")
    assert api.post(f"{FEATURE}/advance/withdraw").status_code == 404


WANTED: list[tuple[str, Callable[[Business], dict[str, Any]]]] = [
    ("business", lambda shop: {"business": str(shop.pk)}),
    ("cohort", lambda _: {"from": day(2).isoformat(), "to": day(0).isoformat()}),
    ("everything", lambda _: {}),
]


@pytest.mark.parametrize(("level", "extra"), WANTED, ids=[level for level, _ in WANTED])
def test_it_rehearses_rolls_back_and_undoes(
    api: APIClient, switch: Feature, more_shops: list[Business], level: str, extra: Callable[[Business], dict[str, Any]]
) -> None:
    listing(switch, more_shops[:3], day(1))
    body = {"level": level, "reason": "Odd drafts", **extra(more_shops[0])}
    affected = 1 if level == "business" else 3
    drill = api.post(f"{SWITCH}/rollbacks", {**body, "rehearse": True})
    assert (drill.status_code, drill.json()["rehearsal"], drill.json()["affected"]) == (201, True, affected)
    assert PilotBusiness.objects.count() == 3
    done = api.post(f"{SWITCH}/rollbacks", body)
    assert (done.status_code, done.json()["affected"], done.json()["level"]) == (201, affected, level)
    assert done.json()["actor"].startswith("key:") and done.json()["took_ms"] > 0
    assert {name: done.json()[name] for name in ("from", "to", "business")} == {
        "from": None, "to": None, "business": None, **extra(more_shops[0]),
    }  # fmt: skip
    assert PilotBusiness.objects.count() == 3 - affected
    rows = api.get(f"{SWITCH}/rollbacks").json()["results"]
    assert [(row["id"], row["rehearsal"]) for row in rows] == [(done.json()["id"], False), (drill.json()["id"], True)]
    undone = api.post(f"{SWITCH}/rollbacks/{done.json()['id']}/undo", {"reason": "Not it"})
    assert (undone.status_code, undone.json()["undone_reason"]) == (200, "Not it")
    assert PilotBusiness.objects.count() == 3
    assert api.post(f"{SWITCH}/rollbacks/{done.json()['id']}/undo", {"reason": "Not it"}).status_code == 409
    assert api.post(f"{SWITCH}/rollbacks/{drill.json()['id']}/undo", {"reason": "Not it"}).status_code == 409
    kinds = [event["kind"] for event in api.get(f"{SWITCH}/events").json()["results"]]
    assert kinds == ["feature.rollback_undone", "feature.rolled_back", "feature.rollback_rehearsed", "feature.created"]


@pytest.mark.django_db(transaction=True)
def test_the_answer_has_the_effect_also_when_it_is_asked_for_again(
    api: APIClient, switch: Feature, more_shops: list[Business]
) -> None:
    listing(switch, more_shops, day(1))
    body, headers = {"level": "everything", "reason": "Odd"}, {"Idempotency-Key": "once"}
    first, again = (api.post(f"{SWITCH}/rollbacks", body, headers=headers) for _ in range(2))
    assert first.status_code == 201 and again.json() == first.json()
    assert first.json()["effect_ms"] is not None
    assert Rollback.objects.count() == 1


LONG = "x" * 501
WRONG: list[tuple[Any, str]] = [
    ({"level": "half", "reason": "Odd"}, "level"),
    ({"reason": "Odd"}, "level"),
    ({"level": "everything"}, "reason"),
    ({"level": "everything", "reason": ""}, "reason"),
    ({"level": "everything", "reason": "  "}, "reason"),
    ({"level": "everything", "reason": LONG}, "reason"),
    ({"level": "everything", "reason": "a\0b"}, "reason"),
    ({"level": "everything", "reason": 7}, "reason"),
    ({"level": "everything", "reason": "Odd", "business": NOBODY}, "business"),
    ({"level": "business", "reason": "Odd"}, "business"),
    ({"level": "business", "reason": "Odd", "business": "corner-shop"}, "business"),
    ({"level": "business", "reason": "Odd", "business": NOBODY}, "business"),
    ({"level": "cohort", "reason": "Odd"}, "from"),
    ({"level": "cohort", "reason": "Odd", "from": "2026-01-01T00:00:00Z"}, "to"),
    ({"level": "cohort", "reason": "Odd", "to": "2026-01-01T00:00:00Z"}, "from"),
    ({"level": "cohort", "reason": "Odd", "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to"),
    ({"level": "cohort", "reason": "Odd", "from": "2026-01-01T00:00:00", "to": "2026-01-02T00:00:00Z"}, "from"),
    ({"level": "cohort", "reason": "Odd", "from": "yesterday", "to": "2026-01-02T00:00:00Z"}, "from"),
    ({"level": "everything", "reason": "Odd", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}, "from"),
    ({"level": "everything", "reason": "Odd", "rehearse": "yes"}, "rehearse"),
    ({"level": "everything", "reason": "Odd", "reherse": True}, "reherse"),
    ([], ""),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
def test_a_wrong_rollback_is_refused_by_the_name_of_its_field(
    api: APIClient, switch: Feature, more_shops: list[Business], body: Any, field: str
) -> None:
    listing(switch, more_shops[:1], day(1))
    answer = api.post(f"{SWITCH}/rollbacks", body)
    assert answer.status_code == 422, answer.content
    assert answer["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field
    assert PilotBusiness.objects.count() == 1 and not Rollback.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("post", "businesses", {}, "business"),
        ("post", "businesses", {"business": NOBODY}, "business"),
        ("post", "businesses", {"business": "corner-shop"}, "business"),
        ("post", "businesses", {"business": NOBODY, "notes": LONG}, "notes"),
        ("post", f"businesses/{NOBODY}/off", {}, "business"),
        ("post", f"businesses/{NOBODY}/off", {"reason": "a\0b"}, "reason"),
        ("post", f"businesses/{NOBODY}/follow", {}, "business"),
        ("get", "businesses?show=all", None, "show"),
        ("post", "advance", {"due_at": "2026-01-01T00:00:00"}, "due_at"),
        ("post", "advance", {"due_at": "2026-01-01T00:00:00Z"}, "due_at"),
        ("post", "advance", {"override_reason": LONG}, "override_reason"),
        ("put", "default", {}, "variant"),
        ("post", f"rollbacks/{NOBODY}/undo", {}, "reason"),
    ],
)
def test_any_wrong_value_is_named(
    api: APIClient, feature: Feature, method: str, path: str, body: Any, field: str
) -> None:
    answer = getattr(api, method)(f"{FEATURE}/{path}", body)
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["field"] == field


def test_what_is_no_json_or_too_large_is_refused(api: APIClient, switch: Feature, settings: Any) -> None:
    path = f"{SWITCH}/rollbacks"
    assert api.post(path, b"{", content_type="application/json").status_code == 400
    assert api.post(path, b"level=all", content_type="text/plain").status_code in (415, 422, 400)
    large = b'{"reason": "' + b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1) + b'"}'
    assert api.post(path, large, content_type="application/json").status_code == 413
    assert api.get(f"{SWITCH}/rollbacks?cursor=nonsense").status_code == 404


PATHS = [
    ("get", ""), ("get", "/businesses"), ("post", "/businesses"), ("get", "/rollbacks"), ("post", "/rollbacks"),
    ("get", "/events"), ("post", "/advance"), ("post", "/advance/withdraw"), ("put", "/default"),
    ("post", f"/businesses/{NOBODY}/off"), ("post", f"/businesses/{NOBODY}/follow"),
    ("post", f"/rollbacks/{NOBODY}/undo"),
]  # fmt: skip
BODIES: dict[str, Any] = {
    "/businesses": {"business": NOBODY},
    "/rollbacks": {"level": "everything", "reason": "Odd"},
    "/default": {"variant": "on"},
}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_feature_of_another_home_or_of_none_is_not_there(
    other_api: APIClient, switch: Feature, more_shops: list[Business], method: str, path: str
) -> None:
    create_feature(key="NOBODYS", actor=BOB)
    listing(switch, more_shops[:1], day(1))
    body = BODIES.get(path, {"reason": "Odd"} if path.endswith("/undo") else {}) if method != "get" else None
    for key in (switch.key, "NOBODYS", "UNKNOWN", "%00"):
        assert getattr(other_api, method)(f"/v1/features/{key}{path}", body).status_code == 404
    assert PilotBusiness.objects.count() == 1


def test_a_rollback_of_another_feature_is_not_undone_through_this_one(
    api: APIClient, switch: Feature, feature: Feature, more_shops: list[Business]
) -> None:
    listing(switch, more_shops[:1], day(1))
    done = roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    assert api.post(f"{FEATURE}/rollbacks/{done.pk}/undo", {"reason": "Not it"}).status_code == 404
    assert api.post(f"{SWITCH}/rollbacks/{done.pk}/undo", {"reason": "Not it"}).status_code == 200


def test_each_act_needs_the_scope(shop: Business, switch: Feature) -> None:
    scopes = [scope.value for scope in Scope if scope != Scope.PILOTS_MANAGE]
    reader = client_for(issue_key(business=shop, name="reader", scopes=scopes, by=None)[1])
    for method, path in PATHS:
        assert getattr(reader, method)(f"{SWITCH}{path}", BODIES.get(path)).status_code == 403
    assert reader.get("/v1/features").status_code == 403
    assert reader.get("/v1/pilots/settings").status_code == 403
    assert APIClient().get("/v1/features").status_code == 401


def test_a_business_chooses_its_own_settings(api: APIClient, other_api: APIClient, shop: Business) -> None:
    defaults = {
        "emailRagEnabled": False, "emailSnippetsEnabled": False, "emailRagMinConfidence": 0.7,
        "emailRagMaxExamples": 3, "updatedAt": None, "updatedBy": "",
    }  # fmt: skip
    assert api.get("/v1/pilots/settings").json() == defaults
    changed = api.patch("/v1/pilots/settings", {"emailRagEnabled": True, "emailRagMinConfidence": 1}).json()
    assert (changed["emailRagEnabled"], changed["emailRagMinConfidence"], changed["emailRagMaxExamples"]) == (
        True,
        1,
        3,
    )
    assert changed["updatedBy"].startswith("key:")
    assert api.get("/v1/pilots/settings").json() == changed
    assert other_api.get("/v1/pilots/settings").json() == defaults
    told = Event.objects.get(kind="pilot_settings.changed")
    assert told.business_id == shop.pk
    assert told.data["before"] == {"email_rag_enabled": False, "email_rag_min_confidence": 0.7}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"emailRagMinConfidence": 1.01}, "emailRagMinConfidence"),
        ({"emailRagMinConfidence": -0.1}, "emailRagMinConfidence"),
        ({"emailRagMinConfidence": True}, "emailRagMinConfidence"),
        ({"emailRagMaxExamples": 11}, "emailRagMaxExamples"),
        ({"emailRagMaxExamples": -1}, "emailRagMaxExamples"),
        ({"emailRagMaxExamples": 2.5}, "emailRagMaxExamples"),
        ({"emailRagEnabled": "yes"}, "emailRagEnabled"),
        ({"emailRagEnabled": None}, "emailRagEnabled"),
        ({"email_rag_enabled": True}, "email_rag_enabled"),
    ],
)
def test_a_setting_out_of_its_range_is_named(api: APIClient, body: Any, field: str) -> None:
    answer = api.patch("/v1/pilots/settings", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert not BusinessSettings.objects.exists()


@pytest.mark.parametrize("wrong", [{"email_rag_min_confidence": 1.5}, {"email_rag_max_examples": 11}])
def test_the_database_refuses_it_too(shop: Business, wrong: Any) -> None:
    with pytest.raises(IntegrityError, match="range"), transaction.atomic():
        BusinessSettings.objects.create(business=shop, **wrong)


READS = {
    "/v1/features": 8,
    FEATURE: 14,
    f"{FEATURE}/businesses": 8,
    f"{FEATURE}/businesses?show=held_back": 8,
    f"{FEATURE}/rollbacks": 8,
    f"{FEATURE}/events": 8,
    "/v1/pilots/settings": 6,
}


@pytest.mark.parametrize("path", READS)
def test_reading_more_takes_no_more_queries(
    api: APIClient, feature: Feature, shop: Business, more_shops: list[Business], path: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.get(path).status_code == 200
        return len([one for one in found if "SAVEPOINT" not in one["sql"]])

    def more(part: list[Business]) -> None:
        listing(feature, part[:5], day(1))
        HeldBack.objects.bulk_create(
            HeldBack(feature=feature, business=one, held_at=day(1), held_by=BOB) for one in part[5:]
        )
        target = part[0].pk
        roll_back(feature_id=feature.pk, level=Level.BUSINESS, reason="A", actor=BOB, business_id=target, rehearse=True)
        create_feature(key=f"F{new_id().hex}", home_id=shop.pk, ladder=seven_day_plan(), actor=BOB)

    widened(feature, (0, day(9)), (0, day(8)), (0, day(7)), (10, day(6)))
    more(more_shops[:10])
    api.get(path)
    few = queries()
    more(more_shops[10:])
    assert queries() == few <= READS[path]


WRITES: list[tuple[str, str, Callable[[list[Business]], dict[str, Any]], int]] = [
    ("post", "businesses", lambda shops: {"business": str(shops[19].pk)}, 35),
    ("post", "rollbacks", lambda shops: {"level": "everything", "reason": "Odd"}, 35),
    ("put", "default", lambda shops: {"variant": "on"}, 30),
]


@pytest.mark.parametrize(("method", "path", "body", "most"), WRITES)
def test_an_act_takes_few_queries(
    api: APIClient, switch: Feature, more_shops: list[Business], method: str, path: str,
    body: Callable[[list[Business]], dict[str, Any]], most: int,
) -> None:  # fmt: skip
    listing(switch, more_shops[:15], day(1))
    api.get("/v1/features")
    with CaptureQueriesContext(connection) as found:
        assert getattr(api, method)(f"{SWITCH}/{path}", body(more_shops)).status_code in (200, 201)
    assert len([one for one in found if "SAVEPOINT" not in one["sql"]]) <= most
