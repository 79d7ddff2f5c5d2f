"""Features that have served their time are found, and only those."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.pilots.defining import create_feature
from apps.pilots.models import Feature
from apps.pilots.stale import stale_features
from apps.pilots.staleness import FeatureFacts, Stale, in_words, stale_reasons

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAYS = 30
ACTOR = "user:root@example.com"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def facts(**changes: Any) -> FeatureFacts:
    """A feature at 10 % that was changed and asked for today."""
    fresh: dict[str, Any] = {
        "share": 10, "everybody": False, "since": ago(0), "created_at": ago(100), "changed_at": ago(0),
        "evaluated_at": ago(0),
    }  # fmt: skip
    return FeatureFacts(**fresh | changes)


def reasons(**changes: Any) -> tuple[Stale, ...]:
    return stale_reasons(facts(**changes), now=NOW, days=DAYS)


def test_one_that_is_changed_and_asked_for_is_not_stale() -> None:
    assert reasons() == ()
    assert reasons(share=100, since=ago(29)) == ()
    assert reasons(evaluated_at=None, created_at=ago(29)) == ()


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"share": 100, "since": ago(30)}, Stale.FULLY_OUT),
        ({"share": 0, "everybody": True, "since": ago(31)}, Stale.FULLY_OUT),
        ({"evaluated_at": None, "created_at": ago(30)}, Stale.NEVER_ASKED),
        ({"evaluated_at": ago(30)}, Stale.NOT_ASKED),
        ({"changed_at": ago(30)}, Stale.UNCHANGED),
    ],
)
def test_each_reason(changes: dict[str, Any], reason: Stale) -> None:
    assert reasons(**changes) == (reason,)
    assert in_words(reason, DAYS).count("30") == 1
    for exempt in ("permanent", "archived"):
        assert reasons(**changes, **{exempt: True}) == ()


def test_all_that_hold_are_told() -> None:
    assert reasons(share=100, since=ago(40), changed_at=ago(40), evaluated_at=ago(40)) == (
        Stale.FULLY_OUT, Stale.NOT_ASKED, Stale.UNCHANGED
    )  # fmt: skip


@given(st.integers(0, 200), st.integers(1, 100), st.integers(0, 200), st.booleans(), st.integers(0, 100))
def test_waiting_makes_no_reason_go_away(since: int, days: int, more: int, asked: bool, share: int) -> None:
    found = facts(share=share, since=ago(since), changed_at=ago(since), evaluated_at=ago(since) if asked else None)
    now, later = (stale_reasons(found, now=NOW + timedelta(days=n), days=days) for n in (0, more))
    assert set(now) <= set(later)


# --- The report ------------------------------------------------------------------------------------------------------


@pytest.fixture
def old(shop: Business, bob: User) -> Feature:
    """Out for everybody for 40 days, and asked for this morning."""
    feature = create_feature(key="OLD", home_id=shop.pk, owner_id=bob.pk, actor=ACTOR)
    then = timezone.now() - timedelta(days=40)
    Feature.objects.filter(pk=feature.pk).update(
        share=100, stage_since=then, created_at=then, changed_at=timezone.now(), last_evaluated_at=timezone.now()
    )
    return feature


@pytest.fixture
def young(shop: Business) -> Feature:
    return create_feature(key="YOUNG", home_id=shop.pk, actor=ACTOR)


def keys_found(**asked: Any) -> list[str]:
    ours = {"OLD", "YOUNG", "THEIRS"}
    return [one.feature.key for one in stale_features(timezone.now(), **asked) if one.feature.key in ours]


def test_the_report_names_what_is_stale_and_why(old: Feature, young: Feature, settings: Any) -> None:
    (found,) = [one for one in stale_features(timezone.now()) if one.feature.key in ("OLD", "YOUNG")]
    assert (found.feature, found.reasons) == (old, (Stale.FULLY_OUT,))
    assert found.words == ("Everybody has had it for 30 days: take the condition out of the code",)
    settings.FEATURE_STALE_DAYS = 50
    assert keys_found() == []
    assert keys_found(days=10) == ["OLD"]


def test_permanent_and_archived_ones_are_left_out(old: Feature) -> None:
    Feature.objects.filter(pk=old.pk).update(permanent=True)
    assert keys_found() == []
    Feature.objects.filter(pk=old.pk).update(permanent=False, archived_at=timezone.now())
    assert keys_found() == []


def test_an_environment_that_gives_it_to_everybody_counts(young: Feature, settings: Any) -> None:
    then = timezone.now() - timedelta(days=40)
    Feature.objects.filter(pk=young.pk).update(changed_at=then, last_evaluated_at=timezone.now())
    settings.FEATURE_DEFAULTS = {"YOUNG": "on"}
    (found,) = [one for one in stale_features(timezone.now()) if one.feature.key == "YOUNG"]
    assert Stale.FULLY_OUT in found.reasons


def test_it_takes_one_query(old: Feature, young: Feature, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert keys_found() == ["OLD"]


def test_the_command_lists_them_and_ends_with_1(old: Feature, young: Feature) -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("stale_features", stdout=out)
    assert ended.value.code == 1
    assert "OLD (bob@example.com)\n  Everybody has had it for 30 days" in out.getvalue()
    assert "YOUNG" not in out.getvalue()


def test_the_command_ends_with_0_when_there_are_none(young: Feature) -> None:
    Feature.objects.exclude(pk=young.pk).update(permanent=True)
    out = StringIO()
    call_command("stale_features", "--days", "3650", stdout=out)
    assert "No feature is stale after 3650 days" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("stale_features", "--days", "0")


def test_rest_lists_those_whose_rollout_the_business_runs(
    api: APIClient, other_api: APIClient, old: Feature, young: Feature
) -> None:
    answer = api.get("/v1/features/stale").json()
    assert answer["days"] == 30
    (item,) = answer["items"]
    assert (item["key"], item["reasons"], item["owner"]) == ("OLD", ["fully_rolled_out"], "bob@example.com")
    assert other_api.get("/v1/features/stale").json()["items"] == []
    assert api.get("/v1/features/stale?days=60").json()["items"] == []


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "99999", "٣"])
def test_rest_refuses_odd_days(api: APIClient, days: str) -> None:
    answer = api.get("/v1/features/stale", {"days": days})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "days"
